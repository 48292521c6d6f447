/*
 * id - ids of rows: UUID version 7, made here before the row is written
 */
#include "id.h"

#include <ctype.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "arena.h"
#include "array.h"
#include "buf.h"
#include "digest.h"

/* The first 48 bits are the time. */
static void
time_put(uint8_t *b, uint64_t ms)
{
	for (int i = 0; i < 6; i++)
		b[i] = (uint8_t)(ms >> (40 - 8 * i));
}

static struct id
id_write(const uint8_t *b)
{
	struct id out;

	digest_hex(out.text, b, 4);
	digest_hex(out.text + 9, b + 4, 2);
	digest_hex(out.text + 14, b + 6, 2);
	digest_hex(out.text + 19, b + 8, 2);
	digest_hex(out.text + 24, b + 10, 6);
	for (int i = 8; i <= 23; i += 5)
		out.text[i] = '-';
	return out;
}

struct id
id_new(void)
{
	struct timespec now;
	uint8_t b[16];

	/* The system's clock even when opsfabric's is moved: for order only. */
	(void)clock_gettime(CLOCK_REALTIME, &now);
	digest_random(b, sizeof(b));
	time_put(
	    b, (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
	b[6] = (uint8_t)(0x70 | (b[6] & 0x0f));
	b[8] = (uint8_t)(0x80 | (b[8] & 0x3f));
	return id_write(b);
}

struct id
id_floor(int64_t us)
{
	uint8_t b[16] = { 0 };

	time_put(b, (uint64_t)us / 1000);
	return id_write(b);
}

const char *
id_new_in(struct arena *a)
{
	struct id id = id_new();

	return arena_strdup(a, id.text);
}

const char *
id_array(struct arena *a, int count)
{
	struct buf b;

	buf_init(&b, a);
	for (int i = 0; i < count; i++) {
		struct id id = id_new();

		array_add(&b, id.text);
	}
	return array_end(&b);
}

bool
id_is_valid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; i < sizeof(form) - 1; i++)
		if (form[i] == '-' ? text[i] != '-'
				   : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}
