/*
 * multipart - multipart/form-data (RFC 7578), read as it arrives
 *
 * A window over the body moves forward. What might be the beginning of a
 * delimiter stays in it until enough has come to know.
 */
#include "multipart.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "problem.h"

#define WINDOW ((size_t)64 * 1024)
#define HEAD_MAX ((size_t)4 * 1024)
#define NAME_MAX_LEN 100
#define PARTS_MAX 16
/* Spaces behind a delimiter, which RFC 2046 allows and nobody sends. */
#define PADDING_MAX 8
/* RFC 2046 5.1.1 */
#define BOUNDARY_MAX 70
#define BOUNDARY_CHARACTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789" \
	"'()+_,-./:=?"

struct multipart {
	struct arena *arena;
	struct multipart_source source;
	char delimiter[BOUNDARY_MAX + 5]; /* "\r\n--" and the boundary */
	size_t delimiter_len;
	int parts;
	bool is_at_end; /* of the body: the window is all that is left */
	bool is_done;   /* the last delimiter was seen */
	size_t at;      /* what is before was given out */
	size_t len;
	char window[WINDOW];
};

/* One "; name=value" of a header. */
struct parameter {
	const char *name;
	size_t name_len;
	const char *value;
	size_t value_len;
};

static bool
is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* Behind the quotation mark up to the next; one behind a backslash is none. */
static const char *
quoted_read(struct parameter *p, const char *s, const char *end)
{
	p->value = s;
	while (s < end && *s != '"')
		s += *s == '\\' && s + 1 < end ? 2 : 1;
	if (s >= end)
		return NULL;
	p->value_len = (size_t)(s - p->value);
	return s + 1;
}

/*
 * The parameter that begins at the next semicolon, and where the rest begins;
 * NULL if there is none, or what stands there is none.
 */
static const char *
parameter_read(struct parameter *p, const char *s, const char *end)
{
	while (s < end && is_space(*s))
		s++;
	if (s >= end || *s != ';')
		return NULL;
	for (s++; s < end && is_space(*s);)
		s++;
	p->name = s;
	while (s < end && *s != '=' && *s != ';')
		s++;
	if (s >= end || *s != '=')
		return NULL;
	p->name_len = (size_t)(s - p->name);
	s++;
	if (s < end && *s == '"')
		return quoted_read(p, s + 1, end);
	p->value = s;
	while (s < end && *s != ';' && !is_space(*s))
		s++;
	p->value_len = (size_t)(s - p->value);
	return s;
}

static bool
is_named(const struct parameter *p, const char *name)
{
	return p->name_len == strlen(name) &&
	       strncasecmp(p->name, name, p->name_len) == 0;
}

int
multipart_open(struct multipart **out, struct arena *a,
    const char *content_type, struct multipart_source source,
    struct problem *why)
{
	const char *end = content_type + strlen(content_type);
	const char *s = content_type + strcspn(content_type, ";");
	struct parameter p = { 0 };
	struct multipart *m;

	do {
		s = parameter_read(&p, s, end);
	} while (s != NULL && !is_named(&p, "boundary"));
	if (s == NULL || p.value_len == 0 || p.value_len > BOUNDARY_MAX ||
	    strspn(p.value, BOUNDARY_CHARACTERS) < p.value_len)
		return problem(why, PROBLEM_BAD_FORM, NULL,
		    "The Content-Type names no boundary of its parts");
	m = arena_alloc(a, sizeof(*m));
	m->arena = a;
	m->source = source;
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, p.value, p.value_len);
	m->delimiter_len = p.value_len + 4;
	/* The first delimiter may stand at the very beginning. */
	memcpy(m->window, "\r\n", 2);
	m->len = 2;
	*out = m;
	return 0;
}

/* Move the window on, and fill it. */
static int
fill(struct multipart *m, struct problem *why)
{
	m->len -= m->at;
	memmove(m->window, m->window + m->at, m->len);
	m->at = 0;
	while (!m->is_at_end && m->len < WINDOW) {
		long got = m->source.read(
		    m->source.arg, m->window + m->len, WINDOW - m->len);

		if (got < 0)
			return problem(why, PROBLEM_BAD_REQUEST, NULL,
			    "The body ended before its Content-Length");
		assert((size_t)got <= WINDOW - m->len);
		m->is_at_end = got == 0;
		m->len += (size_t)got;
	}
	return 0;
}

