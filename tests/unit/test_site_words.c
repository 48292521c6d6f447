/*
 * test_site_words - the four languages say the same, each in its own way
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "json.h"
#include "site_words.h"
#include "utf8.h"

/* How often a mark stands in a text. */
static int
count(const char *text, const char *mark)
{
	int n = 0;

	for (; (text = strstr(text, mark)) != NULL; text++)
		n++;
	return n;
}

START_TEST(every_word_is_there_in_every_language)
{
	const char *german = site_word(LANGUAGE_DE, (enum site_word)_i);

	for (int l = 0; l < LANGUAGE_MAX; l++) {
		const char *text =
		    site_word((enum language)l, (enum site_word)_i);

		ck_assert_msg(text != NULL && *text != '\0', "%s: %s",
		    language_name((enum language)l),
		    site_word_name((enum site_word)_i));
		ck_assert(utf8_is_text(text, strlen(text)));
		/* What is filled in is filled in everywhere; "{day}" of the
		 * first of a month may be in the text. */
		for (const char *at = strchr(german, '{'); at != NULL;
		     at = strchr(at + 1, '{')) {
			char mark[16] = "";

			memcpy(mark, at, strcspn(at, "}") + 1);
			ck_assert_msg(
			    count(text, mark) == 1, "%s: %s", text, mark);
		}
		ck_assert_int_eq(count(text, "{"), count(german, "{"));
	}
}
END_TEST

START_TEST(german_is_swiss)
{
	ck_assert(
	    strstr(site_word(LANGUAGE_DE, (enum site_word)_i), "ß") == NULL);
}
END_TEST

START_TEST(a_view_has_all_of_them)
{
	for (int l = 0; l < LANGUAGE_MAX; l++) {
		const struct cJSON *view = site_words((enum language)l);
		const struct cJSON *t = json_member(view, "t");
		int n = 0;

		ck_assert_ptr_eq(view, site_words((enum language)l));
		for (const struct cJSON *m = json_first(t); m != NULL;
		     m = json_next(m)) {
			ck_assert_str_eq(
			    json_name(m), site_word_name((enum site_word)n));
			ck_assert_str_eq(json_text(m),
			    site_word((enum language)l, (enum site_word)n));
			n++;
		}
		ck_assert_int_eq(n, WORD_MAX);
		ck_assert_ptr_nonnull(json_text(
		    json_member(json_member(view, "assets"), "site_css")));
	}
}
END_TEST

START_TEST(a_mark_is_filled_in)
{
	struct arena *a = arena_new(65536);

	ck_assert_str_eq(site_word_fill(a, "Seit {year} da", "year", "1974"),
	    "Seit 1974 da");
	ck_assert_str_eq(site_word_fill(a, "{n}", "n", "{n}"), "{n}");
	ck_assert_str_eq(site_word_fill(a, "nichts", "n", "x"), "nichts");
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("site_words");
	TCase *tc = tcase_create("site_words");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, every_word_is_there_in_every_language, 0, WORD_MAX);
	tcase_add_loop_test(tc, german_is_swiss, 0, WORD_MAX);
	tcase_add_test(tc, a_view_has_all_of_them);
	tcase_add_test(tc, a_mark_is_filled_in);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
