/*
 * review - after the job: asking for a Google review, once and everybody alike
 */
#include "review.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "array.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "digest.h"
#include "heartbeat.h"
#include "id.h"
#include "json_write.h"
#include "log.h"
#include "message.h"
#include "phone.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "tenant.h"

/* Small, so that the locks of a batch are held for moments. */
#define BATCH 50
/* A run that finds more leaves it to the next: the caller waits for us. */
#define RUN_US INT64_C(10000000)
/* Firms whose settings are in memory at a time. */
#define FIRMS "20"
/* Their settings as trees, at the most that json_parse_stored() makes. */
#define FIRMS_ARENA ((size_t)128 * 1024 * 1024)
/* Before every id. */
#define NULL_ID "00000000-0000-0000-0000-000000000000"
#define BATCH_ARENA ((size_t)1024 * 1024)
/* A request that could not be sent for so long comes as a surprise. */
#define USEFUL_US (2 * CLOCK_DAY)

/* REVIEW_HOSTS */
static const char *const hosts[] = { "g.page", "search.google.com",
	"www.google.com", "maps.app.goo.gl" };

bool
review_link_is_allowed(const char *link)
{
	static const char scheme[] = "https://";
	size_t len;

	if (link == NULL || strncmp(link, scheme, sizeof(scheme) - 1) != 0)
		return false;
	link += sizeof(scheme) - 1;
	len = strcspn(link, "/?#:@");
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		if (strlen(hosts[i]) == len &&
		    strncasecmp(hosts[i], link, len) == 0 && link[len] != '@' &&
		    link[len] != ':')
			return true;
	return false;
}

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

/* Why nobody of this firm is asked at all, or NULL. */
static const char *
skip_reason(const struct tenant *t)
{
	if (!t->active)
		return "inactive";
	if (!t->modules[MODULE_REVIEWS])
		return "module_off";
	if (!review_link_is_allowed(t->review_link))
		return "no_link";
	if (tenant_sender(t, TEXT_REVIEW_REQUEST) == NULL)
		return "no_sender";
	return NULL;
}

static void
tenant_write(struct buf *b, const struct tenant *t, const struct request *req)
{
	struct text_source from = { tenant_text, t, t->languages };
	struct text_values values = { .firm = t->sms_name };
	struct phone_reach destinations;
	struct clock_text open_at =
	    clock_text(calendar_quiet_end(&t->calendar, req->now));

	values.link = arena_printf(req->arena, "%s/r/" MESSAGE_TEXT_CODE,
	    config_get(CONFIG_APP_BASE_URL));
	json_obj_open(b, t->id);
	json_str(b, "open_at",
	    calendar_is_quiet(&t->calendar, req->now) ? open_at.text : NULL);
	json_raw(b, "texts",
	    message_text_candidates(
		req->arena, &from, TEXT_REVIEW_REQUEST, &values));
	json_str(b, "language", language_name(t->language));
	json_str(b, "sender", tenant_sender(t, TEXT_REVIEW_REQUEST));
	json_str(b, "carrier", t->provider->name);
	phone_destinations(&destinations, t->countries, t->country_count);
	json_str(b, "destinations", destinations.pattern);
	json_str(b, "skip_reason", skip_reason(t));
	json_obj_close(b);
}

/* What decides about each firm with something due, as one JSON object. */
struct due_firms {
	struct buf json;
	struct buf ids; /* "{...,...}" */
	int count;
	const char *last; /* id: the next ones come after it; NULL: none left */
};

static int
firms_read(struct due_firms *out, const char *after, const struct request *req,
    struct problem *why)
{
	struct db_batch *b = db_batch_service(req->db, req->arena);
	struct clock_text now = clock_text(req->now);
	struct stmt_review_tenants params = {
		.now = now.text,
		.after = after,
		.most = FIRMS,
	};

	db_queue(b, STMT_REVIEW_TENANTS, &params);
	if (db_flush(b, why) != 0)
		return -1;
	buf_init(&out->json, req->arena);
	buf_init(&out->ids, req->arena);
	out->count = 0;
	out->last = NULL;
	json_obj_open(&out->json, NULL);
	for (int i = 0; i < db_rows(b, 0); i++) {
		struct row source = { b, i };
		struct tenant_row row = { row_value, &source };
		struct tenant tenant;

		out->last = db_get(b, 0, i, "customer_id");
		if (tenant_read(&tenant, req->arena, &row, why) != 0) {
			/* One firm's settings must not stop all others'. */
			log_error("tenant %s: its settings cannot be read: %s",
			    db_get(b, 0, i, "slug"), why->detail);
			continue;
		}
		tenant_write(&out->json, &tenant, req);
		array_add(&out->ids, tenant.id);
		out->count++;
	}
	json_obj_close(&out->json);
	(void)array_end(&out->ids);
	return 0;
}

static const char *
codes_array(struct arena *a)
{
	char code[MESSAGE_TEXT_CODE_LEN + 1];
	struct buf b;

	buf_init(&b, a);
	for (int i = 0; i < BATCH; i++) {
		digest_random_code(code, MESSAGE_TEXT_CODE_LEN);
		array_add(&b, code);
	}
	return array_end(&b);
}

