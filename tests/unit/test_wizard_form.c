/*
 * test_wizard_form - the form of one way: its fields, their rules, and what a
 * visitor put into them
 */
#include "wizard_form.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "form.h"
#include "json.h"
#include "phone.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"
#include "ticket.h"

#define INTENTS \
	"\"intents\":[{\"value\":\"gas\",\"label\":\"Gasgeruch\"," \
	"\"category\":\"emergency\",\"urgency\":\"HIGH\",\"safety\":\"gas\"}," \
	"{\"value\":\"service\",\"label\":\"Service\",\"category\":" \
	"\"request\",\"urgency\":\"LOW\"},{\"value\":\"bad\",\"label\":" \
	"\"Bad umbauen\",\"category\":\"offer\",\"urgency\":\"LOW\"}]"

static struct arena *a;
static struct tenant tenant;

static void
setup(void)
{
	struct problem why;

	phone_init();
	a = arena_new(4 * 1024 * 1024);
	tenant = (struct tenant){ .id = "t",
		.slug = "muster-ag",
		.region = "CH",
		.language = LANGUAGE_DE,
		.languages = 1U << LANGUAGE_DE | 1U << LANGUAGE_FR };
	ck_assert_int_eq(
	    calendar_init(&tenant.calendar, NULL, NULL, NULL, -1, &why), 0);
}

static void
teardown(void)
{
	arena_free(a);
}

static const struct fields *
sent(const char *text)
{
	struct form form;
	struct problem why;

	ck_assert_int_eq(form_parse(&form, a, text, strlen(text), &why), 0);
	return fields_of_form(a, &form);
}

static void
read_form(struct wizard_form *w, const char *config, const char *text)
{
	struct problem why;

	ck_assert_int_eq(wizard_form_begin(w, sent(text), &tenant, &why), 0);
	ck_assert_int_eq(
	    json_parse_stored(&w->config, a, arena_strdup(a, config), &why), 0);
	ck_assert_int_eq(wizard_form_read(w, sent(text), &why), 0);
}

/* "contact_name contact_phone": the fields that are wrong. */
static const char *
errors(const struct wizard_form *w)
{
	const char *out = "";

	for (int f = 0; f < FIELD_MAX; f++)
		if (w->error[f] != NULL)
			out = arena_printf(a, "%s%s%s", out,
			    *out == '\0' ? "" : " ",
			    fields_pointer((enum field)f) + 1);
	return out;
}

#define GOOD "&contact_name=Eva&contact_phone=079+123+45+67&consent=2026-11"
#define WHOLE GOOD "&contact_email=eva%40muster.example&place=Horgen"

