/*
 * test_message_text - every text the house sends, in four languages
 */
#include "message_text.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "alphabet.h"
#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "problem.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const char firm_40[] = "Haustechnik Meier und Söhne Dübendorf ZH";
static const char firm_30[] = "Sanitär Heizung Müller & Söhne";
static const char firm[] = "Dörfler AG";

static const struct calendar_promise late = {
	.kind = PROMISE_DATE,
	.weekday = 3,
	.month = 9,
	.day = 30,
	.year = 2026,
	.time = "10:00",
};
static const struct calendar_promise today = {
	.kind = PROMISE_TODAY,
	.weekday = 1,
	.month = 8,
	.day = 3,
	.year = 2026,
	.time = "16:00",
};

static const struct text_source house = { .languages = 0xf };

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)4 * 1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

static struct text_values
values_of(const char *name)
{
	return (struct text_values){
		.firm = name,
		.link = "https://anfragen.opsfabric.ch/r/{code}",
		.until = &late,
		.when = &late,
		.who = "Annemarie Muster +41791234567",
		.what = "\"Das Wasser steht im Keller, 30 cm\"",
	};
}

/* What the firm itself gets has a stranger's words in it, and a link. */
static bool
is_alert(enum text_name name)
{
	return name == TEXT_ALERT || name == TEXT_ALERT_LAST ||
	       name == TEXT_ALERT_OVERDUE;
}

START_TEST(every_text_is_worded_as_a_firm_might)
{
	const enum text_name name = (enum text_name)_i;

	for (int l = 0; l < LANGUAGE_MAX; l++) {
		const enum language language = (enum language)l;
		const char *words = message_text_words(name, language);
		struct problem why = { .detail = "" };

		ck_assert_msg(message_text_check(
				  language, name, words, firm_40, &why) == 0,
		    "%s", why.detail);
	}
}
END_TEST

START_TEST(every_text_is_one_message_with_usual_values)
{
	const enum text_name name = (enum text_name)_i;
	const struct text_values v = values_of(firm_30);

	for (int l = 0; l < LANGUAGE_MAX; l++) {
		struct text_body body;

		message_text_render(
		    &body, arena, &house, name, (enum language)l, &v);
		ck_assert_msg(
		    body.segments == (is_alert(name) ? 2 : 1), "%s", body.body);
		ck_assert_int_eq(
		    alphabet_cost(body.body).alphabet, ALPHABET_GSM7);
		ck_assert_msg(strncmp(body.body, firm_30, strlen(firm_30)) == 0,
		    "%s", body.body);
	}
}
END_TEST

START_TEST(only_few_texts_become_two_messages_with_the_longest_firm)
{
	const enum text_name name = (enum text_name)_i;
	const bool longer = name == TEXT_MISSED_CALL_WEEKEND ||
	                    name == TEXT_REVIEW_REQUEST || is_alert(name);
	const struct text_values v = values_of(firm_40);

	for (int l = 0; l < LANGUAGE_MAX; l++) {
		struct text_body body;

		message_text_render(
		    &body, arena, &house, name, (enum language)l, &v);
		ck_assert_msg(
		    body.segments <= (longer ? 2 : 1), "%s", body.body);
	}
}
END_TEST

/* The same in each language: until, as calendar.h promises it. */
static const struct {
	enum promise_kind kind;
	int weekday;
	int day;
	int month;
	const char *time;
	const char *words[LANGUAGE_MAX];
} promises[] = {
	{ PROMISE_TODAY, 1, 3, 8, "16:00",
	    { "bis 16:00", "d'ici 16h00", "entro le 16:00", "by 16:00" } },
	{ PROMISE_TOMORROW, 2, 4, 8, "10:00",
	    { "morgen bis 10:00", "d'ici demain 10h00", "domani entro le 10:00",
		"by 10:00 tomorrow" } },
	{ PROMISE_WEEKDAY, 1, 10, 8, "10:00",
	    { "am Montag bis 10:00", "d'ici lundi 10h00",
		"lunedì entro le 10:00", "by 10:00 on Monday" } },
	{ PROMISE_WEEKDAY, 7, 9, 8, "23:55",
	    { "am Sonntag bis 23:55", "d'ici dimanche 23h55",
		"domenica entro le 23:55", "by 23:55 on Sunday" } },
	{ PROMISE_DATE, 1, 3, 8, "10:00",
	    { "am 3. August bis 10:00", "d'ici au 3 aout à 10h00",
		"lunedì 3 agosto entro le 10:00", "by 10:00 on 3 August" } },
	{ PROMISE_DATE, 1, 1, 2, "07:30",
	    { "am 1. Februar bis 07:30", "d'ici au 1er février à 07h30",
		"lunedì 1 febbraio entro le 07:30",
		"by 07:30 on 1 February" } },
};

