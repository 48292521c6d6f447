/*
 * test_tenant_member - which members a firm's config has
 */
#include "tenant_member.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "calendar.h"
#include "tenant.h"
#include "tenant_value.h"

/* Its line, by names with slashes between them. */
static const struct tenant_member *
by_path(const char *path)
{
	const struct tenant_member *m = tenant_member_root();

	while (*path != '\0') {
		char name[64] = "";
		size_t len = strcspn(path, "/");

		memcpy(name, path, len);
		m = tenant_member_child(m, name);
		ck_assert_ptr_nonnull(m);
		path += len + (path[len] == '/' ? 1 : 0);
	}
	return m;
}

/* Counts all members below, each of which must be in its right place. */
static int
walk(const struct tenant_member *parent)
{
	const struct tenant_member *m = NULL;
	int count = 0;

	while ((m = tenant_member_next(parent, m)) != NULL) {
		bool inner = m->kind == TENANT_KIND_OBJECT ||
		             m->kind == TENANT_KIND_LIST;
		int below = walk(m);

		ck_assert_ptr_eq(by_path(m->path), m);
		ck_assert_msg(inner == (below > 0), "%s", m->path);
		if (m->kind == TENANT_KIND_LIST)
			ck_assert_msg(below > 0 && m->most > 0 &&
					  tenant_member_child(m, "*") != NULL,
			    "%s", m->path);
		if (m->kind == TENANT_KIND_LINE || m->kind == TENANT_KIND_TEXT)
			ck_assert_msg(
			    m->most > 0 && m->good <= m->most, "%s", m->path);
		count += 1 + below;
	}
	return count;
}

START_TEST(every_line_of_the_table_is_reached_once)
{
	int lines = 0;

#define MEMBER(path, kind, least, most, good, need, purpose) lines++;
#include "tenant_member.def"
#undef MEMBER
	ck_assert_int_eq(walk(tenant_member_root()) + 1, lines);
}
END_TEST

START_TEST(limits_are_those_of_the_programs_that_read_them)
{
	ck_assert_int_eq(by_path("on_call")->most, TENANT_ON_CALL_MAX);
	ck_assert_int_eq(by_path("sms/countries")->most, TENANT_COUNTRIES_MAX);
	ck_assert_int_eq(
	    by_path("alerts/repeat_minutes")->most, TENANT_REPEAT_MINUTES_MAX);
	ck_assert_int_eq(by_path("holidays")->most, CALENDAR_HOLIDAYS_MAX);
	ck_assert_int_eq(
	    by_path("services/*/slug")->most, TENANT_VALUE_SLUG_MAX);
	ck_assert_int_eq(
	    by_path("intents/*/value")->most, TENANT_VALUE_SLUG_MAX);
	ck_assert_int_eq(by_path("logo_url")->most, TENANT_VALUE_LINK_MAX);
}
END_TEST

START_TEST(a_name_with_a_slash_is_no_path)
{
	ck_assert_ptr_null(
	    tenant_member_child(tenant_member_root(), "hero/claim"));
	ck_assert_ptr_null(tenant_member_child(tenant_member_root(), ""));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tenant_member");
	TCase *tc = tcase_create("tenant_member");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_line_of_the_table_is_reached_once);
	tcase_add_test(tc, limits_are_those_of_the_programs_that_read_them);
	tcase_add_test(tc, a_name_with_a_slash_is_no_path);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
