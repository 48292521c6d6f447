/*
 * call - a call that nobody took
 */
#include "call.h"

#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "id.h"
#include "intake.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"
#include "utf8.h"

/* How long after its hour the text still makes sense to the caller. */
#define USEFUL_US (2 * CLOCK_HOUR)

/*
 * "no-answer", "NOANSWER", "no_answer": each exchange writes the words its own
 * way.
 */
static bool
is_missed(const char *status)
{
	static const char *const missed[] = { "noanswer", "busy", "failed",
		"canceled", "cancelled", "cancel", "missed", "unanswered" };
	char plain[16];
	size_t len = 0;

	for (; *status != '\0'; status++) {
		if (strchr("-_ ", *status) != NULL)
			continue;
		if (len == sizeof(plain) - 1)
			return false;
		plain[len++] = utf8_lower_ascii(*status);
	}
	plain[len] = '\0';
	for (size_t i = 0; i < sizeof(missed) / sizeof(missed[0]); i++)
		if (strcmp(plain, missed[i]) == 0)
			return true;
	return false;
}

int
call_request_read(
    struct call_request *out, const struct request *req, struct problem *why)
{
	const char *call, *dial;
	const struct fields *f;

	memset(out, 0, sizeof(*out));
	if (fields_read(&f, req, why) != 0 ||
	    event_read_ends(&out->from, &out->to, f, why) != 0 ||
	    fields_told(&call, f, FIELD_CALL_STATUS, why) != 0 ||
	    fields_told(&dial, f, FIELD_DIAL_CALL_STATUS, why) != 0 ||
	    event_of_webhook(&out->event, EVENT_CALL, req, f, why) != 0)
		return -1;
	/* Who dialled on and got no answer has an inbound leg "completed". */
	if ((call != NULL && is_missed(call)) ||
	    (dial != NULL && is_missed(dial)) || (call == NULL && dial == NULL))
		return 0;
	out->answered = dial != NULL
	                    ? fields_cut(f, FIELD_DIAL_CALL_STATUS, dial)
	                    : fields_cut(f, FIELD_CALL_STATUS, call);
	return 0;
}

/* Which wording fits the hour, and when it may be sent. */
static enum text_name
text_of_hour(struct clock_time *not_before, const struct intake *in,
    const struct request *req)
{
	const struct tenant *t = in->tenant;

	*not_before = intake_polite_time(in, req);
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

static int
call_write(struct call_answer *out, const struct intake *in,
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
		.sender = in->tenant->sms_number,
		.carrier = in->carrier,
		.not_before = intake_time(req, not_before),
		.expires_at =
		    intake_time(req, clock_add(not_before, USEFUL_US)),
		.suppress = in->contact.suppress,
		.event_ids = id_array(req->arena, 3),
	};

	if (params.suppress == NULL && !in->tenant->modules[MODULE_MISSED_CALL])
		params.suppress = "module_off";
	if (intake_run(&result, in, req, STMT_MISSED_CALL_OPEN, &params, why) !=
	    0)
		return -1;
	answer_read(out, result.answer);
	return 0;
}

int
call_open(struct call_answer *out, const struct call_request *in,
    const struct request *req, struct problem *why)
{
	struct intake intake = { .event = in->event };

	memset(out, 0, sizeof(*out));
	if (intake_firm(&intake.tenant, &in->event, req, "call", in->to, why) !=
	    0)
		return -1;
	if (in->answered != NULL) {
		out->status = "ignored";
		out->reason = in->answered;
		return event_keep_ignored(
		    &in->event, req, intake.tenant, in->answered, why);
	}
	contact_of_caller(
	    &intake.contact, req->arena, intake.tenant, in->from, in->event.id);
	intake_complete(&intake, req);
	return call_write(out, &intake, req, why);
}

void
call_answer_write(struct response *res, const struct request *req,
    const struct call_request *in, const struct call_answer *out)
{
	struct buf b;

	if (in->event.is_twilio) {
		event_twiml_write(res);
		return;
	}
	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "status", out->status);
	json_str(&b, "ticket_id", out->ticket_id);
	if (out->ticket_id != NULL)
		json_int(&b, "number", out->number);
	json_str(&b, "reason", out->reason);
	json_obj_close(&b);
	res->body = b.text;
}
