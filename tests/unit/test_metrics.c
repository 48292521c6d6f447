/*
 * test_metrics - what programs count: one small shared file for each
 */
#include "metrics.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../support/scratch.h"
#include "provider.h"

#define CHILDREN 8
#define EACH 2000

static struct scratch home;
static char dir[80], file[128];

static void
setup(void)
{
	home = scratch_make("test_metrics");
	(void)snprintf(dir, sizeof(dir), "%s/metrics", home.dir);
	(void)snprintf(file, sizeof(file), "%s/ticket.counters", dir);
	ck_assert_int_eq(setenv("METRICS_DIR", dir, 1), 0);
}

static void
teardown(void)
{
	scratch_remove(&home);
}

static void
add(struct metrics *m, int status, int64_t us)
{
	struct metrics_request r = {
		.status = status,
		.us = us,
		.database_us = us / 2,
		.round_trips = 1,
	};

	metrics_add_request(m, &r);
}

static uint64_t
all_of(const struct metrics *m)
{
	uint64_t sum = 0;

	for (int i = 0; i <= METRICS_BUCKETS; i++)
		sum += metrics_bucket(m, i);
	return sum;
}

START_TEST(what_is_added_is_there)
{
	struct metrics *m = metrics_open("ticket");
	struct metrics_sums sums;

	add(m, 200, 400);
	add(m, 200, 500);
	add(m, 200, 501);
	add(m, 100, 0);
	add(m, 599, 11000000);
	metrics_add_message(m, &provider_twilio, METRICS_RETRY);
	ck_assert_uint_eq(metrics_requests(m, 200), 3);
	ck_assert_uint_eq(metrics_requests(m, 100), 1);
	ck_assert_uint_eq(metrics_requests(m, 599), 1);
	ck_assert_uint_eq(metrics_requests(m, 503), 0);
	/* A bound belongs to its bucket, as "le" says. */
	ck_assert_uint_eq(metrics_bucket(m, 0), 3);
	ck_assert_uint_eq(metrics_bucket(m, 1), 1);
	ck_assert_uint_eq(metrics_bucket(m, METRICS_BUCKETS), 1);
	sums = metrics_sums(m);
	ck_assert_uint_eq(sums.us, 400 + 500 + 501 + 11000000);
	ck_assert_uint_eq(sums.database_us, 200 + 250 + 250 + 5500000);
	ck_assert_uint_eq(sums.round_trips, 5);
	ck_assert_uint_eq(
	    metrics_messages(m, &provider_twilio, METRICS_RETRY), 1);
	ck_assert_uint_eq(
	    metrics_messages(m, &provider_twilio, METRICS_SENT), 0);
	metrics_close(m);
}
END_TEST

