/*
 * tenant_file - a firm's document as a file
 */
#include "tenant_file.h"

#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_write.h"
#include "tenant_document.h"
#include "tenant_member.h"
#include "tenant_problem.h"

/* The document as JSON, in the order of its fields. */
static const char *
document_json(struct arena *a, const struct tenant_document *d)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	for (enum tenant_field f = 0; f < TENANT_FIELD_MAX; f++) {
		if (d->value[f] == NULL)
			continue;
		if (tenant_field_is_text(f))
			json_str(&b, tenant_field_name(f), d->value[f]);
		else
			json_raw(&b, tenant_field_name(f), d->value[f]);
	}
	json_obj_close(&b);
	return b.text;
}

static int
document_tree(const struct cJSON **out, struct arena *a,
    const struct tenant_document *d, struct problem *why)
{
	return json_parse_document(out, a, document_json(a, d), why);
}

/* Where in a document: the member of config, NULL outside and in what the
 * table does not know. */
static const struct tenant_member *
member_below(const struct tenant_member *m, int depth, const char *name)
{
	if (depth == 0)
		return strcmp(name, "config") == 0 ? tenant_member_root()
		                                   : NULL;
	return m == NULL ? NULL : tenant_member_child(m, name);
}

/* Names inside of hours, which are no members of their own. */
static const char *const hours[] = { "monday", "tuesday", "wednesday",
	"thursday", "friday", "saturday", "sunday", "from", "to" };

struct printer {
	struct buf *b;
	int depth;
};

static void print(
    struct printer *p, const struct tenant_member *m, const struct cJSON *v);

static void
line_start(struct printer *p, bool is_first)
{
	buf_str(p->b, is_first ? "\n" : ",\n");
	for (int i = 0; i < p->depth; i++)
		buf_str(p->b, "  ");
}

static void
print_member(struct printer *p, const struct tenant_member *parent,
    const struct cJSON *v, bool is_first)
{
	const char *name = json_name(v);
	struct buf quoted;

	line_start(p, is_first);
	if (name != NULL) {
		buf_init(&quoted, p->b->arena);
		json_str(&quoted, NULL, name);
		buf_printf(p->b, "%s: ", quoted.text);
	}
	print(p, member_below(parent, p->depth - 1, name == NULL ? "*" : name),
	    v);
}

/* Does the order of names put this member of an object in its place? */
static bool
is_placed(const struct tenant_member *m, const char *name)
{
	if (m != NULL && tenant_member_child(m, name) != NULL)
		return true;
	for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++)
		if (strcmp(hours[i], name) == 0)
			return true;
	return false;
}

/* Returns whether the next one is still the first. */
static bool
print_named(struct printer *p, const struct tenant_member *m,
    const struct cJSON *value, bool is_first)
{
	if (value == NULL || json_is_null(value))
		return is_first;
	print_member(p, m, value, is_first);
	return false;
}

static bool
print_placed(
    struct printer *p, const struct tenant_member *m, const struct cJSON *v)
{
	const struct tenant_member *child = NULL;
	bool is_first = true;

	while (m != NULL && (child = tenant_member_next(m, child)) != NULL)
		is_first = print_named(
		    p, m, json_member(v, tenant_member_name(child)), is_first);
	for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++)
		is_first =
		    print_named(p, m, json_member(v, hours[i]), is_first);
	return is_first;
}

static void
print_rest(struct printer *p, const struct tenant_member *m,
    const struct cJSON *v, bool is_first)
{
	for (const struct cJSON *e = json_first(v); e != NULL;
	     e = json_next(e)) {
		if (json_is_object(v) &&
		    (json_is_null(e) || is_placed(m, json_name(e))))
			continue;
		print_member(p, m, e, is_first);
		is_first = false;
	}
}

static void
print(struct printer *p, const struct tenant_member *m, const struct cJSON *v)
{
	bool is_object = json_is_object(v);
	size_t before;

	if ((!is_object && !json_is_array(v)) || json_first(v) == NULL) {
		buf_str(p->b, json_print(p->b->arena, v));
		return;
	}
	buf_char(p->b, is_object ? '{' : '[');
	before = p->b->len;
	p->depth++;
	print_rest(p, m, v, is_object ? print_placed(p, m, v) : true);
	p->depth--;
	/* Nothing but nulls. */
	if (p->b->len > before) {
		buf_char(p->b, '\n');
		for (int i = 0; i < p->depth; i++)
			buf_str(p->b, "  ");
	}
	buf_char(p->b, is_object ? '}' : ']');
}

