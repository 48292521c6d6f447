/*
 * ticket - a piece of work for a firm: how it is asked for, and how it moves
 */
#include "ticket.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "arena.h"
#include "buf.h"
#include "db.h"
#include "fields.h"
#include "id.h"
#include "intake.h"
#include "json.h"
#include "json_write.h"
#include "message.h"
#include "phone.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "tenant.h"
#include "visitor.h"

/* Later than this a confirmation or a status message says nothing new. */
#define USEFUL_US CLOCK_DAY
#define APPOINTMENT_US CLOCK_HOUR
/* An appointment may be noted a day late; further away is a typing error. */
#define APPOINTMENT_PAST_US CLOCK_DAY
#define APPOINTMENT_AHEAD_US (2 * 366 * CLOCK_DAY)
/* All names of status.h and what stands between them. */
#define MOVES_SIZE 100

static int
choices_read(
    struct ticket_request *out, const struct fields *f, struct problem *why)
{
	const char *urgency, *language;
	enum source source;
	enum language known;

	if (fields_text(&urgency, f, FIELD_URGENCY, why) != 0 ||
	    fields_text(&out->source, f, FIELD_SOURCE, why) != 0 ||
	    fields_text(&language, f, FIELD_LANGUAGE, why) != 0)
		return -1;
	out->urgency = URGENCY_MED;
	if (urgency != NULL && urgency_parse(&out->urgency, urgency) != 0)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_URGENCY), "LOW, MED or HIGH");
	if (out->source != NULL && source_parse(&source, out->source) != 0)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_SOURCE),
		    "wizard, missed_call, sms_reply, whatsapp, email or "
		    "manual");
	if (language != NULL && language_parse(&known, language) == 0)
		out->language = language_name(known);
	return 0;
}

int
ticket_request_read(
    struct ticket_request *out, const struct request *req, struct problem *why)
{
	const struct fields *f;

	memset(out, 0, sizeof(*out));
	if (fields_read(&f, req, why) != 0 ||
	    fields_text(&out->slug, f, FIELD_CUSTOMER_SLUG, why) != 0 ||
	    choices_read(out, f, why) != 0 ||
	    fields_text(&out->intent, f, FIELD_INTENT, why) != 0 ||
	    fields_text(&out->name, f, FIELD_CONTACT_NAME, why) != 0 ||
	    fields_text(&out->phone, f, FIELD_CONTACT_PHONE, why) != 0 ||
	    fields_text(&out->email, f, FIELD_CONTACT_EMAIL, why) != 0 ||
	    fields_text(&out->summary, f, FIELD_SUMMARY, why) != 0 ||
	    fields_told(&out->website, f, FIELD_WEBSITE, why) != 0 ||
	    fields_told(&out->form_token, f, FIELD_FORM_TOKEN, why) != 0 ||
	    fields_metadata(&out->metadata, f, why) != 0)
		return -1;
	return event_of_key(&out->event, req, f, why);
}

/* The firm, and the source this caller may name. */
static int
caller_read(const struct tenant **tenant, const char **source,
    const struct ticket_request *in, const struct request *req,
    struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_CUSTOMER_SLUG);

	*source = source_name(SOURCE_WIZARD);
	if (route_bearer(req) == NULL && in->slug == NULL)
		return problem(why, PROBLEM_FIELD_MISSING, pointer,
		    "customer_slug is missing");
	if (route_bearer(req) == NULL)
		return tenant_by_slug(tenant, req, in->slug, pointer, why);
	if (tenant_by_token(tenant, req, why) != 0)
		return -1;
	if (in->slug != NULL && strcmp(in->slug, (*tenant)->slug) != 0)
		return problem(why, PROBLEM_FORBIDDEN, pointer,
		    "This token is another firm's");
	*source = in->source != NULL ? in->source : source_name(SOURCE_MANUAL);
	return 0;
}

static void
answer_read(struct ticket_answer *out, const struct cJSON *answer)
{
	out->ticket_id = json_text(json_member(answer, "ticket_id"));
	out->number = (long)json_number(json_member(answer, "number"), 0);
	out->dedupe_matched =
	    json_is_true(json_member(answer, "dedupe_matched"));
	out->confirmation = json_text(json_member(answer, "confirmation"));
	out->reason = json_text(json_member(answer, "reason"));
	out->sla_due_at = json_text(json_member(answer, "sla_due_at"));
	out->confirmation_sent = out->confirmation != NULL &&
	                         strcmp(out->confirmation, "queued") == 0;
}

