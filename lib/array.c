/*
 * array - a list as Postgres reads one
 */
#include "array.h"

#include <stddef.h>

#include "buf.h"

void
array_add(struct buf *b, const char *value)
{
	buf_char(b, b->len == 0 ? '{' : ',');
	if (value == NULL) {
		buf_str(b, "NULL");
		return;
	}
	buf_char(b, '"');
	for (; *value != '\0'; value++) {
		if (*value == '"' || *value == '\\')
			buf_char(b, '\\');
		buf_char(b, *value);
	}
	buf_char(b, '"');
}

const char *
array_end(struct buf *b)
{
	buf_str(b, b->len == 0 ? "{}" : "}");
	return b->text;
}
