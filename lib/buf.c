/*
 * buf - a string that grows inside an arena
 */
#include "buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"

#define FIRST_SIZE 256

void
buf_init(struct buf *b, struct arena *a)
{
	b->arena = a;
	b->len = 0;
	b->size = FIRST_SIZE;
	b->text = arena_alloc(a, b->size);
}

static void
buf_room(struct buf *b, size_t more)
{
	size_t size = b->size;
	char *text;

	while (size - b->len <= more)
		size *= 2;
	if (size == b->size)
		return;
	text = arena_alloc(b->arena, size);
	memcpy(text, b->text, b->len + 1);
	b->text = text;
	b->size = size;
}

void
buf_add(struct buf *b, const char *bytes, size_t len)
{
	buf_room(b, len);
	memcpy(b->text + b->len, bytes, len);
	b->len += len;
	b->text[b->len] = '\0';
}

void
buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void
buf_char(struct buf *b, char c)
{
	buf_room(b, 1);
	b->text[b->len++] = c;
	b->text[b->len] = '\0';
}

void
buf_printf(struct buf *b, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(b->text + b->len, b->size - b->len, fmt, ap);
	va_end(ap);
	assert(len >= 0);
	/* Mostly there is room; else what was cut off is written again. */
	if ((size_t)len >= b->size - b->len) {
		buf_room(b, (size_t)len);
		va_start(ap, fmt);
		(void)vsnprintf(b->text + b->len, b->size - b->len, fmt, ap);
		va_end(ap);
	}
	b->len += (size_t)len;
}
