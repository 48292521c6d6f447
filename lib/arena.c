/*
 * arena - memory that lives exactly as long as one request
 */
#include "arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Small enough that an idle worker holds little, large enough that a usual
 * request needs one or two. What does not fit gets a chunk of its own size.
 */
#define CHUNK_SIZE ((size_t)16 * 1024)

struct chunk {
	struct chunk *next;
	size_t used;
	size_t size;
	alignas(max_align_t) unsigned char bytes[];
};

struct deferred {
	struct deferred *next;
	void (*fn)(void *);
	void *arg;
};

struct arena {
	size_t cap;
	size_t total;
	struct chunk *chunks;
	struct deferred *deferred;
};

static void
arena_die(const char *what)
{
	/* Not through log.h: this is the end, and it needs no memory. */
	fprintf(stderr, "arena: %s\n", what);
	abort();
}

struct arena *
arena_new(size_t cap)
{
	struct arena *a = calloc(1, sizeof(*a));

	if (a == NULL)
		arena_die("out of memory");
	a->cap = cap;
	return a;
}

void
arena_reset(struct arena *a)
{
	while (a->deferred != NULL) {
		struct deferred *d = a->deferred;

		a->deferred = d->next;
		d->fn(d->arg);
	}
	while (a->chunks != NULL) {
		struct chunk *c = a->chunks;

		a->chunks = c->next;
		free(c);
	}
	a->total = 0;
}

void
arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	arena_reset(a);
	free(a);
}

static struct chunk *
chunk_add(struct arena *a, size_t need)
{
	size_t size = need > CHUNK_SIZE ? need : CHUNK_SIZE;
	struct chunk *c;

	if (size > a->cap - a->total)
		arena_die("request outgrew its cap");
	c = malloc(sizeof(*c) + size);
	if (c == NULL)
		arena_die("out of memory");
	c->next = a->chunks;
	c->used = 0;
	c->size = size;
	a->chunks = c;
	a->total += size;
	return c;
}

void *
arena_alloc(struct arena *a, size_t size)
{
	const size_t align = alignof(max_align_t);
	struct chunk *c = a->chunks;
	void *p;

	if (size > SIZE_MAX / 2)
		arena_die("size overflow");
	size = (size + align - 1) / align * align;
	if (c == NULL || c->size - c->used < size)
		c = chunk_add(a, size);
	p = c->bytes + c->used;
	c->used += size;
	memset(p, 0, size);
	return p;
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *copy = arena_alloc(a, len + 1);

	memcpy(copy, s, len);
	return copy;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char brief[256]; /* most are: those need not be written twice */
	va_list again;
	char *out;
	int len;

	va_copy(again, ap);
	len = vsnprintf(brief, sizeof(brief), fmt, again);
	va_end(again);
	assert(len >= 0);
	if ((size_t)len < sizeof(brief))
		return arena_strndup(a, brief, (size_t)len);
	out = arena_alloc(a, (size_t)len + 1);
	(void)vsnprintf(out, (size_t)len + 1, fmt, ap);
	return out;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *out;

	va_start(ap, fmt);
	out = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return out;
}

void
arena_defer(struct arena *a, void (*fn)(void *), void *arg)
{
	struct deferred *d = arena_alloc(a, sizeof(*d));

	d->fn = fn;
	d->arg = arg;
	d->next = a->deferred;
	a->deferred = d;
}
