/*
 * json.h - JSON that strangers send, read into the request's arena (cJSON)
 *
 * What cJSON would let pass is refused before or after it: NUL in a string,
 * text that is not UTF-8, a name that stands twice in one object, anything
 * behind the value, more than 1,000 values or 16 levels.
 */
#ifndef LIB_JSON_H
#define LIB_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
/* A value inside a document; NULL stands for one that is not there. */
struct cJSON;
struct problem;

/* -1 with PROBLEM_BAD_JSON or PROBLEM_BAD_TEXT. */
int json_parse(const struct cJSON **out, struct arena *a, const char *text,
    size_t len, struct problem *why);

/*
 * The same for a document of the operator: an object of up to 20,000 values.
 */
int json_parse_document(const struct cJSON **out, struct arena *a,
    const char *text, struct problem *why);

/*
 * For what stands in our own database, where it was checked before: as many
 * values, and as deep.
 */
int json_parse_stored(const struct cJSON **out, struct arena *a,
    const char *text, struct problem *why);

/* A member of an object; NULL if there is none, or object is none. */
const struct cJSON *json_member(const struct cJSON *object, const char *name);

bool json_is_object(const struct cJSON *v);
bool json_is_array(const struct cJSON *v);
bool json_is_null(const struct cJSON *v);
bool json_is_bool(const struct cJSON *v);
bool json_is_true(const struct cJSON *v);
bool json_is_number(const struct cJSON *v);

/* The text of a string, or NULL for anything else. */
const char *json_text(const struct cJSON *v);

/* Whole numbers up to 2^53; fallback for anything else. */
int64_t json_number(const struct cJSON *v, int64_t fallback);

/* Is it a number, whole or not, from least to most? */
bool json_number_is_within(const struct cJSON *v, double least, double most);

/* Any number; fallback for what is none. */
double json_double(const struct cJSON *v, double fallback);

/*
 * Can each number in v be stored and read again as it came? Those of at most
 * 15 digits, below 1e15 and not nearer to zero than 1e-15, can.
 */
bool json_numbers_are_plain(const struct cJSON *v);

/* 1e999 is JSON, and json_print() has nothing but null for it. */
bool json_numbers_are_finite(const struct cJSON *v);

/* Members or elements, in order: first, then next until NULL. */
const struct cJSON *json_first(const struct cJSON *v);
const struct cJSON *json_next(const struct cJSON *v);
const char *json_name(const struct cJSON *member);

/* Levels below v: 0 for a scalar, 1 for [1] or {"a":1}. */
int json_depth(const struct cJSON *v);

/* The value as JSON text in the arena, without spaces. */
char *json_print(struct arena *a, const struct cJSON *v);

#endif
