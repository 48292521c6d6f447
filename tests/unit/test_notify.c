/*
 * test_notify - what systemd hears, and that nobody has to be there
 */
#include "notify.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char path[64];
static int listener;

static void
setup(void)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)snprintf(path, sizeof(path), "/tmp/test_notify.%d", getpid());
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path);
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(
	    bind(listener, (const struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
}

static void
teardown(void)
{
	(void)close(listener);
	(void)unlink(path);
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
}

static const char *
heard(void)
{
	static char line[256];
	ssize_t len = recv(listener, line, sizeof(line) - 1, 0);

	line[len < 0 ? 0 : len] = '\0';
	return line;
}

START_TEST(it_says_that_it_serves_and_that_it_stops)
{
	notify_ready("Carries messages");
	ck_assert_str_eq(heard(), "READY=1\nSTATUS=Carries messages");
	notify_stopping();
	ck_assert_str_eq(
	    heard(), "STOPPING=1\nSTATUS=Finishing what is under way");
}
END_TEST

START_TEST(it_is_alive_a_few_times_in_the_time_that_is_given)
{
	notify_alive();
	ck_assert_str_eq(heard(), ""); /* nobody watches */
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "400000000", 1), 0);
	notify_alive();
	ck_assert_str_eq(heard(), "WATCHDOG=1");
	notify_alive();
	ck_assert_str_eq(heard(), ""); /* 100 s are not over */
}
END_TEST

START_TEST(nobody_has_to_be_there)
{
	(void)unlink(path);
	notify_ready("x");
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "", 1), 0);
	notify_ready("x");
	ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
	notify_ready("x");
	ck_assert_str_eq(heard(), "");
}
END_TEST

START_TEST(a_name_may_lie_in_no_directory)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char name[64];
	int len = snprintf(name, sizeof(name), "@test_notify.%d", getpid());

	memcpy(at.sun_path + 1, name + 1, (size_t)len - 1);
	(void)close(listener);
	listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listener, (const struct sockaddr *)&at,
			     (socklen_t)(sizeof(at.sun_family) + (size_t)len)),
	    0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	notify_ready("x");
	ck_assert_str_eq(heard(), "READY=1\nSTATUS=x");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("notify");
	TCase *tcase = tcase_create("notify");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, it_says_that_it_serves_and_that_it_stops);
	tcase_add_test(
	    tcase, it_is_alive_a_few_times_in_the_time_that_is_given);
	tcase_add_test(tcase, nobody_has_to_be_there);
	tcase_add_test(tcase, a_name_may_lie_in_no_directory);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
