/*
 * report - a provider's receipt: who sends it, and what becomes of the message
 */
#include "report.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "backlog.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "digest.h"
#include "event.h"
#include "fields.h"
#include "id.h"
#include "json_write.h"
#include "log.h"
#include "problem.h"
#include "receipt.h"
#include "route.h"
#include "sender.h"

struct report {
	struct receipt receipt;
	struct event event; /* should it have to be kept */
	const char *now;
	const char *tenant; /* whose message it may speak of; NULL: anybody's */
	const char *status; /* of the message, or NULL: there is none */
	bool moved;
	bool waits; /* for the database */
};

static void
event_make(struct report *r, const struct request *req)
{
	const char *all = arena_printf(req->arena, "%s %s", req->query,
	    req->method == HTTP_POST ? req->body : "");
	struct digest_hex hash = digest_sha256(all, strlen(all));
	struct event *e = &r->event;

	e->row = id_new_in(req->arena);
	e->provider =
	    arena_printf(req->arena, "%s_receipt", r->receipt.provider);
	e->fingerprint = arena_strdup(req->arena, hash.text);
	e->id = r->receipt.message_id != NULL ? r->receipt.message_id
	                                      : r->receipt.provider_id;
	e->raw = fields_kept(r->receipt.fields);
}

/*
 * The signature of its own address counts for one message, a firm's token for
 * its messages, what is the installation's for all.
 */
static int
believe(struct report *r, const struct request *req, struct problem *why)
{
	struct sender s = {
		.dialect = r->receipt.dialect,
		.token = r->receipt.key,
	};
	bool may_tell = r->receipt.is_signed;

	if (req->method == HTTP_POST)
		s.form = fields_form(r->receipt.fields);
	if (!may_tell && sender_read(&s, req, why) != 0)
		return -1;
	if (s.kind == SENDER_OF_FIRM)
		r->tenant = s.customer_id;
	else if (!may_tell &&
		 sender_may_tell(&may_tell, &s, req, NULL, why) != 0)
		return -1;
	r->event.raw = event_request(&r->event, req, "sms-status",
	    r->receipt.dialect, may_tell || r->tenant != NULL);
	if (may_tell || r->tenant != NULL)
		return 0;
	log_warn("%s: a receipt of %s is not believed: %s", req->id,
	    r->receipt.dialect, s.reason);
	if (event_keep_unverified(&r->event, req, s.reason, why) != 0)
		return -1;
	return problem(why, PROBLEM_UNVERIFIED, NULL,
	    "This receipt is kept, but nothing is done");
}

/*
 * Whose message it is, where the sender does not say it. One of nobody's that
 * names the provider's id is parked in the same transaction.
 */
static int
tenant_find(struct report *r, const struct request *req, struct problem *why)
{
	const struct receipt *in = &r->receipt;
	const char *their_id = in->message_id == NULL ? in->provider_id : NULL;
	struct stmt_receipt_lock lock = { in->provider, their_id };
	struct stmt_receipt_tenant tenant = {
		.message_id = in->message_id,
		.provider = in->provider,
		.provider_id = their_id,
	};
	struct stmt_receipt_park park = {
		.event_row = r->event.row,
		.provider = in->provider,
		.provider_id = their_id,
		.said = receipt_said_name(in->said),
		.error = in->error,
		.fingerprint = r->event.fingerprint,
		.raw = r->event.raw,
		.now = r->now,
	};
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);

	db_queue(b, STMT_RECEIPT_LOCK, &lock);
	db_queue(b, STMT_RECEIPT_TENANT, &tenant);
	if (their_id != NULL)
		db_queue(b, STMT_RECEIPT_PARK, &park);
	if (db_flush(b, why) != 0)
		return -1;
	if (db_rows(b, 1) > 0)
		r->tenant = db_get(b, 1, 0, "customer_id");
	else if (their_id == NULL)
		return event_keep_unmatched(&r->event, req, why);
	return 0;
}

static void
log_moved(const struct report *r, const char *id, const char *old_status)
{
	const struct receipt *in = &r->receipt;

	log_at(in->said == RECEIPT_FAILED ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO,
	    "message %s: %s says %s, it was %s", id, in->provider, r->status,
	    old_status);
}

