/*
 * fuzz_phone - whatever is read as a number is one, and is read as itself
 *
 * The first byte chooses the region.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "phone.h"
#include "problem.h"

#define PADDING 500

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_number(const struct phone *phone)
{
	size_t digits = strspn(phone->e164 + 1, "0123456789");
	struct phone again;
	struct problem why;
	char region[3];

	assert(phone->e164[0] == '+' && phone->e164[1] != '0');
	assert(digits >= 7 && digits <= 15);
	assert(phone->e164[1 + digits] == '\0');
	assert(phone->kind < PHONE_KIND_MAX);
	assert(phone_parse(&again, phone->e164, NULL, NULL, &why) == 0);
	assert(strcmp(again.e164, phone->e164) == 0);
	assert(again.kind == phone->kind);
	assert(again.country == phone->country);
	if (phone_region_of(region, phone->e164) == 0)
		assert(strlen(region) == 2);
}

/* Spaces around a text, however many, change nothing. */
static void
check_padded(
    const char *text, size_t len, const char *region, const struct phone *phone)
{
	char *padded = malloc(len + 2 * (size_t)PADDING + 1);
	struct phone again;
	struct problem why;
	int rc;

	assert(padded != NULL);
	memset(padded, ' ', len + 2 * (size_t)PADDING);
	memcpy(padded + PADDING, text, len);
	padded[len + 2 * (size_t)PADDING] = '\0';
	rc = phone_parse(&again, padded, region, NULL, &why);
	assert((rc == 0) == (phone != NULL));
	if (phone != NULL)
		assert(strcmp(again.e164, phone->e164) == 0);
	free(padded);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const regions[] = { "CH", "DE", "FR", "IT", "AT",
		"LI", "US", "GB", "AU", "BR", NULL, "", "XX" };
	struct phone phone;
	struct problem why = { 0 };
	const char *region;
	char *text;

	if (size == 0)
		return 0;
	region = regions[data[0] % (sizeof(regions) / sizeof(regions[0]))];
	text = malloc(size);
	assert(text != NULL);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	(void)phone_is_withheld(text);
	if (phone_parse(&phone, text, region, "/f", &why) == 0) {
		check_number(&phone);
		check_padded(text, strlen(text), region, &phone);
	} else {
		assert(why.code == PROBLEM_PHONE_INVALID);
		check_padded(text, strlen(text), region, NULL);
	}
	free(text);
	return 0;
}
