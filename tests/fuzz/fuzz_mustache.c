/*
 * fuzz_mustache - hostile templates, filled in with hostile values
 *
 * The input is a template, its partials p and q, and a view as JSON, with a NUL
 * between them. Whatever they are, the rendering ends, keeps its bound, and
 * unless a tag asks for it no value has a character in the page that could end
 * a text, an attribute or begin a tag. Of a template that is refused it is said
 * where and why; one without tags stands there as it is.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "mustache.h"
#include "problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXTS 3
#define SIZE_MAX_IN 8192
#define BYTES_MAX 4096

/* Levels that may be finished after the bound: mustache.c has 64. */
#define LEVELS 64

static const char default_view[] =
    "{\"a\":[{\"b\":\"<i>\"},[1,\"'\\\"&\"],{}],\"b\":\"{{>p}}<\",\"c\":{\"d\":0}}";

/* Of the input that runs: the template, p and q; NULL where one is refused. */
static const struct mustache *parsed[TEXTS];

static const struct mustache *
partial_of(const char *name)
{
	if (strcmp(name, "p") == 0)
		return parsed[1];
	return strcmp(name, "q") == 0 ? parsed[2] : NULL;
}

/* What a template says itself would hide what a value says. */
static void
disarm(char *text)
{
	for (char *p; (p = strpbrk(text, "<\"'&")) != NULL;)
		*p = 'x';
}

static bool
has_raw(const char *text)
{
	struct mustache_reader r;
	struct mustache_piece piece;

	mustache_read(&r, MUSTACHE_HTML, text, strlen(text));
	while (mustache_next(&piece, &r) > 0)
		if (piece.tag == MUSTACHE_RAW)
			return true;
	return false;
}

static const struct mustache *
parse(struct arena *a, const char *text)
{
	struct mustache_reader r;
	struct mustache *m = NULL;
	const char *missing;

	mustache_read(&r, MUSTACHE_HTML, text, strlen(text));
	if (mustache_parse(&m, a, &r) != 0) {
		assert(m == NULL && *r.wrong != '\0');
		assert(r.at >= text && r.at < text + strlen(text));
		return NULL;
	}
	missing = mustache_missing(m, partial_of);
	assert(missing == NULL || *missing != '\0');
	return m;
}

static const struct cJSON *
view_of(struct arena *a, const char *text)
{
	const struct cJSON *view = NULL;
	struct problem why;

	if (json_parse(&view, a, text, strlen(text), &why) != 0)
		assert(json_parse_stored(&view, a, default_view, &why) == 0);
	return view;
}

static void
filled_in(struct arena *a, char *const texts[], const struct cJSON *view)
{
	const struct mustache_view v = {
		.views = &view,
		.count = 1,
		.partial = partial_of,
		.max = BYTES_MAX,
	};
	size_t all = 0;
	bool raw = false;
	struct buf b;

	for (int i = 0; i < TEXTS; i++) {
		all += strlen(texts[i]);
		raw = raw || has_raw(texts[i]);
	}
	buf_init(&b, a);
	if (mustache_render(&b, parsed[0], &v) == MUSTACHE_WHOLE)
		assert(b.len <= BYTES_MAX);
	assert(b.len <= BYTES_MAX + LEVELS * all);
	assert(b.len == strlen(b.text));
	assert(raw || strpbrk(b.text, "<\"'") == NULL);
	if (strstr(texts[0], "{{") == NULL)
		assert(strcmp(b.text, texts[0]) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	const char *rest, *end;
	char *texts[TEXTS];

	if (size > SIZE_MAX_IN)
		size = SIZE_MAX_IN;
	rest = arena_strndup(a, size == 0 ? "" : (const char *)data, size);
	end = rest + size;
	memset(parsed, 0, sizeof(parsed));
	for (int i = 0; i < TEXTS; i++) {
		texts[i] = arena_strdup(a, rest);
		disarm(texts[i]);
		rest += strlen(rest);
		if (rest < end)
			rest++;
	}
	for (int i = TEXTS - 1; i >= 0; i--)
		parsed[i] = parse(a, texts[i]);
	if (parsed[0] != NULL)
		filled_in(a, texts, view_of(a, rest));
	arena_free(a);
	return 0;
}
