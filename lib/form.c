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

enum charset {
	UTF_8,
	WINDOWS_1252
};

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

/* As UTF-8; NULL if it is none and may not be anything else. */
static const char *
text_of(struct arena *a, const char *bytes, enum charset charset)
{
	if (bytes == NULL)
		return "";
	if (utf8_is_text(bytes, strlen(bytes)))
		return arena_strdup(a, bytes);
	return charset == WINDOWS_1252 ? utf8_of_windows_1252(a, bytes) : NULL;
}

static int
pairs_read(struct form *out, struct arena *a, const UriQueryListA *list,
    enum charset charset, struct problem *why)
{
	size_t i = 0;

	for (; list != NULL; list = list->next, i++) {
		const char *name = text_of(a, list->key, charset);
		const char *value = text_of(a, list->value, charset);

		if (name == NULL || value == NULL)
			return problem(why, PROBLEM_BAD_TEXT, NULL,
			    "A field of the form is not UTF-8");
		out->pairs[i] = (struct form_pair){ name, value };
	}
	out->count = i;
	return 0;
}

static int
parse(struct form *out, struct arena *a, const char *text, size_t len,
    enum charset charset, struct problem *why)
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
	return pairs_read(out, a, list, charset, why);
}

int
form_parse(struct form *out, struct arena *a, const char *text, size_t len,
    struct problem *why)
{
	return parse(out, a, text, len, UTF_8, why);
}

int
form_parse_windows_1252(struct form *out, struct arena *a, const char *text,
    size_t len, struct problem *why)
{
	return parse(out, a, text, len, WINDOWS_1252, why);
}

int
form_parse_bytes(struct form *out, struct arena *a, const char *text,
    size_t len, struct problem *why)
{
	char *copy = arena_strndup(a, text, len);

	for (size_t i = 0; i < len; i++) {
		if (copy[i] == '\0')
			copy[i] = '+';
		else if (len - i >= 3 && memcmp(copy + i, "%00", 3) == 0)
			memcpy(copy + i, "%20", 3);
	}
	return parse(out, a, copy, len, WINDOWS_1252, why);
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
