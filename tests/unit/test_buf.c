/*
 * test_buf - a string that grows inside an arena
 */
#include "buf.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

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

START_TEST(an_empty_one_is_an_empty_string)
{
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(b.text, "");
	buf_str(&b, "");
	buf_add(&b, "x", 0);
	buf_printf(&b, "%s", "");
	ck_assert_uint_eq(b.len, 0);
	ck_assert_str_eq(b.text, "");
}
END_TEST

START_TEST(pieces_come_one_after_the_other)
{
	buf_str(&b, "one");
	buf_char(&b, ',');
	buf_add(&b, "two and more", 3);
	buf_printf(&b, "%c%d", ',', 3);
	ck_assert_str_eq(b.text, "one,two,3");
	ck_assert_uint_eq(b.len, 9);
}
END_TEST

START_TEST(it_grows_by_single_characters)
{
	for (size_t i = 0; i < 10000; i++) {
		buf_char(&b, (char)('a' + i % 26));
		ck_assert_uint_eq(b.len, i + 1);
		ck_assert_int_eq(b.text[b.len], '\0');
	}
	for (size_t i = 0; i < 10000; i++)
		ck_assert_int_eq(b.text[i], (char)('a' + i % 26));
}
END_TEST

/* Around the first size, where an off-by-one would show. */
START_TEST(any_length_fits_at_once)
{
	size_t len = 250 + (size_t)_i;
	char *text = arena_alloc(a, len + 1);

	memset(text, 'x', len);
	buf_str(&b, text);
	ck_assert_str_eq(b.text, text);
	buf_printf(&b, "%s", text);
	ck_assert_uint_eq(b.len, 2 * len);
	ck_assert_uint_eq(strlen(b.text), 2 * len);
}
END_TEST

START_TEST(a_nul_is_a_byte_like_others)
{
	buf_add(&b, "a\0b", 3);
	ck_assert_uint_eq(b.len, 3);
	ck_assert_mem_eq(b.text, "a\0b", 4);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("buf");
	TCase *tc = tcase_create("buf");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_empty_one_is_an_empty_string);
	tcase_add_test(tc, pieces_come_one_after_the_other);
	tcase_add_test(tc, it_grows_by_single_characters);
	tcase_add_loop_test(tc, any_length_fits_at_once, 0, 12);
	tcase_add_test(tc, a_nul_is_a_byte_like_others);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
