/*
 * form - application/x-www-form-urlencoded, read and written (uriparser)
 */
#include "form.h"

#include <stdbool.h>
#include <string.h>
#include <uriparser/Uri.h>

#include "arena.h"
#include "buf.h"
#include "problem.h"
#include "utf8.h"

#define PAIRS_MAX 1000

/* Decoded, both would end a string before its end. */
static bool
has_nul(const char *text, size_t len)
{
	if (memchr(text, '\0', len) != NULL)
		return true;
	for (size_t i = 0; i + 2 < len; i++)
		if (text[i] == '%' && text[i + 1] == '0' && text[i + 2] == '0')
			return true;
	return false;
}

static void
list_free(void *list)
{
	uriFreeQueryListA(list);
}

static int
pairs_read(struct form *out, struct arena *a, const UriQueryListA *list,
    struct problem *why)
{
	size_t i = 0;

	for (; list != NULL; list = list->next, i++) {
		const char *value = list->value == NULL ? "" : list->value;

		if (!utf8_is_text(list->key, strlen(list->key)) ||
		    !utf8_is_text(value, strlen(value)))
			return problem(why, PROBLEM_BAD_TEXT, NULL,
			    "A field of the form is not UTF-8");
		out->pairs[i].name = arena_strdup(a, list->key);
		out->pairs[i].value = arena_strdup(a, value);
	}
	out->count = i;
	return 0;
}

int
form_parse(struct form *out, struct arena *a, const char *text, size_t len,
    struct problem *why)
{
	UriQueryListA *list = NULL;
	size_t separators = 0;
	int count = 0;

	out->pairs = NULL;
	out->count = 0;
	if (len == 0)
		return 0;
	for (size_t i = 0; i < len; i++)
		separators += text[i] == '&';
	if (separators >= PAIRS_MAX || has_nul(text, len))
		return problem(why, PROBLEM_BAD_FORM, NULL,
		    "The form holds NUL or more than %d fields", PAIRS_MAX);
	if (uriDissectQueryMallocExA(&list, &count, text, text + len, URI_TRUE,
		URI_BR_DONT_TOUCH) != URI_SUCCESS)
		return problem(
		    why, PROBLEM_BAD_FORM, NULL, "The form cannot be read");
	arena_defer(a, list_free, list);
	out->pairs = arena_alloc(a, (size_t)count * sizeof(*out->pairs));
	return pairs_read(out, a, list, why);
}

const char *
form_value(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->count; i++)
		if (strcmp(f->pairs[i].name, name) == 0)
			return f->pairs[i].value;
	return NULL;
}

size_t
form_count(const struct form *f, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < f->count; i++)
		count += strcmp(f->pairs[i].name, name) == 0;
	return count;
}

/* Every byte that is not unreserved, a space as %20: right in a body and in an
 * address alike. */
static void
encoded_add(struct buf *b, const char *text)
{
	/* At most three characters a byte, six a line break. */
	char *out = arena_alloc(b->arena, strlen(text) * 6 + 1);

	(void)uriEscapeA(text, out, URI_FALSE, URI_FALSE);
	buf_str(b, out);
}

void
form_add(struct buf *b, const char *name, const char *value)
{
	if (b->len > 0 && b->text[b->len - 1] != '?')
		buf_char(b, '&');
	encoded_add(b, name);
	buf_char(b, '=');
	encoded_add(b, value);
}
