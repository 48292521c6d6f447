/*
 * test_digest - hashes, and Base64 as strangers send it
 */
#include "digest.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

/* RFC 4648 10, and what Basic carries. */
static const char *const decoded[][2] = {
	{ "Zg==", "f" },
	{ "Zm8=", "fo" },
	{ "Zm9v", "foo" },
	{ "Zm9vYg==", "foob" },
	{ "Zm9vYmE=", "fooba" },
	{ "Zm9vYmFy", "foobar" },
	{ "w7w6fn4/", "ü:~~?" },
	{ "Og==", ":" },
};

START_TEST(base64_is_decoded)
{
	const char *out = digest_unbase64(arena, decoded[_i][0]);

	ck_assert_ptr_nonnull(out);
	ck_assert_str_eq(out, decoded[_i][1]);
}
END_TEST

static const char *const none[] = { "", "=", "==", "===", "====", "Zg",
	"Zg=", "Zg===", "Z===", "Zm9vYmFy=", " Zm9v", "Zm9v ", "Zm9v\n", "Zm 9",
	"Zm9!", "Zm9-", "=m9v", "Zm=v", "\xc3\xbc\xc3\xbc", "AA==", "YQBi",
	"AAAA" };

START_TEST(anything_else_is_none)
{
	ck_assert_ptr_null(digest_unbase64(arena, none[_i]));
}
END_TEST

START_TEST(a_mac_is_that_of_rfc_2202)
{
	ck_assert_str_eq(
	    digest_hmac_sha1("Jefe", "what do ya want for nothing?").text,
	    "7/zfauXrL6LSdBbV8YTfnCWafHk=");
	ck_assert(digest_equal("a", "a"));
	ck_assert(!digest_equal("a", "b"));
	ck_assert(!digest_equal("a", ""));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("digest");
	TCase *t = tcase_create("digest");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(
	    t, base64_is_decoded, 0, sizeof(decoded) / sizeof(decoded[0]));
	tcase_add_loop_test(
	    t, anything_else_is_none, 0, sizeof(none) / sizeof(none[0]));
	tcase_add_test(t, a_mac_is_that_of_rfc_2202);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
