/*
 * test_language - the languages in which the house writes
 */
#include "language.h"

#include <check.h>
#include <stdlib.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct {
	const char *text;
	int language; /* -1: none of ours */
} cases[] = {
	{ "de", LANGUAGE_DE },
	{ "FR", LANGUAGE_FR },
	{ "it-CH", LANGUAGE_IT },
	{ "en_GB.UTF-8", LANGUAGE_EN },
	{ "de-CH-1901", LANGUAGE_DE },
	{ "", -1 },
	{ "d", -1 },
	{ "deu", -1 },
	{ "rm-CH", -1 },
	{ "-de", -1 },
};

START_TEST(what_people_write_is_understood)
{
	enum language language = LANGUAGE_MAX;
	int rc = language_parse(&language, cases[_i].text);

	if (cases[_i].language < 0) {
		ck_assert_int_eq(rc, -1);
		ck_assert_int_eq(language, LANGUAGE_MAX);
	} else {
		ck_assert_int_eq(rc, 0);
		ck_assert_int_eq(language, cases[_i].language);
	}
}
END_TEST

START_TEST(a_name_is_read_back)
{
	enum language language = LANGUAGE_MAX;

	ck_assert_int_eq(
	    language_parse(&language, language_name((enum language)_i)), 0);
	ck_assert_int_eq(language, _i);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("language");
	TCase *tc = tcase_create("language");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, what_people_write_is_understood, 0, COUNT(cases));
	tcase_add_loop_test(tc, a_name_is_read_back, 0, LANGUAGE_MAX);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