START_TEST(a_promise_is_said_in_each_language)
{
	struct calendar_promise until = {
		.kind = promises[_i].kind,
		.weekday = promises[_i].weekday,
		.month = promises[_i].month,
		.day = promises[_i].day,
		.year = 2026,
	};
	const struct text_values v = { .firm = firm, .until = &until };

	memcpy(until.time, promises[_i].time, strlen("16:00"));
	for (int l = 0; l < LANGUAGE_MAX; l++) {
		struct text_body body;

		message_text_render(&body, arena, &house,
		    TEXT_TICKET_CONFIRMATION, (enum language)l, &v);
		ck_assert_msg(strstr(body.body, promises[_i].words[l]) != NULL,
		    "%s", body.body);
	}
}
END_TEST

/* Whatever the kind: who reads it tomorrow reads no "today". */
START_TEST(an_appointment_has_weekday_and_date)
{
	static const char *const words[LANGUAGE_MAX] = {
		"ist am Montag, 3. August um 16:00.",
		"lundi 3 aout à 16h00.",
		"lunedì 3 agosto alle 16:00.",
		"is on Monday 3 August at 16:00.",
	};
	const struct text_values v = { .firm = firm, .when = &today };

	for (int l = 0; l < LANGUAGE_MAX; l++) {
		struct text_body body;

		message_text_render(&body, arena, &house, TEXT_STATUS_SCHEDULED,
		    (enum language)l, &v);
		ck_assert_msg(
		    strstr(body.body, words[l]) != NULL, "%s", body.body);
	}
}
END_TEST

/* A firm that words two texts itself, one of them past all checks. */
static const char *
own_text(const void *tenant, enum language language, const char *name)
{
	ck_assert_ptr_eq(tenant, firm);
	if (language == LANGUAGE_DE && strcmp(name, "reply_text") == 0)
		return "Hoi, hier {{firm}}: wir sind dran, {{until}}!";
	if (language == LANGUAGE_DE && strcmp(name, "reply_form") == 0)
		return "{{firm}}: {{frim}} {{link}}";
	return NULL;
}

START_TEST(a_firm_may_use_its_own_words)
{
	const struct text_source from = { own_text, firm, 1 };
	const struct text_values v = {
		.firm = firm, .link = "https://x.ch/f", .until = &today
	};
	struct text_body body;

	message_text_render(
	    &body, arena, &from, TEXT_REPLY_TEXT, LANGUAGE_DE, &v);
	ck_assert_str_eq(
	    body.body, "Hoi, hier Dörfler AG: wir sind dran, bis 16:00!");
	message_text_render(
	    &body, arena, &from, TEXT_REPLY_TEXT, LANGUAGE_EN, &v);
	ck_assert_str_eq(body.body,
	    "Dörfler AG: Thank you for your message. We will be in touch by "
	    "16:00.");
}
END_TEST

START_TEST(words_that_cannot_be_filled_in_give_way_to_the_house_s)
{
	const struct text_source from = { own_text, firm, 1 };
	const struct text_values v = { .firm = firm, .link = "https://x.ch/f" };
	struct text_body body;

	message_text_render(
	    &body, arena, &from, TEXT_REPLY_FORM, LANGUAGE_DE, &v);
	ck_assert_str_eq(
	    body.body, "Dörfler AG: Hier ist unser Formular: https://x.ch/f");
}
END_TEST

