/*
 * id.h - ids of rows: UUID version 7, made here before the row is written
 *
 * RFC 9562 5.7: the first 48 bits are the time in milliseconds, so new rows go
 * to the right edge of their index; the rest is random.
 */
#ifndef LIB_ID_H
#define LIB_ID_H

#include <stdbool.h>
#include <stdint.h>

struct arena;

struct id {
	char text[37];
};

struct id id_new(void);

/* The same, in the arena: a parameter for a statement. */
const char *id_new_in(struct arena *a);

/* Before every id of that instant (microseconds since 1970) and later ones,
 * behind every earlier one. */
struct id id_floor(int64_t us);

/* count of them as a Postgres array, "{...,...}". */
const char *id_array(struct arena *a, int count);

/* Is it a UUID in its usual form of 36 characters? */
bool id_is_valid(const char *text);

#endif
