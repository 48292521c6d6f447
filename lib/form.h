/*
 * form.h - application/x-www-form-urlencoded, read and written (uriparser)
 *
 * Names may repeat and keep their order: Twilio signs them all.
 */
#ifndef LIB_FORM_H
#define LIB_FORM_H

#include <stddef.h>

struct arena;
struct buf;
struct problem;

struct form_pair {
	const char *name;
	const char *value; /* "" where there was no '=' */
};

struct form {
	struct form_pair *pairs;
	size_t count;
};

/*
 * -1 with PROBLEM_BAD_FORM for NUL or more than 1,000 pairs, PROBLEM_BAD_TEXT
 * for what is not UTF-8 once decoded.
 */
int form_parse(struct form *out, struct arena *a, const char *text, size_t len,
    struct problem *why);

/*
 * The same for a sender that writes Windows-1252: a name or value that is not
 * UTF-8 is read as that.
 */
int form_parse_windows_1252(struct form *out, struct arena *a, const char *text,
    size_t len, struct problem *why);

/*
 * The same for a sender that passes on whatever bytes it was given: NUL is read
 * as a space as well.
 */
int form_parse_bytes(struct form *out, struct arena *a, const char *text,
    size_t len, struct problem *why);

/* The first value of that name, or NULL. */
const char *form_value(const struct form *f, const char *name);

/* How often that name was sent. */
size_t form_count(const struct form *f, const char *name);

/* One more pair, encoded, with the & before it where something precedes it;
 * also for the query of an address. */
void form_add(struct buf *b, const char *name, const char *value);

#endif
