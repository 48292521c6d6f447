/*
 * fuzz_xml - XML from a provider, or from whoever answers in its place: what an
 * element says is text, without white space around it, and no longer than what
 * was sent
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "problem.h"
#include "utf8.h"
#include "xml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const elements[] = { "ResultCode", "ResultText",
		"StatusCode", "A" };
	static const char space[] = " \t\r\n";
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	struct problem why = { 0 };
	const struct xml *x;

	if (xml_parse(&x, a, (const char *)data, size, &why) == 0) {
		for (size_t i = 0; i < sizeof(elements) / sizeof(elements[0]);
		     i++) {
			const char *text = xml_text(x, a, elements[i]);
			size_t len = text == NULL ? 0 : strlen(text);

			if (len == 0)
				continue;
			assert(utf8_is_text(text, len));
			assert(strchr(space, text[0]) == NULL);
			assert(strchr(space, text[len - 1]) == NULL);
			/* Latin-1 becomes UTF-8; nothing else grows. */
			assert(len <= 2 * size);
		}
	} else {
		assert(why.code == PROBLEM_BAD_TEXT);
	}
	arena_free(a);
	return 0;
}
