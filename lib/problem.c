/*
 * problem - the one error type: what went wrong, as RFC 9457 sends it
 */
#include "problem.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json_write.h"
#include "utf8.h"

/* A name for the kind of problem, not a page that must exist (RFC 9457 3.1.1).
 */
#define PROBLEM_TYPE_BASE "urn:opsfabric:problem:"

static const struct {
	int status;
	int retry_after;
	const char *slug;
	const char *title;
} problems[PROBLEM_MAX] = {
#define PROBLEM(code, status, retry_after, slug, title) \
	[PROBLEM_##code] = { status, retry_after, slug, title },
#include "problem.def"
#undef PROBLEM
};

int
problem(struct problem *why, enum problem_code code, const char *field,
    const char *fmt, ...)
{
	va_list ap;

	why->code = code;
	why->field = field;
	va_start(ap, fmt);
	(void)vsnprintf(why->detail, sizeof(why->detail), fmt, ap);
	va_end(ap);
	/* What was cut off must not leave half a character behind. */
	if (strlen(why->detail) == sizeof(why->detail) - 1)
		why->detail[utf8_prefix(why->detail, sizeof(why->detail) - 4)] =
		    '\0';
	return -1;
}

int
problem_status(enum problem_code code)
{
	assert(code > PROBLEM_NONE && code < PROBLEM_MAX);
	return problems[code].status;
}

int
problem_retry_after(enum problem_code code)
{
	assert(code > PROBLEM_NONE && code < PROBLEM_MAX);
	return problems[code].retry_after;
}

const char *
problem_slug(enum problem_code code)
{
	assert(code > PROBLEM_NONE && code < PROBLEM_MAX);
	return problems[code].slug;
}

const char *
problem_title(enum problem_code code)
{
	assert(code > PROBLEM_NONE && code < PROBLEM_MAX);
	return problems[code].title;
}

char *
problem_json(struct arena *a, const struct problem *why, const char *instance)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "type",
	    arena_printf(a, PROBLEM_TYPE_BASE "%s", problem_slug(why->code)));
	json_str(&b, "title", problem_title(why->code));
	json_int(&b, "status", problem_status(why->code));
	json_str(&b, "detail", why->detail);
	json_str(&b, "instance", instance);
	if (why->field != NULL) {
		json_arr_open(&b, "errors");
		json_obj_open(&b, NULL);
		json_str(&b, "pointer", why->field);
		json_str(&b, "detail", why->detail);
		json_obj_close(&b);
		json_arr_close(&b);
	}
	json_obj_close(&b);
	return b.text;
}
