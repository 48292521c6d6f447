/*
 * test_image - the four kinds of pictures by their first bytes, and nothing
 * else
 */
#include "image.h"

#include <check.h>
#include <stdlib.h>

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static const struct {
	const unsigned char *bytes;
	size_t len;
	enum image_kind kind;
} table[] = {
	{ BYTES("\xff\xd8\xff\xe0"), IMAGE_JPEG },
	{ BYTES("\xff\xd8\xff"), IMAGE_JPEG },
	{ BYTES("\xff\xd8"), IMAGE_NONE },
	{ BYTES("\x89PNG\r\n\x1a\n...."), IMAGE_PNG },
	{ BYTES("\x89PNG\n\n\x1a\n...."), IMAGE_NONE },
	{ BYTES("RIFF....WEBPVP8 "), IMAGE_WEBP },
	{ BYTES("RIFF....WEBPVP8L"), IMAGE_WEBP },
	{ BYTES("RIFF....WEBPVP8X"), IMAGE_WEBP },
	{ BYTES("RIFF....WAVEfmt "), IMAGE_NONE },
	{ BYTES("RIFF....WEBP"), IMAGE_NONE },
	{ BYTES("\0\0\0\x18"
		"ftypheic\0\0\0\0mif1heic"),
	    IMAGE_HEIC },
	{ BYTES("\0\0\0\x18"
		"ftypmif1\0\0\0\0mif1heic"),
	    IMAGE_HEIC },
	{ BYTES("\0\0\0\x18"
		"ftypheix\0\0\0\0"),
	    IMAGE_HEIC },
	/* Behind the box it is no brand any more. */
	{ BYTES("\0\0\0\x14"
		"ftypmif1\0\0\0\0mif1heic"),
	    IMAGE_NONE },
	{ BYTES("\0\0\0\x18"
		"ftypmif1\0\0\0\0mif1avif"),
	    IMAGE_NONE },
	{ BYTES("\0\0\0\x18"
		"ftypavif\0\0\0\0mif1heic"),
	    IMAGE_NONE },
	{ BYTES("\0\0\0\x18"
		"ftypisom\0\0\0\0isomheic"),
	    IMAGE_NONE },
	{ BYTES("\0\0\0\x08"
		"ftypheic\0\0\0\0"),
	    IMAGE_NONE },
	{ BYTES("\x10\0\0\x18"
		"ftypheic\0\0\0\0"),
	    IMAGE_NONE },
	{ BYTES("\0\0\0\x18"
		"ftypheic"),
	    IMAGE_NONE },
	{ BYTES("GIF89a"), IMAGE_NONE },
	{ BYTES("<svg xmlns=\"http://www.w3.org/2000/svg\"/>"), IMAGE_NONE },
	{ BYTES("%PDF-1.7"), IMAGE_NONE },
	{ BYTES(" \xff\xd8\xff"), IMAGE_NONE },
	{ BYTES(""), IMAGE_NONE },
};

START_TEST(a_picture_is_known_by_its_bytes)
{
	ck_assert_int_eq(
	    image_kind_of(table[_i].bytes, table[_i].len), table[_i].kind);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("image");
	TCase *tc = tcase_create("image");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_picture_is_known_by_its_bytes, 0,
	    (int)(sizeof(table) / sizeof(table[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
