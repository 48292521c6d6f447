/*
 * escalation - what nobody did in time: alerts without an answer, promises that
 * were not kept
 */
#include "escalation.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "heartbeat.h"
#include "id.h"
#include "json_write.h"
#include "log.h"
#include "message.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"

/* Small, so that the locks of a batch are held for moments. */
#define BATCH "50"
/* A run that finds more leaves it to the next: the caller waits for us. */
#define RUN_US INT64_C(10000000)
/* The settings of a batch's firms as they are read, and its texts. */
#define BATCH_ARENA ((size_t)128 * 1024 * 1024)

struct row {
	const struct db_batch *batch;
	int row;
};

static const char *
row_value(const void *source, const char *column)
{
	const struct row *r = source;

	return db_get(r->batch, 0, r->row, column);
}

/* What is due, and the firm it belongs to: rows come firm by firm. */
struct due {
	struct row row;
	struct tenant tenant;
	bool has_tenant;
};

static int
firm_read(struct due *d, const struct request *req, struct problem *why)
{
	struct tenant_row row = { row_value, &d->row };
	const char *id = row_value(&d->row, "customer_id");

	if (d->has_tenant && strcmp(d->tenant.id, id) == 0)
		return 0;
	d->has_tenant = tenant_read(&d->tenant, req->arena, &row, why) == 0;
	if (d->has_tenant)
		return 0;
	/* One firm's settings must not stop all others'. */
	log_error("tenant %s: its settings cannot be read: %s",
	    row_value(&d->row, "slug"), why->detail);
	return -1;
}

static void
item_write(struct buf *b, const struct due *d, const struct request *req)
{
	const char *prior = row_value(&d->row, "prior");
	const char *step = row_value(&d->row, "step");
	struct alert alert = {
		.tenant = &d->tenant,
		.kind = ALERT_OVERDUE,
		.number = row_value(&d->row, "number"),
		.name = row_value(&d->row, "contact_name"),
		.phone = row_value(&d->row, "contact_phone"),
		.phone_kind = row_value(&d->row, "phone_kind"),
		.words = row_value(&d->row, "summary"),
	};

	if (prior != NULL) {
		(void)alert_kind_parse(&alert.kind, row_value(&d->row, "kind"));
		alert.step = (int)strtol(step, NULL, 10) + 1;
	}
	/* After a day it says nothing new: the timer stood still, or the
	 * installation is a new one with old tickets. */
	if (db_true(d->row.batch, 0, d->row.row, "is_late"))
		alert.reason = "too_late";
	if (!d->tenant.active)
		alert.reason = "inactive";
	json_obj_open(b, NULL);
	json_int(b, "n", d->row.row);
	json_str(b, "ticket_id", row_value(&d->row, "ticket_id"));
	json_str(b, "prior", prior);
	json_str(b, "first_id", row_value(&d->row, "first_id"));
	json_int(b, "step", alert.step);
	json_bool(b, "is_over", alert_is_over(&alert));
	json_str(b, "event_id", id_new_in(req->arena));
	json_raw(b, "alert", alert_json(&alert, req));
	json_obj_close(b);
}

/* What is due now, as ESCALATE takes it; *count: how many. */
static int
items_read(const char **out, int *count, const struct request *req,
    struct problem *why)
{
	struct clock_text now = clock_text(req->now);
	struct stmt_escalate_due params = { .now = now.text, .most = BATCH };
	struct db_batch *batch = db_batch_service(req->db, req->arena);
	struct due due = { .row.batch = batch };
	struct problem ignored;
	struct buf b;

	db_queue(batch, STMT_ESCALATE_DUE, &params);
	if (db_flush(batch, why) != 0)
		return -1;
	*count = 0;
	buf_init(&b, req->arena);
	json_arr_open(&b, NULL);
	for (; due.row.row < db_rows(batch, 0); due.row.row++) {
		if (firm_read(&due, req, &ignored) != 0)
			continue;
		item_write(&b, &due, req);
		(*count)++;
	}
	json_arr_close(&b);
	*out = b.text;
	return 0;
}

/* *locked: how many this run got; none means that nothing is left. */
static int
batch_run(struct escalation_run *out, long *locked, const struct request *req,
    struct problem *why)
{
	struct clock_text now = clock_text(req->now);
	struct stmt_escalate_lock lock = { 0 };
	struct stmt_escalate params = { .now = now.text };
	struct db_batch *b = db_batch_service(req->db, req->arena);
	int count;

	*locked = 0;
	if (items_read(&lock.items, &count, req, why) != 0)
		return -1;
	if (count == 0)
		return 0;
	params.items = lock.items;
	db_queue(b, STMT_ESCALATE_LOCK, &lock);
	db_queue(b, STMT_ESCALATE, &params);
	if (db_flush_once(b, why) != 0)
		return -1;
	*locked = strtol(db_get(b, 0, 0, "locked"), NULL, 10);
	for (int i = 0; i < db_rows(b, 1); i++) {
		const char *outcome = db_get(b, 1, i, "outcome");

		if (strcmp(outcome, "escalated") == 0)
			out->escalated++;
		else if (strcmp(outcome, "repeated") == 0)
			out->repeated++;
		else
			out->skipped++;
	}
	out->total = out->escalated + out->repeated + out->skipped;
	return 0;
}

int
escalation_run(
    struct escalation_run *out, const struct request *req, struct problem *why)
{
	/* The request's own arena is for a request, not for every firm. */
	struct request part = *req;
	int64_t until_us = clock_ticks_us() + RUN_US;
	long locked = 1;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	part.arena = arena_new(BATCH_ARENA);
	while (rc == 0 && locked > 0 && clock_ticks_us() < until_us) {
		rc = batch_run(out, &locked, &part, why);
		arena_reset(part.arena);
	}
	arena_free(part.arena);
	if (out->total > 0)
		message_wake();
	return rc == 0 ? heartbeat_write("escalate", req, why) : -1;
}

char *
escalation_run_json(struct arena *a, const struct escalation_run *run)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_int(&b, "escalated", run->escalated);
	json_int(&b, "repeated", run->repeated);
	json_int(&b, "skipped", run->skipped);
	json_int(&b, "total", run->total);
	json_obj_close(&b);
	return b.text;
}
