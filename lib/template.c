/*
 * template - a text with {{variables}}, filled in
 */
#include "template.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "problem.h"

#define OPEN "{{"
#define CLOSE "}}"
#define SPACES " \t\r\n"
#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789_"
#define NAME_MAX_LEN 32

/* A stretch of plain text, or the name of a variable. */
struct piece {
	const char *start;
	size_t len;
	bool is_name;
};

/* The character at that byte, counted from one, as an editor shows it. */
static size_t
character_number(const char *text, const char *at)
{
	size_t n = 1;

	for (; text < at; text++)
		n += ((unsigned char)*text & 0xc0U) != 0x80;
	return n;
}

/* Read the name at p, which stands after an opening brace pair. */
static const char *
name_read(struct piece *piece, const char *p)
{
	p += strspn(p, SPACES);
	piece->start = p;
	piece->len = strspn(p, NAME_LETTERS);
	piece->is_name = true;
	p += piece->len;
	p += strspn(p, SPACES);
	if (piece->len == 0 || piece->len > NAME_MAX_LEN ||
	    strncmp(p, CLOSE, strlen(CLOSE)) != 0)
		return NULL;
	p += strlen(CLOSE);
	/* Triple braces: Mustache's way of saying "unescaped". */
	return *p == '}' ? NULL : p;
}

/*
 * The piece that begins at *at, which moves behind it. 1: there is one, 0: the
 * text is over, -1: what stands at *at is no variable.
 */
static int
piece_next(struct piece *piece, const char **at)
{
	const char *p = *at;
	const char *open = strstr(p, OPEN);

	if (*p == '\0')
		return 0;
	if (open != p) {
		piece->start = p;
		piece->len = open == NULL ? strlen(p) : (size_t)(open - p);
		piece->is_name = false;
		*at = p + piece->len;
		return 1;
	}
	p = name_read(piece, p + strlen(OPEN));
	if (p == NULL)
		return -1;
	*at = p;
	return 1;
}

static bool
piece_names(const struct piece *piece, const char *name)
{
	return piece->is_name && strlen(name) == piece->len &&
	       memcmp(name, piece->start, piece->len) == 0;
}

static const char *
value_of(
    const struct piece *piece, const struct template_value *values, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (piece_names(piece, values[i].name))
			return values[i].value;
	}
	return NULL;
}

static int
refuse(const char *text, const char *at, struct problem *why)
{
	size_t where = character_number(text, at);

	if (strstr(at, CLOSE) == NULL)
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
	const char *at = text;
	struct piece piece;
	struct buf b;
	int more;

	if (strlen(text) > TEMPLATE_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "the text is longer than %d bytes", TEMPLATE_MAX);
	buf_init(&b, a);
	while ((more = piece_next(&piece, &at)) > 0) {
		const char *value = NULL;
		size_t len = piece.len;

		if (!piece.is_name) {
			value = piece.start;
		} else if ((value = value_of(&piece, values, n)) != NULL) {
			len = strlen(value);
		} else {
			return problem(why, PROBLEM_FIELD_INVALID, NULL,
			    "there is no variable {{%.*s}} for this text",
			    (int)piece.len, piece.start);
		}
		if (len > TEMPLATE_MAX - b.len)
			return problem(why, PROBLEM_FIELD_INVALID, NULL,
			    "filled in, the text is longer than %d bytes",
			    TEMPLATE_MAX);
		buf_add(&b, value, len);
	}
	if (more < 0)
		return refuse(text, at, why);
	*out = b.text;
	return 0;
}

bool
template_uses(const char *text, const char *name)
{
	struct piece piece;

	while (piece_next(&piece, &text) > 0) {
		if (piece_names(&piece, name))
			return true;
	}
	return false;
}
