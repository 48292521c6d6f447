/*
 * fuzz_json - JSON from strangers: whatever json_parse() takes is printed and
 * read back as the same value, is UTF-8 without NUL, and keeps its limits
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "json.h"
#include "problem.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	const struct cJSON *first, *second;
	struct problem why = { 0 };
	char *printed, *again;

	if (json_parse(&first, a, (const char *)data, size, &why) == 0) {
		printed = json_print(a, first);
		assert(utf8_is_text(printed, strlen(printed)));
		assert(json_depth(first) <= 16);
		assert(json_parse(&second, a, printed, strlen(printed), &why) ==
		       0);
		again = json_print(a, second);
		assert(strcmp(printed, again) == 0);
	} else {
		assert(why.code == PROBLEM_BAD_JSON ||
		       why.code == PROBLEM_BAD_TEXT);
		assert(strlen(why.detail) > 0);
	}
	arena_free(a);
	return 0;
}
