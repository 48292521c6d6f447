/*
 * test_backlog - webhooks that were verified while the database was away, and
 * wait
 */
#include "backlog.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/scratch.h"
#include "arena.h"
#include "digest.h"
#include "problem.h"
#include "route.h"
#include "sender.h"
#include "spool.h"

static struct scratch home;
static struct arena *a;

static void
setup(void)
{
	struct problem why;

	a = arena_new((size_t)16 * 1024 * 1024);
	home = scratch_make("test_backlog");
	ck_assert_int_eq(setenv("SPOOL_DIR", home.dir, 1), 0);
	ck_assert_int_eq(spool_open(&why), 0);
}

static void
teardown(void)
{
	scratch_remove(&home);
	arena_free(a);
}

static const char body[] = "From=%2B41\n12:3\n\0\xff{\"a\":1}\n0:\n";
static const struct sender_firm firm = { "0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
	"muster" };

static struct request
request(void)
{
	return (struct request){
		.arena = a,
		.method = HTTP_POST,
		.now = { INT64_C(1764176400123456) },
		.came_us = INT64_C(1764172800000000),
		.id = "c0ffee",
		.path = "/api/webhook/missed-call/generic/ofk_secret",
		.uri = "/api/webhook/missed-call/generic/ofk_secret?x=1",
		.query = "x=1&y=%0A",
		.client = "203.0.113.7",
		.user_agent = "",
		.authorization = "Bearer ofk_secret",
		.body_kind = BODY_FORM,
		.body = body,
		.body_len = sizeof(body) - 1,
	};
}

/* The one that waits. */
static struct spool_file
waiting(const char *key)
{
	struct spool_file file = { SPOOL_WAIT, spool_lane(key), NULL };
	struct spool_names names;

	spool_list(&names, a, file.lane);
	ck_assert_uint_eq(names.count, 1);
	file.name = names.name[0];
	return file;
}

START_TEST(what_was_kept_comes_back_as_it_was)
{
	struct request in = request(), out;
	struct spool_file file;
	struct problem why;
	const char *key;

	ck_assert_int_eq(
	    backlog_keep(&in, &firm, firm.customer_id, "1234567", &why), 0);
	file = waiting("1234567");
	ck_assert_int_eq(backlog_read(&out, &key, &file, a, &why), 0);
	ck_assert_str_eq(key, "1234567");
	ck_assert_int_eq(out.now.us, in.now.us);
	ck_assert_int_eq(out.method, HTTP_POST);
	ck_assert_int_eq(out.body_kind, BODY_FORM);
	ck_assert_str_eq(out.id, "c0ffee");
	/* Without the token. */
	ck_assert_str_eq(out.path, "/api/webhook/missed-call/generic");
	ck_assert_str_eq(out.query, "x=1&y=%0A");
	ck_assert_str_eq(out.client, "203.0.113.7");
	ck_assert_str_eq(out.user_agent, "");
	ck_assert_str_eq(out.authorization, "");
	ck_assert_uint_eq(out.body_len, sizeof(body) - 1);
	ck_assert_mem_eq(out.body, body, sizeof(body));
	ck_assert_str_eq(out.known->customer_id, firm.customer_id);
	ck_assert_str_eq(out.known->slug, "muster");
}
END_TEST

START_TEST(who_is_believed_of_all_firms_is_so_afterwards)
{
	struct sender_firm nobody = { NULL, NULL };
	struct request in = request(), out;
	struct spool_file file;
	struct problem why;
	const char *key;

	in.method = HTTP_GET;
	in.body = "";
	in.body_len = 0;
	ck_assert_int_eq(backlog_keep(&in, &nobody, NULL, "", &why), 0);
	file = waiting("");
	ck_assert_int_eq(backlog_read(&out, &key, &file, a, &why), 0);
	ck_assert_ptr_nonnull(out.known);
	ck_assert_ptr_null(out.known->customer_id);
	ck_assert_int_eq(out.method, HTTP_GET);
	ck_assert_uint_eq(out.body_len, 0);
	ck_assert_str_eq(out.body, "");
}
END_TEST

/* With the hash that fits, as if the spool had taken it. */
static void
rewrite(const char *path, const char *bytes, size_t len)
{
	struct digest_hex hash = digest_sha256(bytes, len);
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_gt(fprintf(f, "opsfabric-spool 1 %s\n", hash.text), 0);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static int
read_again(const struct spool_file *file)
{
	struct problem why = { 0 };
	struct request out;
	const char *key;
	int rc = backlog_read(&out, &key, file, a, &why);

	if (rc != 0)
		ck_assert_int_eq(why.code, PROBLEM_FIELD_INVALID);
	return rc;
}

START_TEST(what_was_not_kept_so_is_refused)
{
	static const char *const others[] = {
		"",
		"0:",
		":\n",
		"-1:\n",
		"5:abc\n",
		"3:abcd",
		"18446744073709551615:\n",
		"99999999999999999999999999:x\n",
		"0x3:abc\n",
		" 3:abc\n",
	};
	struct request in = request();
	struct spool_file file;
	struct problem why;
	const char *path, *bytes;
	size_t len;

	ck_assert_int_eq(backlog_keep(&in, &firm, NULL, "k", &why), 0);
	file = waiting("k");
	path = spool_path(
	    a, arena_printf(a, "wait/%02x/%s", (unsigned)file.lane, file.name));
	ck_assert_int_eq(spool_get(&bytes, &len, &file, a, &why), 0);
	rewrite(path, bytes, len);
	ck_assert_int_eq(read_again(&file), 0);
	for (size_t i = 0; i < len; i++) {
		rewrite(path, bytes, i);
		ck_assert_int_eq(read_again(&file), -1);
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		rewrite(path, others[i], strlen(others[i]));
		ck_assert_int_eq(read_again(&file), -1);
	}
	/* When it came is no instant. */
	bytes = "1:k\n3:now\n0:\n4:POST\n0:\n0:\n4:form\n0:\n0:\n0:\n0:\n0:\n";
	rewrite(path, bytes, strlen(bytes));
	ck_assert_int_eq(read_again(&file), -1);
}
END_TEST

START_TEST(the_key_is_the_same_in_all_forms_of_a_number)
{
	static const char *const forms[] = { "+41791234567", "0041791234567",
		"079 123 45 67", "(079) 123-45-67", "tel:0791234567" };

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		ck_assert_str_eq(backlog_key(a, forms[i], "other"), "1234567");
	ck_assert_str_eq(backlog_key(a, "+4179", "other"), "other");
	ck_assert_str_eq(backlog_key(a, NULL, "other"), "other");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("backlog");
	TCase *tc = tcase_create("backlog");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_kept_comes_back_as_it_was);
	tcase_add_test(tc, who_is_believed_of_all_firms_is_so_afterwards);
	tcase_add_test(tc, what_was_not_kept_so_is_refused);
	tcase_add_test(tc, the_key_is_the_same_in_all_forms_of_a_number);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
