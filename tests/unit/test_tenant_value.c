/*
 * test_tenant_value - the forms that values of a firm's settings have
 */
#include "tenant_value.h"

#include <check.h>
#include <stdlib.h>

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct {
	const char *a;
	const char *b;
	size_t distance; /* TENANT_VALUE_FAR: another name */
} distances[] = {
	{ "claim", "claim", 0 },
	{ "claim", "Claim", 0 },
	{ "claim", "clame", 2 },
	{ "claim", "calim", 1 }, /* two that changed places are one mistake */
	{ "urgnecy", "urgency", 1 },
	{ "servics", "services", 1 },
	{ "description", "descripton", 1 },
	{ "short_description", "description", TENANT_VALUE_FAR },
	{ "plz", "pls", 1 },
	{ "plz", "ort", TENANT_VALUE_FAR },
	{ "ort", "art", 1 },
	{ "zeppelin", "services", TENANT_VALUE_FAR },
	{ "", "ort", TENANT_VALUE_FAR },
	{ "ort", "", TENANT_VALUE_FAR },
	{ "x", "0123456789012345678901234567890123456789012345678901234567890",
	    TENANT_VALUE_FAR },
};

START_TEST(names_are_as_far_apart_as_a_hand_mistypes)
{
	ck_assert_uint_eq(
	    tenant_value_distance(distances[_i].a, distances[_i].b),
	    distances[_i].distance);
	ck_assert_uint_eq(
	    tenant_value_distance(distances[_i].b, distances[_i].a),
	    distances[_i].distance);
}
END_TEST

typedef bool question(const char *text);

static const struct {
	question *ask;
	const char *text;
	bool answer;
} questions[] = {
	{ tenant_value_is_color, "#14508c", true },
	{ tenant_value_is_color, "#14508C", true },
	{ tenant_value_is_color, "#14508", false },
	{ tenant_value_is_color, "14508cc", false },
	{ tenant_value_is_color, "#14508c;", false },
	{ tenant_value_is_color, "", false },
	{ tenant_value_is_email, "info@example.ch", true },
	{ tenant_value_is_email, "info@example", false },
	{ tenant_value_is_email, "@example.ch", false },
	{ tenant_value_is_email, "a b@example.ch", false },
	{ tenant_value_is_email, "a@example.ch,b@example.ch", false },
	{ tenant_value_is_https, "https://example.ch/logo.png", true },
	{ tenant_value_is_https, "https://example.ch/a\"b", false },
	{ tenant_value_is_https, "http://example.ch/", false },
	{ tenant_value_is_slug, "heizung-aus", true },
	{ tenant_value_is_slug, "heizung--aus", false },
	{ tenant_value_is_slug, "a", false },
	{ tenant_value_is_blank, "", true },
	{ tenant_value_is_blank, " \n ", true },
	{ tenant_value_is_blank, " x", false },
	{ tenant_value_is_country, "+423", true },
	{ tenant_value_is_country, "+42", false },
};

START_TEST(a_value_has_its_form_or_not)
{
	ck_assert_msg(
	    questions[_i].ask(questions[_i].text) == questions[_i].answer, "%s",
	    questions[_i].text);
}
END_TEST

START_TEST(characters_are_counted_and_not_bytes)
{
	ck_assert_uint_eq(tenant_value_characters("Zürich"), 6);
	ck_assert_uint_eq(tenant_value_characters("🚿"), 1);
	ck_assert_uint_eq(tenant_value_characters(""), 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tenant_value");
	TCase *tc = tcase_create("tenant_value");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, names_are_as_far_apart_as_a_hand_mistypes, 0, COUNT(distances));
	tcase_add_loop_test(
	    tc, a_value_has_its_form_or_not, 0, COUNT(questions));
	tcase_add_test(tc, characters_are_counted_and_not_bytes);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
