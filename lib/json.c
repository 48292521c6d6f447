/*
 * json - JSON that strangers send, read into the request's arena (cJSON)
 */
#include "json.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem.h"
#include "utf8.h"

/* What may come in, and what comes out of our own database. */
#define VALUES_FOREIGN 1000
#define VALUES_STORED 20000

#define DEPTH_MAX 16

/*
 * cJSON's hooks have no context argument. A worker has one thread and parses
 * one document at a time.
 */
static struct arena *hook_arena;

static void *
hook_alloc(size_t size)
{
	return arena_alloc(hook_arena, size);
}

static void
hook_free(void *p)
{
	(void)p; /* the arena's */
}

static void
hooks_use(struct arena *a)
{
	cJSON_Hooks hooks = { .malloc_fn = hook_alloc, .free_fn = hook_free };

	hook_arena = a;
	cJSON_InitHooks(&hooks);
}

/* The end of the string that begins at text[i] = '"'; 0 if it must not be. */
static size_t
string_end(const char *text, size_t len, size_t i)
{
	for (i++; i < len; i++) {
		if (text[i] == '"')
			return i;
		if ((unsigned char)text[i] < 0x20)
			return 0;
		if (text[i] != '\\')
			continue;
		/* cJSON would end the string here and say nothing. */
		if (len - i >= 6 && memcmp(text + i, "\\u0000", 6) == 0)
			return 0;
		i++;
	}
	return 0;
}

/*
 * The end of the number that begins at text[i], as RFC 8259 6 writes it; i if
 * it is none.
 */
static size_t
number_end(const char *text, size_t i)
{
	static const char digits[] = "0123456789";
	/* The arena's copy ends with a NUL, which is no digit. */
	const char *p = text + i;
	size_t whole;

	if (*p == '-')
		p++;
	whole = strspn(p, digits);
	if (whole == 0 || (*p == '0' && whole > 1))
		return i;
	p += whole;
	if (*p == '.') {
		size_t fraction = strspn(p + 1, digits);

		if (fraction == 0)
			return i;
		p += 1 + fraction;
	}
	if (*p == 'e' || *p == 'E') {
		size_t sign = p[1] == '+' || p[1] == '-' ? 1 : 0;
		size_t exponent = strspn(p + 1 + sign, digits);

		if (exponent == 0)
			return i;
		p += 1 + sign + exponent;
	}
	return (size_t)(p - text);
}

/*
 * What must hold before cJSON allocates for it: a tree of 64 KB of "[0,0,..."
 * takes 2 MB, and one 10,000 levels deep takes the stack.
 */
static int
scan(const char *text, size_t len, int values_max, struct problem *why)
{
	int values = 1, depth = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"') {
			i = string_end(text, len, i);
			if (i == 0)
				return problem(why, PROBLEM_BAD_JSON, NULL,
				    "A string has no end or holds a control "
				    "character");
		} else if (text[i] == '-' || isdigit((unsigned char)text[i])) {
			size_t end = number_end(text, i);

			if (end == i)
				return problem(why, PROBLEM_BAD_JSON, NULL,
				    "What begins as a number is none");
			i = end - 1;
		} else if (iscntrl((unsigned char)text[i]) &&
			   strchr("\t\n\r", text[i]) == NULL) {
			return problem(why, PROBLEM_BAD_JSON, NULL,
			    "A control character stands between the values");
		} else if (text[i] == '[' || text[i] == '{') {
			depth++;
		} else if (text[i] == ']' || text[i] == '}') {
			depth--;
		} else if (text[i] == ',' || text[i] == ':') {
			values++;
		}
		if (depth > DEPTH_MAX || values > values_max)
			return problem(why, PROBLEM_BAD_JSON, NULL,
			    "More than %d levels or %d values", DEPTH_MAX,
			    values_max);
	}
	return 0;
}

/* VALUES_FOREIGN keeps the comparisons of every name with every name few. */
static int
names_are_single(const cJSON *v, struct problem *why)
{
	for (const cJSON *m = v->child; m != NULL; m = m->next) {
		for (const cJSON *o = m->next; cJSON_IsObject(v) && o != NULL;
		     o = o->next)
			if (strcmp(m->string, o->string) == 0)
				return problem(why, PROBLEM_BAD_JSON, NULL,
				    "A name stands twice: %.60s", m->string);
		if (names_are_single(m, why) != 0)
			return -1;
	}
	return 0;
}

static int
parse(const struct cJSON **out, struct arena *a, const char *copy, size_t len,
    struct problem *why)
{
	const cJSON *tree;
	const char *end;

	hooks_use(a);
	/* The copy ends with a NUL, which cJSON wants to see. */
	tree = cJSON_ParseWithLengthOpts(copy, len + 1, &end, 1);
	if (tree == NULL)
		return problem(
		    why, PROBLEM_BAD_JSON, NULL, "The body is not JSON");
	*out = tree;
	return 0;
}

