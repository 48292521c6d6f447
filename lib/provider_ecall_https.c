/*
 * provider_ecall_https - eCall (F24 Schweiz), HTTPS interface
 *
 * A form for each message, by POST so that the credentials in it stand in no
 * address; XML comes back. Our id goes with it as JobID, by which eCall can be
 * asked afterwards. docs/providers.md says what of it is known.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "form.h"
#include "http.h"
#include "problem.h"
#include "provider.h"
#include "utf8.h"
#include "xml.h"

#define SAID_MAX ((size_t)300)
/* Result codes of Api/State. */
#define JOB_UNKNOWN 11910
#define JOB_SCHEDULED 11912

static const struct provider_code codes[] = {
#define CODE(code, outcome, blame, what, next) \
	{ code, OUTCOME_##outcome, BLAME_##blame, what, next },
#define STATE(code, verdict, what)
#include "provider_ecall_https.def"
#undef CODE
#undef STATE
};

/* What Api/State says of a message. */
static const struct {
	int code;
	enum verdict_kind kind;
	const char *what;
} states[] = {
#define CODE(code, outcome, blame, what, next)
#define STATE(code, verdict, what) { code, VERDICT_##verdict, what },
#include "provider_ecall_https.def"
#undef CODE
#undef STATE
};

static int
ecall_https_ready(const struct account *account, struct problem *why)
{
	/* The same account, and the same form of numbers. */
	return provider_ecall.ready(account, why);
}

/* A form to one of the interface's methods, with the credentials in it. */
static struct buf
form_begin(struct http_request *out, const struct account *account,
    struct arena *a, const char *method)
{
	struct buf b;

	buf_init(&b, a);
	form_add(&b, "UserName", account_get(account, ACCOUNT_ECALL_USERNAME));
	form_add(&b, "Password", account_get(account, ACCOUNT_ECALL_PASSWORD));
	out->url =
	    arena_printf(a, "%s%s", config_get(CONFIG_ECALL_HTTPS_URL), method);
	out->content_type = "application/x-www-form-urlencoded";
	return b;
}

static int
ecall_https_request(struct http_request *out, const struct message *m,
    struct arena *a, struct problem *why)
{
	struct buf b = form_begin(out, &m->account, a, "Api/Sms");

	if (*m->from == '\0')
		return problem(why, PROBLEM_INTERNAL, NULL, "no sender");
	form_add(&b, "Address", provider_ecall_number(a, m->to));
	form_add(&b, "CallBack", provider_ecall_number(a, m->from));
	form_add(&b, "JobID", m->id);
	form_add(&b, "Message", m->body);
	out->body = b.text;
	return 0;
}

/* The ResultCode, -1 if there is none; what eCall says about it in *said. */
static int
result_read(
    const char **said, struct arena *a, const struct http_answer *answer)
{
	const struct xml *document;
	const char *code, *text;
	struct problem why;
	char *end;
	long value;

	*said = NULL;
	if (answer->is_cut ||
	    xml_parse(&document, a, answer->body, answer->body_len, &why) != 0)
		return -1;
	code = xml_text(document, a, "ResultCode");
	if (code == NULL || *code == '\0')
		return -1;
	value = strtol(code, &end, 10);
	if (*end != '\0' || value < 0 || value > 99999)
		return -1;
	text = xml_text(document, a, "ResultText");
	if (text != NULL && *text != '\0')
		*said = arena_strndup(a, text, utf8_prefix(text, SAID_MAX));
	return (int)value;
}

/* Without a code of eCall's: the status alone. */
static void
status_read(struct outcome *out, struct arena *a, int status)
{
	const char *hint = "";

	if (status == 429 || status == 408) {
		out->kind = OUTCOME_RETRY;
	} else if (status == 401 || status == 403) {
		out->kind = OUTCOME_RETRY;
		out->is_our_fault = true;
		hint = status == 401
		           ? ": correct ECALL_USERNAME and ECALL_PASSWORD"
		           : ": look at the account's credit";
	} else if (status >= 300 && status < 500 && status != 400) {
		out->kind = OUTCOME_RETRY;
		out->is_our_fault = true;
		hint = ": correct ECALL_HTTPS_URL";
	}
	out->reason =
	    arena_printf(a, "HTTP %d without eCall's XML%s", status, hint);
}

static struct outcome
ecall_https_outcome(const struct http_answer *answer, struct arena *a)
{
	struct outcome out = { .kind = OUTCOME_UNKNOWN };
	const char *prefix = arena_printf(a, "HTTP %d, ", answer->status);
	int code = result_read(&out.said, a, answer);

	if (answer->status == 200 && code == 0) {
		out.kind = OUTCOME_SENT;
		out.said = NULL;
	} else if (code < 0) {
		status_read(&out, a, answer->status);
	} else if (provider_code_read(&out, a, codes,
		       sizeof(codes) / sizeof(codes[0]), code, prefix) != 0) {
		out.kind =
		    answer->status == 400 ? OUTCOME_FAILED : OUTCOME_UNKNOWN;
		out.reason = arena_printf(a, "%s%d", prefix, code);
	}
	/* A code and a status that do not fit each other. */
	if (code >= 0 && out.kind != OUTCOME_UNKNOWN &&
	    (code == 0) != (answer->status == 200)) {
		out.kind = OUTCOME_UNKNOWN;
	}
	if (answer->status == 429)
		out.kind = OUTCOME_RETRY;
	if (answer->status >= 500) {
		out.kind = OUTCOME_UNKNOWN;
		out.is_our_fault = false;
	}
	if (out.kind == OUTCOME_RETRY)
		out.retry_after_us = answer->retry_after_us;
	return out;
}

static int
ecall_https_ask(struct http_request *out, const struct inquiry *q,
    struct arena *a, struct problem *why)
{
	struct buf b = form_begin(out, &q->account, a, "Api/State");

	(void)why;
	form_add(&b, "JobID", q->id);
	out->body = b.text;
	return 0;
}

/* The number in an element, or -1. */
static int
number_of(const struct xml *document, struct arena *a, const char *element)
{
	const char *text = xml_text(document, a, element);
	size_t digits = text == NULL ? 0 : strspn(text, "0123456789");

	return digits > 0 && digits <= 6 && text[digits] == '\0'
	           ? (int)strtol(text, NULL, 10)
	           : -1;
}

/* eCall has the message, whatever the code of its state. */
static void
state_read(struct verdict *out, struct arena *a, int state)
{
	out->kind = VERDICT_SENT;
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].code == state) {
			out->kind = states[i].kind;
			out->reason = arena_printf(
			    a, "state %d %s", state, states[i].what);
		}
	if (out->kind != VERDICT_FAILED)
		out->reason = NULL;
}

