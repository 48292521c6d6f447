/*
 * event - one delivery of something that happened outside, told only once
 */
#include "event.h"

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
#include "utf8.h"

#define KEY_MAX 200

/* Of a request that is not verified so much is kept. */
#define UNVERIFIED_MAX 8192
#define BEGINNING_MAX 1000
#define HEADER_MAX 200

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

int
event_of_form(struct event *out, const struct request *req,
    const struct fields *f, bool has_token, struct problem *why)
{
	if (event_of_key(out, req, f, why) != 0)
		return -1;
	if (has_token && *req->idempotency_key == '\0')
		out->id = out->fingerprint;
	return 0;
}

/* Of nobody, for the reason that is its outcome. */
const char *
event_request(const struct event *e, const struct request *req,
    const char *kind, const char *dialect, bool is_verified)
{
	struct buf b;

	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "kind", kind);
	json_str(&b, "dialect", dialect);
	json_str(&b, "id", e->id);
	json_str(&b, "method", req->method == HTTP_POST ? "POST" : "GET");
	json_str(&b, "client", req->client);
	json_str(&b, "user_agent",
	    arena_strndup(req->arena, req->user_agent,
		utf8_prefix(req->user_agent, HEADER_MAX)));
	json_bool(&b, "signed", *req->twilio_signature != '\0');
	if (is_verified || strlen(e->raw) <= UNVERIFIED_MAX) {
		json_raw(&b, "fields", e->raw);
	} else {
		json_str(&b, "begins",
		    arena_strndup(req->arena, e->raw,
			utf8_prefix(e->raw, BEGINNING_MAX)));
	}
	json_obj_close(&b);
	return b.text;
}

static int
keep(const struct event *e, const struct request *req, const char *event_id,
    const char *outcome, bool is_verified, struct problem *why)
{
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);
	struct clock_text now = clock_text(req->now);
	struct stmt_event_unmatched params = {
		.event_row = e->row,
		.provider = e->provider,
		.event_id = event_id,
		.fingerprint = e->fingerprint,
		.verified = is_verified ? "true" : "false",
		.outcome = outcome,
		.raw = e->raw,
		.now = now.text,
	};

	db_queue(b, STMT_EVENT_UNMATCHED, &params);
	return db_flush(b, why);
}

int
event_keep_unmatched(
    const struct event *e, const struct request *req, struct problem *why)
{
	/* Of no firm are many senders' ids, which may be the same. */
	const char *id =
	    arena_printf(req->arena, "%s:%.32s", e->id, e->fingerprint);

	return keep(e, req, id, "unmatched", true, why);
}

int
event_keep_unverified(const struct event *e, const struct request *req,
    const char *reason, struct problem *why)
{
	struct clock_text now = clock_text(req->now);
	/* The sender's id may be a real one's: a forger's must not be it. */
	const char *id =
	    arena_printf(req->arena, "%.32s:%.10s", e->fingerprint, now.text);

	return keep(e, req, id, reason, false, why);
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
		.event_id = e->is_settled ? e->id
		                          : arena_printf(req->arena, "%s:%s",
						e->id, reason),
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