/* See to it that so many bytes are in the window, as far as there are. */
static int
look_ahead(struct multipart *m, size_t bytes, struct problem *why)
{
	return m->len - m->at >= bytes || m->is_at_end ? 0 : fill(m, why);
}

static int
ends_early(struct problem *why)
{
	return problem(why, PROBLEM_BAD_FORM, NULL,
	    "The form ends before its last delimiter");
}

long
multipart_data(const char **bytes, struct multipart *m, struct problem *why)
{
	const char *from, *found;
	size_t len;

	if (look_ahead(m, m->delimiter_len, why) != 0)
		return -1;
	from = m->window + m->at;
	len = m->len - m->at;
	found = memmem(from, len, m->delimiter, m->delimiter_len);
	if (found != NULL)
		len = (size_t)(found - from);
	else if (len >= m->delimiter_len)
		len -= m->delimiter_len - 1;
	else
		return ends_early(why);
	m->at += len;
	*bytes = from;
	return (long)len;
}

/* What stands behind "Content-Disposition:". */
static int
disposition_read(struct multipart_part *out, struct multipart *m,
    const char *line, const char *end, struct problem *why)
{
	const char *s = memchr(line, ';', (size_t)(end - line));
	struct parameter p;

	while (s != NULL && (s = parameter_read(&p, s, end)) != NULL) {
		if (is_named(&p, "filename") || is_named(&p, "filename*"))
			out->is_file = true;
		if (!is_named(&p, "name"))
			continue;
		if (p.value_len > NAME_MAX_LEN ||
		    memchr(p.value, '\0', p.value_len) != NULL)
			return problem(why, PROBLEM_BAD_FORM, NULL,
			    "A field has a name that none has here");
		out->name = arena_strndup(m->arena, p.value, p.value_len);
	}
	return 0;
}

/* The lines above a part, which end with an empty one. */
static int
head_read(struct multipart_part *out, struct multipart *m, struct problem *why)
{
	static const char disposition[] = "Content-Disposition:";
	const char *line, *end, *stop;

	if (look_ahead(m, HEAD_MAX, why) != 0)
		return -1;
	line = m->window + m->at;
	stop =
	    m->window + (m->len - m->at < HEAD_MAX ? m->len : m->at + HEAD_MAX);
	while ((end = memmem(line, (size_t)(stop - line), "\r\n", 2)) != NULL &&
	       end != line) {
		if ((size_t)(end - line) >= sizeof(disposition) - 1 &&
		    strncasecmp(line, disposition, sizeof(disposition) - 1) ==
			0 &&
		    disposition_read(out, m, line, end, why) != 0)
			return -1;
		line = end + 2;
	}
	if (end == NULL)
		return problem(why, PROBLEM_BAD_FORM, NULL,
		    "The header of a part has no end, or is too long");
	if (out->name == NULL)
		return problem(why, PROBLEM_BAD_FORM, NULL,
		    "A part of the form does not say which field it is");
	m->at = (size_t)(end + 2 - m->window);
	return 0;
}

/* Behind a delimiter: "--" after the last part, else the end of the line. */
static int
delimiter_end(struct multipart *m, struct problem *why)
{
	m->at += m->delimiter_len;
	if (look_ahead(m, HEAD_MAX, why) != 0)
		return -1;
	if (m->len - m->at >= 2 && memcmp(m->window + m->at, "--", 2) == 0) {
		m->is_done = true;
		return 0;
	}
	for (int i = 0;
	     i < PADDING_MAX && m->at < m->len && is_space(m->window[m->at]);
	     i++)
		m->at++;
	if (m->len - m->at < 2 || memcmp(m->window + m->at, "\r\n", 2) != 0)
		return problem(why, PROBLEM_BAD_FORM, NULL,
		    "A delimiter of the form has no end");
	m->at += 2;
	return 0;
}

int
multipart_next(
    struct multipart_part *out, struct multipart *m, struct problem *why)
{
	const char *skipped;
	long got;

	if (m->is_done)
		return 0;
	do {
		got = multipart_data(&skipped, m, why);
	} while (got > 0);
	if (got < 0 || delimiter_end(m, why) != 0)
		return -1;
	if (m->is_done)
		return 0;
	if (m->parts++ == PARTS_MAX)
		return problem(why, PROBLEM_BAD_FORM, NULL,
		    "The form has more than %d parts", PARTS_MAX);
	*out = (struct multipart_part){ 0 };
	if (head_read(out, m, why) != 0)
		return -1;
	return 1;
}
