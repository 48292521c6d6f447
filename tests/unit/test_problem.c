/*
 * test_problem - the one error type, as RFC 9457 sends it
 */
#include "problem.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "utf8.h"

START_TEST(a_problem_is_filled_and_returns_failure)
{
	struct problem why = { 0 };

	ck_assert_int_eq(problem(&why, PROBLEM_PHONE_INVALID, "/contact_phone",
			     "%s is not %d", "this", 1),
	    -1);
	ck_assert_int_eq(why.code, PROBLEM_PHONE_INVALID);
	ck_assert_str_eq(why.field, "/contact_phone");
	ck_assert_str_eq(why.detail, "this is not 1");
}
END_TEST

/* Whatever is cut off, what is left is text. */
START_TEST(a_long_detail_ends_between_characters)
{
	struct problem why;
	char text[512];
	size_t len = (size_t)_i;

	(void)snprintf(text, sizeof(text), "%.*s", _i, "xxxxxxxx");
	for (; len + 3 < sizeof(text); len += 3)
		(void)snprintf(text + len, sizeof(text) - len, "€");
	(void)problem(&why, PROBLEM_INTERNAL, NULL, "%s", text);
	ck_assert_uint_lt(strlen(why.detail), sizeof(why.detail));
	ck_assert_uint_gt(strlen(why.detail), sizeof(why.detail) - 10);
	ck_assert(utf8_is_text(why.detail, strlen(why.detail)));
}
END_TEST

START_TEST(every_problem_has_status_slug_and_title)
{
	for (int i = PROBLEM_NONE + 1; i < PROBLEM_MAX; i++) {
		enum problem_code code = (enum problem_code)i;
		const char *slug = problem_slug(code);

		ck_assert_int_ge(problem_status(code), 400);
		ck_assert_int_le(problem_status(code), 599);
		ck_assert_str_ne(problem_title(code), "");
		ck_assert_str_ne(slug, "");
		for (const char *p = slug; *p != '\0'; p++)
			ck_assert(islower((unsigned char)*p) || *p == '-');
		for (int j = PROBLEM_NONE + 1; j < i; j++)
			ck_assert_str_ne(
			    slug, problem_slug((enum problem_code)j));
	}
}
END_TEST

START_TEST(the_document_names_the_field)
{
	struct arena *a = arena_new((size_t)64 * 1024);
	struct problem why;

	(void)problem(
	    &why, PROBLEM_PHONE_INVALID, "/contact_phone", "Not \"1\"");
	ck_assert_str_eq(problem_json(a, &why, "urn:uuid:1"),
	    "{\"type\":\"urn:opsfabric:problem:phone-invalid\","
	    "\"title\":\"Not a telephone number\",\"status\":422,"
	    "\"detail\":\"Not \\\"1\\\"\",\"instance\":\"urn:uuid:1\","
	    "\"errors\":[{\"pointer\":\"/contact_phone\","
	    "\"detail\":\"Not \\\"1\\\"\"}]}");
	arena_free(a);
}
END_TEST

START_TEST(without_a_field_there_are_no_errors)
{
	struct arena *a = arena_new((size_t)64 * 1024);
	struct problem why;

	(void)problem(&why, PROBLEM_TRY_AGAIN, NULL, "Later");
	ck_assert_ptr_null(strstr(problem_json(a, &why, "x"), "errors"));
	ck_assert_ptr_nonnull(
	    strstr(problem_json(a, &why, "x"), "\"status\":503"));
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("problem");
	TCase *tc = tcase_create("problem");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_problem_is_filled_and_returns_failure);
	tcase_add_loop_test(tc, a_long_detail_ends_between_characters, 0, 8);
	tcase_add_test(tc, every_problem_has_status_slug_and_title);
	tcase_add_test(tc, the_document_names_the_field);
	tcase_add_test(tc, without_a_field_there_are_no_errors);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
