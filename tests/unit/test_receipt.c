/*
 * test_receipt - addresses that carry a message's id, signed
 */
#include "receipt.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

static const char key[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char message[] = "0193e9c4-0000-7000-8000-000000000001";

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)64 * 1024);
	(void)setenv("SECRETS_KEY", key, 1);
	(void)setenv("APP_BASE_URL", "https://opsfabric.example.ch", 1);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(an_address_carries_the_id_and_its_signature)
{
	ck_assert_str_eq(receipt_link(arena, "twilio", message),
	    "https://opsfabric.example.ch/api/webhook/sms-status/twilio/"
	    "b15632b231d6fe12c564aa359e9e1ce3"
	    "?id=0193e9c4-0000-7000-8000-000000000001");
	/* Kannel fills in its escapes. */
	ck_assert_str_eq(receipt_link(arena, "kannel", message),
	    "https://opsfabric.example.ch/api/webhook/sms-status/kannel/"
	    "b15632b231d6fe12c564aa359e9e1ce3"
	    "?id=0193e9c4-0000-7000-8000-000000000001"
	    "&event=%d&said=%A&provider_id=%F");
}
END_TEST

START_TEST(a_signature_is_of_one_message)
{
	ck_assert(receipt_verify("b15632b231d6fe12c564aa359e9e1ce3", message));
	ck_assert(!receipt_verify("b15632b231d6fe12c564aa359e9e1ce3",
	    "0193e9c4-0000-7000-8000-000000000002"));
	ck_assert(!receipt_verify("b15632b231d6fe12c564aa359e9e1ce4", message));
	/* What is signed for another purpose. */
	ck_assert(!receipt_verify("fcec828c7f895a3011b8fa9b79076c90", message));
}
END_TEST

START_TEST(without_a_key_there_is_no_address)
{
	(void)setenv("SECRETS_KEY", "", 1);
	ck_assert_ptr_null(receipt_link(arena, "twilio", message));
	(void)setenv("SECRETS_KEY", "short", 1);
	ck_assert_ptr_null(receipt_link(arena, "twilio", message));
	ck_assert(!receipt_verify("b15632b231d6fe12c564aa359e9e1ce3", message));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("receipt");
	TCase *tc = tcase_create("receipt");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_address_carries_the_id_and_its_signature);
	tcase_add_test(tc, a_signature_is_of_one_message);
	tcase_add_test(tc, without_a_key_there_is_no_address);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
