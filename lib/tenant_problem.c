/*
 * tenant_problem - what is wrong with a firm's settings, collected
 */
#include "tenant_problem.h"

#include <stdarg.h>

#include "arena.h"
#include "json.h"

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
tenant_problem_text(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL)
		tenant_problem_say(c, pointer, "must be a text in quotes");
	return text;
}
