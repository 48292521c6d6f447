/*
 * provider_twilio - Twilio's Messages resource
 *
 * A form for each message, with Basic credentials. Twilio knows no id of ours
 * (there is no idempotency key), but calls the address we name with what became
 * of the message. docs/providers.md says what of it is known.
 */
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "form.h"
#include "http.h"
#include "json.h"
#include "problem.h"
#include "provider.h"
#include "receipt.h"
#include "utf8.h"

#define SAID_MAX ((size_t)300)
/* Between Twilio's clock and ours. */
#define SKEW_US (2 * CLOCK_MINUTE)
/* Of ValidityPeriod. */
#define VALIDITY_MAX_S 36000

static const struct provider_code codes[] = {
#define CODE(code, outcome, blame, what, next) \
	{ code, OUTCOME_##outcome, BLAME_##blame, what, next },
#include "provider_twilio.def"
#undef CODE
};

/* "AC" and hexadecimal digits: it becomes part of an address. */
static bool
is_sid(const char *text, const char *kind)
{
	return strncmp(text, kind, 2) == 0 && text[2] != '\0' &&
	       strspn(text + 2, "0123456789abcdefABCDEF") == strlen(text + 2);
}

/* An API key is used where there is one. */
static bool
has_key(const struct account *account)
{
	return *account_get(account, ACCOUNT_TWILIO_API_KEY_SID) != '\0';
}

static int
twilio_ready(const struct account *account, struct problem *why)
{
	static const enum account_item with_token[] = {
		ACCOUNT_TWILIO_ACCOUNT_SID, ACCOUNT_TWILIO_AUTH_TOKEN,
		ACCOUNT_MAX
	};
	static const enum account_item with_key[] = {
		ACCOUNT_TWILIO_ACCOUNT_SID, ACCOUNT_TWILIO_API_KEY_SECRET,
		ACCOUNT_MAX
	};

	if (account_need(
		account, has_key(account) ? with_key : with_token, why) != 0)
		return -1;
	if (!is_sid(account_get(account, ACCOUNT_TWILIO_ACCOUNT_SID), "AC"))
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "TWILIO_ACCOUNT_SID is not AC and hexadecimal digits");
	return 0;
}

/* An address below the account's. */
static const char *
resource_url(struct arena *a, const struct account *account, const char *path)
{
	return arena_printf(a, "%s/Accounts/%s/%s",
	    config_get(CONFIG_TWILIO_URL),
	    account_get(account, ACCOUNT_TWILIO_ACCOUNT_SID), path);
}

static void
authorize(struct http_request *out, const struct account *account)
{
	bool key = has_key(account);

	out->user = account_get(account,
	    key ? ACCOUNT_TWILIO_API_KEY_SID : ACCOUNT_TWILIO_ACCOUNT_SID);
	out->password = account_get(account,
	    key ? ACCOUNT_TWILIO_API_KEY_SECRET : ACCOUNT_TWILIO_AUTH_TOKEN);
}

/* How long Twilio may try: as long as the message is of use. */
static const char *
validity(struct arena *a, const struct message *m)
{
	int64_t s = m->lives_us / CLOCK_SECOND;

	if (s < 1)
		s = 1;
	return arena_printf(
	    a, "%d", s > VALIDITY_MAX_S ? VALIDITY_MAX_S : (int)s);
}

static int
twilio_request(struct http_request *out, const struct message *m,
    struct arena *a, struct problem *why)
{
	const char *link = receipt_link(a, "twilio", m->id);
	struct buf b;

	if (*m->from == '\0')
		return problem(why, PROBLEM_INTERNAL, NULL, "no sender");
	buf_init(&b, a);
	form_add(&b, "To", m->to);
	form_add(&b, is_sid(m->from, "MG") ? "MessagingServiceSid" : "From",
	    m->from);
	form_add(&b, "Body", m->body);
	form_add(&b, "ValidityPeriod", validity(a, m));
	if (link != NULL)
		form_add(&b, "StatusCallback", link);
	out->url = resource_url(a, &m->account, "Messages.json");
	out->content_type = "application/x-www-form-urlencoded";
	out->body = b.text;
	authorize(out, &m->account);
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

/* A code that the table does not know is for the message itself. */
static void
code_read(struct outcome *out, struct arena *a, int64_t code, int status)
{
	const char *prefix = arena_printf(a, "HTTP %d, ", status);

	if (provider_code_read(out, a, codes, sizeof(codes) / sizeof(codes[0]),
		(int)code, prefix) != 0)
		out->reason = arena_printf(a, "%s%d", prefix, (int)code);
}

/* Twilio's id of a message; NULL if there is none, or one that no column
 * holds. */
static const char *
message_sid(const struct cJSON *object)
{
	const char *sid = json_text(json_member(object, "sid"));

	return sid == NULL || *sid == '\0' || strlen(sid) > 64 ? NULL : sid;
}

static struct outcome
accepted(const struct http_answer *answer, struct arena *a)
{
	const struct cJSON *object = answer_object(answer, a);
	const char *sid = message_sid(object);
	const char *status = json_text(json_member(object, "status"));
	struct outcome out = { .kind = OUTCOME_UNKNOWN };

	if (sid == NULL) {
		/* From somebody between us and Twilio? */
		out.reason = arena_printf(
		    a, "HTTP %d without Twilio's sid", answer->status);
		return out;
	}
	out.provider_id = sid;
	out.kind = OUTCOME_SENT;
	if (status != NULL && (strcmp(status, "failed") == 0 ||
				  strcmp(status, "undelivered") == 0)) {
		code_read(&out, a,
		    json_number(json_member(object, "error_code"), 0),
		    answer->status);
		out.kind = OUTCOME_FAILED;
	}
	return out;
}

/* Without a code of Twilio's: the status alone. */
static void
status_read(struct outcome *out, struct arena *a, int status)
{
	const char *hint = "";

	if (status == 429 || status == 408) {
		out->kind = OUTCOME_RETRY;
	} else if (status == 401 || status == 403) {
		out->kind = OUTCOME_RETRY;
		out->is_our_fault = true;
		hint = ": correct TWILIO_ACCOUNT_SID and the token or key";
	} else if (status >= 300 && status < 500) {
		/* Twilio gives each refusal a code: somebody else answers. */
		out->kind = OUTCOME_RETRY;
		out->is_our_fault = true;
		hint = " without Twilio's code: correct TWILIO_URL";
	}
	out->reason = arena_printf(a, "HTTP %d%s", status, hint);
}

static struct outcome
twilio_outcome(const struct http_answer *answer, struct arena *a)
{
	/* Of a 5xx Twilio does not say that nothing was accepted. */
	struct outcome out = { .kind = OUTCOME_UNKNOWN };
	const struct cJSON *object;
	const char *said;
	int64_t code;

	if (answer->status >= 200 && answer->status < 300)
		return accepted(answer, a);
	object = answer_object(answer, a);
	code = json_number(json_member(object, "code"), 0);
	said = json_text(json_member(object, "message"));
	if (code > 0 && code <= INT32_MAX && answer->status >= 400 &&
	    answer->status < 500) {
		out.kind = OUTCOME_FAILED;
		code_read(&out, a, code, answer->status);
		if (answer->status == 429)
			out.kind = OUTCOME_RETRY;
	} else {
		status_read(&out, a, answer->status);
	}
	if (out.kind == OUTCOME_RETRY)
		out.retry_after_us = answer->retry_after_us;
	if (said != NULL)
		out.said = arena_strndup(a, said, utf8_prefix(said, SAID_MAX));
	return out;
}

/*
 * With Twilio's id the message itself, without it those to this number: newest
 * first, as many as a page holds.
 */
static int
twilio_ask(struct http_request *out, const struct inquiry *q, struct arena *a,
    struct problem *why)
{
	struct buf b;

