/*
 * mustache - Mustache: a text with gaps, parsed once, filled in at will
 */
#include "mustache.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "html.h"
#include "json.h"

#define SPACES " \t\r\n"
#define PLAIN_NAME_MAX 32
#define NAME_MAX_LEN 64
#define DELIMITER_MAX 8

/* Of one rendering: levels of sections and partials, and nodes. */
#define DEPTH_MAX 64
#define STEPS_MAX 200000

#define NEVER_CLOSED "it is never closed"

struct node {
	struct node *next;
	struct node *inside; /* of a section */
	/* What stands there; else the name, with a NUL between its parts. */
	const char *text;
	size_t len;
	const char *indent; /* of a partial with a line to itself; else NULL */
	enum mustache_tag tag;
	bool begins_line;
};

struct mustache {
	struct node *first;
};

void
mustache_read(struct mustache_reader *r, enum mustache_kind kind,
    const char *text, size_t len)
{
	memset(r, 0, sizeof(*r));
	r->kind = kind;
	r->text = text;
	r->at = text;
	r->end = text + len;
	r->open.text = "{{";
	r->open.len = 2;
	r->close.text = "}}";
	r->close.len = 2;
	r->begins_line = true;
}

static bool
stands(const struct mustache_reader *r, const char *p, const char *what,
    size_t len)
{
	return (size_t)(r->end - p) >= len && memcmp(p, what, len) == 0;
}

static const char *
find(const struct mustache_reader *r, const char *from, const char *what,
    size_t len)
{
	/* The first byte of a tag is rare: memchr() finds it much sooner. */
	while ((from = memchr(from, *what, (size_t)(r->end - from))) != NULL) {
		if (stands(r, from, what, len))
			return from;
		from++;
	}
	return NULL;
}

/* What follows those of the letters that stand at p. */
static const char *
skip(const struct mustache_reader *r, const char *p, const char *letters)
{
	while (p < r->end && *p != '\0' && strchr(letters, *p) != NULL)
		p++;
	return p;
}

static bool
is_letter_of_name(char c, bool plain)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')
		return true;
	return !plain && ((c >= 'A' && c <= 'Z') || c == '-' || c == '.');
}

/* Says why the tag at r->at is none; NULL. */
static const char *
wrong(struct mustache_reader *r, const char *what)
{
	bool closed = find(r, r->at, r->close.text, r->close.len) != NULL;

	r->wrong = closed ? what : NEVER_CLOSED;
	return NULL;
}

/* No part of it is empty, unless it is the dot that stands for all. */
static bool
is_dotted(const char *name, size_t len)
{
	if (len == 1)
		return true;
	return name[0] != '.' && name[len - 1] != '.' &&
	       memmem(name, len, "..", 2) == NULL;
}

/* The name at p; what follows it and its spaces, or NULL. */
static const char *
name_read(struct mustache_reader *r, struct mustache_piece *out, const char *p)
{
	bool plain = r->kind == MUSTACHE_PLAIN;

	p = skip(r, p, SPACES);
	out->start = p;
	while (p < r->end && is_letter_of_name(*p, plain))
		p++;
	out->len = (size_t)(p - out->start);
	p = skip(r, p, SPACES);
	if (out->len == 0 ||
	    out->len > (plain ? PLAIN_NAME_MAX : NAME_MAX_LEN) ||
	    !is_dotted(out->start, out->len))
		return wrong(r, "no name stands in it");
	return p;
}

static const char *
close_read(struct mustache_reader *r, const char *p)
{
	if (!stands(r, p, r->close.text, r->close.len))
		return wrong(r, "more than a name stands in it");
	return p + r->close.len;
}

/* {{{name}}} */
static const char *
triple_read(
    struct mustache_reader *r, struct mustache_piece *out, const char *p)
{
	out->tag = MUSTACHE_RAW;
	p = name_read(r, out, p);
	if (p != NULL && (!stands(r, p, "}", 1) ||
			     !stands(r, p + 1, r->close.text, r->close.len)))
		return wrong(r, "three braces do not end it");
	return p == NULL ? NULL : p + 1 + r->close.len;
}

