/*
 * test_route - what a request says by its path
 */
#include "route.h"

#include <check.h>
#include <stdlib.h>

#include "arena.h"

static const struct {
	const char *path;
	int i;
	const char *part; /* NULL: there is none */
} parts[] = {
	{ "/api/webhook/sms-status/kannel/b156", 0, "api" },
	{ "/api/webhook/sms-status/kannel/b156", 2, "sms-status" },
	{ "/api/webhook/sms-status/kannel/b156", 4, "b156" },
	{ "/api/webhook/sms-status/kannel/b156", 5, NULL },
	{ "/api/webhook/sms-status/kannel/b156", 99, NULL },
	{ "/api/webhook/sms-status/kannel/", 3, "kannel" },
	{ "/api/webhook/sms-status/kannel/", 4, NULL },
	{ "/api//x", 1, "" },
	{ "/api//x", 2, "x" },
	{ "/", 0, NULL },
	{ "", 0, NULL },
	{ "api", 0, NULL },
};

START_TEST(a_path_has_parts)
{
	struct arena *a = arena_new((size_t)64 * 1024);
	struct request req = { .arena = a, .path = parts[_i].path };
	const char *part = route_path_part(&req, parts[_i].i);

	ck_assert_pstr_eq(part, parts[_i].part);
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("route");
	TCase *tc = tcase_create("route");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_path_has_parts, 0, (int)(sizeof(parts) / sizeof(parts[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
