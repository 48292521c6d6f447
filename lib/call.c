/*
 * call - a call that nobody took
 */
#include "call.h"

#include <stddef.h>

#include "alert.h"
#include "arena.h"
#include "buf.h"
#include "dialect.h"
#include "id.h"
#include "intake.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"

/* What became of it; ticket_id is NULL for an ignored one. */
struct call_answer {
	const char *status; /* queued, deferred, dedupe, recorded or ignored */
	const char *reason; /* or NULL */
	const char *ticket_id;
	long number;
};

/* How long after its hour the text still makes sense to the caller. */
#define USEFUL_US (2 * CLOCK_HOUR)

/* When the text may be sent. What waited in the spool until people sleep, and
 * is still of use, waits for the morning as well. */
static struct clock_time
leaves_at(const struct intake *in, const struct request *req)
{
	const struct calendar *cal = &in->tenant->calendar;
	struct clock_time now = clock_now();

	if (req->known != NULL && calendar_is_quiet(cal, now) &&
	    now.us < clock_add(req->now, USEFUL_US).us)
		return calendar_quiet_end(cal, now);
	return intake_polite_time(in, req);
}

/* Which wording fits the hour, and when it may be sent. */
static enum text_name
text_of_hour(struct clock_time *not_before, const struct intake *in,
    const struct request *req)
{
	const struct tenant *t = in->tenant;

	*not_before = leaves_at(in, req);
	if (calendar_is_quiet(&t->calendar, req->now) &&
	    t->text_back == TEXT_BACK_EMERGENCY) {
		*not_before = req->now;
		return TEXT_MISSED_CALL_EMERGENCY;
	}
	/* What it says must be true when it is read. */
	return calendar_is_weekend(&t->calendar, *not_before)
	           ? TEXT_MISSED_CALL_WEEKEND
	           : TEXT_MISSED_CALL;
}

static void
answer_read(struct call_answer *out, const struct cJSON *answer)
{
	out->status = json_text(json_member(answer, "status"));
	out->reason = json_text(json_member(answer, "reason"));
	out->ticket_id = json_text(json_member(answer, "ticket_id"));
	out->number = (long)json_number(json_member(answer, "number"), 0);
}

/* Whom it alarms that nobody took the call; NULL: nobody. */
static const char *
alert_of(const struct intake *in, const struct request *req)
{
	struct alert alert = {
		.kind = ALERT_MISSED_CALL,
		.tenant = in->tenant,
		.phone = in->contact.phone,
		.phone_kind = in->contact.kind,
	};

	return in->tenant->alerts_missed_calls ? alert_json(&alert, req) : NULL;
}

static int
call_write(struct call_answer *out, struct intake *in,
    const struct request *req, struct problem *why)
{
	struct intake_result result;
	struct clock_time not_before;
	enum text_name text = text_of_hour(&not_before, in, req);
	struct stmt_missed_call_open params = {
		.event_row = in->event.row,
		.provider = in->event.provider,
		.event_id = in->event.id,
		.fingerprint = in->event.fingerprint,
		.raw = in->event.raw,
		.now = in->now,
		.contact_id = id_new_in(req->arena),
		.phone = in->contact.phone,
		.phone_kind = in->contact.kind,
		.ticket_id = id_new_in(req->arena),
		.dedupe_key = in->dedupe_key,
		.sla_due_at = in->sla_due_at,
		.message_id = id_new_in(req->arena),
		.texts = message_text_candidates(
		    req->arena, &in->texts, text, &in->values),
		.fallback_language = in->language,
		.sender = tenant_sender(in->tenant, text),
		.carrier = in->carrier,
		.not_before = intake_time(req, not_before),
		.expires_at =
		    intake_time(req, clock_add(not_before, USEFUL_US)),
		.suppress = in->contact.suppress,
		.event_ids = id_array(req->arena, 3),
	};

	if (params.suppress == NULL && params.sender == NULL)
		params.suppress = "no_sender";
	if (params.suppress == NULL && !in->tenant->modules[MODULE_MISSED_CALL])
		params.suppress = "module_off";
	in->alert = alert_of(in, req);
	if (intake_run(&result, in, req, STMT_MISSED_CALL_OPEN, &params, why) !=
	    0)
		return -1;
	answer_read(out, result.answer);
	return 0;
}

static const char *
answer_json(struct arena *a, const struct call_answer *out)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "status", out->status);
	json_str(&b, "ticket_id", out->ticket_id);
	if (out->ticket_id != NULL)
		json_int(&b, "number", out->number);
	json_str(&b, "reason", out->reason);
	json_obj_close(&b);
	return b.text;
}

int
call_take(const char **answer, const struct tenant *firm,
    const struct told *told, const struct request *req, struct problem *why)
{
	struct intake intake = { .event = told->event, .tenant = firm };
	struct call_answer out = { .status = "ignored",
		.reason = told->answered };

	if (told->answered != NULL) {
		if (event_keep_ignored(
			&told->event, req, firm, told->answered, why) != 0)
			return -1;
	} else {
		contact_of_caller(&intake.contact, req->arena, firm, told->from,
		    told->event.id);
		intake_complete(&intake, req);
		if (call_write(&out, &intake, req, why) != 0)
			return -1;
	}
	*answer = answer_json(req->arena, &out);
	return 0;
}