/* Written past all checks, each in a way that makes a message dearer. */
static const char *const dear[] = {
	"{{firm}}: Danke – wir melden uns {{until}}.",
	"{{firm}}: Merci, ça va {{until}}.",
	"{{firm}}: Danke 👍 {{until}}",
	"{{firm}}: Danke\u00a0{{until}}",
	"{{firm}}: {{until}} \xff\xfe",
	"{{firm}}: {{until}} 0123456789012345678901234567890123456789012345678901234567"
	"8901234567890123456789012345678901234567890123456789012345678901234567"
	"8901234567890123456789012345678901234567890123456789012345678901234567"
	"8901234567890123456789012345678901234567890123456789012345678901234567"
	"890123456789012345678901234567890123456789",
};

static const char *
dear_text(const void *tenant, enum language language, const char *name)
{
	(void)language;
	(void)name;
	return tenant;
}

START_TEST(words_that_would_double_the_price_give_way_to_the_house_s)
{
	const struct text_source from = { dear_text, dear[_i], 1 };
	const struct text_values v = { .firm = firm, .until = &today };
	struct text_body body;

	message_text_render(
	    &body, arena, &from, TEXT_REPLY_TEXT, LANGUAGE_DE, &v);
	ck_assert_str_eq(body.body,
	    "Dörfler AG: Danke für Ihre Nachricht. Wir melden uns bis 16:00.");
	ck_assert_int_eq(body.segments, 1);
}
END_TEST

/* A name of up to 130 code points: of every plane, of ours, of markers. */
static char *
hostile_name(unsigned *seed)
{
	static const char *const parts[] = { "Müller", "ç", "’", "– ",
		"{number}", "{{firm}}", "{", "}", "\n", "\r", "\f", "€", "[~]",
		" ", "👍🏽", "\u202e", "\u0308", "\xff", "\xe2\x82", "漢字",
		"\t", "%s%n", "\\", "'; drop table", "A" };
	int n = rand_r(seed) % 130;
	struct buf b;

	buf_init(&b, arena);
	for (int i = 0; i < n; i++)
		buf_str(&b, parts[(size_t)rand_r(seed) %
				  (sizeof(parts) / sizeof(parts[0]))]);
	return b.text;
}

START_TEST(no_name_of_a_firm_makes_a_message_dearer)
{
	struct problem why;
	unsigned seed = 4711;

	for (int i = 0; i < 1000; i++) {
		const char *name = hostile_name(&seed);
		const char *said = message_text_firm(arena, name, "muster-ag");
		const struct text_values v = values_of(said);

		ck_assert_msg(message_text_firm_check(said, &why) == 0,
		    "\"%s\" from \"%s\"", said, name);
		if (message_text_firm_check(name, &why) == 0)
			ck_assert_str_eq(said, name);
		for (int t = 0; t < TEXT_MAX; t++) {
			struct text_body body;

			message_text_render(&body, arena, &house,
			    (enum text_name)t,
			    (enum language)(i % LANGUAGE_MAX), &v);
			ck_assert_uint_eq(alphabet_cost(body.body).culprit, 0);
			ck_assert_int_le(body.segments, 2);
			ck_assert_ptr_null(strpbrk(said, "{}\n"));
		}
		arena_reset(arena);
	}
	ck_assert_str_eq(
	    message_text_firm(arena, "漢字", "muster-ag"), "muster-ag");
	ck_assert_str_eq(
	    message_text_firm(arena, "Garçon – Fils", "x"), "Garcon - Fils");
	ck_assert_str_eq(
	    message_text_firm(arena, "",
		"a-slug-of-sixty-letters-which-is-more-than-a-name-may-have-x"),
	    "a-slug-of-sixty-letters-which-is-more-th");
}
END_TEST