static int
parse_foreign(const struct cJSON **out, struct arena *a, const char *text,
    size_t len, int values_max, struct problem *why)
{
	const char *copy = arena_strndup(a, text, len);
	const cJSON *tree = NULL;

	if (!utf8_is_text(text, len))
		return problem(
		    why, PROBLEM_BAD_TEXT, NULL, "The body is not UTF-8");
	if (scan(copy, len, values_max, why) != 0 ||
	    parse(&tree, a, copy, len, why) != 0)
		return -1;
	assert(tree != NULL);
	if (names_are_single(tree, why) != 0)
		return -1;
	*out = tree;
	return 0;
}

int
json_parse(const struct cJSON **out, struct arena *a, const char *text,
    size_t len, struct problem *why)
{
	return parse_foreign(out, a, text, len, VALUES_FOREIGN, why);
}

int
json_parse_document(const struct cJSON **out, struct arena *a, const char *text,
    struct problem *why)
{
	const struct cJSON *v = NULL;

	if (parse_foreign(&v, a, text, strlen(text), VALUES_STORED, why) != 0)
		return -1;
	if (!json_is_object(v))
		return problem(
		    why, PROBLEM_BAD_JSON, NULL, "It must be a JSON object");
	*out = v;
	return 0;
}

int
json_parse_stored(const struct cJSON **out, struct arena *a, const char *text,
    struct problem *why)
{
	size_t len = strlen(text);

	/* jsonb is UTF-8 and has each name once. */
	if (scan(text, len, VALUES_STORED, why) != 0)
		return -1;
	return parse(out, a, text, len, why);
}

const struct cJSON *
json_member(const struct cJSON *object, const char *name)
{
	return cJSON_IsObject(object)
	           ? cJSON_GetObjectItemCaseSensitive(object, name)
	           : NULL;
}

bool
json_is_object(const struct cJSON *v)
{
	return cJSON_IsObject(v) != 0;
}

bool
json_is_array(const struct cJSON *v)
{
	return cJSON_IsArray(v) != 0;
}

bool
json_is_null(const struct cJSON *v)
{
	return cJSON_IsNull(v) != 0;
}

bool
json_is_bool(const struct cJSON *v)
{
	return cJSON_IsBool(v) != 0;
}

bool
json_is_true(const struct cJSON *v)
{
	return cJSON_IsTrue(v) != 0;
}

bool
json_is_number(const struct cJSON *v)
{
	return cJSON_IsNumber(v) != 0;
}

const char *
json_text(const struct cJSON *v)
{
	return cJSON_IsString(v) ? v->valuestring : NULL;
}

int64_t
json_number(const struct cJSON *v, int64_t fallback)
{
	const double exact = 9007199254740992.0; /* 2^53 */
	int64_t whole;

	if (!cJSON_IsNumber(v) || v->valuedouble > exact ||
	    v->valuedouble < -exact)
		return fallback;
	whole = (int64_t)v->valuedouble;
	return (double)whole < v->valuedouble || (double)whole > v->valuedouble
	           ? fallback
	           : whole;
}

bool
json_number_is_within(const struct cJSON *v, double least, double most)
{
	return cJSON_IsNumber(v) && v->valuedouble >= least &&
	       v->valuedouble <= most;
}

double
json_double(const struct cJSON *v, double fallback)
{
	return cJSON_IsNumber(v) ? v->valuedouble : fallback;
}

/*
 * Is it one that 15 digits write? A double keeps those, and a column needs no
 * more than twice as many: Postgres writes 1e300 as 301 digits.
 */
static bool
number_is_plain(double value)
{
	const double most = 1e15, least = 1e-15;
	double size = value < 0 ? -value : value;
	char text[40];
	double again;

	if (!(size < most) || (size > 0 && size < least))
		return false;
	(void)snprintf(text, sizeof(text), "%.15g", value);
	again = strtod(text, NULL);
	return !(again < value) && !(again > value);
}

static bool
number_is_finite(double value)
{
	return isfinite(value);
}

static bool
numbers_are(const struct cJSON *v, bool (*good)(double value))
{
	if (cJSON_IsNumber(v))
		return good(v->valuedouble);
	for (const cJSON *m = json_first(v); m != NULL; m = m->next)
		if (!numbers_are(m, good))
			return false;
	return true;
}

bool
json_numbers_are_plain(const struct cJSON *v)
{
	return numbers_are(v, number_is_plain);
}

bool
json_numbers_are_finite(const struct cJSON *v)
{
	return numbers_are(v, number_is_finite);
}

const struct cJSON *
json_first(const struct cJSON *v)
{
	return v == NULL ? NULL : v->child;
}

const struct cJSON *
json_next(const struct cJSON *v)
{
	return v->next;
}

const char *
json_name(const struct cJSON *member)
{
	return member->string;
}

int
json_depth(const struct cJSON *v)
{
	int deepest = 0;

	if (!cJSON_IsObject(v) && !cJSON_IsArray(v))
		return 0;
	for (const cJSON *m = v->child; m != NULL; m = m->next) {
		int depth = json_depth(m);

		if (depth > deepest)
			deepest = depth;
	}
	return deepest + 1;
}

char *
json_print(struct arena *a, const struct cJSON *v)
{
	char *text;

	hooks_use(a);
	text = cJSON_PrintUnformatted(v);
	return text == NULL ? arena_strdup(a, "null") : text;
}
