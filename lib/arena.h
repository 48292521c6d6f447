/*
 * arena.h - memory that lives exactly as long as one request
 *
 * Everything allocated from an arena disappears with arena_reset(): nothing of
 * it is freed one by one, and nothing of it may outlive the request. No
 * function here returns NULL; a request that outgrows the cap ends the process,
 * because readers refuse oversized input long before (route.h, json.h), so only
 * a bug gets there.
 */
#ifndef LIB_ARENA_H
#define LIB_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena;

/* An empty arena that may grow to cap bytes. Free with arena_free(). */
struct arena *arena_new(size_t cap);

/* Run what was deferred, newest first, and give all memory back. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

/* Zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);

char *arena_strdup(struct arena *a, const char *s);

/* The first len bytes of s, NUL-terminated. */
char *arena_strndup(struct arena *a, const char *s, size_t len);

char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
    __attribute__((format(printf, 2, 0)));

/* Run fn(arg) at reset, newest first: PQclear, uriFreeQueryListA, ... */
void arena_defer(struct arena *a, void (*fn)(void *), void *arg);

#endif
