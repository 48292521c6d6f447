/*
 * mustache.h - Mustache: a text with gaps, parsed once, filled in at will
 *
 * Variables, sections, inverted sections, partials, comments and set
 * delimiters, as the specification (github.com/mustache/spec 1.4) has them; its
 * tests are tests/support/mustache. Lambdas, inheritance and dynamic names are
 * not there. page.h has the pages and template.h the message texts; nobody else
 * needs this.
 *
 * Why no library of Debian's, measured on a page of 37 KB out of 240 partials,
 * for which this needs 28 us and 0.2 MB, view included:
 * - kainjow mustache 4.1 fails 20 of the 136 tests, reads what a value says as
 *   a template ({{>x}} where x is "{{>x}}" overflows the stack), and needs
 *   1,330 us.
 * - mstch 1.0.2 passes all tests and escapes as it should; memory speaks
 *   against it. A worker has 3 MB: the page takes 0.6 of them, for the view is
 *   copied, and nothing bounds it. 2,000 sections in each other take 186 MB, a
 *   partial that contains itself takes the whole stack. It parses anew for each
 *   rendering (400 us), does not tell of a section that is never closed or a
 *   partial that is not there, nor of an unknown variable in a firm's own
 *   text; "{{ }}" throws, and 1234567.5 becomes 1.23457e+06.
 */
#ifndef LIB_MUSTACHE_H
#define LIB_MUSTACHE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct cJSON;

/* What may stand in a text. */
enum mustache_kind {
	MUSTACHE_PLAIN, /* {{variables}} of small letters; not escaped */
	MUSTACHE_HTML   /* all there is; variables are escaped for HTML */
};

enum mustache_tag {
	MUSTACHE_TEXT,
	MUSTACHE_ESCAPED,
	MUSTACHE_RAW,
	MUSTACHE_SECTION,
	MUSTACHE_INVERTED,
	MUSTACHE_END,
	MUSTACHE_PARTIAL,
	MUSTACHE_NOTHING /* a comment, or other delimiters from here on */
};

/* A stretch of plain text, or a tag. */
struct mustache_piece {
	enum mustache_tag tag;
	const char *start; /* the text, or the name in the tag */
	size_t len;
	/* A line of the text begins here, and not with a tag that has it to
	 * itself. */
	bool begins_line;
	/* Of a partial that has its line to itself: what stands before it. */
	const char *indent;
	size_t indent_len;
};

/* Reads a text piece by piece, without memory. */
struct mustache_reader {
	enum mustache_kind kind;
	const char *text; /* all of it, which has to stay */
	const char *at;   /* after a failure: the tag that is wrong */
	const char *end;
	const char *wrong; /* what is wrong with it; static storage */
	struct {
		const char *text;
		size_t len;
	} open, close;
	bool begins_line;
	bool is_held;
	struct mustache_piece held;
};

void mustache_read(struct mustache_reader *r, enum mustache_kind kind,
    const char *text, size_t len);

/* 1: there is a piece, 0: the text is over, -1: r->at is no tag. */
int mustache_next(struct mustache_piece *out, struct mustache_reader *r);

/* A parsed text, in the arena it was parsed into. */
struct mustache;

/* Levels of sections in each other. */
#define MUSTACHE_NESTED_MAX 32

/*
 * All that r has still to read. -1, and r says where and what, for a tag that
 * is none, a section without its end, or an end without its section.
 */
int mustache_parse(
    struct mustache **out, struct arena *a, struct mustache_reader *r);

/* The partial of that name, or NULL: then nothing stands there. */
typedef const struct mustache *mustache_partial(const char *name);

/* The first of its partials that is not there, or NULL. */
const char *mustache_missing(
    const struct mustache *m, mustache_partial *partial);

struct mustache_view {
	/* A stack of values, lowest first; NULL stands for none. */
	const struct cJSON *const *views;
	size_t count;
	mustache_partial *partial; /* NULL: there are none */
	size_t max;                /* bytes of the result */
};

enum mustache_outcome {
	MUSTACHE_WHOLE,
	/* More than max, or too deep or too often into partials. What did not
	 * fit is left out: a value, an element of an array, a partial. */
	MUSTACHE_CUT
};

/*
 * Adds the text to out, filled in. An unknown name is empty, as in Mustache.
 * False are null, false, 0, "" and [].
 */
enum mustache_outcome mustache_render(struct buf *out, const struct mustache *m,
    const struct mustache_view *view);

#endif
