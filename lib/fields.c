/*
 * fields - the fields of a request, whether it came as JSON or as a form
 */
#include "fields.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "form.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"
#include "utf8.h"

#define NAME_MAX_BYTES 40
#define METADATA_MAX 4096
#define METADATA_DEPTH 2

static const struct {
	size_t max;
	const char *names;
} table[FIELD_MAX] = {
#define FIELD(name, max, names) [FIELD_##name] = { max, names },
#include "field.def"
#undef FIELD
};

struct fields {
	struct arena *arena;
	const struct cJSON *json;
	struct form form;
	bool is_form;
};

typedef int form_fn(struct form *out, struct arena *a, const char *text,
    size_t len, struct problem *why);

static int
json_read(struct fields *f, const char *text, size_t len, struct problem *why)
{
	if (json_parse(&f->json, f->arena, text, len, why) != 0)
		return -1;
	if (!json_is_object(f->json))
		return problem(
		    why, PROBLEM_BAD_JSON, NULL, "The body must be an object");
	return 0;
}

static int
body_read(const struct fields **out, const struct request *req, form_fn *read,
    struct problem *why)
{
	struct fields *f = arena_alloc(req->arena, sizeof(*f));

	f->arena = req->arena;
	f->is_form = req->body_kind == BODY_FORM;
	*out = f;
	return f->is_form
	           ? read(&f->form, f->arena, req->body, req->body_len, why)
	           : json_read(f, req->body, req->body_len, why);
}

int
fields_read(
    const struct fields **out, const struct request *req, struct problem *why)
{
	return body_read(out, req, form_parse, why);
}

int
fields_read_windows_1252(
    const struct fields **out, const struct request *req, struct problem *why)
{
	return body_read(out, req, form_parse_windows_1252, why);
}

int
fields_read_bytes(
    const struct fields **out, const struct request *req, struct problem *why)
{
	return body_read(out, req, form_parse_bytes, why);
}

/* The list of pairs that fields_kept() makes of a form. */
static void
kept_form_read(struct fields *f, const struct cJSON *list)
{
	size_t count = 0;

	for (const struct cJSON *v = json_first(list); v != NULL;
	     v = json_next(v))
		count++;
	f->is_form = true;
	f->form.pairs = arena_alloc(f->arena, count * sizeof(*f->form.pairs));
	for (const struct cJSON *v = json_first(list); v != NULL;
	     v = json_next(v)) {
		const char *name = json_text(json_first(v));
		const char *value = json_text(json_next(json_first(v)));

		if (name != NULL && value != NULL)
			f->form.pairs[f->form.count++] =
			    (struct form_pair){ name, value };
	}
}

const struct fields *
fields_of_form(struct arena *a, const struct form *form)
{
	struct fields *f = arena_alloc(a, sizeof(*f));

	f->arena = a;
	f->is_form = true;
	f->form = *form;
	return f;
}

const struct fields *
fields_of_kept(struct arena *a, const struct cJSON *kept)
{
	struct fields *f = arena_alloc(a, sizeof(*f));

	f->arena = a;
	if (json_is_array(kept))
		kept_form_read(f, kept);
	else
		f->json = kept;
	return f;
}

struct arena *
fields_arena(const struct fields *f)
{
	return f->arena;
}

const struct form *
fields_form(const struct fields *f)
{
	return f->is_form ? &f->form : NULL;
}

const struct cJSON *
fields_json(const struct fields *f)
{
	return f->json;
}

bool
fields_is_form(const struct fields *f)
{
	return f->is_form;
}

const char *
fields_pointer(enum field which)
{
	static char pointers[FIELD_MAX][NAME_MAX_BYTES];
	const char *names = table[which].names;
	size_t len = strcspn(names, "|");

	if (pointers[which][0] == '\0') {
		pointers[which][0] = '/';
		memcpy(pointers[which] + 1, names, len);
	}
	return pointers[which];
}

/* U+0000 to U+001F and U+007F to U+009F, but for what texts are made of. */
static bool
is_control(uint32_t c, bool has_lines)
{
	if (has_lines && (c == '\n' || c == '\t'))
		return false;
	return c < ' ' || (c >= 0x7f && c < 0xa0);
}

/*
 * Trimmed, and a space for each control character: they would stand in lists
 * and messages, where they hide or forge what is beside them.
 */
static const char *
cleaned(struct arena *a, const char *text, bool has_lines)
{
	static const char spaces[] = " \t\n";
	size_t len = strlen(text), n, to = 0;
	char *out = arena_strdup(a, text);
	uint32_t c;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_char(text + i, len - i, &c);
		if (has_lines && text[i] == '\r' && text[i + 1] == '\n')
			continue;
		if (is_control(c, has_lines)) {
			out[to++] = ' ';
			continue;
		}
		memcpy(out + to, text + i, n);
		to += n;
	}
	while (to > 0 && strchr(spaces, out[to - 1]) != NULL)
		to--;
	out[to] = '\0';
	out += strspn(out, spaces);
	return *out == '\0' ? NULL : out;
}

static size_t
characters(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
		count += ((unsigned char)*text & 0xc0U) != 0x80;
	return count;
}

const char *
fields_word(const struct fields *f, const struct cJSON *v)
{
	int64_t number = json_number(v, INT64_MIN);

	return number == INT64_MIN ? json_text(v)
	                           : arena_printf(f->arena, "%" PRId64, number);
}

/*
 * The value under one of the field's names, cleaned; NULL if there is none.
 * Is it strict, anything but a text is a problem.
 */