START_TEST(candidates_are_what_statements_read)
{
	const struct text_source from = { own_text, firm,
		1U << LANGUAGE_DE | 1U << LANGUAGE_FR };
	const struct text_values v = {
		.firm = firm, .link = "https://x.ch/f", .until = &today
	};
	const struct text_kind kinds[] = {
		{ "new", TEXT_REPLY_CALLBACK, NULL },
		{ "joined", TEXT_REPLY_CALLBACK_JOINED, NULL },
	};
	const struct calendar_promise some_time = {
		.kind = PROMISE_TOMORROW, .weekday = 3, .month = 6, .day = 9
	};
	const struct text_kind later = { "day1", TEXT_REPLY_CALLBACK,
		&some_time };

	ck_assert_str_eq(
	    message_text_candidates(arena, &from, TEXT_REPLY_TEXT, &v),
	    "{\"de\":{\"body\":\"Hoi, hier Dörfler AG: wir sind dran, bis "
	    "16:00!\",\"segments\":1},\"fr\":{\"body\":\"Dörfler AG: Merci de "
	    "votre message. Nous vous répondons d'ici 16h00.\",\"segments\":1}"
	    "}");
	ck_assert_str_eq(
	    message_text_candidates_by_kind(arena, &from, kinds, 2, &v),
	    "{\"de\":{\"new\":{\"body\":\"Dörfler AG: Danke, wir rufen Sie bis "
	    "16:00 zurück.\",\"segments\":1},\"joined\":{\"body\":\"Dörfler "
	    "AG: Danke, wir haben notiert, dass Sie einen Rückruf wünschen.\","
	    "\"segments\":1}},\"fr\":{\"new\":{\"body\":\"Dörfler AG: Merci, "
	    "nous vous rappelons d'ici 16h00.\",\"segments\":1},\"joined\":{"
	    "\"body\":\"Dörfler AG: Merci, nous avons noté que vous souhaitez "
	    "un rappel.\",\"segments\":1}}}");
	/* Of a day without a time the statement knows the time. */
	ck_assert_str_eq(
	    message_text_candidates_by_kind(arena, &from, &later, 1, &v),
	    "{\"de\":{\"day1\":{\"body\":\"Dörfler AG: Danke, wir rufen Sie "
	    "morgen bis {h}:{m} zurück.\",\"segments\":1}},\"fr\":{\"day1\":{"
	    "\"body\":\"Dörfler AG: Merci, nous vous rappelons d'ici demain "
	    "{h}h{m}.\",\"segments\":1}}}");
}
END_TEST

/* A wording of so many letters and a marker. */
static const char *
padded_text(const void *tenant, enum language language, const char *name)
{
	(void)language;
	(void)name;
	return tenant;
}

START_TEST(markers_count_as_what_takes_their_place)
{
	static const struct {
		const char *marker;
		size_t pad;
		enum text_name name;
		int segments;
	} cases[] = {
		/* 160 are one message: the number takes 6, the code 12. */
		{ "{{number}}", 154, TEXT_TICKET_CONFIRMATION_JOINED, 1 },
		{ "{{number}}", 155, TEXT_TICKET_CONFIRMATION_JOINED, 2 },
		{ "{{link}}", 148, TEXT_REVIEW_REQUEST, 1 },
		{ "{{link}}", 149, TEXT_REVIEW_REQUEST, 2 },
	};
	const struct text_values v = { .firm = firm, .link = "{code}" };

	for (int i = 0; i < COUNT(cases); i++) {
		struct text_source from = { padded_text, NULL, 1 };
		struct text_body body;
		char text[200];

		memset(text, 'a', cases[i].pad);
		memcpy(text + cases[i].pad, cases[i].marker,
		    strlen(cases[i].marker) + 1);
		from.tenant = text;
		message_text_render(
		    &body, arena, &from, cases[i].name, LANGUAGE_DE, &v);
		ck_assert_int_eq(body.segments, cases[i].segments);
		ck_assert_ptr_nonnull(strchr(body.body, '{'));
	}
}
END_TEST

