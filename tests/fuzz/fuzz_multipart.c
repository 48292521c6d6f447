/*
 * fuzz_multipart - forms with files from strangers: what is read is what was
 * sent, in the same pieces of meaning wherever the window of the reader ends
 */
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "multipart.h"
#include "problem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the reader; the first byte of the input says how far before its end the
 * form begins. */
#define WINDOW ((size_t)64 * 1024)

struct body {
	size_t skipped; /* bytes before the form, which nobody means */
	const uint8_t *data;
	size_t size;
	size_t at;
	size_t most; /* given at a time */
};

static long
give(void *arg, char *bytes, size_t size)
{
	struct body *b = arg;
	size_t n = 0;

	for (; n < size && n < b->most && b->at < b->skipped + b->size; n++) {
		if (b->at + 2 < b->skipped)
			bytes[n] = 'x';
		else if (b->at < b->skipped)
			bytes[n] = b->at + 1 == b->skipped ? '\n' : '\r';
		else
			bytes[n] = (char)b->data[b->at - b->skipped];
		b->at++;
	}
	return (long)n;
}

/* All that is read, written down. */
static void
transcript(struct buf *out, struct arena *a, struct body *b)
{
	struct problem why = { 0 };
	struct multipart_source source = { give, b };
	struct multipart_part part;
	struct multipart *m;
	const char *bytes;
	size_t total = 0;
	long n = 0;
	int more;

	assert(multipart_open(&m, a, "multipart/form-data; boundary=b", source,
		   &why) == 0);
	while ((more = multipart_next(&part, m, &why)) == 1) {
		buf_printf(
		    out, "[%s%s]", part.name, part.is_file ? " file" : "");
		while ((n = multipart_data(&bytes, m, &why)) > 0) {
			buf_add(out, bytes, (size_t)n);
			total += (size_t)n;
		}
		if (n < 0)
			break;
	}
	assert(total <= b->size);
	assert((more == 0 && n == 0) || why.code == PROBLEM_BAD_FORM);
	buf_printf(out, "(%d %ld %s)", more, n, why.detail);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	struct body plain = { 0, data, size, 0, SIZE_MAX };
	struct body moved = { 0, data, size, 0, 7 };
	struct buf one, other;

	buf_init(&one, a);
	buf_init(&other, a);
	transcript(&one, a, &plain);
	if (size > 0)
		moved.skipped = WINDOW - data[0];
	transcript(&other, a, &moved);
	assert(one.len == other.len);
	assert(memcmp(one.text, other.text, one.len) == 0);
	arena_free(a);
	return 0;
}
