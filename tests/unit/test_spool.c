/*
 * test_spool - the spool: files that wait on this host for the database
 */
#include "spool.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/scratch.h"
#include "arena.h"
#include "digest.h"
#include "problem.h"

#define KEY "0791234567"

static struct scratch home;
static struct arena *a;

static void
setup(void)
{
	struct problem why;

	a = arena_new((size_t)16 * 1024 * 1024);
	home = scratch_make("test_spool");
	ck_assert_int_eq(setenv("SPOOL_DIR", home.dir, 1), 0);
	ck_assert_int_eq(setenv("SPOOL_MAX", "32", 1), 0);
	ck_assert_int_eq(spool_open(&why), 0);
}

static void
teardown(void)
{
	scratch_remove(&home);
	arena_free(a);
}

static int
put(const char *key, const char *firm, int64_t came_us, const char *bytes)
{
	struct spool_item item = {
		.key = key,
		.firm = firm,
		.came_us = came_us,
		.bytes = bytes,
		.len = strlen(bytes),
	};
	struct problem why = { 0 };
	int rc = spool_put(a, &item, &why);

	ck_assert_int_eq(rc == 0 ? PROBLEM_NONE : PROBLEM_TRY_AGAIN, why.code);
	return rc;
}

/* What waits in the lane of KEY, one behind the other. */
static const char *
lane_text(void)
{
	int lane = spool_lane(KEY);
	struct spool_names names;
	char *text = arena_strdup(a, "");

	spool_list(&names, a, lane);
	for (size_t i = 0; i < names.count; i++) {
		struct spool_file file = { SPOOL_WAIT, lane, names.name[i] };
		struct problem why;
		const char *bytes;
		size_t len;

		ck_assert_int_eq(spool_get(&bytes, &len, &file, a, &why), 0);
		ck_assert_uint_eq(strlen(bytes), len);
		text = arena_printf(a, "%s%s", text, bytes);
	}
	return text;
}

START_TEST(what_was_put_is_got_in_the_order_of_its_coming)
{
	ck_assert(!spool_has(KEY));
	ck_assert_int_eq(put(KEY, "x", 1000, "a"), 0);
	ck_assert_int_eq(put(KEY, "x", 2000, ""), 0);
	ck_assert_int_eq(put(KEY, "x", 2000, "b"), 0);
	ck_assert_int_eq(put(KEY, "x", 2001, "c"), 0);
	ck_assert(spool_has(KEY));
	ck_assert_str_eq(lane_text(), "abc");
	ck_assert_uint_eq(spool_count(SPOOL_WAIT).count, 4);
	ck_assert_int_eq(spool_count(SPOOL_WAIT).oldest_us, 1000);
}
END_TEST

START_TEST(a_clock_that_is_set_back_changes_no_order)
{
	ck_assert_int_eq(put(KEY, "x", INT64_C(1764176400000000), "a"), 0);
	ck_assert_int_eq(put(KEY, "x", INT64_C(1764172800000000), "b"), 0);
	ck_assert_int_eq(put(KEY, "x", INT64_C(1764172800000001), "c"), 0);
	ck_assert_int_eq(put(KEY, "x", INT64_C(1764176400000003), "d"), 0);
	ck_assert_int_eq(put(KEY, "x", INT64_C(9999999999999999), "e"), 0);
	ck_assert_str_eq(lane_text(), "abcde");
	/* Still a name, if no order any more. */
	ck_assert_int_eq(put(KEY, "x", 1, "f"), 0);
	ck_assert_uint_eq(strlen(lane_text()), 6);
}
END_TEST

START_TEST(the_flood_of_one_firm_leaves_room_to_the_others)
{
	static const char *const others[] = { "one", "two", "three", "four" };
	int i;

	for (i = 0; i < 24; i++)
		ck_assert_int_eq(
		    put(arena_printf(a, "%d", i), "flood", 1000, "x"), 0);
	ck_assert_int_eq(put("0", "flood", 1000, "x"), -1);
	/* Nor by another process, who counts for itself. */
	for (size_t o = 0; o < sizeof(others) / sizeof(others[0]); o++)
		for (i = 0; i < 3; i++)
			ck_assert_int_eq(
			    put("0", others[o], 1000, "x"), i < 2 ? 0 : -1);
	ck_assert_int_eq(put("0", "flood", 1000, "x"), -1);
	ck_assert_uint_eq(spool_count(SPOOL_WAIT).count, 32);
	ck_assert_int_eq(put("0", "five", 1000, "x"), -1);
}
END_TEST

START_TEST(a_firm_that_is_alone_has_all_but_the_last_quarter)
{
	struct problem why;

	ck_assert_int_eq(setenv("SPOOL_MAX", "3", 1), 0);
	ck_assert_int_eq(spool_open(&why), 0);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(put(KEY, "x", 1000, "x"), i < 3 ? 0 : -1);
}
END_TEST

START_TEST(a_bound_that_is_no_number_is_refused)
{
	struct problem why = { 0 };

	ck_assert_int_eq(setenv("SPOOL_MAX", "plenty", 1), 0);
	ck_assert_int_eq(spool_open(&why), -1);
	ck_assert_int_eq(why.code, PROBLEM_INTERNAL);
	ck_assert_ptr_nonnull(strstr(why.detail, "SPOOL_MAX is \"plenty\""));
	ck_assert_int_eq(spool_check(&why), -1);
}
END_TEST