/* Whom a request that may be an emergency alarms; NULL: nobody. */
static const char *
alert_of(const struct ticket_request *t, const struct intake *in,
    const char *source, const struct request *req)
{
	struct alert alert = {
		.kind = ALERT_EMERGENCY,
		.tenant = in->tenant,
		.name = t->name,
		.phone = in->contact.phone,
		.phone_kind = in->contact.kind,
		.words = t->summary != NULL ? t->summary : t->intent,
		.is_public = route_bearer(req) == NULL,
	};

	/* What the firm itself writes down it knows. */
	if (t->urgency != URGENCY_HIGH ||
	    strcmp(source, source_name(SOURCE_MANUAL)) == 0)
		return NULL;
	return alert_json(&alert, req);
}

/*
 * Why a program rather than a person asks, or NULL. Its ticket is kept all the
 * same: who is wrong about a person has lost an emergency.
 */
static const char *
visitor_suppress(const struct ticket_request *t, const struct tenant *tenant,
    const struct request *req)
{
	bool is_person = t->website == NULL;

	if (route_bearer(req) != NULL)
		return NULL;
	/* Who leaves it out has no page of ours: first_contact is for those. */
	if (t->form_token != NULL && !visitor_token_is_good(req->arena,
					 t->form_token, tenant->slug, req->now))
		is_person = false;
	return is_person ? NULL : "form_check";
}

/*
 * What the confirmation says. Who reports an emergency is not told of the hour
 * by which the office answers while somebody on call is being woken.
 */
static const struct intake_words *
confirmation_words(bool is_urgent)
{
	static const struct intake_words ordinary = { TEXT_TICKET_CONFIRMATION,
		TEXT_TICKET_CONFIRMATION_JOINED, true };
	static const struct intake_words urgent = {
		TEXT_TICKET_CONFIRMATION_URGENT,
		TEXT_TICKET_CONFIRMATION_URGENT, false
	};

	return is_urgent ? &urgent : &ordinary;
}

/* Why it is not sent, or NULL. */
static const char *
confirmation_suppress(const struct ticket_request *t, const struct intake *in,
    const struct request *req)
{
	if (in->contact.suppress != NULL)
		return in->contact.suppress;
	if (tenant_sender(in->tenant, TEXT_TICKET_CONFIRMATION) == NULL)
		return "no_sender";
	return visitor_suppress(t, in->tenant, req);
}

/* When the confirmation may leave. */
static struct clock_time
confirmation_time(const struct ticket_request *t, const struct intake *in,
    const struct request *req)
{
	/* Whoever reports an emergency at night is awake, and waits. */
	if (t->urgency == URGENCY_HIGH)
		return req->now;
	return intake_polite_time(in, req);
}

static int
ticket_write(struct ticket_answer *out, const struct ticket_request *t,
    struct intake *in, const char *source, const struct request *req,
    struct problem *why)
{
	bool is_urgent = in->alert != NULL && in->tenant->on_call_count > 0;
	struct clock_time not_before = confirmation_time(t, in, req);
	struct intake_result result;
	struct stmt_ticket_open params = {
		.event_row = in->event.row,
		.provider = in->event.provider,
		.event_id = in->event.id,
		.fingerprint = in->event.fingerprint,
		.raw = in->event.raw,
		.now = in->now,
		.contact_id = id_new_in(req->arena),
		.phone = in->contact.phone,
		.phone_kind = in->contact.kind,
		.email = in->contact.email,
		.name = t->name,
		.language = t->language,
		.fallback_language = in->language,
		.ticket_id = id_new_in(req->arena),
		.dedupe_key = in->dedupe_key,
		.source = source,
		.intent = t->intent,
		.urgency = urgency_name(t->urgency),
		.summary = t->summary,
		.metadata = t->metadata,
		.sla_due_at = in->sla_due_at,
		.message_id = id_new_in(req->arena),
		.texts = intake_texts(
		    in, req, not_before, confirmation_words(is_urgent)),
		.sender = tenant_sender(in->tenant, TEXT_TICKET_CONFIRMATION),
		.carrier = in->carrier,
		.not_before = intake_time(req, not_before),
		.expires_at = intake_time(
		    req, intake_promise_end(in, not_before, USEFUL_US)),
		.suppress = confirmation_suppress(t, in, req),
		.event_ids = id_array(req->arena, 4),
		.consent = t->consent,
		.vouched = route_bearer(req) != NULL ? "true" : "false",
	};

