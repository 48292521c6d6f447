/*
 * problem.h - the one error type: what went wrong, as RFC 9457 sends it
 *
 * Functions that can fail take a struct problem last, return -1 and fill it;
 * on success they leave it alone, so calls can be chained and looked at once.
 */
#ifndef LIB_PROBLEM_H
#define LIB_PROBLEM_H

struct arena;

enum problem_code {
	PROBLEM_NONE,
#define PROBLEM(code, status, retry_after, slug, title) PROBLEM_##code,
#include "problem.def"
#undef PROBLEM
	PROBLEM_MAX
};

struct problem {
	enum problem_code code;
	/* JSON pointer (RFC 6901) to the culprit, or NULL. Static storage. */
	const char *field;
	/* For the client: never SQL, never a secret. */
	char detail[200];
};

/*
 * Fill *why and return -1, so that a caller can write
 * "return problem(why, PROBLEM_PHONE_INVALID, "/contact_phone", ...)".
 */
int problem(struct problem *why, enum problem_code code, const char *field,
    const char *fmt, ...) __attribute__((format(printf, 4, 5), cold));

int problem_status(enum problem_code code); /* HTTP status */
/* Seconds after which the same request may succeed; 0: it never will. */
int problem_retry_after(enum problem_code code);
const char *problem_slug(enum problem_code code);
const char *problem_title(enum problem_code code);

/*
 * The document of RFC 9457 in the arena: type, title, status, detail,
 * instance (the request's id) and, where a field is at fault, errors.
 */
char *problem_json(
    struct arena *a, const struct problem *why, const char *instance);

#endif
