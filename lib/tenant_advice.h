/*
 * tenant_advice.h - what a firm's document still lacks for good pages
 *
 * Nothing here is refused: a firm may have the longest claim of the country.
 * But a page that is to bring work in needs certain things, shows only so much
 * of others, and the law asks for a few; each of them is a line of advice.
 */
#ifndef LIB_TENANT_ADVICE_H
#define LIB_TENANT_ADVICE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum tenant_advice_kind {
	TENANT_ADVICE_WRONG, /* tenant_document_read() would refuse it */
	TENANT_ADVICE_MISSING,
	TENANT_ADVICE_TOO_LONG,
	TENANT_ADVICE_WEAK, /* it could be better */
	TENANT_ADVICE_MAX
};

/* "too long" */
const char *tenant_advice_kind_name(enum tenant_advice_kind kind);

#define TENANT_ADVICE_LINES_MAX 200

struct tenant_advice {
	struct arena *arena;
	struct tenant_advice_line {
		enum tenant_advice_kind kind;
		const char *pointer;
		long length; /* in characters or elements; -1: no question */
		long good;   /* at most so many */
		const char *text;
	} list[TENANT_ADVICE_LINES_MAX];
	size_t count; /* what does not fit is not counted */
};

/* All of it, what weighs most first. */
void tenant_advice_read(
    struct tenant_advice *out, struct arena *a, const char *document);

/* One more line, of what only the caller can know. */
void tenant_advice_add(struct tenant_advice *t, enum tenant_advice_kind kind,
    const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Nothing but weak lines? */
bool tenant_advice_is_good(const struct tenant_advice *t);

#endif