	if (intake_run(&result, in, req, STMT_TICKET_OPEN, &params, why) != 0) {
		if (result.is_held && *req->idempotency_key != '\0')
			return problem(why, PROBLEM_KEY_IN_FLIGHT, NULL,
			    "Ask again for its answer in a moment");
		return -1;
	}
	if (result.replay && !result.same_body)
		return problem(why, PROBLEM_KEY_REUSED, NULL,
		    "Send a new key with a new request");
	answer_read(out, result.answer);
	out->is_urgent = is_urgent;
	return 0;
}

int
ticket_open(struct ticket_answer *out, const struct ticket_request *in,
    const struct request *req, struct problem *why)
{
	struct intake intake = { .event = in->event };
	const char *source;

	memset(out, 0, sizeof(*out));
	if (caller_read(&intake.tenant, &source, in, req, why) != 0 ||
	    contact_read(&intake.contact, req->arena, intake.tenant, in->phone,
		in->email, why) != 0)
		return -1;
	intake_complete(&intake, req);
	intake.alert = alert_of(in, &intake, source, req);
	out->tenant = intake.tenant;
	return ticket_write(out, in, &intake, source, req, why);
}

char *
ticket_answer_json(struct arena *a, const struct ticket_answer *out)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "ticket_id", out->ticket_id);
	json_int(&b, "number", out->number);
	json_bool(&b, "confirmation_sent", out->confirmation_sent);
	json_bool(&b, "dedupe_matched", out->dedupe_matched);
	json_str(&b, "confirmation", out->confirmation);
	json_str(&b, "reason", out->reason);
	json_str(&b, "sla_due_at", out->sla_due_at);
	json_obj_close(&b);
	return b.text;
}

static int
status_read(
    enum status *out, const char *text, enum field field, struct problem *why)
{
	if (status_parse(out, text) != 0)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(field),
		    "NEW, NEEDS_CALLBACK, SCHEDULED, IN_PROGRESS, DONE or "
		    "CLOSED");
	return 0;
}

/* An instant, in the one form that statements get; default *out if absent. */
static int
instant_read(const char **out, const struct request *req,
    const struct fields *f, enum field field, struct problem *why)
{
	struct clock_time t;

	if (fields_text(out, f, field, why) != 0)
		return -1;
	if (*out == NULL)
		return 0;
	if (clock_parse(&t, *out) != 0)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(field),
		    "An instant as 2026-11-23T14:00:00+01:00");
	*out = intake_time(req, t);
	return 0;
}

static int
appointment_read(struct ticket_move *out, const struct request *req,
    const struct fields *f, struct problem *why)
{
	struct clock_time starts, ends;

	if (instant_read(&out->starts_at, req, f, FIELD_STARTS_AT, why) != 0 ||
	    instant_read(&out->ends_at, req, f, FIELD_ENDS_AT, why) != 0 ||
	    fields_text(&out->who, f, FIELD_WHO, why) != 0)
		return -1;
	if (out->starts_at == NULL)
		return 0;
	if (out->to != STATUS_SCHEDULED)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_STARTS_AT),
		    "Only SCHEDULED takes an appointment");
	(void)clock_parse(&starts, out->starts_at);
	if (starts.us < req->now.us - APPOINTMENT_PAST_US ||
	    starts.us > req->now.us + APPOINTMENT_AHEAD_US)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_STARTS_AT),
		    "It must lie between yesterday and two years ahead");
	if (out->ends_at == NULL)
		out->ends_at =
		    intake_time(req, clock_add(starts, APPOINTMENT_US));
	(void)clock_parse(&ends, out->ends_at);
	if (ends.us <= starts.us || ends.us - starts.us > 31 * CLOCK_DAY)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_ENDS_AT),
		    "It must end after it starts, within 31 days");
	return 0;
}

