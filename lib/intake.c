/*
 * intake - what all channels do alike with something that comes in
 */
#include "intake.h"

#include <string.h>

#include "arena.h"
#include "db.h"
#include "fields.h"
#include "json.h"
#include "message.h"
#include "phone.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "tenant.h"
#include "zone.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void
intake_prepare(void)
{
	phone_init();
	(void)zone_find(CALENDAR_ZONE);
}

int
intake_firm(const struct tenant **out, const struct request *req,
    const char *channel, const char *to, struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_TO);
	struct phone number;

	/* Carriers write whole numbers; where one does not, it is Swiss. */
	if (phone_parse(&number, to, "CH", pointer, why) != 0)
		return problem(why, PROBLEM_TENANT_UNKNOWN, pointer,
		    "No firm is known by this");
	return tenant_by_number(out, req, channel, number.e164, pointer, why);
}

const char *
intake_time(const struct request *req, struct clock_time t)
{
	struct clock_text text = clock_text(t);

	return arena_strdup(req->arena, text.text);
}

/* due, as one says it at t */
static void
promise_at(struct intake *in, struct clock_time t)
{
	in->until = calendar_promise(&in->tenant->calendar, t, in->due);
}

void
intake_complete(struct intake *in, const struct request *req)
{
	const struct calendar *cal = &in->tenant->calendar;

	in->due = calendar_sla_due(cal, req->now);
	in->now = intake_time(req, req->now);
	in->dedupe_key =
	    contact_dedupe_key(req->arena, in->tenant, &in->contact, req->now);
	in->sla_due_at = intake_time(req, in->due);
	in->language = language_name(in->tenant->language);
	in->carrier = in->tenant->provider->name;
	in->texts = (struct text_source){
		.own = tenant_text,
		.tenant = in->tenant,
		.languages = in->tenant->languages,
	};
	in->values = (struct text_values){
		.firm = in->tenant->sms_name,
		.until = &in->until,
	};
	promise_at(in, req->now);
}

const char *
intake_texts(struct intake *in, const struct request *req, struct clock_time t,
    const struct intake_words *words)
{
	static const char *const names[] = { "day0", "day1", "day2", "day3",
		"day4", "day5", "day6" };
	const struct calendar *cal = &in->tenant->calendar;
	struct calendar_promise promises[COUNT(names)];
	struct text_kind kinds[COUNT(names) + 2] = {
		{ "new", words->opens, NULL },
		{ "joined", words->joins, NULL },
	};
	size_t n = 2;
	/* An earlier promise ends no later than one of now. */
	int last = words->promises ? calendar_days(cal, t, in->due) : -1;

	promise_at(in, t);
	for (int i = 0; i <= last && (size_t)i < COUNT(names); i++) {
		promises[i] = calendar_promise_in(cal, t, i);
		kinds[n++] =
		    (struct text_kind){ names[i], words->opens, &promises[i] };
	}
	return message_text_candidates_by_kind(
	    req->arena, &in->texts, kinds, n, &in->values);
}

struct clock_time
intake_polite_time(const struct intake *in, const struct request *req)
{
	return calendar_quiet_end(&in->tenant->calendar, req->now);
}

struct clock_time
intake_promise_end(
    const struct intake *in, struct clock_time from, int64_t useful_us)
{
	struct clock_time end = clock_add(from, useful_us);

	return in->due.us < end.us ? in->due : end;
}

int
intake_run(struct intake_result *out, const struct intake *in,
    const struct request *req, enum stmt stmt, const void *params,
    struct problem *why)
{
	struct db_batch *b =
	    db_batch(req->db, req->arena, in->tenant->id, in->contact.lock_key);
	const struct stmt_alert_open alert = { in->event.row, in->now,
		in->alert };
	const char *answer;

	memset(out, 0, sizeof(*out));
	db_queue(b, stmt, params);
	if (in->alert != NULL)
		db_queue(b, STMT_ALERT_OPEN, &alert);
	if (db_flush(b, why) != 0) {
		out->is_held = db_contact_is_held(b);
		return -1;
	}
	answer = db_get(b, 0, 0, "answer");
	if (answer == NULL)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "The stored answer is missing");
	out->replay = db_true(b, 0, 0, "replay");
	out->same_body = db_true(b, 0, 0, "same_body");
	if (!out->replay)
		message_wake();
	return json_parse(
	    &out->answer, req->arena, answer, strlen(answer), why);
}
