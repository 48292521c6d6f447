/*
 * provider_ecall - eCall (F24 Schweiz), REST interface
 *
 * A POST of JSON with Basic credentials for each message; docs/providers.md
 * says what of it is known from eCall and what from its clients. eCall knows no
 * id of ours, so what got no clear answer stays unknown, unless eCall gave it
 * one of its own by which it can be asked.
 */
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "http.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"
#include "provider.h"
#include "utf8.h"

#define SAID_MAX ((size_t)300)
#define CODE_MAX ((size_t)60)

static int
ecall_ready(const struct account *account, struct problem *why)
{
	static const enum account_item needed[] = { ACCOUNT_ECALL_USERNAME,
		ACCOUNT_ECALL_PASSWORD, ACCOUNT_MAX };
	const char *prefix = config_get(CONFIG_ECALL_NUMBER_PREFIX);

	if (account_need(account, needed, why) != 0)
		return -1;
	if (strcmp(prefix, "00") != 0 && strcmp(prefix, "+") != 0)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "ECALL_NUMBER_PREFIX is neither 00 nor +");
	return 0;
}

const char *
provider_ecall_number(struct arena *a, const char *number)
{
	if (*number != '+')
		return number;
	return arena_printf(
	    a, "%s%s", config_get(CONFIG_ECALL_NUMBER_PREFIX), number + 1);
}

static int
ecall_request(struct http_request *out, const struct message *m,
    struct arena *a, struct problem *why)
{
	struct buf b;

	if (*m->from == '\0')
		return problem(why, PROBLEM_INTERNAL, NULL, "no sender");
	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "channel", "Sms");
	json_str(&b, "from", provider_ecall_number(a, m->from));
	json_str(&b, "to", provider_ecall_number(a, m->to));
	json_obj_open(&b, "content");
	json_str(&b, "type", "Text");
	json_str(&b, "text", m->body);
	json_obj_close(&b);
	json_obj_close(&b);
	out->url = config_get(CONFIG_ECALL_URL);
	out->content_type = "application/json";
	out->body = b.text;
	out->user = account_get(&m->account, ACCOUNT_ECALL_USERNAME);
	out->password = account_get(&m->account, ACCOUNT_ECALL_PASSWORD);
	return 0;
}

/* The answer as an object, or NULL. */
static const struct cJSON *
answer_object(const struct http_answer *answer, struct arena *a)
{
	const struct cJSON *v = NULL;
	struct problem why;

	if (answer->is_cut ||
	    json_parse(&v, a, answer->body, answer->body_len, &why) != 0)
		return NULL;
	return json_is_object(v) ? v : NULL;
}

