/*
 * test_tenant_file - a firm's document as a file
 */
#include "tenant_file.h"

#include <check.h>
#include <stdlib.h>

#include "arena.h"
#include "problem.h"
#include "tenant_document.h"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new(1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(a_file_has_its_order_whatever_the_database_made_of_it)
{
	static const struct tenant_document
	    d = { .value = {
		      [TENANT_SLUG] = "ab",
		      [TENANT_NAME] = "A \"B\"",
		      [TENANT_SLA_RESPONSE_MINUTES] = "30",
		      [TENANT_CONFIG] =
			  "{\"zeta\":1,\"hero\":{\"claim\":\"c\",\"benefits\":[]},"
			  "\"plz\":null,\"hours\":{\"friday\":[{\"to\":\"12:00\","
			  "\"from\":\"07:00\"}],\"monday\":[]},\"language\":\"de\"}",
		      [TENANT_MODULES] = "{\"reviews\":false}",
		      [TENANT_ACTIVE] = "true",
		  } };
	static const char wanted[] = "{\n"
				     "  \"name\": \"A \\\"B\\\"\",\n"
				     "  \"slug\": \"ab\",\n"
				     "  \"sla_response_minutes\": 30,\n"
				     "  \"config\": {\n"
				     "    \"language\": \"de\",\n"
				     "    \"hours\": {\n"
				     "      \"monday\": [],\n"
				     "      \"friday\": [\n"
				     "        {\n"
				     "          \"from\": \"07:00\",\n"
				     "          \"to\": \"12:00\"\n"
				     "        }\n"
				     "      ]\n"
				     "    },\n"
				     "    \"hero\": {\n"
				     "      \"claim\": \"c\",\n"
				     "      \"benefits\": []\n"
				     "    },\n"
				     "    \"zeta\": 1\n"
				     "  },\n"
				     "  \"modules\": {\n"
				     "    \"reviews\": false\n"
				     "  },\n"
				     "  \"active\": true\n"
				     "}\n";
	struct problem why;

	ck_assert_str_eq(tenant_file_print(arena, &d, &why), wanted);
}
END_TEST

static const struct {
	const char *before; /* config; NULL: there was no firm */
	const char *after;
	const char *pointer; /* of the only difference, or NULL */
	const char *was;
	const char *is;
} compared[] = {
	{ "{}", "{}", NULL, NULL, NULL },
	{ "{\"a\":1,\"b\":[1,{\"c\":2}]}", "{\"b\":[1,{\"c\":2}],\"a\":1.0}",
	    NULL, NULL, NULL },
	{ "{\"a\":null}", "{}", NULL, NULL, NULL },
	{ "{}", "{\"a\":{\"b\":[1]}}", "/config/a", NULL, "{\"b\":[1]}" },
	{ "{\"a\":{\"b\":[1]}}", "{\"a\":{\"b\":[1,2]}}", "/config/a/b/1", NULL,
	    "2" },
	{ "{\"a\":{\"b\":[1,2]}}", "{\"a\":{\"b\":[1]}}", "/config/a/b/1", "2",
	    NULL },
	{ "{\"a\":{\"b\":\"x\"}}", "{\"a\":{\"b\":\"y\"}}", "/config/a/b",
	    "\"x\"", "\"y\"" },
	{ "{\"a\":[1]}", "{\"a\":{\"0\":1}}", "/config/a", "[1]", "{\"0\":1}" },
	{ "{\"a/b\":1}", "{\"a/b\":2}", "/config/a~1b", "1", "2" },
	{ "{\"a\":\"1\"}", "{\"a\":1}", "/config/a", "\"1\"", "1" },
};

START_TEST(what_differs_is_told_member_by_member)
{
	struct tenant_document before = { .value = { [TENANT_NAME] = "A",
					      [TENANT_PLAN] = "pilot",
					      [TENANT_ACTIVE] = "true" } };
	struct tenant_document after = { .value = { [TENANT_NAME] = "A" } };
	struct tenant_differences d;
	struct problem why;

	before.value[TENANT_CONFIG] = compared[_i].before;
	after.value[TENANT_CONFIG] = compared[_i].after;
	ck_assert_int_eq(
	    tenant_file_compare(&d, arena, &before, &after, &why), 0);
	ck_assert_uint_eq(d.count, compared[_i].pointer == NULL ? 0 : 1);
	if (d.count == 0)
		return;
	ck_assert_str_eq(d.list[0].pointer, compared[_i].pointer);
	ck_assert_pstr_eq(d.list[0].before, compared[_i].was);
	ck_assert_pstr_eq(d.list[0].after, compared[_i].is);
}
END_TEST

START_TEST(of_a_new_firm_everything_is_new)
{
	static const struct tenant_document d = { .value = {
						      [TENANT_NAME] = "A",
						      [TENANT_CONFIG] =
							  "{\"a\":1}",
						  } };
	struct tenant_differences all;
	struct problem why;

	ck_assert_int_eq(tenant_file_compare(&all, arena, NULL, &d, &why), 0);
	ck_assert_uint_eq(all.count, 4); /* with plan and active */
	for (size_t i = 0; i < all.count; i++)
		ck_assert_ptr_null(all.list[i].before);
}
END_TEST

START_TEST(many_differences_find_room)
{
	struct tenant_document before = { .value = { [TENANT_CONFIG] = "[]" } };
	struct tenant_document after = { { NULL } };
	struct tenant_differences d;
	struct problem why;
	char *text = arena_strdup(arena, "[0");

	for (int i = 1; i < 200; i++)
		text = arena_printf(arena, "%s,%d", text, i);
	after.value[TENANT_CONFIG] = arena_printf(arena, "%s]", text);
	ck_assert_int_eq(
	    tenant_file_compare(&d, arena, &before, &after, &why), 0);
	ck_assert_uint_eq(d.count, 200);
	ck_assert_str_eq(d.list[199].pointer, "/config/199");
	ck_assert_str_eq(d.list[0].after, "0");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tenant_file");
	TCase *tc = tcase_create("tenant_file");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(
	    tc, a_file_has_its_order_whatever_the_database_made_of_it);
	tcase_add_loop_test(tc, what_differs_is_told_member_by_member, 0,
	    (int)(sizeof(compared) / sizeof(compared[0])));
	tcase_add_test(tc, of_a_new_firm_everything_is_new);
	tcase_add_test(tc, many_differences_find_room);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
