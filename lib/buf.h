/*
 * buf.h - a string that grows inside an arena
 *
 * For building answers and texts piece by piece. The memory is the arena's;
 * outgrown pieces stay there until its reset, which a request can afford.
 */
#ifndef LIB_BUF_H
#define LIB_BUF_H

#include <stddef.h>

struct arena;

struct buf {
	struct arena *arena;
	char *text; /* always NUL-terminated */
	size_t len;
	size_t size;
};

void buf_init(struct buf *b, struct arena *a);
void buf_add(struct buf *b, const char *bytes, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
