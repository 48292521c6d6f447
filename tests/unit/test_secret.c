/*
 * test_secret - what is sealed opens for its place only, what is signed counts
 * for its purpose only
 */
#include "secret.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem.h"

static const char first_key[] =
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
static const char second_key[] =
    "202122232425262728292A2B2C2D2E2F303132333435363738393A3B3C3D3E3F";
static const char place[] =
    "0193e9c4-0000-7000-8000-00000000000a ecall.password";
static const char message[] = "0193e9c4-0000-7000-8000-000000000001";

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)1024 * 1024);
	(void)setenv("SECRETS_KEY", first_key, 1);
	(void)unsetenv("SECRETS_KEY_OLD");
}

static void
teardown(void)
{
	arena_free(arena);
}

static const char *
sealed(const char *text)
{
	const char *box = NULL;
	struct problem why;

	ck_assert_int_eq(secret_seal(&box, arena, place, text, &why), 0);
	return box;
}

static const char *
opened(const char *box)
{
	const char *text = NULL;
	struct problem why;

	ck_assert_msg(
	    secret_open(&text, arena, place, box, &why) == 0, "%s", why.detail);
	return text;
}

/* -1, and what is said then. */
static void
refused(const char *where, const char *box, const char *said)
{
	const char *text = NULL;
	struct problem why = { 0 };

	ck_assert_int_eq(secret_open(&text, arena, where, box, &why), -1);
	ck_assert_ptr_null(text);
	ck_assert_int_eq(why.code, PROBLEM_INTERNAL);
	ck_assert_str_eq(why.detail, said);
}

/* Made by another implementation of XSalsa20-Poly1305. */
START_TEST(a_box_of_somebody_else_opens)
{
	ck_assert_str_eq(
	    opened("\\x6465666768696a6b6c6d6e6f70717273747576777879"
		   "7a7bb631ac447b2e80958e6fab7d277d7caee5ce00"
		   "11d547c93e57eb40f79a030e"),
	    "Grüezi, geheim");
}
END_TEST

