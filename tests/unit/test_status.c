/*
 * test_status - the words of a ticket, and the moves that docs/status.md shows
 */
#include "status.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"

START_TEST(names_are_read_back)
{
	enum status status;
	enum urgency urgency;
	enum source source;

	for (int i = 0; i < STATUS_MAX; i++) {
		ck_assert_int_eq(
		    status_parse(&status, status_name((enum status)i)), 0);
		ck_assert_int_eq((int)status, i);
	}
	for (int i = 0; i < URGENCY_MAX; i++) {
		ck_assert_int_eq(
		    urgency_parse(&urgency, urgency_name((enum urgency)i)), 0);
		ck_assert_int_eq((int)urgency, i);
	}
	for (int i = 0; i < SOURCE_MAX; i++) {
		ck_assert_int_eq(
		    source_parse(&source, source_name((enum source)i)), 0);
		ck_assert_int_eq((int)source, i);
	}
}
END_TEST

START_TEST(other_names_are_refused)
{
	static const char *const names[] = { NULL, "", "new", "NEW ", "HIGHEST",
		"wizard'" };
	enum status status;
	enum urgency urgency;
	enum source source;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ck_assert_int_eq(status_parse(&status, names[i]), -1);
		ck_assert_int_eq(urgency_parse(&urgency, names[i]), -1);
		ck_assert_int_eq(source_parse(&source, names[i]), -1);
	}
}
END_TEST

START_TEST(a_refused_move_names_the_allowed_ones)
{
	struct problem why = { 0 };

	ck_assert_int_eq(status_move(STATUS_NEW, STATUS_DONE, &why), 0);
	ck_assert_int_eq(why.code, PROBLEM_NONE);
	ck_assert_int_eq(status_move(STATUS_DONE, STATUS_NEW, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_STATUS_ILLEGAL);
	ck_assert_int_eq(problem_status(why.code), 409);
	ck_assert_str_eq(why.detail,
	    "From DONE a ticket can go to: "
	    "NEEDS_CALLBACK, SCHEDULED, IN_PROGRESS, CLOSED");
}
END_TEST

START_TEST(closed_is_final)
{
	struct problem why;

	for (int to = 0; to < STATUS_MAX; to++)
		ck_assert_int_eq(
		    status_move(STATUS_CLOSED, (enum status)to, &why), -1);
	ck_assert_str_eq(why.detail, "A CLOSED ticket stays so");
}
END_TEST

START_TEST(nobody_makes_a_ticket_new)
{
	for (int from = 0; from < STATUS_MAX; from++)
		ck_assert(!status_may_move((enum status)from, STATUS_NEW));
}
END_TEST

/* The matrix as the page has it. */
static void
matrix_write(char *out, size_t size)
{
	size_t len = 0;

	len += (size_t)snprintf(out + len, size - len, "| from \\ to |");
	for (int to = 0; to < STATUS_MAX; to++)
		len += (size_t)snprintf(out + len, size - len, " %s |",
		    status_name((enum status)to));
	len += (size_t)snprintf(out + len, size - len, "\n|---|");
	for (int to = 0; to < STATUS_MAX; to++)
		len += (size_t)snprintf(out + len, size - len, "---|");
	for (int from = 0; from < STATUS_MAX; from++) {
		len += (size_t)snprintf(out + len, size - len, "\n| %s |",
		    status_name((enum status)from));
		for (int to = 0; to < STATUS_MAX; to++)
			len += (size_t)snprintf(out + len, size - len, " %s |",
			    status_may_move((enum status)from, (enum status)to)
				? "yes"
				: "–");
	}
	(void)snprintf(out + len, size - len, "\n");
}

START_TEST(the_page_shows_the_matrix)
{
	static const char here[] = __FILE__;
	static char page[65536];
	char matrix[2048], path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%.*s/../../docs/status.md",
	    (int)(strrchr(here, '/') - here), here);
	f = fopen(path, "r");
	ck_assert_ptr_nonnull(f);
	page[fread(page, 1, sizeof(page) - 1, f)] = '\0';
	fclose(f);
	matrix_write(matrix, sizeof(matrix));
	ck_assert_msg(strstr(page, matrix) != NULL,
	    "docs/status.md should have:\n%s", matrix);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("status");
	TCase *tc = tcase_create("status");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, names_are_read_back);
	tcase_add_test(tc, other_names_are_refused);
	tcase_add_test(tc, a_refused_move_names_the_allowed_ones);
	tcase_add_test(tc, closed_is_final);
	tcase_add_test(tc, nobody_makes_a_ticket_new);
	tcase_add_test(tc, the_page_shows_the_matrix);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
