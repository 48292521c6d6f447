/*
 * fuzz_form - forms from strangers: what is taken is text, is never longer than
 * what was sent, and each name can be looked up; as bytes any form is taken
 * whose fields are not too many
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "form.h"
#include "problem.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct form *form, size_t longest)
{
	size_t total = 0;

	for (size_t i = 0; i < form->count; i++) {
		const struct form_pair *p = &form->pairs[i];

		assert(utf8_is_text(p->name, strlen(p->name)));
		assert(utf8_is_text(p->value, strlen(p->value)));
		assert(form_value(form, p->name) != NULL);
		total += strlen(p->name) + strlen(p->value);
	}
	assert(total <= longest);
	assert(form->count <= 1000);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	const char *text = (const char *)data;
	struct problem why = { 0 };
	struct form form;
	int rc = form_parse(&form, a, text, size, &why);

	if (rc == 0)
		check(&form, size);
	else
		assert(why.code == PROBLEM_BAD_FORM ||
		       why.code == PROBLEM_BAD_TEXT);
	/* A byte of Windows-1252 is up to three of UTF-8. */
	if (form_parse_bytes(&form, a, text, size, &why) == 0)
		check(&form, 3 * size);
	else
		assert(rc != 0 && why.code == PROBLEM_BAD_FORM);
	arena_free(a);
	return 0;
}