static int
apply(struct report *r, const struct request *req, struct problem *why)
{
	const struct receipt *in = &r->receipt;
	const char *their_id = in->message_id == NULL ? in->provider_id : NULL;
	struct stmt_receipt_lock lock = { in->provider, their_id };
	struct stmt_message_receipt params = {
		.message_id = in->message_id,
		.provider = in->provider,
		.provider_id = in->provider_id,
		.said = receipt_said_name(in->said),
		.error = in->error,
		.now = r->now,
		.event_id = id_new_in(req->arena),
		.event_row = r->event.row,
		.fingerprint = r->event.fingerprint,
		.raw = r->event.raw,
	};
	struct db_batch *b =
	    db_batch(req->db, req->arena, r->tenant, in->message_id);
	const char *old_status;

	db_queue(b, STMT_RECEIPT_LOCK, &lock);
	db_queue(b, STMT_MESSAGE_RECEIPT, &params);
	if (db_flush(b, why) != 0)
		return -1;
	route_note_firm(req, db_get(b, 1, 0, "slug"));
	r->status = db_get(b, 1, 0, "status");
	if (r->status == NULL)
		return 0;
	old_status = db_get(b, 1, 0, "old_status");
	r->moved = strcmp(r->status, old_status) != 0;
	if (r->moved)
		log_moved(r, db_get(b, 1, 0, "id"), old_status);
	return 0;
}

/*
 * While the database is away: kept, if it is certain who says it. Receipts may
 * come in any order.
 */
static int
put_off(struct report *r, const struct request *req, struct problem *why)
{
	struct sender_firm firm = { 0 };
	struct sender s = {
		.dialect = r->receipt.dialect,
		.token = r->receipt.key,
		.is_remembered = true,
	};
	bool may_tell = r->receipt.is_signed;

	if (req->method == HTTP_POST)
		s.form = fields_form(r->receipt.fields);
	if (!may_tell && sender_read(&s, req, why) != 0)
		return -1;
	if (s.kind == SENDER_OF_FIRM) {
		firm = (struct sender_firm){ s.customer_id, s.slug };
		may_tell = true;
	}
	if (!may_tell && sender_may_tell(&may_tell, &s, req, NULL, why) != 0)
		return -1;
	if (!may_tell)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be asked about this sender");
	r->waits = true;
	why->code = PROBLEM_NONE;
	return backlog_keep(req, &firm, firm.customer_id,
	    backlog_key(req->arena, NULL, r->event.id), why);
}

/* Nothing but 200 is read by Twilio and eCall; what Kannel gets beyond it could
 * leave as a message. */
static void
answer_write(
    struct response *res, const struct report *r, const struct request *req)
{
	struct buf b;

	if (strcmp(r->receipt.dialect, "generic") != 0) {
		res->type = "text/plain; charset=utf-8";
		res->body = "";
		return;
	}
	if (r->waits) {
		backlog_answer(res);
		return;
	}
	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "status",
	    r->moved                             ? "applied"
	    : r->status != NULL                  ? "unchanged"
	    : r->receipt.said == RECEIPT_NOTHING ? "ignored"
						 : "kept");
	json_str(&b, "message", r->status);
	json_obj_close(&b);
	res->body = b.text;
}

static int
take(struct report *r, const struct request *req, struct problem *why)
{
	if (believe(r, req, why) != 0)
		return -1;
	if (r->receipt.said == RECEIPT_NOTHING)
		return 0;
	if (r->tenant == NULL && tenant_find(r, req, why) != 0)
		return -1;
	return r->tenant == NULL ? 0 : apply(r, req, why);
}

int
report_receive(
    const struct request *req, struct response *res, struct problem *why)
{
	struct report r = { 0 };
	struct clock_text now = clock_text(req->now);

	/* HEAD asks how a GET would be answered, and does nothing. */
	if (req->is_head)
		return receipt_dialect(&r.receipt.dialect, req, why);
	if (receipt_read(&r.receipt, req, why) != 0)
		return -1;
	r.now = arena_strdup(req->arena, now.text);
	event_make(&r, req);
	if (take(&r, req, why) != 0 &&
	    (why->code != PROBLEM_TRY_AGAIN || !backlog_is_open(req) ||
		put_off(&r, req, why) != 0))
		return -1;
	answer_write(res, &r, req);
	return 0;
}