int
ticket_move_read(
    struct ticket_move *out, const struct request *req, struct problem *why)
{
	const char *to, *seen;
	const struct fields *f;

	memset(out, 0, sizeof(*out));
	if (fields_read(&f, req, why) != 0 ||
	    fields_need(&out->ticket_id, f, FIELD_TICKET_ID, why) != 0 ||
	    fields_need(&to, f, FIELD_STATUS, why) != 0 ||
	    fields_text(&seen, f, FIELD_OLD_STATUS, why) != 0 ||
	    status_read(&out->to, to, FIELD_STATUS, why) != 0)
		return -1;
	if (!id_is_valid(out->ticket_id))
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_TICKET_ID), "This is not an id");
	if (seen != NULL) {
		out->has_seen = true;
		if (status_read(&out->seen, seen, FIELD_OLD_STATUS, why) != 0)
			return -1;
	}
	return appointment_read(out, req, f, why);
}

/* The status a ticket has, for a caller who does not say which was seen. */
static int
status_now(enum status *out, const struct ticket_move *in,
    const struct tenant *tenant, const struct request *req, struct problem *why)
{
	struct stmt_ticket_status params = { .ticket_id = in->ticket_id };
	struct db_batch *b =
	    db_batch(req->db, req->arena, tenant->id, in->ticket_id);

	db_queue(b, STMT_TICKET_STATUS, &params);
	if (db_flush(b, why) != 0)
		return -1;
	if (db_rows(b, 0) == 0)
		return problem(why, PROBLEM_TICKET_UNKNOWN,
		    fields_pointer(FIELD_TICKET_ID),
		    "This firm has no such ticket");
	return status_parse(out, db_get(b, 0, 0, "status"));
}

/* The message of each status that has one. */
static const struct {
	bool has;
	enum text_name name;
} status_text[STATUS_MAX] = {
	[STATUS_NEEDS_CALLBACK] = { true, TEXT_STATUS_NEEDS_CALLBACK },
	[STATUS_SCHEDULED] = { true, TEXT_STATUS_SCHEDULED },
	[STATUS_IN_PROGRESS] = { true, TEXT_STATUS_IN_PROGRESS },
	[STATUS_DONE] = { true, TEXT_STATUS_DONE },
};

static const char *
status_texts(const struct ticket_move *in, const struct tenant *tenant,
    const struct request *req)
{
	struct text_source from = { tenant_text, tenant, tenant->languages };
	struct text_values values = { .firm = tenant->sms_name };
	struct calendar_promise when;
	struct clock_time starts;

	if (!tenant->status_messages || !status_text[in->to].has)
		return NULL;
	if (in->to == STATUS_SCHEDULED) {
		/* Without its hour there is nothing to tell. */
		if (in->starts_at == NULL)
			return NULL;
		(void)clock_parse(&starts, in->starts_at);
		/* Nor of one that has begun when it could be read. */
		if (starts.us <=
		    calendar_quiet_end(&tenant->calendar, req->now).us)
			return NULL;
		when = calendar_promise(&tenant->calendar, req->now, starts);
		values.when = &when;
	}
	return message_text_candidates(
	    req->arena, &from, status_text[in->to].name, &values);
}

/* What tells of an appointment says nothing new once that has begun. */
static struct clock_time
status_useful_until(const struct ticket_move *in, struct clock_time not_before)
{
	struct clock_time end = clock_add(not_before, USEFUL_US), starts;

	if (in->starts_at != NULL && clock_parse(&starts, in->starts_at) == 0 &&
	    starts.us < end.us)
		end = starts;
	return end;
}

