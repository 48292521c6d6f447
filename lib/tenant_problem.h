/*
 * tenant_problem.h - what is wrong with a firm's settings, collected
 *
 * A document is checked whole: whoever finds something says so and goes on, so
 * that nobody mends a document one message at a time.
 */
#ifndef LIB_TENANT_PROBLEM_H
#define LIB_TENANT_PROBLEM_H

#include <stddef.h>

#include "problem.h"

struct arena;
struct cJSON;

#define TENANT_PROBLEMS_MAX 100

/* field points to what is wrong: "/config/texts/de/missed_call". */
struct tenant_problems {
	struct problem list[TENANT_PROBLEMS_MAX];
	size_t count; /* what does not fit is not counted */
};

/* One check of one document. */
struct tenant_check {
	struct arena *arena; /* of the pointers and the values */
	struct tenant_problems *problems;
};

void tenant_problem_add(struct tenant_check *c, const struct problem *why);

/* pointer lives as long as the problems: it is static, or in the arena; NULL:
 * the whole document. */
void tenant_problem_say(struct tenant_check *c, const char *pointer,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* pointer + "/" + name, with RFC 6901's escapes, in the arena. */
const char *tenant_problem_at(
    struct arena *a, const char *pointer, const char *name);

/* The text of a member; NULL, having said so, for any other value. */
const char *tenant_problem_text(
    struct tenant_check *c, const char *pointer, const struct cJSON *v);

#endif
