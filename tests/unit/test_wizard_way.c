/*
 * test_wizard_way - the ways by which a visitor asks a firm for something
 */
#include "wizard_way.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "json.h"
#include "problem.h"

static struct arena *a;

static void
setup(void)
{
	a = arena_new(1024 * 1024);
}

static void
teardown(void)
{
	arena_free(a);
}

static const struct cJSON *
config(const char *text)
{
	const struct cJSON *out;
	struct problem why;

	ck_assert_int_eq(
	    json_parse_stored(&out, a, arena_strdup(a, text), &why), 0);
	return out;
}

START_TEST(a_firm_has_the_ways_of_its_intents)
{
	static const struct {
		const char *config;
		const char *ways; /* emergency, request, offer */
	} cases[] = {
		{ "{}", "-r-" },
		{ "{\"intents\":null}", "-r-" },
		{ "{\"intents\":[]}", "-r-" },
		{ "{\"intents\":[1,{},\"x\",{\"value\":\"a\"}]}", "-r-" },
		/* Neither of these can be chosen. */
		{ "{\"intents\":[{\"value\":\"\",\"label\":\"A\",\"category\":"
		  "\"offer\"},{\"value\":\"b\",\"label\":\"B\",\"category\":"
		  "\"other\"}]}",
		    "-r-" },
		{ "{\"intents\":[{\"value\":\"a\",\"label\":\"A\","
		  "\"category\":\"emergency\"}]}",
		    "e--" },
		{ "{\"intents\":[{\"value\":\"a\",\"label\":\"A\","
		  "\"category\":\"offer\"},{\"value\":\"b\",\"label\":\"B\","
		  "\"category\":\"request\"}]}",
		    "-ro" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		for (int w = 0; w < WIZARD_WAY_MAX; w++)
			ck_assert_msg(wizard_way_is_there((enum wizard_way)w,
					  config(cases[i].config)) ==
					  (cases[i].ways[w] != '-'),
			    "%s: %s", cases[i].config,
			    wizard_way_name((enum wizard_way)w));
	ck_assert(wizard_way_is_there(WIZARD_REQUEST, NULL));
}
END_TEST

START_TEST(intents_come_in_their_order)
{
	const struct cJSON *c = config(
	    "{\"intents\":["
	    "{\"value\":\"a\",\"label\":\"A\",\"category\":\"offer\"},"
	    "{\"value\":\"b\",\"label\":\"B\",\"category\":\"request\"},"
	    "{\"value\":\"c\",\"label\":\"C\",\"category\":\"offer\"}]}");
	const struct cJSON *i = wizard_intent_next(WIZARD_OFFER, c, NULL);

	ck_assert_str_eq(wizard_intent_value(i), "a");
	i = wizard_intent_next(WIZARD_OFFER, c, i);
	ck_assert_str_eq(wizard_intent_label(i), "C");
	ck_assert_ptr_null(wizard_intent_next(WIZARD_OFFER, c, i));
	ck_assert_ptr_null(wizard_intent_next(WIZARD_EMERGENCY, c, NULL));
	ck_assert_str_eq(wizard_intent_label(wizard_intent_find(c, "b")), "B");
	ck_assert_ptr_null(wizard_intent_find(c, "x"));
	ck_assert_ptr_null(wizard_intent_find(c, NULL));
}
END_TEST

START_TEST(an_urgency_is_never_weaker_than_the_way)
{
	static const struct {
		enum wizard_way way;
		const char *intent;
		enum urgency urgency;
	} cases[] = {
		{ WIZARD_EMERGENCY, "{\"urgency\":\"LOW\"}", URGENCY_HIGH },
		{ WIZARD_EMERGENCY, "{}", URGENCY_HIGH },
		{ WIZARD_REQUEST, "{\"urgency\":\"LOW\"}", URGENCY_MED },
		{ WIZARD_REQUEST, "{\"urgency\":\"HIGH\"}", URGENCY_HIGH },
		{ WIZARD_REQUEST, "{\"urgency\":\"high\"}", URGENCY_MED },
		{ WIZARD_REQUEST, "{\"urgency\":3}", URGENCY_MED },
		{ WIZARD_OFFER, "{\"urgency\":\"LOW\"}", URGENCY_LOW },
		{ WIZARD_OFFER, "{\"urgency\":\"MED\"}", URGENCY_MED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_int_eq(
		    wizard_urgency(cases[i].way, config(cases[i].intent)),
		    cases[i].urgency);
	ck_assert_int_eq(wizard_urgency(WIZARD_OFFER, NULL), URGENCY_LOW);
}
END_TEST

START_TEST(a_firm_may_call_a_way_what_it_likes)
{
	const struct cJSON *c =
	    config("{\"wizard\":{\"address\":false,\"ways\":{\"emergency\":"
		   "{\"label\":\"Heute noch\"}}}}");

	ck_assert_str_eq(
	    wizard_way_label(WIZARD_EMERGENCY, c, LANGUAGE_DE), "Heute noch");
	ck_assert_str_eq(wizard_way_text(WIZARD_EMERGENCY, c, LANGUAGE_DE),
	    "Es eilt und kann nicht warten.");
	ck_assert_str_eq(wizard_way_label(WIZARD_OFFER, c, LANGUAGE_FR),
	    "Demander une offre");
	ck_assert(!wizard_asks_address(c));
	ck_assert(wizard_asks_address(NULL));
	ck_assert(wizard_asks_address(config("{\"wizard\":{}}")));
}
END_TEST

START_TEST(only_what_there_is_advice_for_is_dangerous)
{
	ck_assert_str_eq(
	    wizard_intent_safety(config("{\"safety\":\"gas\"}")), "gas");
	ck_assert_str_eq(
	    wizard_intent_safety(config("{\"safety\":\"water\"}")), "water");
	ck_assert_ptr_null(
	    wizard_intent_safety(config("{\"safety\":\"fire\"}")));
	ck_assert_ptr_null(wizard_intent_safety(config("{\"safety\":1}")));
	ck_assert_ptr_null(wizard_intent_safety(NULL));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wizard_way");
	TCase *tc = tcase_create("wizard_way");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_firm_has_the_ways_of_its_intents);
	tcase_add_test(tc, intents_come_in_their_order);
	tcase_add_test(tc, an_urgency_is_never_weaker_than_the_way);
	tcase_add_test(tc, a_firm_may_call_a_way_what_it_likes);
	tcase_add_test(tc, only_what_there_is_advice_for_is_dangerous);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
