/*
 * test_visitor - what tells a person who fills in a public form from a program
 */
#include "visitor.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem.h"
#include "secret.h"

#define SHOWN 1764150000

static struct arena *a;

static void
setup(void)
{
	ck_assert_int_eq(setenv("SECRETS_KEY",
			     "000102030405060708090a0b0c0d0e0f"
			     "101112131415161718191a1b1c1d1e1f",
			     1),
	    0);
	a = arena_new(64 * 1024);
}

static void
teardown(void)
{
	arena_free(a);
}

static const char *
token(const char *purpose, const char *slug, long long shown)
{
	struct secret_mac mac;
	struct problem why;

	ck_assert_int_eq(secret_sign(&mac, purpose,
			     arena_printf(a, "%s %lld", slug, shown), &why),
	    0);
	return arena_printf(a, "%lld.%s", shown, mac.text);
}

static bool
is_good(const char *text, long long after_us)
{
	struct clock_time now = { SHOWN * CLOCK_SECOND + after_us };

	return visitor_token_is_good(a, text, "muster-ag", now);
}

START_TEST(a_person_takes_three_seconds_to_a_day)
{
	static const struct {
		long long after_us;
		bool good;
	} cases[] = {
		{ -1, false },
		{ -CLOCK_DAY, false },
		{ 0, false },
		{ 3 * CLOCK_SECOND - 1, false },
		{ 3 * CLOCK_SECOND, true },
		{ 10 * CLOCK_MINUTE, true },
		{ CLOCK_DAY, true },
		{ CLOCK_DAY + 1, false },
		{ 365 * CLOCK_DAY, false },
	};
	const char *text = token("form", "muster-ag", SHOWN);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(is_good(text, cases[i].after_us) == cases[i].good,
		    "after %lld us", cases[i].after_us);
}
END_TEST

START_TEST(only_what_we_signed_for_this_form_counts)
{
	const char *good = token("form", "muster-ag", SHOWN);
	const char *dot = strchr(good, '.');
	char *bad = arena_strdup(a, good);

	ck_assert(is_good(good, CLOCK_MINUTE));
	ck_assert(!is_good(token("form", "muster-a", SHOWN), CLOCK_MINUTE));
	ck_assert(!is_good(token("alert", "muster-ag", SHOWN), CLOCK_MINUTE));
	ck_assert(
	    !is_good(arena_printf(a, "%d%s", SHOWN + 30, dot), CLOCK_MINUTE));
	for (size_t i = 0; bad[i] != '\0'; i++) {
		bad[i] ^= 1;
		ck_assert(!is_good(bad, CLOCK_MINUTE));
		bad[i] ^= 1;
	}
	ck_assert(is_good(bad, CLOCK_MINUTE));
}
END_TEST

START_TEST(what_is_no_token_is_refused)
{
	static const char *const cases[] = { "", ".", "1", "1.", ".a", "x.y",
		"1764150000", "1764150000.", "-1764150000.0",
		"99999999999999999999.00000000000000000000000000000000",
		"0.00000000000000000000000000000000", " 1764150000.0",
		"1764150000 .00000000000000000000000000000000", "\xff.\xff" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_msg(
		    !is_good(cases[i], CLOCK_MINUTE), "\"%s\"", cases[i]);
}
END_TEST

START_TEST(what_a_page_is_given_counts)
{
	struct clock_time shown = { SHOWN * CLOCK_SECOND + 999999 };
	const char *text = visitor_token(a, "muster-ag", shown);

	ck_assert_str_eq(text, token("form", "muster-ag", SHOWN));
	ck_assert(!is_good(text, CLOCK_SECOND));
	ck_assert(is_good(text, CLOCK_MINUTE));
	ck_assert(
	    !is_good(visitor_token(a, "another-ag", shown), CLOCK_MINUTE));
}
END_TEST

START_TEST(without_a_key_no_page_is_given_one)
{
	struct clock_time shown = { SHOWN * CLOCK_SECOND };

	ck_assert_int_eq(unsetenv("SECRETS_KEY"), 0);
	ck_assert_ptr_null(visitor_token(a, "muster-ag", shown));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("visitor");
	TCase *tc = tcase_create("visitor");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_person_takes_three_seconds_to_a_day);
	tcase_add_test(tc, only_what_we_signed_for_this_form_counts);
	tcase_add_test(tc, what_is_no_token_is_refused);
	tcase_add_test(tc, what_a_page_is_given_counts);
	tcase_add_test(tc, without_a_key_no_page_is_given_one);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