START_TEST(what_was_sealed_opens)
{
	char longest[SECRET_TEXT_MAX + 2];
	const char *text = NULL;
	struct problem why;

	ck_assert_str_eq(opened(sealed("geheim")), "geheim");
	ck_assert_str_eq(opened(sealed("")), "");
	/* The same twice is not the same box. */
	ck_assert_str_ne(sealed("geheim"), sealed("geheim"));
	ck_assert_ptr_null(strstr(sealed("geheim"), "676568656"));

	memset(longest, 'x', sizeof(longest));
	longest[SECRET_TEXT_MAX] = '\0';
	ck_assert_str_eq(opened(sealed(longest)), longest);
	longest[SECRET_TEXT_MAX] = 'x';
	longest[SECRET_TEXT_MAX + 1] = '\0';
	ck_assert_int_eq(secret_seal(&text, arena, place, longest, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_FIELD_TOO_LONG);
}
END_TEST

START_TEST(an_altered_box_is_refused)
{
	static const char said[] =
	    "A sealed secret does not open with SECRETS_KEY";
	char *box = arena_strdup(arena, sealed("geheim"));

	for (size_t i = 2; box[i] != '\0'; i++) {
		char was = box[i];

		box[i] = was == '0' ? '1' : '0';
		refused(place, box, said);
		box[i] = was;
	}
	ck_assert_str_eq(opened(box), "geheim");
	/* Another firm's, or another secret of the same. */
	refused(
	    "0193e9c4-0000-7000-8000-00000000000b ecall.password", box, said);
	refused("0193e9c4-0000-7000-8000-00000000000a ecall.user", box, said);
}
END_TEST

START_TEST(a_truncated_box_is_refused)
{
	char *box = arena_strdup(arena, sealed("geheim"));
	size_t len = strlen(box);
	const char *text;
	struct problem why;

	for (size_t i = 0; i < len; i++) {
		ck_assert_int_eq(secret_open(&text, arena, place,
				     arena_strndup(arena, box, i), &why),
		    -1);
		ck_assert_int_eq(
		    secret_open(&text, arena, place, box + len - i, &why), -1);
	}
	refused(place, "", "A sealed secret is damaged");
	refused(place, "geheim", "A sealed secret is damaged");
	refused(place, "\\xzz", "A sealed secret is damaged");
	memset(box, '0', len);
	refused(place, box, "A sealed secret is damaged");
}
END_TEST

START_TEST(the_key_before_still_opens_and_counts)
{
	const char *box = sealed("geheim");
	struct secret_mac mac, other;
	struct problem why;

	ck_assert_int_eq(secret_sign(&mac, "receipt", message, &why), 0);
	(void)setenv("SECRETS_KEY", second_key, 1);
	refused(place, box, "A sealed secret does not open with SECRETS_KEY");
	ck_assert(!secret_is_signed(mac.text, "receipt", message));

	(void)setenv("SECRETS_KEY_OLD", first_key, 1);
	ck_assert_str_eq(opened(box), "geheim");
	ck_assert(secret_is_signed(mac.text, "receipt", message));
	/* What is new is the new key's. */
	box = sealed("neu");
	ck_assert_int_eq(secret_sign(&other, "receipt", message, &why), 0);
	ck_assert_str_ne(mac.text, other.text);
	(void)unsetenv("SECRETS_KEY_OLD");
	ck_assert_str_eq(opened(box), "neu");

	(void)setenv("SECRETS_KEY_OLD", first_key, 1);
	(void)setenv("SECRETS_KEY",
	    "4041424344454647484950515253545556575859606162636465666768697071",
	    1);
	refused(place, box,
	    "A sealed secret does not open with SECRETS_KEY nor "
	    "SECRETS_KEY_OLD");
}
END_TEST

static const struct {
	const char *key;
	const char *said;
} bad_keys[] = {
	{ NULL, "SECRETS_KEY is not set" },
	{ "", "SECRETS_KEY is not set" },
	{ "geheim", "SECRETS_KEY must be 64 hexadecimal digits" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1",
	    "SECRETS_KEY must be 64 hexadecimal digits" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f0",
	    "SECRETS_KEY must be 64 hexadecimal digits" },
	{ "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e g",
	    "SECRETS_KEY must be 64 hexadecimal digits" },
};

START_TEST(a_bad_key_is_told)
{
	const char *box = sealed("geheim");
	const char *text = NULL;
	struct problem why = { 0 };
	struct secret_mac mac;

	ck_assert_int_eq(secret_sign(&mac, "receipt", message, &why), 0);
	if (bad_keys[_i].key == NULL)
		(void)unsetenv("SECRETS_KEY");
	else
		(void)setenv("SECRETS_KEY", bad_keys[_i].key, 1);
	refused(place, box, bad_keys[_i].said);
	ck_assert_int_eq(secret_seal(&text, arena, place, "x", &why), -1);
	ck_assert_str_eq(why.detail, bad_keys[_i].said);
	memset(&why, 0, sizeof(why));
	ck_assert(!secret_is_signed(mac.text, "receipt", message));
	ck_assert_int_eq(secret_sign(&mac, "receipt", message, &why), -1);
	ck_assert_str_eq(why.detail, bad_keys[_i].said);
}
END_TEST

/* HMAC-SHA256 twice, by another implementation. */
static const struct {
	const char *purpose;
	const char *text;
	const char *mac;
} macs[] = {
	{ "receipt", message, "b15632b231d6fe12c564aa359e9e1ce3" },
	{ "alert", message, "fcec828c7f895a3011b8fa9b79076c90" },
};

START_TEST(a_signature_is_of_its_purpose_and_text)
{
	struct secret_mac mac;
	struct problem why;

	ck_assert_int_eq(
	    secret_sign(&mac, macs[_i].purpose, macs[_i].text, &why), 0);
	ck_assert_str_eq(mac.text, macs[_i].mac);
	ck_assert(secret_is_signed(mac.text, macs[_i].purpose, macs[_i].text));
	ck_assert(!secret_is_signed(mac.text, "other", macs[_i].text));
	ck_assert(!secret_is_signed(mac.text, macs[_i].purpose, "other"));
	ck_assert(!secret_is_signed("", macs[_i].purpose, macs[_i].text));
	mac.text[31] = mac.text[31] == '0' ? '1' : '0';
	ck_assert(!secret_is_signed(mac.text, macs[_i].purpose, macs[_i].text));
	mac.text[31] = '\0';
	ck_assert(!secret_is_signed(mac.text, macs[_i].purpose, macs[_i].text));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("secret");
	TCase *tc = tcase_create("secret");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_box_of_somebody_else_opens);
	tcase_add_test(tc, what_was_sealed_opens);
	tcase_add_test(tc, an_altered_box_is_refused);
	tcase_add_test(tc, a_truncated_box_is_refused);
	tcase_add_test(tc, the_key_before_still_opens_and_counts);
	tcase_add_loop_test(tc, a_bad_key_is_told, 0,
	    (int)(sizeof(bad_keys) / sizeof(bad_keys[0])));
	tcase_add_loop_test(tc, a_signature_is_of_its_purpose_and_text, 0,
	    (int)(sizeof(macs) / sizeof(macs[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
