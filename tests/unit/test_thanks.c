/*
 * test_thanks - the signed address of the page of thanks
 */
#include "thanks.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

#define DUE 1764165600

static struct arena *a;

static const struct thanks thanks = {
	.number = 412,
	.ticket_id = "01935a0e-6f7c-7c1e-9d0a-3f6b1e0c7a55",
	.due = { DUE * CLOCK_SECOND },
	.message = THANKS_MESSAGE_LATER,
	.is_urgent = true,
	.intent = "gas & mehr=ä",
};

static void
setup(void)
{
	ck_assert_int_eq(setenv("SECRETS_KEY",
			     "000102030405060708090a0b0c0d0e0f"
			     "101112131415161718191a1b1c1d1e1f",
			     1),
	    0);
	a = arena_new(256 * 1024);
}

static void
teardown(void)
{
	arena_free(a);
}

static bool
reads(const char *slug, const char *query)
{
	struct thanks out;

	return thanks_read(&out, a, slug, query);
}

START_TEST(what_is_signed_is_read_again)
{
	const char *query = thanks_query(a, "muster-ag", &thanks);
	struct thanks out;

	ck_assert(thanks_read(&out, a, "muster-ag", query));
	ck_assert_int_eq(out.number, thanks.number);
	ck_assert_str_eq(out.ticket_id, thanks.ticket_id);
	ck_assert_int_eq(out.due.us, thanks.due.us);
	ck_assert_int_eq(out.message, thanks.message);
	ck_assert(out.is_urgent);
	ck_assert_str_eq(out.intent, thanks.intent);
	/* The language is the visitor's to choose. */
	ck_assert(reads("muster-ag", arena_printf(a, "%s&lang=fr", query)));
}
END_TEST

START_TEST(without_an_intent_there_is_none)
{
	struct thanks plain = thanks, out;

	plain.intent = NULL;
	plain.is_urgent = false;
	ck_assert(thanks_read(&out, a, "x", thanks_query(a, "x", &plain)));
	ck_assert_ptr_null(out.intent);
	ck_assert(!out.is_urgent);
}
END_TEST

START_TEST(nothing_of_it_can_be_changed)
{
	char *query = arena_strdup(a, thanks_query(a, "muster-ag", &thanks));

	ck_assert(!reads("muster-a", query));
	ck_assert(!reads("", query));
	for (size_t i = 0; query[i] != '\0'; i++) {
		query[i] ^= 1;
		ck_assert_msg(!reads("muster-ag", query), "%s", query);
		query[i] ^= 1;
	}
	for (size_t len = 0; query[len] != '\0'; len++)
		ck_assert(!reads("muster-ag", arena_strndup(a, query, len)));
	ck_assert(!reads("muster-ag", arena_printf(a, "n=1&%s", query)));
	ck_assert(reads("muster-ag", query));
}
END_TEST

START_TEST(without_a_key_nothing_is_said)
{
	const char *query = thanks_query(a, "muster-ag", &thanks);

	ck_assert_int_eq(unsetenv("SECRETS_KEY"), 0);
	ck_assert_str_eq(thanks_query(a, "muster-ag", &thanks), "");
	ck_assert(!reads("muster-ag", query));
	ck_assert(!reads("muster-ag", ""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("thanks");
	TCase *tc = tcase_create("thanks");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_signed_is_read_again);
	tcase_add_test(tc, without_an_intent_there_is_none);
	tcase_add_test(tc, nothing_of_it_can_be_changed);
	tcase_add_test(tc, without_a_key_nothing_is_said);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