static int
value_find(const char **out, const struct fields *f, enum field which,
    bool is_strict, struct problem *why)
{
	bool has_lines = which == FIELD_SUMMARY || which == FIELD_BODY ||
	                 which == FIELD_MESSAGE;
	const char *names = table[which].names;
	char name[NAME_MAX_BYTES];
	const struct cJSON *v;

	*out = NULL;
	while (*out == NULL && *names != '\0') {
		size_t len = strcspn(names, "|");

		memcpy(name, names, len);
		name[len] = '\0';
		names += len + (names[len] == '|');
		if (f->is_form && form_count(&f->form, name) > 1)
			return problem(why, PROBLEM_BAD_FORM, NULL,
			    "%s stands twice", name);
		if (f->is_form) {
			*out = form_value(&f->form, name);
			continue;
		}
		v = json_member(f->json, name);
		*out = is_strict ? json_text(v) : fields_word(f, v);
		if (is_strict && v != NULL && *out == NULL && !json_is_null(v))
			return problem(why, PROBLEM_FIELD_INVALID,
			    fields_pointer(which), "%s must be a string", name);
	}
	if (*out != NULL)
		*out = cleaned(f->arena, *out, has_lines);
	return 0;
}

int
fields_text(const char **out, const struct fields *f, enum field which,
    struct problem *why)
{
	if (value_find(out, f, which, true, why) != 0)
		return -1;
	if (*out != NULL && characters(*out) > table[which].max)
		return problem(why, PROBLEM_FIELD_TOO_LONG,
		    fields_pointer(which), "%s may have %zu characters",
		    fields_pointer(which) + 1, table[which].max);
	return 0;
}

int
fields_need(const char **out, const struct fields *f, enum field which,
    struct problem *why)
{
	if (fields_text(out, f, which, why) != 0)
		return -1;
	if (*out == NULL)
		return problem(why, PROBLEM_FIELD_MISSING,
		    fields_pointer(which), "%s is missing",
		    fields_pointer(which) + 1);
	return 0;
}

int
fields_told(const char **out, const struct fields *f, enum field which,
    struct problem *why)
{
	return value_find(out, f, which, false, why);
}

const char *
fields_cut(const struct fields *f, enum field which, const char *text)
{
	size_t len = 0, count = 0;

	for (; text[len] != '\0'; len++) {
		count += ((unsigned char)text[len] & 0xc0U) != 0x80;
		if (count > table[which].max)
			return arena_strndup(f->arena, text, len);
	}
	return text;
}

int
fields_metadata(const char **out, const struct fields *f, struct problem *why)
{
	const struct cJSON *v = json_member(f->json, "metadata");

	*out = NULL;
	if (v == NULL || json_is_null(v))
		return 0;
	if (!json_is_object(v) || json_depth(v) > METADATA_DEPTH)
		return problem(why, PROBLEM_FIELD_INVALID, "/metadata",
		    "metadata must be an object of at most %d levels",
		    METADATA_DEPTH);
	if (!json_numbers_are_plain(v))
		return problem(why, PROBLEM_FIELD_INVALID, "/metadata",
		    "A number may have 15 digits; send longer ones as text");
	*out = json_print(f->arena, v);
	if (strlen(*out) > METADATA_MAX)
		return problem(why, PROBLEM_FIELD_TOO_LONG, "/metadata",
		    "metadata may have %d bytes", METADATA_MAX);
	return 0;
}

size_t
fields_max(enum field which)
{
	return table[which].max;
}

bool
fields_has(const struct fields *f, const char *name)
{
	return f->is_form ? form_value(&f->form, name) != NULL
	                  : json_member(f->json, name) != NULL;
}

/*
 * No audio and no picture is stored, nor where it could be had: "RecordingUrl",
 * "recording_url", "MediaUrl0".
 */
static bool
is_kept(const char *name)
{
	static const char *const dropped[] = { "recordingurl", "mediaurl" };
	char plain[NAME_MAX_BYTES];
	size_t len = 0;

	for (; *name != '\0' && len < sizeof(plain) - 1; name++)
		if (isalnum((unsigned char)*name))
			plain[len++] = utf8_lower_ascii(*name);
	plain[len] = '\0';
	for (size_t i = 0; i < sizeof(dropped) / sizeof(dropped[0]); i++)
		if (strncmp(plain, dropped[i], strlen(dropped[i])) == 0)
			return false;
	return true;
}

static void
pair_write(struct buf *b, const struct form_pair *p)
{
	json_arr_open(b, NULL);
	json_str(b, NULL, p->name);
	json_str(b, NULL, p->value);
	json_arr_close(b);
}

/* json.h lets no document in that is deep. */
static void
kept_write(
    struct buf *b, struct arena *a, const char *name, const struct cJSON *v)
{
	if (json_is_array(v)) {
		json_arr_open(b, name);
		for (v = json_first(v); v != NULL; v = json_next(v))
			kept_write(b, a, NULL, v);
		json_arr_close(b);
		return;
	}
	if (json_number(v, INT64_MIN) != INT64_MIN) {
		/* All its digits: it may be an id. */
		json_int(b, name, json_number(v, 0));
		return;
	}
	if (!json_is_object(v)) {
		json_raw(b, name, json_print(a, v));
		return;
	}
	json_obj_open(b, name);
	for (const struct cJSON *m = json_first(v); m != NULL; m = json_next(m))
		if (is_kept(json_name(m)))
			kept_write(b, a, json_name(m), m);
	json_obj_close(b);
}

const char *
fields_kept(const struct fields *f)
{
	struct buf b;

	buf_init(&b, f->arena);
	if (f->is_form) {
		json_arr_open(&b, NULL);
		for (size_t i = 0; i < f->form.count; i++)
			if (is_kept(f->form.pairs[i].name))
				pair_write(&b, &f->form.pairs[i]);
		json_arr_close(&b);
		return b.text;
	}
	kept_write(&b, f->arena, NULL, f->json);
	return b.text;
}
