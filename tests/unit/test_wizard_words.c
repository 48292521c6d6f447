/*
 * test_wizard_words - what the request wizard says, in the languages of the
 * house
 */
#include "wizard_words.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "digest.h"
#include "json.h"
#include "problem.h"
#include "wizard_form.h"

static struct arena *a;

static void
setup(void)
{
	a = arena_new(1024 * 1024);
}

static void
teardown(void)
{
	arena_free(a);
}

START_TEST(what_is_filled_in_stands_in_every_language)
{
	static const struct {
		enum wizard_word word;
		const char *mark;
	} cases[] = {
		{ WIZARD_WORD_STEP, "{n}" },
		{ WIZARD_WORD_STEP, "{of}" },
		{ WIZARD_WORD_ERROR_LONG, "{n}" },
		{ WIZARD_WORD_THANKS_PROMISE, "{until}" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int l = 0; l < LANGUAGE_MAX; l++)
			ck_assert_ptr_nonnull(
			    strstr(wizard_word(cases[i].word, (enum language)l),
				cases[i].mark));
}
END_TEST

START_TEST(german_is_swiss_and_every_word_is_there)
{
	for (int w = 0; w < WIZARD_WORD_MAX; w++)
		for (int l = 0; l < LANGUAGE_MAX; l++) {
			const char *text =
			    wizard_word((enum wizard_word)w, (enum language)l);

			ck_assert(*text != '\0');
			ck_assert_ptr_null(strstr(text, "ß"));
		}
}
END_TEST

START_TEST(templates_find_them_by_small_names)
{
	const struct cJSON *view;
	struct problem why;
	struct buf b;

	buf_init(&b, a);
	buf_str(&b, "{");
	wizard_words_write(&b, LANGUAGE_FR);
	buf_str(&b, "}");
	ck_assert_int_eq(json_parse_stored(&view, a, b.text, &why), 0);
	view = json_member(view, "w");
	ck_assert_str_eq(json_text(json_member(view, "call_hint")),
	    wizard_word(WIZARD_WORD_CALL_HINT, LANGUAGE_FR));
}
END_TEST

/*
 * What people have agreed to is found again by its version. Other words, in
 * whichever language, are another version: change both here.
 */
START_TEST(the_words_of_the_consent_belong_to_their_version)
{
	struct buf b;

	buf_init(&b, a);
	for (int l = 0; l < LANGUAGE_MAX; l++)
		buf_printf(&b, "%s\n%s\n",
		    wizard_word(WIZARD_WORD_CONSENT, (enum language)l),
		    wizard_word(WIZARD_WORD_CONSENT_LINK, (enum language)l));
	ck_assert_str_eq(WIZARD_CONSENT_VERSION, "2026-11");
	ck_assert_str_eq(digest_sha256(b.text, b.len).text,
	    "ab58f70dc0eac01a699548ab838b6d73424976c8fefd50885aa418e440701efb");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wizard_words");
	TCase *tc = tcase_create("wizard_words");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_filled_in_stands_in_every_language);
	tcase_add_test(tc, german_is_swiss_and_every_word_is_there);
	tcase_add_test(tc, templates_find_them_by_small_names);
	tcase_add_test(tc, the_words_of_the_consent_belong_to_their_version);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
