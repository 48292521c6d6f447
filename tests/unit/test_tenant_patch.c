/*
 * test_tenant_patch - changes of a firm's settings, merged into them
 */
#include "tenant_patch.h"

#include <check.h>
#include <stdlib.h>

#include "arena.h"
#include "problem.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

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

/* The cases of RFC 7396, appendix A, in which both are objects. */
static const struct {
	const char *target;
	const char *patch;
	const char *result;
} merges[] = {
	{ "{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
	{ "{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}" },
	{ "{\"a\":\"b\"}", "{\"a\":null}", "{}" },
	{ "{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}" },
	{ "{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}" },
	{ "{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}" },
	{ "{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
	    "{\"a\":{\"b\":\"d\"}}" },
	{ "{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}" },
	{ "{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}" },
	{ "{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}" },
	{ "{\"a\":\"foo\"}", "{\"a\":{\"b\":null,\"c\":1}}",
	    "{\"a\":{\"c\":1}}" },
	/* A list is one value: it is not merged. */
	{ "{\"a\":[1,2,3]}", "{\"a\":[4,null]}", "{\"a\":[4,null]}" },
};

START_TEST(a_patch_is_merged_as_the_rfc_says)
{
	struct problem why;

	ck_assert_str_eq(tenant_patch_merge(
			     arena, merges[_i].target, merges[_i].patch, &why),
	    merges[_i].result);
}
END_TEST

START_TEST(what_is_no_object_is_merged_with_nothing)
{
	static const char *const texts[] = { "[]", "1", "\"a\"", "null", "",
		"{\"a\":1}x", "{\"a\":1,\"a\":2}" };
	struct problem why;

	ck_assert_ptr_null(tenant_patch_merge(arena, "{}", texts[_i], &why));
	ck_assert_ptr_null(tenant_patch_merge(arena, texts[_i], "{}", &why));
}
END_TEST

static const struct {
	const char *text;
	const char *patch; /* NULL: refused */
} assignments[] = {
	{ "plan=pro", "{\"plan\":\"pro\"}" },
	{ "phone=0442100010", "{\"phone\":\"0442100010\"}" },
	{ "phone=", "{\"phone\":null}" },
	{ "name=a=b", "{\"name\":\"a=b\"}" },
	{ "sla_response_minutes=30", "{\"sla_response_minutes\":30}" },
	{ "active=false", "{\"active\":false}" },
	{ "config.plz=8810", "{\"config\":{\"plz\":\"8810\"}}" },
	{ "config.hero.claim=12",
	    "{\"config\":{\"hero\":{\"claim\":\"12\"}}}" },
	{ "config.founded_year=1974", "{\"config\":{\"founded_year\":1974}}" },
	{ "config.texts.de.reply_stop=1",
	    "{\"config\":{\"texts\":{\"de\":{\"reply_stop\":\"1\"}}}}" },
	{ "config.texts={}", "{\"config\":{\"texts\":{}}}" },
	{ "config.languages=[\"de\"]",
	    "{\"config\":{\"languages\":[\"de\"]}}" },
	/* Not JSON, so a text as it stands. */
	{ "config.languages=[de", "{\"config\":{\"languages\":\"[de\"}}" },
	{ "config.wizard.ways.offer.label=1",
	    "{\"config\":{\"wizard\":{\"ways\":{\"offer\":{\"label\":\"1\"}}}}}" },
	{ "modules.reviews=true", "{\"modules\":{\"reviews\":true}}" },
	{ "=x", NULL },
	{ "plan", NULL },
	{ "", NULL },
	{ "name=\xff", NULL },
};

START_TEST(an_assignment_is_a_patch)
{
	struct problem why;
	const char *patch =
	    tenant_patch_assignment(arena, assignments[_i].text, &why);

	if (assignments[_i].patch == NULL)
		ck_assert_ptr_null(patch);
	else
		ck_assert_str_eq(patch, assignments[_i].patch);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tenant_patch");
	TCase *tc = tcase_create("tenant_patch");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_patch_is_merged_as_the_rfc_says, 0, COUNT(merges));
	tcase_add_loop_test(tc, what_is_no_object_is_merged_with_nothing, 0, 7);
	tcase_add_loop_test(
	    tc, an_assignment_is_a_patch, 0, COUNT(assignments));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
