/*
 * test_colour - every shade that a page writes with can be read, whatever a
 * firm chose
 */
#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "colour.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(test_parse)
{
	static const char *const bad[] = { "", "#", "#12", "#1234", "#12345",
		"#1234567", "123456", "#12345g", "red", " #123456", "#123456 ",
		"#123;}", "url(x)", "\xc3\xa4", "#-1-1-1" };
	struct colour c = { 1, 2, 3 };

	ck_assert(colour_parse(&c, "#14508c"));
	ck_assert(c.red == 0x14 && c.green == 0x50 && c.blue == 0x8c);
	ck_assert(colour_parse(&c, "#AbF"));
	ck_assert(c.red == 0xaa && c.green == 0xbb && c.blue == 0xff);
	ck_assert(!colour_parse(&c, NULL));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(!colour_parse(&c, bad[i]), "%s", bad[i]);
	ck_assert(c.red == 0xaa);
}
END_TEST

/* Values that WCAG's own examples and calculators give. */
START_TEST(test_contrast)
{
	struct colour white = { 255, 255, 255 }, black = { 0, 0, 0 };
	struct colour grey = { 0x76, 0x76, 0x76 }, red = { 255, 0, 0 };

	ck_assert(fabs(colour_contrast(white, black) - 21) < 0.001);
	ck_assert(fabs(colour_contrast(black, white) - 21) < 0.001);
	ck_assert(fabs(colour_contrast(white, white) - 1) < 0.001);
	ck_assert(fabs(colour_contrast(grey, white) - 4.54) < 0.005);
	ck_assert(fabs(colour_contrast(red, white) - 3.998) < 0.005);
}
END_TEST

/* The value of a custom property in a part of the sheet. */
static struct colour
value(const char *part, const char *name)
{
	char wanted[40], text[8] = "";
	struct colour out;
	const char *at;

	(void)snprintf(wanted, sizeof(wanted), "--%s:", name);
	at = strstr(part, wanted);
	ck_assert_msg(at != NULL, "%s in %s", name, part);
	memcpy(text, at + strlen(wanted), 7);
	ck_assert_msg(colour_parse(&out, text), "%s", text);
	return out;
}

static void
reads(const char *what, struct colour text, struct colour ground)
{
	double contrast = colour_contrast(text, ground);

	ck_assert_msg(contrast >= COLOUR_CONTRAST,
	    "%s: #%02x%02x%02x on #%02x%02x%02x: %.2f", what, text.red,
	    text.green, text.blue, ground.red, ground.green, ground.blue,
	    contrast);
}

static void
sheet_reads(const char *primary, const char *accent)
{
	static const struct colour white = { 255, 255, 255 };
	static const struct colour ink = { 0x1a, 0x20, 0x2b };
	static const struct colour muted = { 0x4f, 0x5a, 0x69 };
	static const struct colour night = { 0x10, 0x14, 0x1a };
	static const struct colour card = { 0x1b, 0x21, 0x2a };
	static const struct colour pale = { 0xe8, 0xec, 0xf1 };
	static const struct colour pale_muted = { 0xb3, 0xbd, 0xc9 };
	const char *dark;
	struct buf b;

	buf_init(&b, arena);
	colour_sheet(&b, primary, accent);
	dark = strstr(b.text, "@media");
	ck_assert(dark != NULL);
	reads("button", value(b.text, "on-primary"), value(b.text, "primary"));
	reads(
	    "hero", value(b.text, "on-primary"), value(b.text, "primary-deep"));
	reads("call", value(b.text, "on-accent"), value(b.text, "accent"));
	reads("pressed", value(b.text, "on-accent"),
	    value(b.text, "accent-deep"));
	for (int night_now = 0; night_now < 2; night_now++) {
		const char *part = night_now ? dark : b.text;
		struct colour grounds[] = { night_now ? night : white,
			night_now ? card : white, value(part, "tint"),
			value(part, "tint-strong") };

		for (size_t i = 0; i < 4; i++) {
			reads("link", value(part, "primary-text"), grounds[i]);
			reads("text", night_now ? pale : ink, grounds[i]);
		}
		for (size_t i = 0; i < 3; i++) {
			reads("accent", value(part, "accent-text"), grounds[i]);
			reads("muted", night_now ? pale_muted : muted,
			    grounds[i]);
		}
	}
}

START_TEST(test_every_colour_reads)
{
	char primary[8], accent[8];

	for (unsigned red = 0; red < 256; red += 15)
		for (unsigned green = 0; green < 256; green += 15)
			for (unsigned blue = 0; blue < 256; blue += 15) {
				(void)snprintf(primary, sizeof(primary),
				    "#%02x%02x%02x", red, green, blue);
				(void)snprintf(accent, sizeof(accent),
				    "#%02x%02x%02x", blue, red, green);
				sheet_reads(primary, accent);
				arena_reset(arena);
			}
}
END_TEST

START_TEST(test_a_good_colour_stays)
{
	struct buf b;

	buf_init(&b, arena);
	colour_sheet(&b, "#14508c", "#b3261e");
	ck_assert(strstr(b.text, "--primary:#14508c;") != NULL);
	ck_assert(strstr(b.text, "--accent:#b3261e;") != NULL);
	ck_assert(strstr(b.text, "--primary-text:#14508c;") != NULL);
}
END_TEST

START_TEST(test_no_colour_is_the_house_s)
{
	struct buf house, hostile;

	buf_init(&house, arena);
	buf_init(&hostile, arena);
	colour_sheet(&house, NULL, NULL);
	colour_sheet(&hostile, "red;}*{display:none", "#12");
	ck_assert_str_eq(house.text, hostile.text);
	sheet_reads(NULL, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("colour");
	TCase *tests = tcase_create("colour");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, test_parse);
	tcase_add_test(tests, test_contrast);
	tcase_add_test(tests, test_every_colour_reads);
	tcase_add_test(tests, test_a_good_colour_stays);
	tcase_add_test(tests, test_no_colour_is_the_house_s);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
