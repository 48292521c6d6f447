/*
 * test_json_write - JSON text, written piece by piece into a buf
 */
#include "json_write.h"

#include <check.h>
#include <stdlib.h>

#include "arena.h"
#include "buf.h"

static struct arena *a;
static struct buf b;

static void
setup(void)
{
	a = arena_new((size_t)1024 * 1024);
	buf_init(&b, a);
}

static void
teardown(void)
{
	arena_free(a);
}

static const struct {
	const char *value;
	const char *json;
} strings[] = {
	{ NULL, "null" },
	{ "", "\"\"" },
	{ "Grüezi 👍", "\"Grüezi 👍\"" },
	{ "a \"b\" \\c", "\"a \\\"b\\\" \\\\c\"" },
	{ "a\nb", "\"a\\nb\"" },
	{ "\t\r\x01\x1f", "\"\\u0009\\u000d\\u0001\\u001f\"" },
	{ "a/b", "\"a/b\"" },
	/* Inside a page the end of a script must not be in a string. */
	{ "</script>", "\"<\\/script>\"" },
	{ "<!--<script>!", "\"<\\u0021--<script>!\"" },
	{ "/", "\"/\"" },
	/* What is not UTF-8 is said to be so. */
	{ "a\xff", "\"a\xef\xbf\xbd\"" },
	{ "\xc3", "\"\xef\xbf\xbd\"" },
	{ "\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
};

START_TEST(a_string_is_escaped)
{
	json_str(&b, NULL, strings[_i].value);
	ck_assert_str_eq(b.text, strings[_i].json);
}
END_TEST

START_TEST(names_are_escaped_too)
{
	json_obj_open(&b, NULL);
	json_int(&b, "a\"b", 1);
	json_obj_close(&b);
	ck_assert_str_eq(b.text, "{\"a\\\"b\":1}");
}
END_TEST

START_TEST(whole_numbers_are_written_whole)
{
	json_arr_open(&b, NULL);
	json_int(&b, NULL, 0);
	json_int(&b, NULL, -7);
	json_int(&b, NULL, 100);
	json_int(&b, NULL, INT64_MAX);
	json_int(&b, NULL, INT64_MIN);
	json_arr_close(&b);
	ck_assert_str_eq(b.text, "[0,-7,100,9223372036854775807,"
				 "-9223372036854775808]");
}
END_TEST

START_TEST(commas_come_by_themselves)
{
	json_obj_open(&b, NULL);
	json_str(&b, "s", "x");
	json_int(&b, "i", -9223372036854775807);
	json_bool(&b, "t", true);
	json_bool(&b, "f", false);
	json_str(&b, "n", NULL);
	json_raw(&b, "r", "{\"k\": [1]}");
	json_raw(&b, "rn", NULL);
	json_obj_open(&b, "o");
	json_obj_close(&b);
	json_arr_open(&b, "a");
	json_str(&b, NULL, "one");
	json_arr_open(&b, NULL);
	json_arr_close(&b);
	json_obj_open(&b, NULL);
	json_int(&b, "x", 1);
	json_obj_close(&b);
	json_int(&b, NULL, 2);
	json_arr_close(&b);
	json_bool(&b, "end", true);
	json_obj_close(&b);
	ck_assert_str_eq(b.text,
	    "{\"s\":\"x\",\"i\":-9223372036854775807,\"t\":true,\"f\":false,"
	    "\"n\":null,\"r\":{\"k\": [1]},\"rn\":null,\"o\":{},"
	    "\"a\":[\"one\",[],{\"x\":1},2],\"end\":true}");
}
END_TEST

/* A value that ends like an opening bracket opens nothing. */
START_TEST(brackets_in_strings_do_not_count)
{
	json_arr_open(&b, NULL);
	json_str(&b, NULL, "[{");
	json_str(&b, NULL, "");
	json_arr_close(&b);
	ck_assert_str_eq(b.text, "[\"[{\",\"\"]");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json_write");
	TCase *tc = tcase_create("json_write");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_string_is_escaped, 0,
	    (int)(sizeof(strings) / sizeof(strings[0])));
	tcase_add_test(tc, names_are_escaped_too);
	tcase_add_test(tc, whole_numbers_are_written_whole);
	tcase_add_test(tc, commas_come_by_themselves);
	tcase_add_test(tc, brackets_in_strings_do_not_count);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