static void
move_params(struct stmt_ticket_move *p, const struct ticket_move *in,
    const struct tenant *tenant, const char *actor, const struct request *req)
{
	struct arena *a = req->arena;
	struct clock_time not_before =
	    calendar_quiet_end(&tenant->calendar, req->now);
	struct phone_reach destinations;

	memset(p, 0, sizeof(*p));
	p->ticket_id = in->ticket_id;
	p->new_status = status_name(in->to);
	p->now = intake_time(req, req->now);
	p->event_id = id_new_in(a);
	p->actor = actor;
	if (in->to == STATUS_NEW || in->to == STATUS_NEEDS_CALLBACK)
		p->sla_due_at = intake_time(
		    req, calendar_sla_due(&tenant->calendar, req->now));
	if (in->to == STATUS_DONE)
		p->review_due_at = intake_time(
		    req, clock_add(req->now,
			     tenant->review_delay_hours * CLOCK_HOUR));
	if (in->starts_at != NULL) {
		p->appointment_id = id_new_in(a);
		p->starts_at = in->starts_at;
		p->ends_at = in->ends_at;
		p->who = in->who;
	}
	p->message_id = id_new_in(a);
	p->texts = status_texts(in, tenant, req);
	p->fallback_language = language_name(tenant->language);
	p->sender = tenant_sender(tenant, status_text[in->to].name);
	p->carrier = tenant->provider->name;
	p->not_before = intake_time(req, not_before);
	p->expires_at = intake_time(req, status_useful_until(in, not_before));
	p->suppress = p->sender == NULL ? "no_sender" : NULL;
	phone_destinations(
	    &destinations, tenant->countries, tenant->country_count);
	p->destinations = arena_strdup(a, destinations.pattern);
}

static int
move_refused(const struct db_batch *b, struct problem *why)
{
	/* exclusion_violation: the constraint on overlapping appointments */
	if (strcmp(db_sqlstate(b), "23P01") == 0)
		return problem(why, PROBLEM_APPOINTMENT_TAKEN,
		    fields_pointer(FIELD_STARTS_AT),
		    "Choose another time or another person");
	return -1;
}

/* Somebody was faster: what the ticket is now, and what may be done with it. */
static int
move_outrun(enum status seen, enum status now, struct problem *why)
{
	char moves[MOVES_SIZE] = "none";
	size_t len = 0;

	for (enum status to = 0; to < STATUS_MAX; to++)
		if (status_may_move(now, to))
			len +=
			    (size_t)snprintf(moves + len, sizeof(moves) - len,
				"%s%s", len == 0 ? "" : ", ", status_name(to));
	return problem(why, PROBLEM_STATUS_ILLEGAL,
	    fields_pointer(FIELD_OLD_STATUS),
	    "The ticket is %s now, not %s. Allowed: %s", status_name(now),
	    status_name(seen), moves);
}

int
ticket_move(struct ticket_moved *out, const struct ticket_move *in,
    const struct tenant *tenant, const char *actor, const struct request *req,
    struct problem *why)
{
	struct stmt_ticket_lock lock = { .ticket_id = in->ticket_id };
	struct stmt_ticket_move params;
	enum status seen = in->seen;
	struct db_batch *b;

	memset(out, 0, sizeof(*out));
	if (!in->has_seen && status_now(&seen, in, tenant, req, why) != 0)
		return -1;
	if (status_move(seen, in->to, why) != 0)
		return -1;
	move_params(&params, in, tenant, actor, req);
	params.old_status = status_name(seen);
	b = db_batch(req->db, req->arena, tenant->id, in->ticket_id);
	db_queue(b, STMT_TICKET_LOCK, &lock);
	db_queue(b, STMT_TICKET_MOVE, &params);
	if (db_flush(b, why) != 0)
		return move_refused(b, why);
	if (db_rows(b, 1) == 0)
		return problem(why, PROBLEM_TICKET_UNKNOWN,
		    fields_pointer(FIELD_TICKET_ID),
		    "This firm has no such ticket");
	(void)status_parse(&out->before, db_get(b, 1, 0, "before"));
	if (!db_true(b, 1, 0, "moved"))
		return move_outrun(seen, out->before, why);
	out->ticket_id = db_get(b, 1, 0, "ticket_id");
	out->number = (long)strtol(db_get(b, 1, 0, "number"), NULL, 10);
	out->after = in->to;
	out->message = db_get(b, 1, 0, "message");
	if (strcmp(out->message, "queued") == 0)
		message_wake();
	return 0;
}

char *
ticket_moved_json(struct arena *a, const struct ticket_moved *out)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "ticket_id", out->ticket_id);
	json_int(&b, "number", out->number);
	json_str(&b, "old_status", status_name(out->before));
	json_str(&b, "status", status_name(out->after));
	json_str(&b, "message", out->message);
	json_obj_close(&b);
	return b.text;
}