char *
tenant_file_print(
    struct arena *a, const struct tenant_document *d, struct problem *why)
{
	const struct cJSON *document;
	struct buf b;
	struct printer p = { &b, 0 };

	if (document_tree(&document, a, d, why) != 0)
		return NULL;
	buf_init(&b, a);
	print(&p, NULL, document);
	buf_char(&b, '\n');
	return b.text;
}

struct comparing {
	struct arena *arena;
	struct tenant_differences *out;
	size_t room;
};

static void compare(struct comparing *c, const char *pointer,
    const struct cJSON *before, const struct cJSON *after);

static void
add(struct comparing *c, const char *pointer, const struct cJSON *before,
    const struct cJSON *after)
{
	struct tenant_differences *d = c->out;

	if (d->count == c->room) {
		struct tenant_difference *more;

		c->room = c->room == 0 ? 64 : 2 * c->room;
		more = arena_alloc(c->arena, c->room * sizeof(*more));
		if (d->count > 0)
			memcpy(more, d->list, d->count * sizeof(*more));
		d->list = more;
	}
	d->list[d->count++] = (struct tenant_difference){
		pointer,
		before == NULL ? NULL : json_print(c->arena, before),
		after == NULL ? NULL : json_print(c->arena, after),
	};
}

static void
compare_objects(struct comparing *c, const char *pointer,
    const struct cJSON *before, const struct cJSON *after)
{
	for (const struct cJSON *m = json_first(before); m != NULL;
	     m = json_next(m))
		compare(c, tenant_problem_at(c->arena, pointer, json_name(m)),
		    m, json_member(after, json_name(m)));
	for (const struct cJSON *m = json_first(after); m != NULL;
	     m = json_next(m))
		if (json_member(before, json_name(m)) == NULL)
			compare(c,
			    tenant_problem_at(c->arena, pointer, json_name(m)),
			    NULL, m);
}

static void
compare_lists(struct comparing *c, const char *pointer,
    const struct cJSON *before, const struct cJSON *after)
{
	const struct cJSON *b = json_first(before), *a = json_first(after);

	for (int n = 0; b != NULL || a != NULL; n++) {
		compare(c, arena_printf(c->arena, "%s/%d", pointer, n), b, a);
		b = b == NULL ? NULL : json_next(b);
		a = a == NULL ? NULL : json_next(a);
	}
}

static void
compare(struct comparing *c, const char *pointer, const struct cJSON *before,
    const struct cJSON *after)
{
	if (before != NULL && json_is_null(before))
		before = NULL;
	if (after != NULL && json_is_null(after))
		after = NULL;
	if (json_is_object(before) && json_is_object(after))
		compare_objects(c, pointer, before, after);
	else if (json_is_array(before) && json_is_array(after))
		compare_lists(c, pointer, before, after);
	else if ((before == NULL) != (after == NULL) ||
		 (before != NULL && strcmp(json_print(c->arena, before),
					json_print(c->arena, after)) != 0))
		add(c, pointer, before, after);
}

/* Columns that the database never leaves empty. */
static struct tenant_document
with_defaults(const struct tenant_document *d)
{
	struct tenant_document out = *d;

	if (out.value[TENANT_PLAN] == NULL)
		out.value[TENANT_PLAN] = "pilot";
	if (out.value[TENANT_ACTIVE] == NULL)
		out.value[TENANT_ACTIVE] = "true";
	return out;
}

int
tenant_file_compare(struct tenant_differences *out, struct arena *a,
    const struct tenant_document *before, const struct tenant_document *after,
    struct problem *why)
{
	const struct cJSON *one = NULL, *other;
	struct comparing c = { a, out, 0 };
	struct tenant_document old, new = with_defaults(after);

	*out = (struct tenant_differences){ NULL, 0 };
	if (before != NULL) {
		old = with_defaults(before);
		if (document_tree(&one, a, &old, why) != 0)
			return -1;
	}
	if (document_tree(&other, a, &new, why) != 0)
		return -1;
	compare_objects(&c, "", one, other);
	return 0;
}