START_TEST(it_survives_those_who_count_and_others_may_look)
{
	struct metrics *m = metrics_open("ticket"), *again, *view;
	struct stat st;

	ck_assert_ptr_null(metrics_view("page"));
	add(m, 201, 1000);
	view = metrics_view("ticket");
	metrics_close(m);
	again = metrics_open("ticket");
	add(again, 201, 1000);
	ck_assert_uint_eq(metrics_requests(view, 201), 2);
	metrics_close(again);
	metrics_close(view);
	ck_assert_int_eq(stat(file, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	/* Its blocks are there: a disk that is full later kills nobody. */
	ck_assert_int_ge(st.st_blocks * 512, st.st_size);
}
END_TEST

/* Sides that begin at once, on a directory that is not there yet. */
START_TEST(nothing_is_lost_between_many)
{
	struct metrics *view;
	int start[2], status;

	ck_assert_int_eq(pipe(start), 0);
	for (int i = 0; i < CHILDREN; i++) {
		char byte;

		if (fork() != 0)
			continue;
		(void)close(start[1]);
		(void)!read(start[0], &byte, 1);
		for (int n = 0; n < EACH; n++) {
			struct metrics *m =
			    n % 500 == 0 ? metrics_open("ticket") : NULL;
			static struct metrics *kept;

			kept = m != NULL ? m : kept;
			add(kept, 200, n);
		}
		_exit(0);
	}
	(void)close(start[1]);
	for (int i = 0; i < CHILDREN; i++) {
		ck_assert_int_gt(wait(&status), 0);
		ck_assert_int_eq(status, 0);
	}
	(void)close(start[0]);
	view = metrics_view("ticket");
	ck_assert_ptr_nonnull(view);
	ck_assert_uint_eq(metrics_requests(view, 200), CHILDREN * EACH);
	ck_assert_uint_eq(all_of(view), CHILDREN * EACH);
	metrics_close(view);
}
END_TEST

static void
file_write(const char *bytes, size_t len, off_t at, int flags)
{
	int fd = open(file, O_WRONLY | O_CREAT | flags, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, len, at), (ssize_t)len);
	ck_assert_int_eq(close(fd), 0);
}

/* Nothing, a piece, rubbish, another build's, more than it should be. */
static const struct {
	const char *bytes;
	off_t at;
	int flags;
} damages[] = {
	{ "", 0, O_TRUNC },
	{ "OPSFMET", 0, O_TRUNC },
	{ "rubbish!rubbish!", 0, O_TRUNC },
	{ "rubbish!", 0, 0 },
	{ "another!", 8, 0 },
	{ "more", 100000, 0 },
};

START_TEST(a_file_that_is_no_good_is_replaced)
{
	struct metrics *before = metrics_open("ticket"), *after;

	add(before, 200, 1);
	/* Whoever has the old one in hand goes on with it and is not killed,
	 * unless it was made shorter. */
	if ((damages[_i].flags & O_TRUNC) != 0)
		metrics_close(before);
	file_write(damages[_i].bytes, strlen(damages[_i].bytes), damages[_i].at,
	    damages[_i].flags);
	ck_assert_ptr_null(metrics_view("ticket"));
	after = metrics_open("ticket");
	ck_assert_uint_eq(metrics_requests(after, 200), 0);
	add(after, 200, 1);
	if ((damages[_i].flags & O_TRUNC) == 0) {
		add(before, 200, 1);
		metrics_close(before);
	}
	metrics_close(after);
	after = metrics_view("ticket");
	ck_assert_uint_eq(metrics_requests(after, 200), 1);
	metrics_close(after);
}
END_TEST

/* A directory under the file's name, a link to elsewhere, no way to the
 * directory. */
START_TEST(without_a_file_it_counts_for_itself)
{
	struct metrics *m;

	if (_i == 0) {
		ck_assert_int_eq(setenv("METRICS_DIR", "/dev/null/x", 1), 0);
	} else {
		ck_assert_int_eq(mkdir(dir, 0700), 0);
		ck_assert_int_eq(
		    _i == 1 ? mkdir(file, 0700) : symlink("/dev/null", file),
		    0);
	}
	m = metrics_open("ticket");
	if (_i == 2) {
		/* The link is replaced by a file of ours. */
		struct stat st;

		ck_assert_int_eq(lstat(file, &st), 0);
		ck_assert(S_ISREG(st.st_mode));
	} else {
		ck_assert_ptr_null(metrics_view("ticket"));
	}
	add(m, 200, 1);
	ck_assert_uint_eq(metrics_requests(m, 200), 1);
	metrics_close(m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("metrics");
	TCase *t = tcase_create("all");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_added_is_there);
	tcase_add_test(t, it_survives_those_who_count_and_others_may_look);
	tcase_add_test(t, nothing_is_lost_between_many);
	tcase_add_loop_test(t, a_file_that_is_no_good_is_replaced, 0,
	    sizeof(damages) / sizeof(damages[0]));
	tcase_add_loop_test(t, without_a_file_it_counts_for_itself, 0, 3);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