/* {{! whatever }} */
static const char *
comment_read(
    struct mustache_reader *r, struct mustache_piece *out, const char *p)
{
	out->tag = MUSTACHE_NOTHING;
	p = find(r, p, r->close.text, r->close.len);
	return p == NULL ? wrong(r, NEVER_CLOSED) : p + r->close.len;
}

/* One of the two in {{=<% %>=}}: it ends at a space, or at its '='. */
static const char *
delimiter_read(const struct mustache_reader *r, const char *p)
{
	while (p < r->end && *p != '=' && strchr(SPACES, *p) == NULL)
		p++;
	return p;
}

static const char *
delimiters_read(
    struct mustache_reader *r, struct mustache_piece *out, const char *p)
{
	const char *open = skip(r, p, SPACES);
	const char *open_end = delimiter_read(r, open);
	const char *close = skip(r, open_end, SPACES);
	const char *close_end = delimiter_read(r, close);
	size_t open_len = (size_t)(open_end - open);
	size_t close_len = (size_t)(close_end - close);

	out->tag = MUSTACHE_NOTHING;
	p = skip(r, close_end, SPACES);
	if (open_len == 0 || open_len > DELIMITER_MAX || close_len == 0 ||
	    close_len > DELIMITER_MAX || !stands(r, p, "=", 1) ||
	    !stands(r, p + 1, r->close.text, r->close.len))
		return wrong(r, "it sets no delimiters");
	p += 1 + r->close.len;
	r->open.text = open;
	r->open.len = open_len;
	r->close.text = close;
	r->close.len = close_len;
	return p;
}

/* What a tag is, by the letter it begins with. */
static enum mustache_tag
tag_of(char sigil)
{
	switch (sigil) {
	case '#':
		return MUSTACHE_SECTION;
	case '^':
		return MUSTACHE_INVERTED;
	case '/':
		return MUSTACHE_END;
	case '>':
		return MUSTACHE_PARTIAL;
	case '&':
		return MUSTACHE_RAW;
	default:
		return MUSTACHE_ESCAPED;
	}
}

/* The tag at r->at; what follows it, or NULL. */
static const char *
tag_read(struct mustache_reader *r, struct mustache_piece *out)
{
	const char *p = skip(r, r->at + r->open.len, SPACES);
	char sigil = '\0';

	if (p < r->end)
		sigil = *p;
	if (sigil == '!')
		return comment_read(r, out, p + 1);
	if (sigil == '=')
		return delimiters_read(r, out, p + 1);
	if (sigil == '{')
		return triple_read(r, out, p + 1);
	out->tag = tag_of(sigil);
	p = name_read(r, out, out->tag == MUSTACHE_ESCAPED ? p : p + 1);
	return p == NULL ? NULL : close_read(r, p);
}

/* The tag at r->at of a text that has only variables. */
static const char *
variable_read(struct mustache_reader *r, struct mustache_piece *out)
{
	const char *p = name_read(r, out, r->at + r->open.len);

	out->tag = MUSTACHE_RAW;
	p = p == NULL ? NULL : close_read(r, p);
	/* Triple braces: Mustache's way of saying "unescaped". */
	return p != NULL && p < r->end && *p == '}'
	           ? wrong(r, "more than a name stands in it")
	           : p;
}

/*
 * A tag that has its line to itself takes the line with it, unless it is a
 * variable: the text before it ends where its line begins, and what follows is
 * the next line.
 */
static void
line_take(const struct mustache_reader *r, struct mustache_piece *tag,
    const char **text_end, const char **after)
{
	const char *begin = *text_end;
	const char *end = skip(r, *after, " \t");

	while (begin > r->text && (begin[-1] == ' ' || begin[-1] == '\t'))
		begin--;
	if (begin > r->text && begin[-1] != '\n')
		return;
	if (stands(r, end, "\r\n", 2))
		end += 2;
	else if (stands(r, end, "\n", 1))
		end++;
	else if (end < r->end)
		return;
	if (tag->tag == MUSTACHE_PARTIAL) {
		tag->indent = begin;
		tag->indent_len = (size_t)(*text_end - begin);
	}
	tag->begins_line = false;
	*text_end = begin;
	*after = end;
}

