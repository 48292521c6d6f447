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
		out->provider = "request";
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
	/* Strangers must not use up the keys of the firm's own software. */
	out->provider = route_bearer(req) != NULL ? "api" : "public";
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
event_read_ends(const char **from, const char **to, const struct fields *f,
    struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_TO);

	if (fields_told(from, f, FIELD_FROM, why) != 0 ||
	    fields_told(to, f, FIELD_TO, why) != 0)
		return -1;
	if (*to == NULL)
		return problem(why, PROBLEM_FIELD_MISSING, pointer,
		    "%s is missing", pointer + 1);
	return 0;
}

/* As the table wants it; a hash tells apart what is too long for it. */
static const char *
id_short(const struct fields *f, struct arena *a, const char *id)
{
	struct digest_hex hash;

	if (fields_cut(f, FIELD_EVENT_ID, id) == id)
		return id;
	hash = digest_sha256(id, strlen(id));
	return arena_strdup(a, hash.text);
}

int
event_of_webhook(struct event *out, enum event_kind kind,
    const struct request *req, const struct fields *f, struct problem *why)
{
	static const char *const providers[][2] = {
		[EVENT_CALL] = { "webhook_call", "twilio_call" },
		[EVENT_TEXT] = { "webhook_text", "twilio_text" },
	};
	const char *id;

	event_begin(out, req, f);
	if (fields_told(&id, f, FIELD_EVENT_ID, why) != 0)
		return -1;
	out->is_twilio = is_twilio(f, id);
	out->provider = providers[kind][out->is_twilio];
	out->id = id != NULL
	              ? id_short(f, req->arena, id)
	              : arena_printf(req->arena, "%.32s:%" PRId64,
			    out->fingerprint, req->now.us / CLOCK_MINUTE);
	return 0;
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
		/* Of no firm are many senders' ids, which may be the same. */
		.event_id =
		    arena_printf(req->arena, "%s:%.32s", e->id, e->fingerprint),
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