	(void)why;
	authorize(out, &q->account);
	if (q->provider_id != NULL && is_sid(q->provider_id, "SM")) {
		out->url = resource_url(a, &q->account,
		    arena_printf(a, "Messages/%s.json", q->provider_id));
		return 0;
	}
	buf_init(&b, a);
	buf_str(&b, resource_url(a, &q->account, "Messages.json?"));
	form_add(&b, "To", q->to);
	form_add(&b, "PageSize", "50");
	out->url = b.text;
	return 0;
}

/* Is it ours: the same words, made while ours was under way? */
static bool
is_ours(const struct cJSON *message, const struct inquiry *q)
{
	const char *body = json_text(json_member(message, "body"));
	const char *to = json_text(json_member(message, "to"));
	const char *made = json_text(json_member(message, "date_created"));
	int64_t at_us = made == NULL ? -1 : http_date_us(made);

	return body != NULL && strcmp(body, q->body) == 0 && to != NULL &&
	       strcmp(to, q->to) == 0 && at_us >= q->written_us - SKEW_US &&
	       at_us <= q->lost_us + SKEW_US;
}

static void
resource_read(struct verdict *out, struct arena *a, const struct cJSON *message)
{
	static const struct {
		const char *status;
		enum verdict_kind kind;
	} statuses[] = {
		{ "delivered", VERDICT_DELIVERED },
		{ "read", VERDICT_DELIVERED },
		{ "failed", VERDICT_FAILED },
		{ "undelivered", VERDICT_FAILED },
		{ "canceled", VERDICT_FAILED },
	};
	const char *status = json_text(json_member(message, "status"));
	struct outcome why = { .kind = OUTCOME_FAILED };

	out->provider_id = message_sid(message);
	if (out->provider_id == NULL || status == NULL)
		return;
	/* Whatever else it is, Twilio has it. */
	out->kind = VERDICT_SENT;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
		if (strcmp(statuses[i].status, status) == 0)
			out->kind = statuses[i].kind;
	if (out->kind == VERDICT_FAILED) {
		code_read(&why, a,
		    json_number(json_member(message, "error_code"), 0), 200);
		out->reason = why.reason;
	}
}

/*
 * That a list has it not does not mean that Twilio never will: only what is
 * there is believed. Two that could be it are none.
 */
static struct verdict
twilio_verdict(
    const struct http_answer *answer, const struct inquiry *q, struct arena *a)
{
	struct verdict out = { .kind = VERDICT_NONE };
	const struct cJSON *object = answer_object(answer, a), *found = NULL;
	const struct cJSON *list = json_member(object, "messages");

	if (answer->status != 200 || object == NULL)
		return out;
	if (!json_is_array(list)) {
		resource_read(&out, a, object);
		return out;
	}
	for (const struct cJSON *m = json_first(list); m != NULL;
	     m = json_next(m)) {
		if (!is_ours(m, q))
			continue;
		if (found != NULL) {
			out.reason = "two messages could be it";
			return out;
		}
		found = m;
	}
	if (found != NULL)
		resource_read(&out, a, found);
	else
		out.reason = "its list has no such message";
	return out;
}

const struct provider provider_twilio = {
	.name = "twilio",
	.parallel = 100,
	.sender = CONFIG_TWILIO_SENDER_ID,
	.ready = twilio_ready,
	.request = twilio_request,
	.outcome = twilio_outcome,
	.ask_setting = CONFIG_TWILIO_URL,
	.ask_delay_us = 2 * CLOCK_MINUTE,
	.ask = twilio_ask,
	.verdict = twilio_verdict,
};
