/*
 * image - what kind of picture some bytes are, by the bytes themselves
 */
#include "image.h"

#include <stdbool.h>
#include <string.h>

#define BRAND_LEN 4
/* A file of ISO/IEC 14496-12 begins with a box: its length, "ftyp", the major
 * brand, a version, then the brands it is compatible with. */
#define BOX_BRAND 8
#define BOX_COMPATIBLE 16
#define BOX_MAX 64

static bool
begins(const unsigned char *bytes, size_t len, size_t at, const char *word,
    size_t word_len)
{
	return len >= at + word_len && memcmp(bytes + at, word, word_len) == 0;
}

/* ISO/IEC 23008-12 B.4: pictures coded as HEVC. */
static bool
is_heic_brand(const unsigned char *brand)
{
	return memcmp(brand, "heic", BRAND_LEN) == 0 ||
	       memcmp(brand, "heix", BRAND_LEN) == 0 ||
	       memcmp(brand, "heim", BRAND_LEN) == 0 ||
	       memcmp(brand, "heis", BRAND_LEN) == 0;
}

static bool
is_heic(const unsigned char *bytes, size_t len)
{
	size_t end = len < BOX_MAX ? len : BOX_MAX;

	if (!begins(bytes, len, 4, "ftyp", BRAND_LEN) || len < BOX_COMPATIBLE)
		return false;
	/* 24 bits of the length are 0 for a list of brands of any sense. */
	if (memcmp(bytes, "\0\0\0", 3) != 0 || bytes[3] < BOX_COMPATIBLE)
		return false;
	if (is_heic_brand(bytes + BOX_BRAND))
		return true;
	/* "mif1": any coding; the other brands say which. */
	if (!begins(bytes, len, BOX_BRAND, "mif1", BRAND_LEN))
		return false;
	if (bytes[3] < end)
		end = bytes[3];
	for (size_t at = BOX_COMPATIBLE; at + BRAND_LEN <= end; at += BRAND_LEN)
		if (is_heic_brand(bytes + at))
			return true;
	return false;
}

enum image_kind
image_kind_of(const unsigned char *bytes, size_t len)
{
	if (begins(bytes, len, 0, "\xff\xd8\xff", 3))
		return IMAGE_JPEG;
	if (begins(bytes, len, 0, "\x89PNG\r\n\x1a\n", 8))
		return IMAGE_PNG;
	if (begins(bytes, len, 0, "RIFF", 4) &&
	    begins(bytes, len, 8, "WEBPVP8", 7))
		return IMAGE_WEBP;
	return is_heic(bytes, len) ? IMAGE_HEIC : IMAGE_NONE;
}
