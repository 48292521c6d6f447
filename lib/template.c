/*
 * template - a text with {{variables}}, filled in
 */
#include "template.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "mustache.h"
#include "problem.h"

static bool
is_named(const struct mustache_piece *variable, const char *name)
{
	return strncmp(name, variable->start, variable->len) == 0 &&
	       name[variable->len] == '\0';
}

static const char *
value_of(const struct mustache_piece *variable,
    const struct template_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_named(variable, values[i].name))
			return values[i].value;
	return NULL;
}

/* The character at that byte, counted from one, as an editor shows it. */
static size_t
character_number(const char *text, const char *at)
{
	size_t n = 1;

	for (; text < at; text++)
		n += ((unsigned char)*text & 0xc0U) != 0x80;
	return n;
}

static int
refuse(const struct mustache_reader *r, struct problem *why)
{
	size_t where = character_number(r->text, r->at);

	if (strstr(r->at, "}}") == NULL)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "the {{ at character %zu is never closed", where);
	return problem(why, PROBLEM_FIELD_INVALID, NULL,
	    "only variables such as {{firm}} can stand in a text; character "
	    "%zu begins something else",
	    where);
}

/*
 * Piece by piece, as it is read: a text is filled in a dozen times for each
 * message, and a tree of it would be used once.
 */
static int
pieces_fill(struct buf *b, struct mustache_reader *r,
    const struct template_value *values, size_t n, struct problem *why)
{
	struct mustache_piece piece, unknown = { .start = NULL };
	int more;

	while ((more = mustache_next(&piece, r)) > 0) {
		const char *value;

		if (b->len > TEMPLATE_MAX || unknown.start != NULL)
			continue; /* what comes may be no text at all */
		if (piece.tag == MUSTACHE_TEXT) {
			buf_add(b, piece.start, piece.len);
			continue;
		}
		value = value_of(&piece, values, n);
		if (value == NULL)
			unknown = piece;
		else
			buf_str(b, value);
	}
	if (more < 0)
		return refuse(r, why);
	if (unknown.start != NULL)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "there is no variable {{%.*s}} for this text",
		    (int)unknown.len, unknown.start);
	return 0;
}

int
template_render(char **out, struct arena *a, const char *text,
    const struct template_value *values, size_t n, struct problem *why)
{
	size_t len = strlen(text);
	struct mustache_reader r;
	struct buf b;

	if (len > TEMPLATE_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "the text is longer than %d bytes", TEMPLATE_MAX);
	mustache_read(&r, MUSTACHE_PLAIN, text, len);
	buf_init(&b, a);
	if (pieces_fill(&b, &r, values, n, why) != 0)
		return -1;
	if (b.len > TEMPLATE_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "filled in, the text is longer than %d bytes",
		    TEMPLATE_MAX);
	*out = b.text;
	return 0;
}

bool
template_uses(const char *text, const char *name)
{
	struct mustache_reader r;
	struct mustache_piece piece;

	mustache_read(&r, MUSTACHE_PLAIN, text, strlen(text));
	while (mustache_next(&piece, &r) > 0) {
		if (piece.tag == MUSTACHE_RAW && is_named(&piece, name))
			return true;
	}
	return false;
}
