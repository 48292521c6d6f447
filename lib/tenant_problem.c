/*
 * tenant_problem - what is wrong with a firm's settings, collected
 */
#include "tenant_problem.h"

#include <stdarg.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "utf8.h"

/* Bytes of a name in a pointer; longer is none that anybody knows. */
#define NAME_SHOWN 60

void
tenant_problem_add(struct tenant_check *c, const struct problem *why)
{
	if (c->problems->count < TENANT_PROBLEMS_MAX)
		c->problems->list[c->problems->count++] = *why;
}

void
tenant_problem_say(
    struct tenant_check *c, const char *pointer, const char *fmt, ...)
{
	struct problem why;
	va_list ap;

	va_start(ap, fmt);
	(void)problem(&why, PROBLEM_FIELD_INVALID, pointer, "%s",
	    arena_vprintf(c->arena, fmt, ap));
	va_end(ap);
	tenant_problem_add(c, &why);
}

const char *
tenant_problem_at(struct arena *a, const char *pointer, const char *name)
{
	struct buf b;
	size_t len = utf8_prefix(name, NAME_SHOWN);

	buf_init(&b, a);
	buf_printf(&b, "%s/", pointer);
	for (size_t i = 0; i < len; i++)
		if (name[i] == '~')
			buf_str(&b, "~0");
		else if (name[i] == '/')
			buf_str(&b, "~1");
		else
			buf_char(&b, name[i]);
	return b.text;
}

const char *
tenant_problem_text(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL)
		tenant_problem_say(c, pointer, "must be a text in quotes");
	return text;
}
