/*
 * inbound - a text that a contact sent to a firm
 */
#include "inbound.h"

#include <stdbool.h>
#include <stddef.h>

#include "alert.h"
#include "arena.h"
#include "buf.h"
#include "config.h"
#include "dialect.h"
#include "id.h"
#include "intake.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"
#include "reply.h"
#include "route.h"
#include "tenant.h"

/* What became of it. */
struct inbound_answer {
	const char *status;    /* received or ignored */
	const char *meaning;   /* as reply.h reads it; NULL if ignored */
	const char *ticket_id; /* the one it was added to, or NULL */
	long number;
	bool opened;
	bool reopened;
	const char *answered; /* queued, deferred, suppressed or none */
	const char *reason;   /* or NULL */
};

/* An answer that is later than this answers nothing any more. */
#define USEFUL_US (4 * CLOCK_HOUR)

/* What each meaning is answered with; courtesy with nothing. */
static const struct {
	bool answers;
	struct intake_words words;
} answers[REPLY_MEANING_MAX] = {
	[REPLY_URGENT] = { true,
	    { TEXT_REPLY_URGENT, TEXT_REPLY_URGENT_JOINED, false } },
	[REPLY_CALLBACK] = { true,
	    { TEXT_REPLY_CALLBACK, TEXT_REPLY_CALLBACK_JOINED, true } },
	[REPLY_FORM] = { true, { TEXT_REPLY_FORM, TEXT_REPLY_FORM, false } },
	[REPLY_TEXT] = { true, { TEXT_REPLY_TEXT, TEXT_REPLY_TEXT, false } },
	[REPLY_STOP] = { true, { TEXT_REPLY_STOP, TEXT_REPLY_STOP, false } },
	[REPLY_START] = { true, { TEXT_REPLY_START, TEXT_REPLY_START, false } },
};

static void
answer_read(struct inbound_answer *out, const struct cJSON *answer)
{
	out->status = "received";
	out->meaning = json_text(json_member(answer, "meaning"));
	out->ticket_id = json_text(json_member(answer, "ticket_id"));
	out->number = (long)json_number(json_member(answer, "number"), 0);
	out->opened = json_is_true(json_member(answer, "opened"));
	out->reopened = json_is_true(json_member(answer, "reopened"));
	out->answered = json_text(json_member(answer, "answered"));
	out->reason = json_text(json_member(answer, "reason"));
}

static const char *
texts_of(
    struct intake *in, const struct request *req, enum reply_meaning meaning)
{
	if (!answers[meaning].answers)
		return NULL;
	in->values.link = arena_printf(req->arena, "%s/%s/anfrage",
	    config_get(CONFIG_APP_BASE_URL), in->tenant->slug);
	return intake_texts(in, req, req->now, &answers[meaning].words);
}

/* Whom an emergency alarms; NULL: it is none. */
static const char *
alert_of(const struct intake *in, const struct request *req,
    enum reply_meaning meaning, const char *body)
{
	struct alert alert = {
		.kind = ALERT_EMERGENCY,
		.tenant = in->tenant,
		.phone = in->contact.phone,
		.phone_kind = in->contact.kind,
		.words = body,
	};

	return meaning == REPLY_URGENT ? alert_json(&alert, req) : NULL;
}

/* When the answer is pointless. */
static struct clock_time
useful_until(const struct intake *in, const struct request *req,
    enum reply_meaning meaning)
{
	if (meaning == REPLY_CALLBACK || meaning == REPLY_TEXT)
		return intake_promise_end(in, req->now, USEFUL_US);
	return clock_add(req->now, USEFUL_US);
}

static int
inbound_write(struct inbound_answer *out, struct intake *in,
    const struct request *req, const char *body, struct problem *why)
{
	enum reply_meaning meaning = reply_meaning(body);
	struct intake_result result;
	struct stmt_sms_reply_receive params = {
		.event_row = in->event.row,
		.provider = in->event.provider,
		.event_id = in->event.id,
		.fingerprint = in->event.fingerprint,
		.raw = in->event.raw,
		.now = in->now,
		.contact_id = id_new_in(req->arena),
		.phone = in->contact.phone,
		.phone_kind = in->contact.kind,
		.fallback_language = in->language,
		.channel = "sms",
		.ticket_id = id_new_in(req->arena),
		.dedupe_key = in->dedupe_key,
		.sla_due_at = in->sla_due_at,
		.message_id = id_new_in(req->arena),
		.texts = texts_of(in, req, meaning),
		.sender = in->tenant->sms_number,
		.carrier = in->carrier,
		/* Who writes at night is awake, and waits. */
		.not_before = in->now,
		.expires_at = intake_time(req, useful_until(in, req, meaning)),
		.suppress = in->contact.suppress,
		.event_ids = id_array(req->arena, 4),
		.meaning = reply_meaning_name(meaning),
		.body = body,
	};

	if (params.suppress == NULL && params.sender == NULL)
		params.suppress = "no_sender";
	if (params.suppress == NULL && !in->tenant->modules[MODULE_SMS_REPLY])
		params.suppress = "module_off";
	in->alert = alert_of(in, req, meaning, body);
	if (intake_run(
		&result, in, req, STMT_SMS_REPLY_RECEIVE, &params, why) != 0)
		return -1;
	answer_read(out, result.answer);
	return 0;
}

/* An answer of one on call to an alert, or a text as contacts send it. */
static int
text_take(struct inbound_answer *out, struct intake *in, const char *body,
    const struct request *req, struct problem *why)
{
	const struct alert_text text = {
		.event = &in->event,
		.tenant = in->tenant,
		.phone = in->contact.phone,
		.body = body,
	};
	const struct cJSON *answer;

	if (alert_receive(&answer, &text, req, why) != 0)
		return -1;
	if (answer != NULL) {
		answer_read(out, answer);
		return 0;
	}
	intake_complete(in, req);
	return inbound_write(out, in, req, body, why);
}

static const char *
answer_json(struct arena *a, const struct inbound_answer *out)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "status", out->status);
	if (out->meaning != NULL) {
		json_str(&b, "meaning", out->meaning);
		json_str(&b, "ticket_id", out->ticket_id);
		if (out->ticket_id != NULL)
			json_int(&b, "number", out->number);
		json_bool(&b, "opened", out->opened);
		json_bool(&b, "reopened", out->reopened);
		json_str(&b, "answered", out->answered);
	}
	json_str(&b, "reason", out->reason);
	json_obj_close(&b);
	return b.text;
}

int
inbound_take(const char **answer, const struct tenant *firm,
    const struct told *told, const struct request *req, struct problem *why)
{
	struct intake intake = { .event = told->event, .tenant = firm };
	struct inbound_answer out = { .status = "ignored" };
	const char *body = told->body == NULL ? "" : told->body;

	contact_of_caller(
	    &intake.contact, req->arena, firm, told->from, told->event.id);
	/* A name instead of a number, as banks and shops send: nobody to
	 * answer. */
	if (intake.contact.phone == NULL) {
		out.reason = intake.contact.suppress;
		if (event_keep_ignored(
			&told->event, req, firm, out.reason, why) != 0)
			return -1;
	} else if (text_take(&out, &intake, body, req, why) != 0) {
		return -1;
	}
	*answer = answer_json(req->arena, &out);
	return 0;
}
