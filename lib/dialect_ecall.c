/*
 * dialect_ecall - answers to eCall's messages, and texts to a leased number
 *
 * A GET with Windows-1252 in it. The callback has no id, and what eCall keeps
 * in its cache has one: an id of our own tells the same text by both ways apart
 * from another.
 */
#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "dialect.h"
#include "digest.h"
#include "fields.h"

/* "0041790000001" and "+41790000001" are one number. */
static void
digits_add(struct buf *b, const char *number)
{
	bool is_begun = false;

	for (; number != NULL && *number != '\0'; number++) {
		if (!isdigit((unsigned char)*number) ||
		    (!is_begun && *number == '0'))
			continue;
		is_begun = true;
		buf_char(b, *number);
	}
	buf_char(b, '\n');
}

static const char *
id_of(const struct told *t, struct arena *a, const char *time)
{
	struct digest_hex hash;
	struct buf b;

	buf_init(&b, a);
	digits_add(&b, t->from);
	digits_add(&b, t->to);
	buf_printf(&b, "%s\n%s", time, t->body == NULL ? "" : t->body);
	hash = digest_sha256(b.text, b.len);
	return arena_strdup(a, hash.text);
}

static int
text(struct told *out, size_t *count, const struct fields *f,
    struct problem *why)
{
	const char *function, *time;

	if (fields_told(&function, f, FIELD_FUNCTION, why) != 0 ||
	    fields_told(&out->from, f, FIELD_ADDRESS_FROM, why) != 0 ||
	    fields_told(&out->to, f, FIELD_ADDRESS_TO, why) != 0 ||
	    fields_told(&out->body, f, FIELD_MESSAGE, why) != 0 ||
	    fields_told(&time, f, FIELD_TIME_STAMP, why) != 0 ||
	    fields_told(&out->id, f, FIELD_MESSAGE_NUMBER, why) != 0)
		return -1;
	/* A receipt, whose address is another. */
	if (function != NULL && strcmp(function, "Notification") == 0)
		*count = 0;
	if (time != NULL)
		out->id = id_of(out, fields_arena(f), time);
	if (out->body != NULL)
		out->body = fields_cut(f, FIELD_MESSAGE, out->body);
	return 0;
}

const struct dialect dialect_ecall = {
	.name = "ecall",
	.text = text,
	.answer = dialect_answer_nothing,
	.is_windows_1252 = true,
	.answers_unmatched = true,
};
