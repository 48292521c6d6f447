/*
 * template - a text with {{variables}}, filled in
 */
#include "template.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "mustache.h"
#include "problem.h"

struct values {
	const struct template_value *values;
	size_t n;
};

static const char *
value_of(const void *source, const char *name)
{
	const struct values *v = source;

	for (size_t i = 0; i < v->n; i++)
		if (strcmp(v->values[i].name, name) == 0)
			return v->values[i].value;
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

int
template_render(char **out, struct arena *a, const char *text,
    const struct template_value *values, size_t n, struct problem *why)
{
	const struct values source = { values, n };
	const struct mustache_view view = {
		.lookup = value_of, .source = &source, .max = TEMPLATE_MAX
	};
	size_t len = strlen(text);
	const char *unknown = NULL;
	enum mustache_outcome outcome;
	struct mustache_reader r;
	struct mustache *m;
	struct buf b;

	if (len > TEMPLATE_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "the text is longer than %d bytes", TEMPLATE_MAX);
	mustache_read(&r, MUSTACHE_PLAIN, text, len);
	if (mustache_parse(&m, a, &r) != 0)
		return refuse(&r, why);
	buf_init(&b, a);
	outcome = mustache_render(&b, m, &view, &unknown);
	if (outcome == MUSTACHE_UNKNOWN)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "there is no variable {{%s}} for this text", unknown);
	if (outcome == MUSTACHE_CUT)
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
		if (piece.tag == MUSTACHE_RAW && strlen(name) == piece.len &&
		    memcmp(name, piece.start, piece.len) == 0)
			return true;
	}
	return false;
}