/* A stretch of text. */
static int
text_piece(struct mustache_piece *out, const struct mustache_reader *r,
    const char *from, const char *end)
{
	memset(out, 0, sizeof(*out));
	out->tag = MUSTACHE_TEXT;
	out->start = from;
	out->len = (size_t)(end - from);
	out->begins_line = r->begins_line;
	return 1;
}

int
mustache_next(struct mustache_piece *out, struct mustache_reader *r)
{
	struct mustache_piece tag = { 0 };
	const char *from = r->at, *text_end, *after;

	if (r->is_held) {
		*out = r->held;
		r->is_held = false;
		return 1;
	}
	if (from == r->end)
		return 0;
	text_end = find(r, from, r->open.text, r->open.len);
	if (text_end == NULL) {
		r->at = r->end;
		return text_piece(out, r, from, r->end);
	}
	r->at = text_end;
	after = r->kind == MUSTACHE_PLAIN ? variable_read(r, &tag)
	                                  : tag_read(r, &tag);
	if (after == NULL)
		return -1;
	tag.begins_line =
	    text_end > from ? text_end[-1] == '\n' : r->begins_line;
	if (tag.tag != MUSTACHE_ESCAPED && tag.tag != MUSTACHE_RAW)
		line_take(r, &tag, &text_end, &after);
	r->at = after;
	*out = tag;
	if (text_end > from) {
		r->held = tag;
		r->is_held = true;
		text_piece(out, r, from, text_end);
	}
	r->begins_line = after[-1] == '\n';
	return 1;
}

struct parser {
	struct arena *arena;
	struct mustache_reader *reader;
	struct node **tail; /* where the next node goes */
	/* The sections that are open, and their tags. */
	struct node *open[MUSTACHE_NESTED_MAX];
	struct mustache_piece opened[MUSTACHE_NESTED_MAX];
	size_t depth;
};

static int
parse_wrong(struct parser *p, const char *at, const char *what)
{
	p->reader->at = at;
	p->reader->wrong = what;
	return -1;
}

static struct node *
node_add(struct parser *p, const struct mustache_piece *piece)
{
	struct node *node = arena_alloc(p->arena, sizeof(*node));

	node->tag = piece->tag;
	node->text = piece->start;
	node->len = piece->len;
	node->begins_line = piece->begins_line;
	*p->tail = node;
	p->tail = &node->next;
	return node;
}

/* The name of a node, cut at its dots. */
static void
name_cut(struct parser *p, struct node *node)
{
	char *name = arena_strndup(p->arena, node->text, node->len);

	node->text = name;
	if (node->tag == MUSTACHE_PARTIAL || node->len == 1)
		return;
	for (char *dot = name; (dot = strchr(dot, '.')) != NULL; dot++)
		*dot = '\0';
}

static int
section_open(
    struct parser *p, struct node *node, const struct mustache_piece *piece)
{
	if (p->depth == MUSTACHE_NESTED_MAX)
		return parse_wrong(
		    p, piece->start, "sections are nested too deep");
	p->open[p->depth] = node;
	p->opened[p->depth++] = *piece;
	p->tail = &node->inside;
	return 0;
}

static int
section_close(struct parser *p, const struct mustache_piece *piece)
{
	const struct mustache_piece *opened;

	if (p->depth == 0)
		return parse_wrong(p, piece->start, "no section is open here");
	opened = &p->opened[--p->depth];
	if (opened->len != piece->len ||
	    memcmp(opened->start, piece->start, piece->len) != 0)
		return parse_wrong(
		    p, piece->start, "another section is open here");
	p->tail = &p->open[p->depth]->next;
	return 0;
}

