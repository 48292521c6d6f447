/*
 * dialect.h - how calls and texts are reported to us: a table, a file for each
 *
 * A dialect reads what its sender tells and knows what that sender wants for
 * an answer. Who the sender is, and what is done with it, others decide.
 */
#ifndef LIB_DIALECT_H
#define LIB_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "event.h"

struct fields;
struct problem;
struct request;
struct response;

/* One call, or one text, of those in a request. */
struct told {
	const char *id;   /* the sender's of it, or NULL */
	const char *from; /* as the network says, or NULL */
	const char *to;   /* in any form, or NULL if it is not told */
	const char *body; /* of a text; NULL for a picture without words */
	/* Of a call: NULL if it was missed, else what became of it. */
	const char *answered;
	/* event.is_settled: whatever is told of this call later, it was taken.
	 * The rest of it webhook.h fills in. */
	struct event event;
};

/* More calls at a time than one line has. */
#define TOLD_MAX 16

/* *count is 1 and *out all zero; it may also be none. */
typedef int told_fn(struct told *out, size_t *count, const struct fields *f,
    struct problem *why);

struct dialect {
	const char *name;
	told_fn *call; /* NULL: it reports none */
	told_fn *text;
	/* What its sender wants to hear; NULL: JSON of what was decided. */
	void (*answer)(struct response *res, const struct request *req,
	    const struct fields *f);
	/* Text that is not UTF-8 is Windows-1252. */
	bool is_windows_1252;
	/* Gets its answer also for what belongs to no firm, and is kept. */
	bool answers_unmatched;
	/* Gets its answer whatever it tells: any other has consequences. */
	bool answers_everything;
};

#define DIALECT(name, body, fields) extern const struct dialect dialect_##name;
#include "dialect.def"
#undef DIALECT

/* By name, or NULL. */
const struct dialect *dialect_find(const char *name);

/* By its fields; the generic one if they are no other's. */
const struct dialect *dialect_of_fields(const struct fields *f);

/* Reading plain names, which many dialects have. */
told_fn dialect_plain_call, dialect_plain_text;

/* The answer of those who want 200 and nothing. */
void dialect_answer_nothing(
    struct response *res, const struct request *req, const struct fields *f);

#endif
