/*
 * test_page - the templates of nginx/pages
 */
#include "page.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "json.h"
#include "problem.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)4 * 1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(every_template_is_right_and_has_its_partials)
{
	struct problem why = { .code = PROBLEM_NONE };

	ck_assert_msg(page_check(&why) == 0, "%s", why.detail);
}
END_TEST

static const struct {
	const char *text;
	const char *says;
} bad[] = {
	{ "<p>\n{{> nobody}}\n", "x.mustache: there is no partial nobody" },
	{ "{{> alert.mustache}}", "there is no partial alert.mustache" },
	{ "<p>\n{{#a}}\n", "x.mustache, line 2: this section is never closed" },
	{ "\n\n{{a b}}", "x.mustache, line 3: more than a name" },
};

START_TEST(a_wrong_template_is_refused_with_its_line)
{
	struct problem why = { .code = PROBLEM_NONE };

	ck_assert_int_eq(page_check_text("x", bad[_i].text, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_INTERNAL);
	ck_assert_msg(
	    strstr(why.detail, bad[_i].says) != NULL, "%s", why.detail);
	ck_assert_int_eq(page_check_text("x", "{{> alert}}", &why), 0);
}
END_TEST

START_TEST(a_page_is_rendered_with_what_the_last_view_says)
{
	struct problem why;
	const struct cJSON *views[2];
	const char *once, *again;

	ck_assert_int_eq(json_parse_stored(&views[0], arena,
			     "{\"firm\":\"<i>\",\"title\":\"low\"}", &why),
	    0);
	ck_assert_int_eq(
	    json_parse_stored(&views[1], arena, "{\"title\":\"top\"}", &why),
	    0);
	once = page_render(arena, "alert", views, 2);
	ck_assert_ptr_nonnull(strstr(once, "<p>&lt;i&gt;</p>"));
	ck_assert_ptr_nonnull(strstr(once, "<title>top</title>"));
	ck_assert_int_eq(strncmp(once, "<!doctype html>\n", 16), 0);
	again = page_render(arena, "alert", views, 2);
	ck_assert_str_eq(once, again);
	ck_assert_ptr_nonnull(strstr(
	    page_render(arena, "alert", views, 1), "<title>low</title>"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("page");
	TCase *tc = tcase_create("page");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_template_is_right_and_has_its_partials);
	tcase_add_loop_test(tc, a_wrong_template_is_refused_with_its_line, 0,
	    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tc, a_page_is_rendered_with_what_the_last_view_says);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