static struct verdict
ecall_https_verdict(
    const struct http_answer *answer, const struct inquiry *q, struct arena *a)
{
	struct verdict out = { .kind = VERDICT_NONE };
	const struct xml *document;
	struct problem why;
	int state, code;

	(void)q;
	if (answer->is_cut ||
	    xml_parse(&document, a, answer->body, answer->body_len, &why) != 0)
		return out;
	state = number_of(document, a, "StatusCode");
	code = number_of(document, a, "ResultCode");
	if (answer->status == 200 && state >= 0) {
		state_read(&out, a, state);
	} else if (code == JOB_UNKNOWN) {
		out.kind = VERDICT_ABSENT;
		out.reason = "eCall's log has no such job";
	} else if (code == JOB_SCHEDULED) {
		out.kind = VERDICT_SENT;
	} else if (code >= 0) {
		out.reason = arena_printf(a, "result code %d", code);
	}
	return out;
}

const struct provider provider_ecall_https = {
	.name = "ecall_https",
	.parallel = 100,
	.sender = CONFIG_ECALL_SENDER_ID,
	.ready = ecall_https_ready,
	.request = ecall_https_request,
	.outcome = ecall_https_outcome,
	.ask_setting = CONFIG_ECALL_HTTPS_URL,
	.ask_delay_us = 2 * CLOCK_MINUTE,
	.ask = ecall_https_ask,
	.verdict = ecall_https_verdict,
};