/* A name like InvalidContent, which cannot carry a number or a text. */
static const char *
error_code(const struct cJSON *object)
{
	const char *code = json_text(json_member(object, "errorCode"));
	size_t len =
	    code == NULL
		? 0
		: strspn(code,
		      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_");

	return len > 0 && len <= CODE_MAX && code[len] == '\0' ? code : NULL;
}

/* "message; To: not a mobile number" */
static const char *
error_said(const struct cJSON *object, struct arena *a)
{
	const char *message = json_text(json_member(object, "errorMessage"));
	const struct cJSON *e = json_first(
	    json_member(json_member(object, "errorDetails"), "errors"));
	struct buf b;

	buf_init(&b, a);
	buf_str(&b, message == NULL ? "" : message);
	for (; e != NULL && b.len < SAID_MAX; e = json_next(e)) {
		const char *parameter = json_text(json_member(e, "parameter"));
		const char *text =
		    json_text(json_first(json_member(e, "messages")));

		buf_printf(&b, "%s%s: %s", b.len > 0 ? "; " : "",
		    parameter == NULL ? "?" : parameter,
		    text == NULL ? "?" : text);
	}
	if (b.len == 0)
		return NULL;
	return arena_strndup(a, b.text, utf8_prefix(b.text, SAID_MAX));
}

static const char *
message_id(const struct cJSON *object, struct arena *a)
{
	const struct cJSON *id = json_member(object, "messageId");
	const char *text =
	    json_is_number(id) ? json_print(a, id) : json_text(id);

	/* As much as the column holds; a cut id would be another one's. */
	if (text == NULL || *text == '\0' || strlen(text) > 200)
		return NULL;
	return text;
}

/*
 * eCall accepts with any 2xx. One with nothing in it, or with an object that
 * names no id, is an acceptance too. Another kind of body comes from somebody
 * between us and eCall: then it is not known whether eCall has the message.
 */
static struct outcome
accepted(const struct http_answer *answer, struct arena *a)
{
	const struct cJSON *object = answer_object(answer, a);
	struct outcome out = { .kind = OUTCOME_SENT };

	if (object == NULL && answer->body_len > 0) {
		out.kind = OUTCOME_UNKNOWN;
		out.reason = arena_printf(
		    a, "HTTP %d without eCall's JSON", answer->status);
	} else if (error_code(object) != NULL) {
		out.kind = OUTCOME_UNKNOWN;
		out.reason = arena_printf(
		    a, "HTTP %d %s", answer->status, error_code(object));
		out.said = error_said(object, a);
		out.provider_id = message_id(object, a);
	} else {
		out.provider_id = message_id(object, a);
	}
	return out;
}

/* Refused. Is it the message, the moment, or our account and address? */
static const char *
refused(struct outcome *out, const struct http_answer *answer, bool is_ecall)
{
	switch (answer->status) {
	case 408: /* RFC 9110 15.5.9: the request did not arrive as a whole */
	case 425:
	case 429:
		out->kind = OUTCOME_RETRY;
		out->retry_after_us = answer->retry_after_us;
		return "";
	case 401:
		out->kind = OUTCOME_RETRY;
		out->is_our_fault = true;
		return ", look at ECALL_USERNAME and ECALL_PASSWORD";
	case 402:
	case 403:
		out->kind = OUTCOME_RETRY;
		out->is_our_fault = true;
		return ", look at eCall's portal: rights, credit";
	case 404:
	case 405:
		/* Without eCall's own words somebody else lives there. */
		out->kind = is_ecall ? OUTCOME_FAILED : OUTCOME_RETRY;
		out->is_our_fault = !is_ecall;
		return is_ecall ? "" : ", look at ECALL_URL";
	default:
		out->kind = OUTCOME_FAILED;
		return "";
	}
}

static struct outcome
ecall_outcome(const struct http_answer *answer, struct arena *a)
{
	/* eCall documents no 5xx as "not accepted". */
	struct outcome out = { .kind = OUTCOME_UNKNOWN };
	const struct cJSON *object;
	const char *code, *hint = "";

	if (answer->status >= 200 && answer->status < 300)
		return accepted(answer, a);
	object = answer_object(answer, a);
	code = error_code(object);
	if (answer->status >= 300 && answer->status < 400) {
		/* Redirects are not followed: nobody took the message. */
		out.kind = OUTCOME_RETRY;
		out.is_our_fault = true;
		hint = ", look at ECALL_URL";
	} else if (answer->status >= 400 && answer->status < 500) {
		hint = refused(&out, answer, code != NULL);
	}
	out.reason = arena_printf(a, "HTTP %d%s%s%s", answer->status,
	    code == NULL ? "" : " ", code == NULL ? "" : code, hint);
	out.said = error_said(object, a);
	return out;
}

/* By the id that eCall gave it, where the status is read. */
static int
ecall_ask(struct http_request *out, const struct inquiry *q, struct arena *a,
    struct problem *why)
{
	const char *url = config_get(CONFIG_ECALL_STATUS_URL);
	const char *id = strstr(url, "{id}");

	if (id == NULL ||
	    q->provider_id[strcspn(q->provider_id, "/?#%&")] != '\0')
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "ECALL_STATUS_URL has no {id}, or the id is none");
	out->url = arena_printf(a, "%.*s%s%s", (int)(id - url), url,
	    q->provider_id, id + strlen("{id}"));
	out->user = account_get(&q->account, ACCOUNT_ECALL_USERNAME);
	out->password = account_get(&q->account, ACCOUNT_ECALL_PASSWORD);
	return 0;
}

/*
 * eCall's words for a status are not known: what speaks of a failure is one,
 * and whatever else stands there, eCall has the message.
 */
static struct verdict
ecall_verdict(
    const struct http_answer *answer, const struct inquiry *q, struct arena *a)
{
	static const char *const failures[] = { "fail", "undeliver", "reject",
		"expire", "error", "notdeliver" };
	struct verdict out = { .kind = VERDICT_NONE };
	const struct cJSON *object = answer_object(answer, a);
	const char *status = json_text(json_member(object, "status"));

	(void)q;
	if (answer->status != 200 || status == NULL)
		return out;
	out.kind = strncasecmp(status, "delivered", strlen("delivered")) == 0
	               ? VERDICT_DELIVERED
	               : VERDICT_SENT;
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (strcasestr(status, failures[i]) != NULL)
			out.kind = VERDICT_FAILED;
	if (out.kind == VERDICT_FAILED)
		out.reason = "eCall's status speaks of a failure";
	return out;
}

const struct provider provider_ecall = {
	.name = "ecall",
	.parallel = 100,
	.sender = CONFIG_ECALL_SENDER_ID,
	.ready = ecall_ready,
	.request = ecall_request,
	.outcome = ecall_outcome,
	.ask_setting = CONFIG_ECALL_STATUS_URL,
	.asks_by_its_id = true,
	.ask_delay_us = 2 * CLOCK_MINUTE,
	.ask = ecall_ask,
	.verdict = ecall_verdict,
};
