/*
 * event - one delivery of something that happened outside, told only once
 */
#include "event.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "digest.h"
#include "fields.h"
#include "id.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"

#define KEY_MAX 200

static const char provider_api[] = "api";
static const char provider_request[] = "request";
static const char provider_twilio[] = "twilio";
static const char provider_webhook[] = "webhook";

static void
event_begin(
    struct event *out, const struct request *req, const struct fields *f)
{
	struct digest_hex hash = digest_sha256(req->body, req->body_len);

	out->row = id_new_in(req->arena);
	out->fingerprint = arena_strdup(req->arena, hash.text);
	out->raw = fields_kept(f);
}

int
event_of_key(struct event *out, const struct request *req,
    const struct fields *f, struct problem *why)
{
	const char *key = req->idempotency_key;

	event_begin(out, req, f);
	if (*key == '\0') {
		out->provider = provider_request;
		out->id = out->row;
		return 0;
	}
	if (strlen(key) > KEY_MAX)
		return problem(why, PROBLEM_FIELD_TOO_LONG, NULL,
		    "The Idempotency-Key may have %d characters", KEY_MAX);
	for (const char *c = key; *c != '\0'; c++)
		if (*c < ' ' || *c > '~')
			return problem(why, PROBLEM_FIELD_INVALID, NULL,
			    "The Idempotency-Key must be plain ASCII");
	out->provider = provider_api;
	out->id = key;
	return 0;
}

/*
 * Twilio's ids: two letters and 32 hexadecimal digits; its requests also carry
 * the account's.
 */
static bool
is_twilio(const struct fields *f, const char *id)
{
	static const char hex[] = "0123456789abcdef";

	if (!fields_is_form(f))
		return false;
	if (fields_has(f, "AccountSid"))
		return true;
	return id != NULL && strlen(id) == 34 &&
	       (strncmp(id, "CA", 2) == 0 || strncmp(id, "SM", 2) == 0 ||
		   strncmp(id, "MM", 2) == 0) &&
	       strspn(id + 2, hex) == 32;
}

int
event_of_webhook(struct event *out, const struct request *req,
    const struct fields *f, struct problem *why)
{
	const char *id;

	event_begin(out, req, f);
	if (fields_text(&id, f, FIELD_EVENT_ID, why) != 0)
		return -1;
	out->provider = is_twilio(f, id) ? provider_twilio : provider_webhook;
	out->id = id != NULL
	              ? id
	              : arena_printf(req->arena, "%.32s:%" PRId64,
			    out->fingerprint, req->now.us / CLOCK_MINUTE);
	return 0;
}

bool
event_is_twilio(const struct event *e)
{
	return e->provider == provider_twilio;
}

int
event_keep_unmatched(
    const struct event *e, const struct request *req, struct problem *why)
{
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);
	struct clock_text now = clock_text(req->now);
	struct stmt_event_unmatched params = {
		.event_row = e->row,
		.provider = e->provider,
		.event_id = e->id,
		.fingerprint = e->fingerprint,
		.verified = "true",
		.outcome = "unmatched",
		.raw = e->raw,
		.now = now.text,
	};

	db_queue(b, STMT_EVENT_UNMATCHED, &params);
	return db_flush(b, why);
}

int
event_keep_ignored(const struct event *e, const struct request *req,
    const struct tenant *tenant, const char *reason, struct problem *why)
{
	struct db_batch *b = db_batch(req->db, req->arena, tenant->id, e->id);
	struct clock_text now = clock_text(req->now);
	struct stmt_event_ignored params = {
		.event_row = e->row,
		.provider = e->provider,
		.event_id = arena_printf(req->arena, "%s:%s", e->id, reason),
		.fingerprint = e->fingerprint,
		.outcome = reason,
		.raw = e->raw,
		.now = now.text,
	};
	struct buf answer;

	buf_init(&answer, req->arena);
	json_obj_open(&answer, NULL);
	json_str(&answer, "status", "ignored");
	json_str(&answer, "reason", reason);
	json_obj_close(&answer);
	params.answer = answer.text;
	db_queue(b, STMT_EVENT_IGNORED, &params);
	return db_flush(b, why);
}

void
event_twiml_write(struct response *res)
{
	res->type = "text/xml; charset=utf-8";
	res->body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";
}
