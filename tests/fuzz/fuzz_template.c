/*
 * fuzz_template - a firm's own words, as hostile as they come
 *
 * Whatever is filled in is bounded and has no braces left that look like a
 * variable; what template_uses() says is true; and what message_text_check()
 * lets pass can be sent as it is.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "alphabet.h"
#include "arena.h"
#include "message_text.h"
#include "problem.h"
#include "template.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct template_value values[] = {
	{ "firm", "Dörfler AG" },
	{ "link", "https://g.page/r/x" },
	{ "empty", "" },
};

static void
filled_in(struct arena *a, const char *text)
{
	struct problem why = { .code = PROBLEM_NONE };
	char *out = NULL;
	char *again = NULL;

	if (template_render(&out, a, text, values, 3, &why) != 0) {
		assert(why.code == PROBLEM_FIELD_INVALID);
		assert(why.detail[0] != '\0');
		return;
	}
	assert(why.code == PROBLEM_NONE);
	assert(strlen(out) <= TEMPLATE_MAX);
	assert(strstr(out, "{{") == NULL);
	/* Without one of the values it fails exactly if it uses that. */
	assert(template_uses(text, "firm") ==
	       (template_render(&again, a, text, values + 1, 2, &why) != 0));
	if (!template_uses(text, "empty"))
		assert(template_render(&again, a, text, values, 2, &why) == 0 &&
		       strcmp(out, again) == 0);
}

static const char *
own_text(const void *tenant, enum language language, const char *name)
{
	(void)language;
	(void)name;
	return tenant;
}

static void
sent(struct arena *a, const char *text)
{
	const struct text_source from = { own_text, text, 1 };
	const struct text_values v = { .firm = "Dörfler AG" };
	struct problem why;
	struct text_body body;

	if (message_text_check(
		LANGUAGE_DE, TEXT_REPLY_STOP, text, v.firm, &why) != 0)
		return;
	message_text_render(&body, a, &from, TEXT_REPLY_STOP, LANGUAGE_DE, &v);
	assert(body.segments <= 2);
	assert(alphabet_cost(body.body).alphabet == ALPHABET_GSM7);
	assert(strpbrk(body.body, "{}") == NULL);
	assert(strstr(body.body, v.firm) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)1024 * 1024);
	const char *text;

	if (size > (size_t)2 * TEMPLATE_MAX)
		size = (size_t)2 * TEMPLATE_MAX;
	text = arena_strndup(a, size == 0 ? "" : (const char *)data, size);
	filled_in(a, text);
	sent(a, text);
	arena_free(a);
	return 0;
}