START_TEST(what_failed_comes_first_again)
{
	struct problem why;
	struct spool_names names;
	int lane = spool_lane(KEY);
	struct spool_file file = { .place = SPOOL_WAIT, .lane = lane };

	ck_assert_int_eq(put(KEY, "x", 1000, "a"), 0);
	ck_assert_int_eq(put(KEY, "x", 2000, "b"), 0);
	spool_list(&names, a, lane);
	file.name = names.name[0];
	ck_assert_int_eq(spool_fail(&file, &why), 0);
	ck_assert_str_eq(lane_text(), "b");
	ck_assert_uint_eq(spool_count(SPOOL_FAILED).count, 1);
	ck_assert_int_eq(spool_retry(file.name, lane, &why), 0);
	ck_assert_str_eq(lane_text(), "ab");
	ck_assert_int_eq(spool_remove(&file, &why), 0);
	ck_assert_int_eq(spool_remove(&file, &why), 0);
	ck_assert_str_eq(lane_text(), "b");
}
END_TEST

/* ---- what others may have left there ------------------------------------ */

#define NAME "0001764176400000-0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

static const struct spool_file there = { SPOOL_FAILED, 0, NAME };

static enum problem_code
got(void)
{
	struct problem why = { 0 };
	const char *bytes;
	size_t len;

	if (spool_get(&bytes, &len, &there, a, &why) == 0) {
		ck_assert_int_eq(bytes[len], '\0');
		return PROBLEM_NONE;
	}
	ck_assert_uint_gt(strlen(why.detail), 0);
	return why.code;
}

static const char *
path_there(void)
{
	return spool_path(a, "failed/" NAME);
}

static void
write_there(const char *bytes, size_t len)
{
	FILE *f = fopen(path_there(), "we");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(fwrite(bytes, 1, len, f), len);
	ck_assert_int_eq(fclose(f), 0);
}

static const char *
whole(const char *version, const char *bytes)
{
	struct digest_hex hash = digest_sha256(bytes, strlen(bytes));

	return arena_printf(
	    a, "opsfabric-spool %s %s\n%s", version, hash.text, bytes);
}

START_TEST(a_file_is_whole_or_none_of_ours)
{
	const char *file = whole("1", "what it tells");
	size_t len = strlen(file);

	ck_assert_int_eq(got(), PROBLEM_NOT_FOUND);
	write_there(file, len);
	ck_assert_int_eq(got(), PROBLEM_NONE);
	for (size_t i = 0; i < len; i++) {
		char *torn = arena_strdup(a, file);

		write_there(file, i);
		ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
		torn[i] ^= 1;
		write_there(torn, len);
		ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
	}
	write_there(whole("1", ""), strlen(whole("1", "")));
	ck_assert_int_eq(got(), PROBLEM_NONE);
}
END_TEST

START_TEST(another_version_is_told_from_a_foreign_file)
{
	const char *file = whole("2", "what it tells");
	struct problem why;
	const char *bytes;
	size_t len;

	write_there(file, strlen(file));
	ck_assert_int_eq(spool_get(&bytes, &len, &there, a, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_FIELD_INVALID);
	ck_assert_ptr_nonnull(strstr(why.detail, "Another version"));
}
END_TEST

START_TEST(one_that_is_too_large_is_not_read)
{
	write_there("", 0);
	/* Without a block on the disk. */
	ck_assert_int_eq(truncate(path_there(), (off_t)SPOOL_FILE_MAX + 1), 0);
	ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
	ck_assert_int_eq(truncate(path_there(), INT64_C(1) << 40), 0);
	ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
}
END_TEST

START_TEST(what_is_no_file_is_none_of_ours)
{
	ck_assert_int_eq(mkdir(path_there(), 0700), 0);
	ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
	ck_assert_int_eq(rmdir(path_there()), 0);
	ck_assert_int_eq(symlink("/dev/zero", path_there()), 0);
	ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
	ck_assert_int_eq(unlink(path_there()), 0);
	/* Nobody ever writes into it. */
	ck_assert_int_eq(mkfifo(path_there(), 0600), 0);
	ck_assert_int_eq(got(), PROBLEM_FIELD_INVALID);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spool");
	TCase *tc = tcase_create("spool");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_was_put_is_got_in_the_order_of_its_coming);
	tcase_add_test(tc, a_clock_that_is_set_back_changes_no_order);
	tcase_add_test(tc, the_flood_of_one_firm_leaves_room_to_the_others);
	tcase_add_test(tc, a_firm_that_is_alone_has_all_but_the_last_quarter);
	tcase_add_test(tc, a_bound_that_is_no_number_is_refused);
	tcase_add_test(tc, what_failed_comes_first_again);
	tcase_add_test(tc, a_file_is_whole_or_none_of_ours);
	tcase_add_test(tc, another_version_is_told_from_a_foreign_file);
	tcase_add_test(tc, one_that_is_too_large_is_not_read);
	tcase_add_test(tc, what_is_no_file_is_none_of_ours);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
