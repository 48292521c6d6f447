/*
 * tenant_member.h - which members a firm's config has: a table
 *
 * tenant_member.def is the table; what is refused (tenant_config.h) and what is
 * only advised (tenant_advice.h) both read it here. A member is found from the
 * one around it, beginning with the config itself.
 */
#ifndef LIB_TENANT_MEMBER_H
#define LIB_TENANT_MEMBER_H

#include <stdbool.h>
#include <stddef.h>

enum tenant_kind {
#define KIND(code, check, is_text, words) TENANT_KIND_##code,
#include "tenant_kind.def"
#undef KIND
	TENANT_KIND_MAX
};

enum tenant_need {
	TENANT_NEED_OPTIONAL,
	TENANT_NEED_USEFUL,
	TENANT_NEED_WANTED,
	TENANT_NEED_REQUIRED, /* refused without it */
	TENANT_NEED_KEY       /* the same, and once in its list */
};

struct tenant_member {
	const char *path; /* with slashes; "" is the config itself */
	enum tenant_kind kind;
	int least;
	int most; /* of a number, or of characters or elements */
	int good; /* at most so many for a good page; 0: no question */
	enum tenant_need need;
	const char *purpose;
};

/* The config itself. */
const struct tenant_member *tenant_member_root(void);

/* The part of its path behind the last slash; "*" for an element. */
const char *tenant_member_name(const struct tenant_member *m);

/* A member of an object by its name, or "*" of a list; NULL: there is none. */
const struct tenant_member *tenant_member_child(
    const struct tenant_member *parent, const char *name);

/* The members of an object in their order: after NULL the first. */
const struct tenant_member *tenant_member_next(
    const struct tenant_member *parent, const struct tenant_member *after);

/* What somebody meant who wrote name, or NULL. */
const struct tenant_member *tenant_member_like(
    const struct tenant_member *parent, const char *name);

/* Is its value written as a text? */
bool tenant_member_is_text(const struct tenant_member *m);

#endif
