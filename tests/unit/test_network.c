/*
 * test_network - is an address in one of these networks?
 */
#include "network.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct inside {
	const char *list;
	const char *address;
	bool is_inside;
} insides[] = {
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.8", false },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.200", true },
	/* The bits behind the length do not count. */
	{ "192.0.2.77/24", "192.0.2.1", true },
	{ "192.0.2.6/31", "192.0.2.7", true },
	{ "192.0.2.6/32", "192.0.2.7", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1", "2001:DB8:0:0:0:0:0:1", true },
	{ "192.0.2.0/24", "::ffff:192.0.2.9", true },
	{ "::ffff:192.0.2.0/120", "192.0.2.9", true },
	{ "10.0.0.1,192.0.2.0/24,2001:db8::/32", "192.0.2.9", true },
	{ "10.0.0.1,192.0.2.0/24,2001:db8::/32", "2001:db8::9", true },
	{ "10.0.0.1,192.0.2.0/24,2001:db8::/32", "10.0.0.2", false },
	/* Nobody is inside what is no list, or is no address. */
	{ "", "192.0.2.7", false },
	{ "192.0.2.0/33", "192.0.2.7", false },
	{ "192.0.2.0/24", "", false },
	{ "192.0.2.0/24", "unix:", false },
	{ "192.0.2.0/24", "192.0.2.7/24", false },
	{ "192.0.2.0/24", "192.0.2", false },
};

START_TEST(an_address_is_inside_or_not)
{
	const struct inside *c = &insides[_i];

	ck_assert_int_eq(network_list_has(c->list, strlen(c->list), c->address),
	    c->is_inside);
}
END_TEST

static const char *const valid[] = { "192.0.2.7", "192.0.2.0/24", "::1",
	"10.0.0.0/8,2001:db8::/32", "0.0.0.0/0", "::/128" };

START_TEST(a_list_is_valid)
{
	ck_assert(network_list_is_valid(valid[_i], strlen(valid[_i])));
}
END_TEST

static const char *const invalid[] = {
	"", ",", "192.0.2.7,", ",192.0.2.7", "192.0.2.0/33", "192.0.2.0/",
	"192.0.2.0/+8", "192.0.2.0/-1", "2001:db8::/129", "2001:db8::/1000",
	"192.0.2", "192.0.2.256", "example.ch", "192.0.2.7 ",
	"192.0.2.7;192.0.2.8", "192.0.2.7/8/8",
	"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111"
};

START_TEST(a_list_is_not_valid)
{
	ck_assert(!network_list_is_valid(invalid[_i], strlen(invalid[_i])));
}
END_TEST

START_TEST(only_the_given_part_of_a_text_is_the_list)
{
	const char *settings = "192.0.2.0/24 kannel=127.0.0.1";

	ck_assert(network_list_is_valid(settings, 12));
	ck_assert(network_list_has(settings, 12, "192.0.2.1"));
	ck_assert(!network_list_has(settings, 9, "192.0.3.1"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("network");
	TCase *t = tcase_create("network");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, an_address_is_inside_or_not, 0,
	    sizeof(insides) / sizeof(insides[0]));
	tcase_add_loop_test(
	    t, a_list_is_valid, 0, sizeof(valid) / sizeof(valid[0]));
	tcase_add_loop_test(
	    t, a_list_is_not_valid, 0, sizeof(invalid) / sizeof(invalid[0]));
	tcase_add_test(t, only_the_given_part_of_a_text_is_the_list);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