/* *locked: how many tickets this run got; none means that nothing is left. */
static int
batch_run(struct review_run *out, long *locked, const struct due_firms *firms,
    const struct request *req, struct problem *why)
{
	struct clock_text now = clock_text(req->now);
	struct clock_text expires = clock_text(clock_add(req->now, USEFUL_US));
	struct stmt_review_lock lock = {
		.now = now.text,
		.most = arena_printf(req->arena, "%d", BATCH),
		.tenants = firms->ids.text,
	};
	struct stmt_review_request params = {
		.now = now.text,
		.tenants = firms->json.text,
		.expires_at = expires.text,
		.message_ids = id_array(req->arena, BATCH),
		.event_ids = id_array(req->arena, BATCH),
		.codes = codes_array(req->arena),
	};
	struct db_batch *b = db_batch_service(req->db, req->arena);

	db_queue(b, STMT_REVIEW_LOCK, &lock);
	db_queue(b, STMT_REVIEW_REQUEST, &params);
	/* A second run would take the next tickets with these ids. */
	if (db_flush_once(b, why) != 0)
		return -1;
	*locked = strtol(db_get(b, 0, 0, "locked"), NULL, 10);
	for (int i = 0; i < db_rows(b, 1); i++) {
		if (strcmp(db_get(b, 1, i, "outcome"), "sent") == 0)
			out->sent++;
		else
			out->skipped++;
	}
	out->total = out->sent + out->skipped;
	return 0;
}

/* Batch after batch, until nothing of these firms is left or time is up. */
static int
firms_run(struct review_run *out, int64_t until_us,
    const struct due_firms *firms, const struct request *req,
    struct problem *why)
{
	struct request part = *req;
	long locked = firms->count;
	int rc = 0;

	part.arena = arena_new(BATCH_ARENA);
	while (rc == 0 && locked > 0 && clock_ticks_us() < until_us) {
		rc = batch_run(out, &locked, firms, &part, why);
		arena_reset(part.arena);
	}
	arena_free(part.arena);
	return rc;
}

int
review_run(
    struct review_run *out, const struct request *req, struct problem *why)
{
	/* The request's own arena is for a request, not for every firm. */
	struct request part = *req;
	struct due_firms firms = { .last = NULL_ID };
	char after[sizeof(NULL_ID)];
	int64_t until_us = clock_ticks_us() + RUN_US;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	part.arena = arena_new(FIRMS_ARENA);
	while (rc == 0 && firms.last != NULL && clock_ticks_us() < until_us) {
		(void)snprintf(after, sizeof(after), "%s", firms.last);
		arena_reset(part.arena);
		rc = firms_read(&firms, after, &part, why);
		if (rc == 0)
			rc = firms_run(out, until_us, &firms, &part, why);
	}
	arena_free(part.arena);
	if (out->sent > 0)
		message_wake();
	return rc == 0 ? heartbeat_write("review-request", req, why) : -1;
}

char *
review_run_json(struct arena *a, const struct review_run *run)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_int(&b, "sent", run->sent);
	json_int(&b, "skipped", run->skipped);
	json_int(&b, "total", run->total);
	json_obj_close(&b);
	return b.text;
}

/* Who fetches a link to show what is behind it, and is no person. */
static bool
is_robot(const struct request *req)
{
	static const char *const words[] = { "bot", "crawl", "spider",
		"preview", "facebookexternalhit", "whatsapp", "telegram",
		"skype", "slack", "discord" };

	if (req->is_head || strcasestr(req->purpose, "prefetch") != NULL ||
	    strcasestr(req->purpose, "preview") != NULL)
		return true;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(req->user_agent, words[i]) != NULL)
			return true;
	return false;
}

/* Whose link it is; links of nobody are PROBLEM_NOT_FOUND. */
static int
link_tenant(const char **out, const char *code, const struct request *req,
    struct problem *why)
{
	struct stmt_review_link_tenant params = { .code = code };
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);

	db_queue(b, STMT_REVIEW_LINK_TENANT, &params);
	if (db_flush(b, why) != 0)
		return -1;
	*out = db_rows(b, 0) == 0 ? NULL : db_get(b, 0, 0, "customer_id");
	if (*out == NULL)
		return problem(
		    why, PROBLEM_NOT_FOUND, NULL, "This link leads nowhere");
	return 0;
}

int
review_click(
    const char **location, const struct request *req, struct problem *why)
{
	const char *code = strrchr(req->path, '/') + 1;
	struct clock_text now = clock_text(req->now);
	struct stmt_review_click_lock lock = { .code = code };
	struct stmt_review_click click = {
		.code = code,
		.counts = is_robot(req) ? "false" : "true",
		.now = now.text,
		.event_id = id_new_in(req->arena),
	};
	const char *tenant_id;
	struct db_batch *b;

	if (link_tenant(&tenant_id, code, req, why) != 0)
		return -1;
	b = db_batch(req->db, req->arena, tenant_id, code);
	db_queue(b, STMT_REVIEW_CLICK_LOCK, &lock);
	db_queue(b, STMT_REVIEW_CLICK, &click);
	if (db_flush(b, why) != 0)
		return -1;
	*location = db_get(b, 1, 0, "google_review_link");
	route_note_firm(req, db_get(b, 1, 0, "slug"));
	if (!review_link_is_allowed(*location))
		return problem(
		    why, PROBLEM_NOT_FOUND, NULL, "This link leads nowhere");
	return 0;
}
