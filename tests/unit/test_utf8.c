/*
 * test_utf8 - is this text, and where does its next character end
 */
#include "utf8.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The first character of the bytes; 0 bytes if it is none. */
static const struct char_case {
	const char *bytes;
	size_t n;
	uint32_t cp;
} chars[] = {
	{ "a", 1, 'a' },
	{ "\x7f", 1, 0x7f },
	{ "\xc2\x80", 2, 0x80 },
	{ "ü!", 2, 0xfc },
	{ "\xdf\xbf", 2, 0x7ff },
	{ "\xe0\xa0\x80", 3, 0x800 },
	{ "€", 3, 0x20ac },
	{ "\xed\x9f\xbf", 3, 0xd7ff },
	{ "\xee\x80\x80", 3, 0xe000 },
	{ "\xef\xbf\xbf", 3, 0xffff },
	{ "\xf0\x90\x80\x80", 4, 0x10000 },
	{ "👍", 4, 0x1f44d },
	{ "\xf4\x8f\xbf\xbf", 4, 0x10ffff },
	/* Longer than needed. */
	{ "\xc0\x80", 0, 0 },
	{ "\xc1\xbf", 0, 0 },
	{ "\xe0\x9f\xbf", 0, 0 },
	{ "\xf0\x8f\xbf\xbf", 0, 0 },
	/* Surrogates, and above the end. */
	{ "\xed\xa0\x80", 0, 0 },
	{ "\xed\xbf\xbf", 0, 0 },
	{ "\xf4\x90\x80\x80", 0, 0 },
	{ "\xf5\x80\x80\x80", 0, 0 },
	{ "\xff", 0, 0 },
	{ "\xfe", 0, 0 },
	/* Torn. */
	{ "\x80", 0, 0 },
	{ "\xbf", 0, 0 },
	{ "\xc3", 0, 0 },
	{ "\xc3(", 0, 0 },
	{ "\xe2\x82", 0, 0 },
	{ "\xe2(\xac", 0, 0 },
	{ "\xf0\x9f\x91", 0, 0 },
	{ "\xf0\x9f\x91(", 0, 0 },
};

START_TEST(a_character_is_one_or_none)
{
	const struct char_case *c = &chars[_i];
	uint32_t cp = 0;
	size_t n = utf8_char(c->bytes, strlen(c->bytes), &cp);

	ck_assert_uint_eq(n, c->n);
	if (n != 0)
		ck_assert_uint_eq(cp, c->cp);
	ck_assert_uint_eq(utf8_char(c->bytes, strlen(c->bytes), NULL), n);
	ck_assert_int_eq(utf8_is_text(c->bytes, strlen(c->bytes)), n != 0);
	/* Cut short it is none. */
	if (n > 1)
		ck_assert_uint_eq(utf8_char(c->bytes, n - 1, NULL), 0);
}
END_TEST

START_TEST(all_code_points_come_back)
{
	for (uint32_t cp = 1; cp <= 0x10ffff; cp++) {
		char s[4];
		uint32_t back = 0;
		size_t n;

		if (cp < 0x80) {
			n = 1;
			s[0] = (char)cp;
		} else if (cp < 0x800) {
			n = 2;
			s[0] = (char)(0xc0 | cp >> 6);
		} else if (cp < 0x10000) {
			n = 3;
			s[0] = (char)(0xe0 | cp >> 12);
		} else {
			n = 4;
			s[0] = (char)(0xf0 | cp >> 18);
		}
		for (size_t i = 1; i < n; i++)
			s[i] = (char)(0x80 | (cp >> 6 * (n - 1 - i) & 0x3f));
		if (cp >= 0xd800 && cp < 0xe000
			? utf8_char(s, n, NULL) != 0
			: utf8_char(s, n, &back) != n || back != cp)
			ck_abort_msg("U+%04X", (unsigned)cp);
	}
}
END_TEST

START_TEST(nothing_is_no_character_but_is_text)
{
	ck_assert_uint_eq(utf8_char("", 0, NULL), 0);
	ck_assert(utf8_is_text("", 0));
}
END_TEST

START_TEST(a_nul_is_not_of_a_text)
{
	ck_assert(!utf8_is_text("a\0b", 3));
	ck_assert(!utf8_is_text("\0", 1));
	ck_assert(utf8_is_text("a\0b", 1));
}
END_TEST

START_TEST(one_bad_byte_spoils_a_text)
{
	ck_assert(utf8_is_text("Grüezi 👍", strlen("Grüezi 👍")));
	ck_assert(!utf8_is_text("Gr\xfc"
				"ezi",
	    6));
	ck_assert(!utf8_is_text("Gr\xc3", 3));
}
END_TEST

static const struct prefix_case {
	const char *text;
	size_t max;
	size_t len;
} prefixes[] = {
	{ "", 10, 0 },
	{ "abc", 10, 3 },
	{ "abc", 3, 3 },
	{ "abc", 2, 2 },
	{ "abc", 0, 0 },
	{ "aü", 3, 3 },
	{ "aü", 2, 1 },
	{ "a€", 3, 1 },
	{ "👍", 3, 0 },
	{ "👍👍", 7, 4 },
};

START_TEST(a_prefix_ends_between_characters)
{
	const struct prefix_case *c = &prefixes[_i];

	ck_assert_uint_eq(utf8_prefix(c->text, c->max), c->len);
}
END_TEST

#define LOOP(tc, test, cases) \
	tcase_add_loop_test( \
	    tc, test, 0, (int)(sizeof(cases) / sizeof((cases)[0])))

int
main(void)
{
	Suite *suite = suite_create("utf8");
	TCase *tc = tcase_create("utf8");
	SRunner *runner;
	int failed;

	LOOP(tc, a_character_is_one_or_none, chars);
	tcase_add_test(tc, all_code_points_come_back);
	tcase_add_test(tc, nothing_is_no_character_but_is_text);
	tcase_add_test(tc, a_nul_is_not_of_a_text);
	tcase_add_test(tc, one_bad_byte_spoils_a_text);
	LOOP(tc, a_prefix_ends_between_characters, prefixes);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	/* A process for each case would take most of the time. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
