/*
 * fields.h - the fields of a request, whether it came as JSON or as a form
 *
 * The form of a GET is its query.
 *
 * Which fields there are, their names and their longest values is field.def.
 */
#ifndef LIB_FIELDS_H
#define LIB_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cJSON;
struct form;
struct problem;
struct request;

enum field {
#define FIELD(name, max, names) FIELD_##name,
#include "field.def"
#undef FIELD
	FIELD_MAX
};

struct fields;

/* Read the body as what its Content-Type says. */
int fields_read(
    const struct fields **out, const struct request *req, struct problem *why);

/* The same for a sender whose forms are Windows-1252 where they are not UTF-8.
 */
int fields_read_windows_1252(
    const struct fields **out, const struct request *req, struct problem *why);

/* The same for one that passes on whatever bytes it was given, also NUL. */
int fields_read_bytes(
    const struct fields **out, const struct request *req, struct problem *why);

/* Of a form that did not come in a request. */
const struct fields *fields_of_form(struct arena *a, const struct form *form);

/* What fields_kept() made of earlier ones, as JSON again. */
const struct fields *fields_of_kept(struct arena *a, const struct cJSON *kept);

/* Where what they say lives. */
struct arena *fields_arena(const struct fields *f);

/* The form, or NULL if they came as JSON; the JSON, or NULL. */
const struct form *fields_form(const struct fields *f);
const struct cJSON *fields_json(const struct fields *f);

/* Did they come as a form, as browsers and Twilio send them? */
bool fields_is_form(const struct fields *f);

/*
 * Trimmed text without control characters (one space for each; summary and
 * body keep lines and tabs), NULL if the field is absent, null or empty. -1
 * with PROBLEM_FIELD_INVALID for another type, PROBLEM_FIELD_TOO_LONG.
 */
int fields_text(const char **out, const struct fields *f, enum field which,
    struct problem *why);

/* The same, but absent is PROBLEM_FIELD_MISSING. */
int fields_need(const char **out, const struct fields *f, enum field which,
    struct problem *why);

/*
 * What a webhook says, whose sender cannot be asked to say it better: a number
 * counts as its digits, any other type as absent, and it may be of any length.
 * fields_cut() makes it as short as the field's table says. -1 only for a form
 * that has the field twice.
 */
int fields_told(const char **out, const struct fields *f, enum field which,
    struct problem *why);
const char *fields_cut(
    const struct fields *f, enum field which, const char *text);

/* A text or a whole number inside the JSON, as fields_told() takes it; NULL for
 * anything else. */
const char *fields_word(const struct fields *f, const struct cJSON *v);

/*
 * A JSON object of at most 4 KB and two levels, with numbers of at most 15
 * digits, as text; NULL if absent.
 */
int fields_metadata(
    const char **out, const struct fields *f, struct problem *why);

/* The most characters that a field may have. */
size_t fields_max(enum field which);

/* Was a field of exactly this name sent? */
bool fields_has(const struct fields *f, const char *name);

/*
 * What is kept of the request: all fields as JSON, as they came (a form as a
 * list of pairs), but without the addresses of recordings and media.
 */
const char *fields_kept(const struct fields *f);

/* "/contact_phone": the field's JSON pointer, for problems. */
const char *fields_pointer(enum field which);

#endif