static int
piece_add(struct parser *p, const struct mustache_piece *piece)
{
	struct node *node;

	if (piece->tag == MUSTACHE_NOTHING)
		return 0;
	if (piece->tag == MUSTACHE_END)
		return section_close(p, piece);
	node = node_add(p, piece);
	if (piece->tag == MUSTACHE_TEXT)
		return 0;
	name_cut(p, node);
	if (piece->indent != NULL)
		node->indent =
		    arena_strndup(p->arena, piece->indent, piece->indent_len);
	if (piece->tag == MUSTACHE_SECTION || piece->tag == MUSTACHE_INVERTED)
		return section_open(p, node, piece);
	return 0;
}

int
mustache_parse(
    struct mustache **out, struct arena *a, struct mustache_reader *r)
{
	struct mustache *m = arena_alloc(a, sizeof(*m));
	struct parser p = { .arena = a, .reader = r, .tail = &m->first };
	/* What indents a line has to stand before the tag that begins it. */
	const struct mustache_piece begin = {
		.tag = MUSTACHE_TEXT, .start = "", .begins_line = true
	};
	struct mustache_piece piece;
	int more;

	while ((more = mustache_next(&piece, r)) > 0) {
		if (piece.begins_line && piece.tag != MUSTACHE_TEXT &&
		    r->kind == MUSTACHE_HTML)
			(void)node_add(&p, &begin);
		if (piece_add(&p, &piece) != 0)
			return -1;
	}
	if (more < 0)
		return -1;
	if (p.depth > 0)
		return parse_wrong(&p, p.opened[p.depth - 1].start,
		    "this section is never closed");
	*out = m;
	return 0;
}

static const char *
missing_in(const struct node *node, mustache_partial *partial)
{
	const char *missing = NULL;

	for (; node != NULL && missing == NULL; node = node->next) {
		if (node->tag == MUSTACHE_PARTIAL &&
		    partial(node->text) == NULL)
			missing = node->text;
		else
			missing = missing_in(node->inside, partial);
	}
	return missing;
}

const char *
mustache_missing(const struct mustache *m, mustache_partial *partial)
{
	return missing_in(m->first, partial);
}

/* A value on the stack, while its section is rendered. */
struct frame {
	const struct cJSON *value;
	const struct frame *below;
};

struct render {
	struct buf *out;
	size_t end; /* most that out->len may become */
	const struct mustache_view *view;
	const struct frame *top;
	const char *indent; /* of the partial that is rendered */
	int depth;
	int steps;
	bool cut;
};

static void nodes_render(struct render *r, const struct node *node);

static bool
is_full(struct render *r)
{
	if (r->out->len <= r->end && r->steps < STEPS_MAX)
		return false;
	r->cut = true;
	return true;
}

/* The parts of a name: the first on the stack, each other in the one before. */
static const struct cJSON *
value_of(const struct render *r, const struct node *node)
{
	const char *part = node->text;
	const struct cJSON *v = NULL;

	if (*part == '.')
		return r->top == NULL ? NULL : r->top->value;
	for (const struct frame *f = r->top; f != NULL && v == NULL;
	     f = f->below)
		v = json_member(f->value, part);
	for (part += strlen(part) + 1;
	     v != NULL && part < node->text + node->len;
	     part += strlen(part) + 1)
		v = json_member(v, part);
	return v;
}

static bool
is_true(const struct cJSON *v)
{
	if (json_text(v) != NULL)
		return *json_text(v) != '\0';
	if (json_is_number(v))
		return json_number(v, 1) != 0;
	if (json_is_array(v))
		return json_first(v) != NULL;
	return json_is_true(v) || json_is_object(v);
}

/* As text; NULL for what is none. */
static const char *
text_of(const struct render *r, const struct node *node)
{
	const struct cJSON *v = value_of(r, node);

	if (json_text(v) != NULL)
		return json_text(v);
	return json_is_number(v) || json_is_bool(v)
	           ? json_print(r->out->arena, v)
	           : NULL;
}

