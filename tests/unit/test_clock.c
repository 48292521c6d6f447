/*
 * test_clock - what time it is, for every decision of every program
 */
#include "clock.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "problem.h"

static const struct {
	const char *text;
	const char *utc; /* NULL: no instant */
} instants[] = {
	{ "2026-11-23T12:33:09Z", "2026-11-23T12:33:09.000000Z" },
	{ "2026-11-23t12:33:09z", "2026-11-23T12:33:09.000000Z" },
	{ "2026-11-23 12:33:09Z", "2026-11-23T12:33:09.000000Z" },
	{ "2026-11-23T12:33:09.25Z", "2026-11-23T12:33:09.250000Z" },
	{ "2026-11-23T12:33:09.123456789Z", "2026-11-23T12:33:09.123456Z" },
	{ "2026-11-23T12:33:09+01:00", "2026-11-23T11:33:09.000000Z" },
	{ "2026-11-23T00:33:09+05:45", "2026-11-22T18:48:09.000000Z" },
	{ "2026-11-23T22:33:09-05:30", "2026-11-24T04:03:09.000000Z" },
	{ "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z" },
	{ "1969-12-31T23:59:59.5Z", "1969-12-31T23:59:59.500000Z" },
	{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000000Z" },
	{ "", NULL },
	{ "now", NULL },
	{ "2026-11-23", NULL },
	{ "2026-11-23T12:33:09", NULL },
	{ "2026-11-23T12:33Z", NULL },
	{ "2026-11-23T12:33:09ZZ", NULL },
	{ "2026-11-23T12:33:09.Z", NULL },
	{ "2026-11-23T12:33:09+1:00", NULL },
	{ "2026-11-23T12:33:09+01:60", NULL },
	{ "2026-11-23T12:33:09+01:00x", NULL },
	{ "2026-11-23X12:33:09Z", NULL },
	{ "2026-02-29T00:00:00Z", NULL },
	{ "2026-02-30T00:00:00Z", NULL },
	{ "2026-13-01T00:00:00Z", NULL },
	{ "2026-00-01T00:00:00Z", NULL },
	{ "2026-11-23T24:00:00Z", NULL },
	{ "2026-11-23T12:60:00Z", NULL },
	{ "2026-11-23T12:33:60Z", NULL },
	{ "2026-11-23T12:33:61Z", NULL },
};

START_TEST(an_instant_is_read_and_written)
{
	struct clock_time t, again;
	int rc = clock_parse(&t, instants[_i].text);

	ck_assert_msg(rc == (instants[_i].utc == NULL ? -1 : 0), "\"%s\"",
	    instants[_i].text);
	if (rc != 0)
		return;
	ck_assert_str_eq(clock_text(t).text, instants[_i].utc);
	ck_assert_int_eq(clock_parse(&again, clock_text(t).text), 0);
	ck_assert_int_eq(again.us, t.us);
}
END_TEST

START_TEST(adding_is_adding)
{
	struct clock_time t;

	ck_assert_int_eq(clock_parse(&t, "2026-03-28T23:00:00Z"), 0);
	ck_assert_str_eq(clock_text(clock_add(t, CLOCK_DAY)).text,
	    "2026-03-29T23:00:00.000000Z");
	ck_assert_str_eq(clock_text(clock_add(t, -CLOCK_HOUR)).text,
	    "2026-03-28T22:00:00.000000Z");
}
END_TEST

static char state[64];

static void
setup(void)
{
	(void)snprintf(state, sizeof(state), "/tmp/test_clock.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(state));
	ck_assert_int_eq(setenv("OPSFABRIC_STATE", state, 1), 0);
}

static void
teardown(void)
{
	struct problem why;

	(void)clock_clear(&why);
	(void)rmdir(state);
}

static int64_t
system_now(void)
{
	return (int64_t)time(NULL) * CLOCK_SECOND;
}

/* Is it t, or a little later? */
static void
assert_about(int64_t us)
{
	int64_t now = clock_now().us;

	ck_assert_msg(now >= us - CLOCK_SECOND && now < us + CLOCK_MINUTE, "%s",
	    clock_text(clock_now()).text);
}

static int64_t
moved_to(const char *text)
{
	struct clock_time t;
	struct problem why;

	ck_assert_int_eq(clock_parse(&t, text), 0);
	ck_assert_int_eq(clock_set(t, &why), 0);
	return t.us;
}

START_TEST(it_is_the_systems_time_unless_moved)
{
	ck_assert(!clock_is_moved());
	assert_about(system_now());
}
END_TEST

START_TEST(a_moved_clock_runs_on_from_there)
{
	int64_t there = moved_to("2026-03-29T00:59:59Z");
	int64_t first = clock_now().us;

	ck_assert(clock_is_moved());
	assert_about(there);
	(void)usleep(2000);
	ck_assert(clock_now().us > first);
	assert_about(moved_to("2001-01-01T00:00:00Z"));
	assert_about(moved_to("2040-01-01T00:00:00Z"));
}
END_TEST

START_TEST(a_cleared_clock_is_the_systems_again)
{
	struct problem why;

	(void)moved_to("2040-01-01T00:00:00Z");
	ck_assert_int_eq(clock_clear(&why), 0);
	ck_assert(!clock_is_moved());
	assert_about(system_now());
	ck_assert_int_eq(clock_clear(&why), 0);
}
END_TEST

START_TEST(what_another_process_moves_moves_here)
{
	struct clock_time there;
	int status;
	pid_t child;

	assert_about(system_now());
	ck_assert_int_eq(clock_parse(&there, "2026-10-25T00:30:00Z"), 0);
	child = fork();
	if (child == 0) {
		struct problem why;

		_exit(clock_set(there, &why) == 0 ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
	assert_about(there.us);
}
END_TEST

START_TEST(a_state_directory_that_is_not_there_is_a_problem)
{
	struct problem why = { 0 };
	struct clock_time t = { 0 };

	ck_assert_int_eq(setenv("OPSFABRIC_STATE", "/nonexistent", 1), 0);
	ck_assert_int_eq(clock_set(t, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_INTERNAL);
	ck_assert_int_eq(setenv("OPSFABRIC_STATE", state, 1), 0);
}
END_TEST

START_TEST(ticks_only_go_forward)
{
	int64_t before = clock_ticks_us();

	(void)moved_to("2001-01-01T00:00:00Z");
	ck_assert(clock_ticks_us() >= before);
	ck_assert(clock_ticks_us() < before + CLOCK_MINUTE);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("clock");
	TCase *text = tcase_create("text");
	TCase *moved = tcase_create("moved");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(text, an_instant_is_read_and_written, 0,
	    (int)(sizeof(instants) / sizeof(instants[0])));
	tcase_add_test(text, adding_is_adding);
	tcase_add_checked_fixture(moved, setup, teardown);
	tcase_add_test(moved, it_is_the_systems_time_unless_moved);
	tcase_add_test(moved, a_moved_clock_runs_on_from_there);
	tcase_add_test(moved, a_cleared_clock_is_the_systems_again);
	tcase_add_test(moved, what_another_process_moves_moves_here);
	tcase_add_test(moved, a_state_directory_that_is_not_there_is_a_problem);
	tcase_add_test(moved, ticks_only_go_forward);
	suite_add_tcase(suite, text);
	suite_add_tcase(suite, moved);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
