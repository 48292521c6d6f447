/*
 * test_config - what a file sets, and what the environment has set before
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "problem.h"

static char path[64];

static void
file_write(const char *text)
{
	FILE *f;

	(void)snprintf(path, sizeof(path), "/tmp/test_config.%d", getpid());
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
}

static void
setup(void)
{
	for (int i = 0; i < CONFIG_MAX; i++)
		(void)unsetenv(config_name((enum config)i));
}

static void
teardown(void)
{
	(void)unlink(path);
}

/* What systemd makes of such lines (EnvironmentFile= in systemd.exec(5)). */
static const struct {
	const char *text;
	const char *value; /* of CRON_SECRET */
} files[] = {
	{ "CRON_SECRET=plain\n", "plain" },
	{ "CRON_SECRET=no end of the line", "no end of the line" },
	{ "CRON_SECRET=\"in quotes\"\n", "in quotes" },
	{ "CRON_SECRET='in single ones'\n", "in single ones" },
	{ "CRON_SECRET=\"\n", "\"" },
	{ "  CRON_SECRET =  space around  \n", "space around" },
	{ "CRON_SECRET=a=b\n", "a=b" },
	{ "CRON_SECRET=first\nCRON_SECRET=last\n", "last" },
	{ "#CRON_SECRET=a comment\n", "" },
	{ ";CRON_SECRET=a comment\n", "" },
	{ "CRON_SECRET_2=another\nXCRON_SECRET=another\n", "" },
	{ "CRON_SECRET\n=\n\n", "" },
	{ "", "" },
};

START_TEST(a_file_sets_what_is_not_set)
{
	file_write(files[_i].text);
	ck_assert_int_eq(config_read_file(path), 0);
	ck_assert_str_eq(config_get(CONFIG_CRON_SECRET), files[_i].value);
}
END_TEST

START_TEST(what_is_set_stays)
{
	file_write("CRON_SECRET=file\nSMS_PROVIDER=ecall\n");
	(void)setenv("CRON_SECRET", "environment", 1);
	(void)setenv("SMS_PROVIDER", "", 1); /* as good as unset */
	ck_assert(config_is_set(CONFIG_CRON_SECRET));
	ck_assert(!config_is_set(CONFIG_SMS_PROVIDER));
	ck_assert_int_eq(config_read_file(path), 0);
	ck_assert_str_eq(config_get(CONFIG_CRON_SECRET), "environment");
	ck_assert_str_eq(config_get(CONFIG_SMS_PROVIDER), "ecall");
}
END_TEST

START_TEST(nothing_else_gets_into_the_environment)
{
	(void)unsetenv("LD_PRELOAD");
	file_write("LD_PRELOAD=/tmp/x.so\nPATH=/tmp\n");
	ck_assert_int_eq(config_read_file(path), 0);
	ck_assert_ptr_null(getenv("LD_PRELOAD"));
	ck_assert_str_ne(getenv("PATH"), "/tmp");
}
END_TEST

START_TEST(a_file_that_is_not_there_is_told)
{
	ck_assert_int_eq(config_read_file("/nowhere/opsfabric.conf"), -1);
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

static const struct {
	const char *value;
	long number; /* -1: refused */
} numbers[] = {
	{ "1", 1 },
	{ "100", 100 },
	{ "007", 7 },
	{ "0", -1 },
	{ "101", -1 },
	{ "-5", -1 },
	{ "+5", -1 },
	{ " 5", -1 },
	{ "5 ", -1 },
	{ "5k", -1 },
	{ "many", -1 },
	{ "0x10", -1 },
	{ "99999999999999999999999", -1 },
};

START_TEST(a_number_is_one_or_is_refused_by_its_name)
{
	struct problem why = { 0 };
	long number;
	int rc;

	(void)setenv("SPOOL_MAX", numbers[_i].value, 1);
	rc = config_number(&number, CONFIG_SPOOL_MAX, 1, 100, &why);
	ck_assert_int_eq(rc, numbers[_i].number < 0 ? -1 : 0);
	if (rc == 0) {
		ck_assert_int_eq(number, numbers[_i].number);
		return;
	}
	ck_assert_int_eq(why.code, PROBLEM_INTERNAL);
	ck_assert_ptr_nonnull(strstr(why.detail, "SPOOL_MAX is \""));
	ck_assert_ptr_nonnull(strstr(why.detail, "from 1 to 100"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("config");
	TCase *tc = tcase_create("config");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_file_sets_what_is_not_set, 0,
	    (int)(sizeof(files) / sizeof(files[0])));
	tcase_add_test(tc, what_is_set_stays);
	tcase_add_test(tc, nothing_else_gets_into_the_environment);
	tcase_add_test(tc, a_file_that_is_not_there_is_told);
	tcase_add_loop_test(tc, a_number_is_one_or_is_refused_by_its_name, 0,
	    (int)(sizeof(numbers) / sizeof(numbers[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
