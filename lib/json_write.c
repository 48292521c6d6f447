/*
 * json_write - JSON text, written piece by piece into a buf
 */
#include "json_write.h"

#include <stddef.h>
#include <string.h>

#include "buf.h"
#include "utf8.h"

static void
escaped(struct buf *b, const char *s)
{
	size_t len = strlen(s);

	buf_char(b, '"');
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];
		size_t n = utf8_char(s + i, len - i, NULL);

		if (n == 0) {
			buf_str(b, "\xef\xbf\xbd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			buf_char(b, '\\');
			buf_char(b, (char)c);
		} else if (c == '\n') {
			buf_str(b, "\\n");
		} else if (c < 0x20) {
			buf_printf(b, "\\u%04x", (unsigned)c);
		} else if (c == '/' && i > 0 && s[i - 1] == '<') {
			buf_str(b, "\\/");
		} else {
			buf_add(b, s + i, n);
		}
		i += n;
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
	begin(b, name);
	buf_printf(b, "%lld", (long long)value);
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
