/*
 * json_write.h - JSON text, written piece by piece into a buf
 *
 * Each function takes the member's name, or NULL inside an array and for the
 * outermost value; commas come by themselves. Strings are escaped as RFC 8259
 * asks; bytes that are not UTF-8 become U+FFFD, so what comes out is always
 * valid. "</" is written "<\/" and "<!" "<\u0021", so that a script element may
 * carry the result: neither its end nor a comment, within which a second
 * "<script" would hide that end, can begin in a string.
 */
#ifndef LIB_JSON_WRITE_H
#define LIB_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

void json_obj_open(struct buf *b, const char *name);
void json_obj_close(struct buf *b);
void json_arr_open(struct buf *b, const char *name);
void json_arr_close(struct buf *b);
void json_str(
    struct buf *b, const char *name, const char *value); /* NULL: null */
void json_int(struct buf *b, const char *name, int64_t value);
void json_bool(struct buf *b, const char *name, bool value);

/* value is JSON already, as it comes out of a jsonb column. NULL: null. */
void json_raw(struct buf *b, const char *name, const char *value);

#endif