static const struct {
	enum language language;
	enum text_name name;
	const char *text;
	const char *says; /* NULL: may be used */
} checks[] = {
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "{{firm}}: 1 = Notfall, 2 = Rückruf, 3 = Formular. Stopp beendet.",
	    NULL },
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "Dörfler AG hier. 1: Notfall\n2: Rückruf\n3: Formular\nstop",
	    NULL },
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "{{firm}}: 1 = Notfall, 2 = Rückruf. STOPP", "the answer 3" },
	/* The digit of an answer stands alone. */
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "{{firm}}: 1 = Notfall, 2 = Rückruf, 30 Minuten. STOPP",
	    "the answer 3" },
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "{{firm}}: 1 = Notfall, 2 = Rückruf, 3 = Formular.", "STOP" },
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "1 = Notfall, 2 = Rückruf, 3 = Formular. STOPP", "{{firm}}" },
	{ LANGUAGE_DE, TEXT_MISSED_CALL,
	    "{{firm}} {{until}}: 1 = a, 2 = b, 3 = c. STOPP",
	    "no variable {{until}}" },
	{ LANGUAGE_DE, TEXT_MISSED_CALL_EMERGENCY,
	    "{{firm}}: Notfall? 1 antworten. STOPP", NULL },
	{ LANGUAGE_FR, TEXT_REPLY_TEXT, "{{firm}}: Nous vous répondons.",
	    NULL },
	{ LANGUAGE_FR, TEXT_REPLY_TEXT, "{{firm}}: Bien reçu, {{until}}.",
	    "fr.reply_text: character 18, ç (U+00E7), is not" },
	{ LANGUAGE_FR, TEXT_REPLY_TEXT, "{{firm}}:\tmerci",
	    "character 10 (U+0009)" },
	{ LANGUAGE_EN, TEXT_REPLY_TEXT, "{{firm}}: we’re on it",
	    "character 13, ’ (U+2019)" },
	{ LANGUAGE_EN, TEXT_REPLY_TEXT, "{firm}: thanks", "two braces" },
	{ LANGUAGE_EN, TEXT_REPLY_TEXT, "{{firm}}: thanks {{until}",
	    "never closed" },
	{ LANGUAGE_EN, TEXT_REPLY_TEXT, "{{firm}}: \xff", "UTF-8" },
	{ LANGUAGE_EN, TEXT_REPLY_TEXT, "", "{{firm}}" },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}: see our page", "{{link}}" },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}: ({{link}}).", NULL },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}:\n{{ link }}\nBye", NULL },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}: {{link}}please", "a space" },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}: {{link}}/new", "a space" },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}: here{{ link }}", "a space" },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}{{link}}", "a space" },
	{ LANGUAGE_EN, TEXT_REPLY_FORM, "{{firm}}: {{link}}\u00fc", "a space" },
	{ LANGUAGE_EN, TEXT_REVIEW_REQUEST, "{{firm}}: rate us! {{link}}",
	    "STOP" },
	{ LANGUAGE_EN, TEXT_REVIEW_REQUEST, "{{firm}}: rate us! STOP",
	    "{{link}}" },
	{ LANGUAGE_EN, TEXT_TICKET_CONFIRMATION, "{{firm}}: {number} noted",
	    "two braces" },
	{ LANGUAGE_EN, TEXT_TICKET_CONFIRMATION, "{{firm}}: {{number}} noted",
	    NULL },
	{ LANGUAGE_EN, TEXT_TICKET_CONFIRMATION,
	    "{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}"
	    "{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}"
	    "{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}"
	    "{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}{{firm}}",
	    "310 characters, which are 3 messages" },
};

