/*
 * array.h - a list as Postgres reads one: {"a","b",NULL}
 */
#ifndef LIB_ARRAY_H
#define LIB_ARRAY_H

struct buf;

/* One more element of what buf_init() began; NULL is NULL. */
void array_add(struct buf *b, const char *value);

/* Closes it: no element may follow. */
const char *array_end(struct buf *b);

#endif
