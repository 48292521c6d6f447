/*
 * json_write - JSON text, written piece by piece into a buf
 */
#include "json_write.h"

#include <stddef.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"

/* How many bytes at s stand for themselves: most of every text. */
static size_t
plain_run(const char *s)
{
	size_t n = 0;

	while (s[n] >= ' ' && s[n] != '"' && s[n] != '\\' && s[n] != '/' &&
	       s[n] != '!')
		n++;
	return n;
}

/* Any other character, of which after is the one before it. Its bytes. */
static size_t
special(struct buf *b, const char *s, size_t len, char after)
{
	unsigned char c = (unsigned char)*s;
	size_t n = utf8_char(s, len, NULL);

	if (n == 0) {
		buf_str(b, "\xef\xbf\xbd");
		return 1;
	}
	if (c == '"' || c == '\\') {
		buf_char(b, '\\');
		buf_char(b, (char)c);
	} else if (c == '\n') {
		buf_str(b, "\\n");
	} else if (c < 0x20) {
		buf_printf(b, "\\u%04x", (unsigned)c);
	} else if (c == '/' && after == '<') {
		buf_str(b, "\\/");
	} else if (c == '!' && after == '<') {
		buf_str(b, "\\u0021");
	} else {
		buf_add(b, s, n);
	}
	return n;
}

static void
escaped(struct buf *b, const char *s)
{
	size_t len = strlen(s);
	char after = '\0';

	buf_char(b, '"');
	while (len > 0) {
		size_t n = plain_run(s);

		if (n > 0)
			buf_add(b, s, n);
		else
			n = special(b, s, len, after);
		after = s[n - 1];
		s += n;
		len -= n;
	}
	buf_char(b, '"');
}

/* The comma, where one is due, and the name. */
static void
begin(struct buf *b, const char *name)
{
	char last = '\0';

	if (b->len > 0)
		last = b->text[b->len - 1];
	if (last != '\0' && last != '{' && last != '[')
		buf_char(b, ',');
	if (name != NULL) {
		escaped(b, name);
		buf_char(b, ':');
	}
}

void
json_obj_open(struct buf *b, const char *name)
{
	begin(b, name);
	buf_char(b, '{');
}

void
json_obj_close(struct buf *b)
{
	buf_char(b, '}');
}

void
json_arr_open(struct buf *b, const char *name)
{
	begin(b, name);
	buf_char(b, '[');
}

void
json_arr_close(struct buf *b)
{
	buf_char(b, ']');
}

void
json_str(struct buf *b, const char *name, const char *value)
{
	begin(b, name);
	if (value == NULL)
		buf_str(b, "null");
	else
		escaped(b, value);
}

void
json_int(struct buf *b, const char *name, int64_t value)
{
	char digits[20]; /* of the longest, -9223372036854775808 */
	size_t at = sizeof(digits);
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;

	begin(b, name);
	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (value < 0)
		digits[--at] = '-';
	buf_add(b, digits + at, sizeof(digits) - at);
}

void
json_bool(struct buf *b, const char *name, bool value)
{
	begin(b, name);
	buf_str(b, value ? "true" : "false");
}

void
json_raw(struct buf *b, const char *name, const char *value)
{
	begin(b, name);
	buf_str(b, value == NULL ? "null" : value);
}