START_TEST(a_firm_s_words_are_checked)
{
	struct problem why = { .code = PROBLEM_NONE };
	int rc = message_text_check(
	    checks[_i].language, checks[_i].name, checks[_i].text, firm, &why);

	if (checks[_i].says == NULL) {
		ck_assert_msg(rc == 0, "%s", why.detail);
		return;
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_int_eq(why.code, PROBLEM_FIELD_INVALID);
	ck_assert_str_eq(why.field, "/config/texts");
	ck_assert_msg(
	    strstr(why.detail, checks[_i].says) != NULL, "%s", why.detail);
}
END_TEST

static const struct {
	const char *name;
	const char *says; /* NULL: good */
} firms[] = {
	{ "Dörfler AG", NULL },
	{ "AG", NULL },
	{ firm_40, NULL },
	{ "A", "2 to 40" },
	{ "", "2 to 40" },
	{ "   ", "2 to 40" },
	{ "Haustechnik Meier und Söhne Dübendorf ZH1", "2 to 40" },
	/* The euro takes the room of two. */
	{ "Haustechnik Meier und Söhne Dübendorf Z€", "2 to 40" },
	{ "Salon Lumière", NULL },
	{ "Garçon & Fils", "character 4, ç (U+00E7)" },
	{ "Müller – Söhne", "character 8, – (U+2013)" },
	{ "Firma {number}", "braces" },
	{ "Firma\nAG", "line break" },
	{ "\xff\xff", "U+FFFD" },
};

START_TEST(a_firm_s_name_is_checked)
{
	struct problem why = { .code = PROBLEM_NONE };
	int rc = message_text_firm_check(firms[_i].name, &why);

	if (firms[_i].says == NULL) {
		ck_assert_msg(rc == 0, "%s", why.detail);
		return;
	}
	ck_assert_int_eq(rc, -1);
	ck_assert_str_eq(why.field, "/config/sms_name");
	ck_assert_msg(
	    strstr(why.detail, firms[_i].says) != NULL, "%s", why.detail);
}
END_TEST

START_TEST(names_are_read_back)
{
	enum text_name name = TEXT_MAX;

	ck_assert_int_eq(
	    message_text_parse(&name, message_text_name((enum text_name)_i)),
	    0);
	ck_assert_int_eq(name, _i);
	ck_assert_int_eq(message_text_parse(&name, "MISSED_CALL"), -1);
}
END_TEST

/* Who reads "answer" or "STOP" must be able to. */
START_TEST(what_asks_for_an_answer_comes_from_a_number)
{
	static const char *const asks[] = { "STOP", "START", "ntworten",
		"pondez", "Risponda", "risponda", "eply" };

	for (enum language l = 0; l < LANGUAGE_MAX; l++)
		for (size_t i = 0; i < sizeof(asks) / sizeof(asks[0]); i++)
			if (strstr(message_text_words((enum text_name)_i, l),
				asks[i]) != NULL)
				ck_assert_msg(message_text_is_answered(
						  (enum text_name)_i),
				    "%s asks: %s",
				    message_text_name((enum text_name)_i),
				    asks[i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("message_text");
	TCase *tc = tcase_create("message_text");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, every_text_is_worded_as_a_firm_might, 0, TEXT_MAX);
	tcase_add_loop_test(
	    tc, every_text_is_one_message_with_usual_values, 0, TEXT_MAX);
	tcase_add_loop_test(tc,
	    only_few_texts_become_two_messages_with_the_longest_firm, 0,
	    TEXT_MAX);
	tcase_add_loop_test(
	    tc, a_promise_is_said_in_each_language, 0, COUNT(promises));
	tcase_add_test(tc, an_appointment_has_weekday_and_date);
	tcase_add_test(tc, a_firm_may_use_its_own_words);
	tcase_add_test(
	    tc, words_that_cannot_be_filled_in_give_way_to_the_house_s);
	tcase_add_loop_test(tc,
	    words_that_would_double_the_price_give_way_to_the_house_s, 0,
	    COUNT(dear));
	tcase_add_test(tc, no_name_of_a_firm_makes_a_message_dearer);
	tcase_add_test(tc, candidates_are_what_statements_read);
	tcase_add_test(tc, markers_count_as_what_takes_their_place);
	tcase_add_loop_test(tc, a_firm_s_words_are_checked, 0, COUNT(checks));
	tcase_add_loop_test(tc, a_firm_s_name_is_checked, 0, COUNT(firms));
	tcase_add_loop_test(tc, names_are_read_back, 0, TEXT_MAX);
	tcase_add_loop_test(
	    tc, what_asks_for_an_answer_comes_from_a_number, 0, TEXT_MAX);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
