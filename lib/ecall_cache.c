/*
 * ecall_cache - texts that eCall keeps until they are fetched
 */
#include "ecall_cache.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "form.h"
#include "http.h"
#include "problem.h"
#include "utf8.h"
#include "xml.h"

#define TIMEOUT_US (30 * CLOCK_SECOND)
#define LOOK_MS 1000

/* Of the interface's result codes. */
#define CODE_DONE "0"
#define CODE_EMPTY "11204"
#define CODE_ID_UNKNOWN "11502"

struct call {
	struct arena *arena;
	const struct xml *document;
	const char *code;  /* its ResultCode */
	const char *error; /* why there is no document */
	bool is_done;
};

/* XML 1.0, 2.2 */
static bool
is_character(uint32_t c)
{
	if (c < 0x20)
		return c == '\t' || c == '\n' || c == '\r';
	return c < 0xd800 || (c > 0xdfff && c < 0xfffe) ||
	       (c > 0xffff && c <= 0x10ffff);
}

/* How many bytes at p stand for what XML has no way to write; 0: none. */
static size_t
unwritable(const char *p, size_t len)
{
	int base = len > 2 && p[2] == 'x' ? 16 : 10;
	const char *digits = p + (base == 16 ? 3 : 2);
	uint32_t c = ' ';
	size_t n = utf8_char(p, len, &c);
	char *end;

	if (!is_character(c))
		return n;
	if (len < 4 || strncmp(p, "&#", 2) != 0 ||
	    !isxdigit((unsigned char)*digits))
		return 0;
	c = (uint32_t)strtoul(digits, &end, base);
	return *end == ';' && !is_character(c) ? (size_t)(end + 1 - p) : 0;
}

/*
 * A telephone sends them all the same, a form feed is in the GSM alphabet: a
 * text with one would lie at the head of the cache, and hold up all behind it.
 */
static const char *
legible(struct arena *a, const char *body, size_t len)
{
	const char *text = arena_strndup(a, body, len);
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < len;) {
		size_t n = unwritable(text + i, len - i);

		if (n > 0)
			buf_char(&b, ' ');
		else
			buf_char(&b, text[i++]);
		i += n;
	}
	return b.text;
}

static void
call_done(void *owner, const struct http_answer *answer)
{
	struct call *c = owner;
	struct problem unread;
	const char *text;

	c->is_done = true;
	if (answer->end != HTTP_ANSWERED) {
		c->error = arena_strdup(c->arena,
		    answer->error != NULL ? answer->error : "no answer");
		return;
	}
	text = legible(c->arena, answer->body, answer->body_len);
	if (xml_parse(&c->document, c->arena, text, strlen(text), &unread) != 0)
		c->error = arena_printf(
		    c->arena, "HTTP %d without XML", answer->status);
}

/* Credentials in the body: an address is logged on its way. */
static void
request_make(struct http_request *out, struct call *c, const char *method,
    const char *name, const char *value)
{
	struct buf b;

	buf_init(&b, c->arena);
	form_add(&b, "UserName", config_get(CONFIG_ECALL_USERNAME));
	form_add(&b, "Password", config_get(CONFIG_ECALL_PASSWORD));
	if (value != NULL)
		form_add(&b, name, value);
	*out = (struct http_request){
		.url = arena_printf(c->arena, "%sApi/Cache/%s",
		    config_get(CONFIG_ECALL_HTTPS_URL), method),
		.content_type = "application/x-www-form-urlencoded",
		.body = b.text,
		.timeout_us = TIMEOUT_US,
		.done = call_done,
		.owner = c,
	};
}

/* Ask, and wait; all calls answer 200. */
static int
call_run(struct call *c, const struct http_request *r, struct problem *why)
{
	struct http *h = http_new(1);
	int rc = http_start(h, r, why);

	while (rc == 0 && !c->is_done) {
		http_wait(h, NULL, 0, LOOK_MS);
		http_finish(h);
	}
	http_free(h);
	if (rc != 0)
		return -1;
	if (c->document == NULL)
		return problem(
		    why, PROBLEM_TRY_AGAIN, NULL, "eCall: %s", c->error);
	c->code = xml_text(c->document, c->arena, "ResultCode");
	if (c->code == NULL)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "eCall: an answer without a ResultCode");
	return 0;
}

static int
refused(const struct call *c, struct problem *why)
{
	const char *text = xml_text(c->document, c->arena, "ResultText");

	return problem(why, PROBLEM_INTERNAL, NULL,
	    "eCall refuses its cache: %.10s %.100s", c->code,
	    text == NULL ? "" : text);
}

/*
 * 2026-11-26T10:33:09, as XML writes it, is 26.11.2026 10:33:09 in the callback
 * and part of what makes the two the same text.
 */
static const char *
time_of_callback(struct arena *a, const char *time)
{
	static const char form[] = "0000-00-00T00:00:00";

	for (size_t i = 0; form[i] != '\0'; i++)
		if (form[i] == '0' ? time[i] < '0' || time[i] > '9'
				   : time[i] != form[i])
			return time;
	return arena_printf(
	    a, "%.2s.%.2s.%.4s %.8s", time + 8, time + 5, time, time + 11);
}

static const struct form *
form_of(const struct call *c, const char *id)
{
	static const char *const members[] = { "AddressFrom", "AddressTo",
		"Message", "TimeStamp" };
	struct form *form = arena_alloc(c->arena, sizeof(*form));

	form->pairs = arena_alloc(c->arena, 5 * sizeof(*form->pairs));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *text = xml_text(c->document, c->arena, members[i]);

		if (text != NULL && strcmp(members[i], "TimeStamp") == 0)
			text = time_of_callback(c->arena, text);
		if (text != NULL)
			form->pairs[form->count++] =
			    (struct form_pair){ members[i], text };
	}
	form->pairs[form->count++] = (struct form_pair){ "MessageID", id };
	return form;
}

int
ecall_cache_next(struct ecall_cached *out, struct arena *a, const char *number,
    struct problem *why)
{
	struct call c = { .arena = a };
	struct http_request r;

	*out = (struct ecall_cached){ NULL, NULL };
	request_make(&r, &c, "GetNextMessage", "MobileNumber", number);
	if (call_run(&c, &r, why) != 0)
		return -1;
	if (strcmp(c.code, CODE_EMPTY) == 0)
		return 0;
	if (strcmp(c.code, CODE_DONE) != 0)
		return refused(&c, why);
	out->id = xml_text(c.document, a, "MessageID");
	if (out->id == NULL || *out->id == '\0')
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "eCall: a text without a MessageID");
	out->form = form_of(&c, out->id);
	return 0;
}

int
ecall_cache_delete(struct arena *a, const char *id, struct problem *why)
{
	struct call c = { .arena = a };
	struct http_request r;

	request_make(&r, &c, "DeleteMessage", "MessageID", id);
	if (call_run(&c, &r, why) != 0)
		return -1;
	/* Another run beside this one was faster. */
	if (strcmp(c.code, CODE_DONE) == 0 ||
	    strcmp(c.code, CODE_ID_UNKNOWN) == 0)
		return 0;
	return refused(&c, why);
}