START_TEST(each_field_that_is_wrong_is_named)
{
	static const struct {
		const char *text;
		const char *wrong;
	} cases[] = {
		{ "flow=emergency&intent=gas" GOOD, "" },
		{ "flow=emergency",
		    "intent contact_name contact_phone consent" },
		{ "flow=emergency&intent=bad" GOOD, "intent" },
		{ "flow=emergency&intent=x" GOOD, "intent" },
		{ "flow=emergency&intent=gas&contact_name=Eva&contact_phone="
		  "12&consent=2026-11",
		    "contact_phone" },
		/* The e-mail address is none of its fields. */
		{ "flow=emergency&intent=gas&contact_name=Eva&contact_email="
		  "a%40b.ch&consent=2026-11",
		    "contact_phone" },
		{ "flow=emergency&intent=gas&contact_name=Eva&contact_phone="
		  "0791234567&consent=2020-01",
		    "consent" },
		{ "flow=request&intent=service&summary=Es+tropft" GOOD, "" },
		{ "flow=request&intent=service&summary=+%0A+" GOOD, "summary" },
		{ "flow=request&intent=service&summary=x&contact_name=Eva&"
		  "contact_email=a%40b.ch&consent=2026-11",
		    "" },
		{ "flow=request&intent=service&summary=x&contact_name=Eva&"
		  "consent=2026-11",
		    "contact_phone" },
		{ "flow=request&intent=service&summary=x&contact_email=a%40b" GOOD,
		    "contact_email" },
		{ "flow=request&intent=service&summary=x&time_wish=never" GOOD,
		    "time_wish" },
		{ "flow=request&intent=service&summary=x&time_wish=soon" GOOD,
		    "" },
		{ "flow=offer&intent=bad&summary=x" WHOLE, "" },
		{ "flow=offer&intent=bad&summary=x" GOOD,
		    "contact_email place" },
		{ "flow=offer&intent=bad&summary=x&time_frame=1" WHOLE,
		    "time_frame" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct wizard_form w;

		read_form(&w, "{" INTENTS "}", cases[i].text);
		ck_assert_msg(strcmp(errors(&w), cases[i].wrong) == 0,
		    "%s: \"%s\"", cases[i].text, errors(&w));
		ck_assert(wizard_form_is_good(&w) == (*cases[i].wrong == '\0'));
	}
}
END_TEST

START_TEST(what_is_too_long_is_kept_and_told)
{
	char name[130];
	struct wizard_form w;

	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	read_form(&w, "{" INTENTS "}",
	    arena_printf(a,
		"flow=emergency&intent=gas&contact_name=%s&contact_phone="
		"0791234567&consent=2026-11",
		name));
	ck_assert_str_eq(errors(&w), "contact_name");
	ck_assert_str_eq(w.value[FIELD_CONTACT_NAME], name);
	ck_assert_str_eq(w.error[FIELD_CONTACT_NAME],
	    "Das ist zu lang: höchstens 120 Zeichen.");
}
END_TEST

START_TEST(a_firm_that_asks_less_gets_less)
{
	struct wizard_form w;

	/* Without intents there is nothing to choose. */
	read_form(&w, "{}", "flow=request&summary=x" GOOD);
	ck_assert_str_eq(errors(&w), "");
	/* Who goes nowhere needs no place. */
	read_form(&w, "{\"wizard\":{\"address\":false}," INTENTS "}",
	    "flow=offer&intent=bad&summary=x&contact_email=a%40b.ch" GOOD);
	ck_assert_str_eq(errors(&w), "");
}
END_TEST

START_TEST(errors_are_in_the_language_of_the_page)
{
	struct wizard_form w;

	read_form(&w, "{}", "flow=request&language=fr");
	ck_assert_str_eq(w.error[FIELD_CONTACT_NAME], "Indiquez votre nom.");
	/* Of a language that the firm does not speak there is no page. */
	read_form(&w, "{}", "flow=request&language=it");
	ck_assert_str_eq(
	    w.error[FIELD_CONTACT_NAME], "Geben Sie Ihren Namen an.");
}
END_TEST

START_TEST(only_a_form_of_a_way_is_ours)
{
	struct wizard_form w;
	struct problem why;

	ck_assert(wizard_form_is_sent(sent("flow=request")));
	ck_assert(!wizard_form_is_sent(sent("contact_phone=1")));
	ck_assert_int_eq(
	    wizard_form_begin(&w, sent("flow=x"), &tenant, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_FIELD_INVALID);
	ck_assert_str_eq(why.field, "/flow");
}
END_TEST

static void
ticket_of(struct ticket_request *out, const char *text)
{
	struct request req = { .arena = a,
		.body = text,
		.body_len = strlen(text),
		.idempotency_key = "",
		.authorization = "" };
	struct wizard_form w;
	struct problem why;

	read_form(&w, "{" INTENTS "}", text);
	ck_assert_str_eq(errors(&w), "");
	ck_assert_int_eq(
	    wizard_form_ticket(out, &w, sent(text), &req, &why), 0);
}

START_TEST(staff_read_all_of_it_in_their_language)
{
	struct ticket_request t;

	ticket_of(&t, "flow=emergency&language=fr&intent=gas" GOOD);
	ck_assert_int_eq(t.urgency, URGENCY_HIGH);
	ck_assert_str_eq(t.summary, "Gasgeruch");
	ck_assert_str_eq(t.metadata, "{\"flow\":\"emergency\"}");
	ck_assert_str_eq(t.language, "fr");
	ck_assert_str_eq(
	    t.consent, "{\"version\":\"2026-11\",\"language\":\"fr\"}");

	ticket_of(&t,
	    "flow=request&language=fr&intent=service&summary=Eins%0D%0Azwei&"
	    "postcode=8810&place=Horgen&time_wish=next_week&time_note="
	    "vormittags" GOOD);
	ck_assert_int_eq(t.urgency, URGENCY_MED);
	ck_assert_str_eq(t.summary,
	    "Service\nEins\nzwei\nAdresse: 8810 Horgen\n"
	    "Wunschtermin: Nächste Woche, vormittags");

	ticket_of(&t,
	    "flow=offer&intent=bad&summary=Dusche&street=Seestrasse+1&"
	    "time_frame=year&budget=20%27000" WHOLE);
	ck_assert_int_eq(t.urgency, URGENCY_LOW);
	ck_assert_str_eq(t.summary,
	    "Bad umbauen\nDusche\nAdresse: Seestrasse 1, Horgen\n"
	    "Zeitrahmen: In einem Jahr\nBudget: 20'000");
	ck_assert_str_eq(t.metadata,
	    "{\"flow\":\"offer\",\"street\":\"Seestrasse 1\",\"place\":"
	    "\"Horgen\",\"time_frame\":\"year\",\"budget\":\"20'000\"}");
}
END_TEST

START_TEST(the_same_page_sent_twice_is_one_event)
{
	struct ticket_request one, two;

	ticket_of(&one, "flow=emergency&intent=gas&form_token=1.x" GOOD);
	ticket_of(&two, "flow=emergency&intent=gas&form_token=1.x" GOOD);
	ck_assert_str_eq(one.event.id, two.event.id);
	ticket_of(&two, "flow=emergency&intent=gas&form_token=2.x" GOOD);
	ck_assert_str_ne(one.event.id, two.event.id);
	/* Without a token it may be the same again next week. */
	ticket_of(&one, "flow=emergency&intent=gas" GOOD);
	ticket_of(&two, "flow=emergency&intent=gas" GOOD);
	ck_assert_str_ne(one.event.id, two.event.id);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wizard_form");
	TCase *tc = tcase_create("wizard_form");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_field_that_is_wrong_is_named);
	tcase_add_test(tc, what_is_too_long_is_kept_and_told);
	tcase_add_test(tc, a_firm_that_asks_less_gets_less);
	tcase_add_test(tc, errors_are_in_the_language_of_the_page);
	tcase_add_test(tc, only_a_form_of_a_way_is_ours);
	tcase_add_test(tc, staff_read_all_of_it_in_their_language);
	tcase_add_test(tc, the_same_page_sent_twice_is_one_event);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
