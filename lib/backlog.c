/*
 * backlog - webhooks that were verified while the database was away, and wait
 *
 * A kept request is a list of parts, each its length, a colon, its bytes and a
 * newline: whatever was sent comes back as it was.
 */
#include "backlog.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "log.h"
#include "problem.h"
#include "route.h"
#include "sender.h"
#include "spool.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Of a number, so many digits are the same in all the forms it is written in.
 */
#define KEY_DIGITS 7

/* "/api/webhook/missed-call/twilio" of an address that goes on with a token. */
#define PATH_PARTS 4

/* In this order. */
enum part {
	PART_KEY,
	PART_NOW,
	PART_ID,
	PART_METHOD,
	PART_PATH,
	PART_QUERY,
	PART_KIND,
	PART_CLIENT,
	PART_AGENT,
	PART_CUSTOMER,
	PART_SLUG,
	PART_BODY,
	PART_MAX
};

struct text {
	const char *bytes;
	size_t len;
};

bool
backlog_is_open(const struct request *req)
{
	return req->known == NULL && spool_is_on();
}

const char *
backlog_key(struct arena *a, const char *from, const char *other)
{
	char digits[KEY_DIGITS + 1];
	size_t at = KEY_DIGITS, len = from == NULL ? 0 : strlen(from);

	digits[KEY_DIGITS] = '\0';
	while (len > 0 && at > 0)
		if (isdigit((unsigned char)from[--len]))
			digits[--at] = from[len];
	return arena_strdup(a, at == 0 ? digits : other);
}

bool
backlog_has(const struct request *req, const char *key)
{
	return backlog_is_open(req) && spool_has(key);
}

static struct text
text_of(const char *s)
{
	return (struct text){ s, strlen(s) };
}

/* Without what stands behind the dialect, which may be a token. */
static const char *
path_plain(const struct request *req)
{
	struct buf b;

	buf_init(&b, req->arena);
	for (int i = 0; i < PATH_PARTS; i++) {
		const char *part = route_path_part(req, i);

		if (part == NULL)
			break;
		buf_printf(&b, "/%s", part);
	}
	return b.text;
}

int
backlog_keep(const struct request *req, const struct sender_firm *sender,
    const char *firm, const char *key, struct problem *why)
{
	struct spool_item item = {
		.key = key,
		.firm = firm == NULL ? "" : firm,
		.came_us = req->came_us,
	};
	struct clock_text now = clock_text(req->now);
	const struct text parts[PART_MAX] = {
		[PART_KEY] = text_of(key),
		[PART_NOW] = text_of(now.text),
		[PART_ID] = text_of(req->id),
		[PART_METHOD] =
		    text_of(req->method == HTTP_POST ? "POST" : "GET"),
		[PART_PATH] = text_of(path_plain(req)),
		[PART_QUERY] = text_of(req->query),
		[PART_KIND] =
		    text_of(req->body_kind == BODY_JSON ? "json" : "form"),
		[PART_CLIENT] = text_of(req->client),
		[PART_AGENT] = text_of(req->user_agent),
		[PART_CUSTOMER] = text_of(
		    sender->customer_id == NULL ? "" : sender->customer_id),
		[PART_SLUG] = text_of(sender->slug == NULL ? "" : sender->slug),
		[PART_BODY] = { req->body, req->body_len },
	};
	struct buf b;

	buf_init(&b, req->arena);
	for (size_t i = 0; i < COUNT(parts); i++) {
		buf_printf(&b, "%zu:", parts[i].len);
		buf_add(&b, parts[i].bytes, parts[i].len);
		buf_char(&b, '\n');
	}
	item.bytes = b.text;
	item.len = b.len;
	if (spool_put(req->arena, &item, why) != 0)
		return -1;
	log_info("%s: waits in the spool", req->id);
	return 0;
}

void
backlog_answer(struct response *res)
{
	res->status = 202;
	res->body = "{\"status\":\"accepted\"}";
}

/* The next part, NUL-terminated in the arena; -1 if there is none. */
static int
part_read(struct text *out, const char **at, const char *end, struct arena *a)
{
	char *colon;
	unsigned long len;

	if (*at == end || !isdigit((unsigned char)**at))
		return -1;
	len = strtoul(*at, &colon, 10);
	if (*colon != ':' || len >= (size_t)(end - colon - 1) ||
	    colon[1 + len] != '\n')
		return -1;
	out->bytes = arena_strndup(a, colon + 1, len);
	out->len = len;
	*at = colon + 1 + len + 1;
	return 0;
}

static void
request_fill(
    struct request *out, const struct text *parts, struct sender_firm *sender)
{
	bool is_firm = parts[PART_CUSTOMER].len > 0;

	sender->customer_id = is_firm ? parts[PART_CUSTOMER].bytes : NULL;
	sender->slug = is_firm ? parts[PART_SLUG].bytes : NULL;
	out->known = sender;
	out->method = strcmp(parts[PART_METHOD].bytes, "POST") == 0 ? HTTP_POST
	                                                            : HTTP_GET;
	out->id = parts[PART_ID].bytes;
	out->path = parts[PART_PATH].bytes;
	out->query = parts[PART_QUERY].bytes;
	out->client = parts[PART_CLIENT].bytes;
	out->user_agent = parts[PART_AGENT].bytes;
	out->body_kind =
	    strcmp(parts[PART_KIND].bytes, "json") == 0 ? BODY_JSON : BODY_FORM;
	out->body = parts[PART_BODY].bytes;
	out->body_len = parts[PART_BODY].len;
}

int
backlog_read(struct request *out, const char **key,
    const struct spool_file *file, struct arena *a, struct problem *why)
{
	struct sender_firm *sender = arena_alloc(a, sizeof(*sender));
	struct text parts[PART_MAX];
	const char *at, *end;
	size_t len;

	if (spool_get(&at, &len, file, a, why) != 0)
		return -1;
	end = at + len;
	for (size_t i = 0; i < COUNT(parts); i++)
		if (part_read(&parts[i], &at, end, a) != 0)
			return problem(why, PROBLEM_FIELD_INVALID, NULL,
			    "This is no request that was kept");
	*out = (struct request){
		.arena = a,
		.uri = "",
		.host = "",
		.authorization = "",
		.idempotency_key = "",
		.twilio_signature = "",
		.purpose = "",
		.content_type = "",
		.accept = "",
	};
	request_fill(out, parts, sender);
	*key = parts[PART_KEY].bytes;
	if (clock_parse(&out->now, parts[PART_NOW].bytes) != 0)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "It does not say when it came");
	return 0;
}