static void
variable_render(struct render *r, const struct node *node)
{
	const char *text = text_of(r, node);
	size_t before = r->out->len;

	if (text == NULL)
		return;
	if (before > r->end || strlen(text) > r->end - before) {
		r->cut = true;
		return;
	}
	if (node->tag == MUSTACHE_RAW)
		buf_str(r->out, text);
	else
		html_text(r->out, text);
	if (is_full(r)) {
		r->out->len = before;
		r->out->text[before] = '\0';
	}
}

static void
indent_add(struct render *r)
{
	if (!is_full(r))
		buf_str(r->out, r->indent);
}

static void
text_render(struct render *r, const struct node *node)
{
	const char *p = node->text, *end = p + node->len;
	const char *line;

	if (*r->indent == '\0') {
		buf_add(r->out, p, node->len);
		(void)is_full(r);
		return;
	}
	if (node->begins_line)
		indent_add(r);
	for (; p < end; p = line) {
		line = memchr(p, '\n', (size_t)(end - p));
		line = line == NULL ? end : line + 1;
		buf_add(r->out, p, (size_t)(line - p));
		/* What begins at end is another node's. */
		if (line < end)
			indent_add(r);
	}
}

static void
pushed_render(
    struct render *r, const struct node *node, const struct cJSON *value)
{
	const struct frame frame = { .value = value, .below = r->top };

	r->top = &frame;
	nodes_render(r, node->inside);
	r->top = frame.below;
}

static void
section_render(struct render *r, const struct node *node)
{
	const struct cJSON *v = value_of(r, node);

	if (!json_is_array(v)) {
		if (is_true(v))
			pushed_render(r, node, v);
		return;
	}
	for (const struct cJSON *m = json_first(v); m != NULL && !is_full(r);
	     m = json_next(m))
		pushed_render(r, node, m);
}

static void
partial_render(struct render *r, const struct node *node)
{
	const char *indent = r->indent;
	const struct mustache *m = NULL;

	if (r->view->partial != NULL && !is_full(r))
		m = r->view->partial(node->text);
	if (m == NULL)
		return;
	/* One that stands inside a line begins none. */
	if (node->indent == NULL)
		r->indent = "";
	else if (*indent == '\0')
		r->indent = node->indent;
	else if (*node->indent != '\0')
		r->indent =
		    arena_printf(r->out->arena, "%s%s", indent, node->indent);
	nodes_render(r, m->first);
	r->indent = indent;
}

static void
node_render(struct render *r, const struct node *node)
{
	switch (node->tag) {
	case MUSTACHE_TEXT:
		text_render(r, node);
		break;
	case MUSTACHE_ESCAPED:
	case MUSTACHE_RAW:
		variable_render(r, node);
		break;
	case MUSTACHE_SECTION:
		section_render(r, node);
		break;
	case MUSTACHE_INVERTED:
		if (!is_true(value_of(r, node)))
			nodes_render(r, node->inside);
		break;
	case MUSTACHE_PARTIAL:
		partial_render(r, node);
		break;
	case MUSTACHE_END:
	case MUSTACHE_NOTHING:
		break; /* no node is made of these */
	}
}

static void
nodes_render(struct render *r, const struct node *node)
{
	if (r->depth == DEPTH_MAX) {
		r->cut = true;
		return;
	}
	r->depth++;
	for (; node != NULL && r->steps < STEPS_MAX; node = node->next) {
		r->steps++;
		node_render(r, node);
	}
	r->depth--;
}

enum mustache_outcome
mustache_render(
    struct buf *out, const struct mustache *m, const struct mustache_view *view)
{
	struct frame *frames =
	    arena_alloc(out->arena, (view->count + 1) * sizeof(*frames));
	struct render r = {
		.out = out,
		.end = out->len + view->max,
		.view = view,
		.indent = "",
	};

	for (size_t i = 0; i < view->count; i++) {
		frames[i].value = view->views[i];
		frames[i].below = r.top;
		r.top = &frames[i];
	}
	nodes_render(&r, m->first);
	return r.cut ? MUSTACHE_CUT : MUSTACHE_WHOLE;
}
