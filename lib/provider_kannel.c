/*
 * provider_kannel - a Kannel of our own: smsbox's sendsms
 *
 * A GET whose address carries the credentials, so it goes over the wire only on
 * this machine or through TLS, and is logged nowhere. Kannel tells no id: its
 * reports come to the address we name. docs/providers.md says what is known.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <string.h>

#include "alphabet.h"
#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "form.h"
#include "http.h"
#include "problem.h"
#include "provider.h"
#include "receipt.h"
#include "utf8.h"

#define SAID_MAX ((size_t)300)
/* Delivered, not delivered, accepted by the SMSC, rejected by it. */
#define DLR_MASK "27"

static const struct {
	int status;
	const char *body;
	enum outcome_kind kind;
	enum blame blame;
	const char *what;
	const char *next;
} answers[] = {
#define ANSWER(status, body, outcome, blame, what, next) \
	{ status, body, OUTCOME_##outcome, BLAME_##blame, what, next },
#include "provider_kannel.def"
#undef ANSWER
};

/* Is that host this machine? 127.0.0.0/8, ::1 and the name for both. */
static bool
is_loopback(const char *host, size_t len)
{
	char text[INET_ADDRSTRLEN];
	struct in_addr at;

	if ((len == 9 && memcmp(host, "localhost", 9) == 0) ||
	    (len == 5 && memcmp(host, "[::1]", 5) == 0))
		return true;
	if (len >= sizeof(text))
		return false;
	memcpy(text, host, len);
	text[len] = '\0';
	return inet_pton(AF_INET, text, &at) == 1 &&
	       ntohl(at.s_addr) >> 24 == 127;
}

/* Nobody on the way may read the password in the address. */
static bool
is_private(const char *url)
{
	static const char http[] = "http://", https[] = "https://";
	const char *host = url + sizeof(http) - 1, *port;
	size_t len;

	if (strncmp(url, https, sizeof(https) - 1) == 0)
		return true;
	if (strncmp(url, http, sizeof(http) - 1) != 0)
		return false;
	len = strcspn(host, "/?#");
	if (*host != '[') {
		port = memchr(host, ':', len);
		return is_loopback(
		    host, port == NULL ? len : (size_t)(port - host));
	}
	/* [::1]:13013 */
	return len >= 5 && (len == 5 || host[5] == ':') && is_loopback(host, 5);
}

static int
kannel_ready(const struct account *account, struct problem *why)
{
	static const enum account_item needed[] = { ACCOUNT_KANNEL_USERNAME,
		ACCOUNT_KANNEL_PASSWORD, ACCOUNT_MAX };

	if (account_need(account, needed, why) != 0)
		return -1;
	if (!is_private(config_get(CONFIG_KANNEL_URL)) ||
	    strpbrk(config_get(CONFIG_KANNEL_URL), "?#@") != NULL)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "KANNEL_URL must be http://127.0.0.1:PORT/... or https, "
		    "without query: it will carry credentials");
	return 0;
}

/* In minutes, as Kannel counts: at least one. */
static const char *
validity(struct arena *a, const struct message *m)
{
	int64_t minutes = m->lives_us / CLOCK_MINUTE;

	return arena_printf(a, "%d", minutes < 1 ? 1 : (int)minutes);
}

static int
kannel_request(struct http_request *out, const struct message *m,
    struct arena *a, struct problem *why)
{
	const char *link = receipt_link(a, "kannel", m->id);
	/* Kannel would write ? for what its 7-bit alphabet has not. */
	bool is_ucs2 = alphabet_cost(m->body).alphabet == ALPHABET_UCS2;
	struct buf b;

	if (*m->from == '\0')
		return problem(why, PROBLEM_INTERNAL, NULL, "no sender");
	buf_init(&b, a);
	buf_printf(&b, "%s?", config_get(CONFIG_KANNEL_URL));
	form_add(
	    &b, "username", account_get(&m->account, ACCOUNT_KANNEL_USERNAME));
	form_add(
	    &b, "password", account_get(&m->account, ACCOUNT_KANNEL_PASSWORD));
	form_add(&b, "to", m->to);
	form_add(&b, "from", m->from);
	form_add(&b, "charset", "UTF-8");
	form_add(&b, "coding", is_ucs2 ? "2" : "0");
	form_add(&b, "validity", validity(a, m));
	if (link != NULL) {
		form_add(&b, "dlr-mask", DLR_MASK);
		form_add(&b, "dlr-url", link);
	}
	form_add(&b, "text", m->body);
	out->url = b.text;
	return 0;
}

static struct outcome
kannel_outcome(const struct http_answer *answer, struct arena *a)
{
	struct outcome out = { .kind = OUTCOME_UNKNOWN };
	size_t said = utf8_prefix(answer->body, SAID_MAX);

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const char *begin = answers[i].body;

		if (answers[i].status != answer->status ||
		    strncmp(answer->body, begin, strlen(begin)) != 0)
			continue;
		out.kind = answers[i].kind;
		out.is_our_fault = answers[i].blame == BLAME_US;
		if (out.kind == OUTCOME_SENT)
			return out;
		out.reason = arena_printf(a, "HTTP %d %s: %s", answer->status,
		    answers[i].what, answers[i].next);
		break;
	}
	if (out.reason == NULL)
		out.reason = arena_printf(a, "HTTP %d", answer->status);
	if (out.kind == OUTCOME_RETRY)
		out.retry_after_us = answer->retry_after_us;
	if (said > 0 && utf8_is_text(answer->body, said))
		out.said = arena_strndup(a, answer->body, said);
	return out;
}

const struct provider provider_kannel = {
	.name = "kannel",
	.parallel = 50,
	.sender = CONFIG_KANNEL_SENDER_ID,
	.ready = kannel_ready,
	.request = kannel_request,
	.outcome = kannel_outcome,
};
