/*
 * test_arena - memory that lives exactly as long as one request
 */
#include "arena.h"

#include <check.h>
#include <signal.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CAP ((size_t)1024 * 1024)

static struct arena *a;

static void
setup(void)
{
	a = arena_new(CAP);
}

static void
teardown(void)
{
	arena_free(a);
}

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	unsigned char *before = arena_alloc(a, 1);

	*before = 0xff;
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *p = arena_alloc(a, size);
		unsigned char any = 0;

		ck_assert_ptr_nonnull(p);
		ck_assert_uint_eq((uintptr_t)p % alignof(max_align_t), 0);
		for (size_t i = 0; i < size; i++)
			any |= p[i];
		ck_assert_uint_eq(any, 0);
		memset(p, 0xff, size);
	}
	ck_assert_uint_eq(*before, 0xff);
}
END_TEST

START_TEST(what_was_given_stays_while_more_is_asked)
{
	char *first = arena_strdup(a, "first");
	char *large = arena_alloc(a, 100 * 1024);

	memset(large, 'x', 100 * 1024);
	for (int i = 0; i < 1000; i++)
		(void)arena_printf(a, "%d and more", i);
	ck_assert_str_eq(first, "first");
	ck_assert_int_eq(large[100 * 1024 - 1], 'x');
}
END_TEST

START_TEST(copies_are_copies)
{
	char text[] = "Grüezi";
	char *whole = arena_strdup(a, text);
	char *part = arena_strndup(a, text, 2);
	char *none = arena_strndup(a, text, 0);

	text[0] = 'X';
	ck_assert_str_eq(whole, "Grüezi");
	ck_assert_str_eq(part, "Gr");
	ck_assert_str_eq(none, "");
}
END_TEST

START_TEST(printf_takes_any_length)
{
	char *text = arena_printf(a, "%s-%05000d-%s", "a", 7, "z");

	ck_assert_uint_eq(strlen(text), 5004);
	ck_assert_str_eq(text + 5001, "7-z");
	ck_assert_str_eq(arena_printf(a, "%s", ""), "");
}
END_TEST

static char order[8];

static void
note(void *arg)
{
	size_t len = strlen(order);

	order[len] = *(const char *)arg;
	order[len + 1] = '\0';
}

START_TEST(what_was_deferred_runs_newest_first_and_once)
{
	char letters[] = "abc";

	order[0] = '\0';
	for (int i = 0; i < 3; i++)
		arena_defer(a, note, &letters[i]);
	arena_reset(a);
	ck_assert_str_eq(order, "cba");
	arena_reset(a);
	ck_assert_str_eq(order, "cba");
}
END_TEST

/* A deferred clean-up may still read what lies in the arena. */
START_TEST(deferred_calls_see_the_memory)
{
	order[0] = '\0';
	arena_defer(a, note, arena_strdup(a, "m"));
	(void)arena_alloc(a, 100 * 1024);
	arena_reset(a);
	ck_assert_str_eq(order, "m");
}
END_TEST

START_TEST(reset_gives_the_whole_cap_back)
{
	for (int i = 0; i < 100; i++) {
		(void)arena_alloc(a, CAP / 2);
		arena_reset(a);
	}
}
END_TEST

START_TEST(free_takes_null)
{
	arena_free(NULL);
}
END_TEST

START_TEST(outgrowing_the_cap_aborts)
{
	for (;;)
		(void)arena_alloc(a, 1000);
}
END_TEST

START_TEST(one_object_over_the_cap_aborts)
{
	(void)arena_alloc(a, CAP + 1);
}
END_TEST

START_TEST(a_size_that_overflows_aborts)
{
	(void)arena_alloc(a, SIZE_MAX - 8);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("arena");
	TCase *tc = tcase_create("arena");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, memory_is_zeroed_aligned_and_apart);
	tcase_add_test(tc, what_was_given_stays_while_more_is_asked);
	tcase_add_test(tc, copies_are_copies);
	tcase_add_test(tc, printf_takes_any_length);
	tcase_add_test(tc, what_was_deferred_runs_newest_first_and_once);
	tcase_add_test(tc, deferred_calls_see_the_memory);
	tcase_add_test(tc, reset_gives_the_whole_cap_back);
	tcase_add_test(tc, free_takes_null);
	tcase_add_test_raise_signal(tc, outgrowing_the_cap_aborts, SIGABRT);
	tcase_add_test_raise_signal(
	    tc, one_object_over_the_cap_aborts, SIGABRT);
	tcase_add_test_raise_signal(tc, a_size_that_overflows_aborts, SIGABRT);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
