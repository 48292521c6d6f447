/*
 * utf8.h - is this text, and where does its next character end
 *
 * RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef LIB_UTF8_H
#define LIB_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * Bytes of the character at s, of which len bytes are there; 0 if it is not
 * one. Stores the code point unless cp is NULL.
 */
size_t utf8_char(const char *s, size_t len, uint32_t *cp);

/* Is all of it UTF-8 without NUL? (Postgres takes no NUL in a text.) */
bool utf8_is_text(const char *s, size_t len);

/* The longest prefix of s of at most max bytes that ends between characters. */
size_t utf8_prefix(const char *s, size_t max);

/*
 * A text of Windows-1252 as UTF-8, in the arena. The five bytes that stand for
 * nothing there become U+FFFD.
 */
char *utf8_of_windows_1252(struct arena *a, const char *text);

/* A to Z in lower case, everything else as it is, whatever the locale. */
char utf8_lower_ascii(char c);

#endif
