/*
 * fuzz_form - forms from strangers: what form_parse() takes is text, is never
 * longer than what was sent, and each name can be looked up
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

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	struct problem why = { 0 };
	struct form form;
	size_t total = 0;

	if (form_parse(&form, a, (const char *)data, size, &why) == 0) {
		for (size_t i = 0; i < form.count; i++) {
			const struct form_pair *p = &form.pairs[i];

			assert(utf8_is_text(p->name, strlen(p->name)));
			assert(utf8_is_text(p->value, strlen(p->value)));
			assert(form_value(&form, p->name) != NULL);
			total += strlen(p->name) + strlen(p->value);
		}
		assert(total <= size);
		assert(form.count <= 1000);
	} else {
		assert(why.code == PROBLEM_BAD_FORM ||
		       why.code == PROBLEM_BAD_TEXT);
	}
	arena_free(a);
	return 0;
}
