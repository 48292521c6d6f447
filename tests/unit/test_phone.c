/*
 * test_phone - telephone numbers as people and providers write them
 */
#include "phone.h"

#include <check.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "problem.h"

/* What is written, where, and what it is; NULL: no number. */
static const struct phone_case {
	const char *text;
	const char *region;
	const char *e164;
	enum phone_kind kind;
} cases[] = {
	/* The ways to write one mobile number. */
	{ "079 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "0791234567", "CH", "+41791234567", PHONE_MOBILE },
	{ "79 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079/123.45.67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079-123-45-67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079'123'45'67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079 123\u201945\u201967", "CH", "+41791234567", PHONE_MOBILE },
	{ "+41 79 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "+41 (0)79 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "+41(0)791234567", NULL, "+41791234567", PHONE_MOBILE },
	{ "+41079 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "0041 79 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "0041 (0) 79 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "41791234567", "CH", "+41791234567", PHONE_MOBILE },
	{ "tel:+41791234567", "CH", "+41791234567", PHONE_MOBILE },
	{ "Tel. 079 123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "  079 123 45 67\r\n", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\t123  45   67", "CH", "+41791234567", PHONE_MOBILE },
	/* No-break, narrow, thin and ideographic spaces; marks of direction. */
	{ "079\u00a0123\u202f45\u200967", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\u3000123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "\u202d+41 79 123 45 67\u202c", "CH", "+41791234567", PHONE_MOBILE },
	{ "\ufeff079 123 45\u200b67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\u2013123\u201145\u221267", "CH", "+41791234567", PHONE_MOBILE },
	/* Other strokes, dots and quotes, as pages and keyboards have them. */
	{ "079\u2044123\u20444567", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\u2215123 45 67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\u2027123\u202745\u202767", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\u22c5123\u202445\u30fb67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\ufe63123\ufe5845\ufe6367", "CH", "+41791234567", PHONE_MOBILE },
	{ "079\u00b4123\u203245`67", "CH", "+41791234567", PHONE_MOBILE },
	{ "079_123_45_67", "CH", "+41791234567", PHONE_MOBILE },
	{ "0\ufe0f\u20e37\ufe0f\u20e39\ufe0f\u20e3 123 45 67", "CH",
	    "+41791234567", PHONE_MOBILE },
	/* Full width, Arabic, three bytes a digit. */
	{ "\uff0b\uff14\uff11 \uff17\uff19 \uff11\uff12\uff13 \uff14\uff15 "
	  "\uff16\uff17",
	    "CH", "+41791234567", PHONE_MOBILE },
	{ "\u0660\u0667\u0669 \u0661\u0662\u0663 \u0664\u0665 \u0666\u0667",
	    "CH", "+41791234567", PHONE_MOBILE },
	/* More than 40 bytes, of which most are spaces. */
	{ "+41      79      123      45      67                   ", "CH",
	    "+41791234567", PHONE_MOBILE },
	/* An extension is no part of the number. */
	{ "044 668 18 00 int. 12", "CH", "+41446681800", PHONE_FIXED },
	{ "044 668 18 00 ext 5", "CH", "+41446681800", PHONE_FIXED },
	{ "044 668 18 00 x5", "CH", "+41446681800", PHONE_FIXED },
	{ "tel:+41446681800;ext=12", "CH", "+41446681800", PHONE_FIXED },
	/* Kinds. */
	{ "044 668 18 00", "CH", "+41446681800", PHONE_FIXED },
	{ "0800 800 800", "CH", "+41800800800", PHONE_TOLL_FREE },
	{ "0900 123 456", "CH", "+41900123456", PHONE_PREMIUM },
	{ "0842 123 456", "CH", "+41842123456", PHONE_SHARED_COST },
	{ "074 012 34 56", "CH", "+41740123456", PHONE_PAGER },
	{ "0860 79 123 45 67", "CH", "+41860791234567", PHONE_VOICEMAIL },
	{ "058 123 45 67", "CH", "+41581234567", PHONE_OTHER },
	{ "056 123 45 67", "GB", NULL, PHONE_OTHER },
	{ "+44 56 1234 5678", "CH", "+445612345678", PHONE_VOIP },
	{ "(212) 555-0123", "US", "+12125550123", PHONE_FIXED_OR_MOBILE },
	/* Neighbours. */
	{ "+423 660 123 456", "CH", "+423660123456", PHONE_MOBILE },
	{ "00423 781 23 45", "CH", "+4237812345", PHONE_MOBILE },
	{ "0151 23456789", "DE", "+4915123456789", PHONE_MOBILE },
	{ "06 12 34 56 78", "FR", "+33612345678", PHONE_MOBILE },
	{ "0664 1234567", "AT", "+436641234567", PHONE_MOBILE },
	{ "347 123 4567", "IT", "+393471234567", PHONE_MOBILE },
	/* In Italy the 0 is part of the number. */
	{ "06 6982 1234", "IT", "+390669821234", PHONE_FIXED },
	{ "+39 06 6982 1234", "CH", "+390669821234", PHONE_FIXED },
	/* 00 means abroad wherever it is read. */
	{ "0041 79 123 45 67", "US", "+41791234567", PHONE_MOBILE },
	{ "0041791234567", NULL, "+41791234567", PHONE_MOBILE },
	/* Without a region only an international number is one. */
	{ "079 123 45 67", NULL, NULL, PHONE_OTHER },
	{ "079 123 45 67", "", NULL, PHONE_OTHER },
	{ "079 123 45 67", "XX", NULL, PHONE_OTHER },
	{ "+41791234567", "XX", "+41791234567", PHONE_MOBILE },
	/* No numbers. */
	{ NULL, "CH", NULL, PHONE_OTHER },
	{ "", "CH", NULL, PHONE_OTHER },
	{ "   ", "CH", NULL, PHONE_OTHER },
	{ "abc", "CH", NULL, PHONE_OTHER },
	{ "+", "CH", NULL, PHONE_OTHER },
	{ "00", "CH", NULL, PHONE_OTHER },
	{ "079 123 45 6", "CH", NULL, PHONE_OTHER },
	{ "079 123 45 678", "CH", NULL, PHONE_OTHER },
	{ "079 123 45 67 / 078 123 45 67", "CH", NULL, PHONE_OTHER },
	{ "+41 99 999 99 99", "CH", NULL, PHONE_OTHER },
	{ "+999 123 456 789", "CH", NULL, PHONE_OTHER },
	{ "079 123 45 67\x01", "CH", NULL, PHONE_OTHER },
	{ "079 123 \xff 45 67", "CH", NULL, PHONE_OTHER },
	/* Letters are no digits: a wrong guess would write to a stranger. */
	{ "1-800-FLOWERS", "US", NULL, PHONE_OTHER },
	{ "0800 MUELLE", "CH", NULL, PHONE_OTHER },
	{ "079 123 AB CD", "CH", NULL, PHONE_OTHER },
};

START_TEST(a_number_is_read_as_it_is_written)
{
	const struct phone_case *c = &cases[_i];
	struct phone phone = { .e164 = "unset" };
	struct problem why = { 0 };
	int rc =
	    phone_parse(&phone, c->text, c->region, "/contact_phone", &why);

	if (c->e164 == NULL) {
		ck_assert_msg(rc == -1, "\"%s\" is %s", c->text, phone.e164);
		ck_assert_int_eq(why.code, PROBLEM_PHONE_INVALID);
		ck_assert_str_eq(why.field, "/contact_phone");
		return;
	}
	ck_assert_msg(rc == 0, "\"%s\"", c->text);
	ck_assert_str_eq(phone.e164, c->e164);
	ck_assert_str_eq(phone_kind_name(phone.kind), phone_kind_name(c->kind));
	ck_assert_int_eq(why.code, PROBLEM_NONE);
}
END_TEST

START_TEST(short_codes_and_emergency_numbers_are_refused)
{
	static const char *const regions[] = { "CH", "LI", "DE", "AT", "FR",
		"IT", "GB", "US", "ES", "PT", "NL", "BE" };
	static const char *const numbers[] = { "110", "112", "113", "115",
		"117", "118", "143", "144", "147", "911", "999", "1414", "1811",
		"1818", "3311", "11811", "116117", "15", "17", "18" };
	struct phone phone;
	struct problem why;

	for (size_t r = 0; r < sizeof(regions) / sizeof(regions[0]); r++)
		for (size_t n = 0; n < sizeof(numbers) / sizeof(numbers[0]);
		     n++)
			ck_assert_msg(phone_parse(&phone, numbers[n],
					  regions[r], NULL, &why) != 0,
			    "%s in %s is %s", numbers[n], regions[r],
			    phone.e164);
}
END_TEST

START_TEST(an_e164_number_is_read_as_itself)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct phone phone;
		struct problem why;

		if (cases[i].e164 == NULL)
			continue;
		ck_assert_int_eq(
		    phone_parse(&phone, cases[i].e164, "US", NULL, &why), 0);
		ck_assert_str_eq(phone.e164, cases[i].e164);
		ck_assert_int_eq(phone.kind, cases[i].kind);
	}
}
END_TEST

/* With a space in it the library reads the number; without, some plans are read
 * here. */
START_TEST(a_number_in_one_piece_is_the_one_in_two)
{
	static const char *const codes[] = { "33", "39", "41", "43", "44", "49",
		"423" };
	const char *code = codes[_i];
	unsigned long random = 1;
	int numbers = 0;

	for (int n = 0; n < 1200; n++) {
		char one[32], two[32], digits[16];
		struct phone p = { 0 }, q = { 0 };
		struct problem why;
		int rc, len = 3 + n % 11;

		for (int i = 0; i < len; i++) {
			random = random * 6364136223846793005UL + 1;
			digits[i] = (char)('0' + (random >> 33) % 10);
		}
		digits[len] = '\0';
		(void)snprintf(one, sizeof(one), "+%s%s", code, digits);
		(void)snprintf(two, sizeof(two), "+%s %s", code, digits);
		rc = phone_parse(&p, one, "CH", NULL, &why);
		ck_assert_int_eq(phone_parse(&q, two, "CH", NULL, &why), rc);
		if (rc != 0)
			continue;
		numbers++;
		ck_assert_str_eq(p.e164, q.e164);
		ck_assert_int_eq(p.kind, q.kind);
		ck_assert_int_eq(p.country, q.country);
	}
	ck_assert_int_gt(numbers, 5); /* of them all few are any */
}
END_TEST

START_TEST(what_is_no_number_costs_no_more_than_a_number)
{
	size_t size = 1024 * 1024;
	char *text = malloc(size);
	struct phone phone;
	struct problem why;
	int64_t start;

	phone_init();
	memset(text, '1', size);
	text[size - 1] = '\0';
	start = clock_ticks_us();
	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(
		    phone_parse(&phone, text, "CH", NULL, &why), -1);
	/* The library alone would take minutes for one. */
	ck_assert(clock_ticks_us() - start < 2 * CLOCK_SECOND);
	free(text);
}
END_TEST

/* Processor time of so many parses, in clock()'s ticks. */
static clock_t
cost_of(const char *text, bool is_number)
{
	clock_t start = clock();
	struct phone phone;
	struct problem why;

	for (int i = 0; i < 200; i++)
		ck_assert_int_eq(phone_parse(&phone, text, "CH", NULL, &why),
		    is_number ? 0 : -1);
	return clock() - start;
}

/* The least of several: whatever else the machine does only adds to it. */
START_TEST(ten_thousand_digits_cost_no_more_than_a_number)
{
	static char digits[10001];
	clock_t usual = LONG_MAX, most = LONG_MAX;

	phone_init();
	memset(digits, '4', sizeof(digits) - 1);
	for (int round = 0; round < 7; round++) {
		clock_t one = cost_of("+41 79 123 45 67", true);
		clock_t other = cost_of(digits, false);

		usual = one < usual ? one : usual;
		most = other < most ? other : most;
	}
	ck_assert_msg(most <= usual, "%ld and %ld", (long)most, (long)usual);
}
END_TEST

static const struct withheld_case {
	const char *text;
	bool withheld;
} withheld[] = {
	{ NULL, true },
	{ "", true },
	{ " \t", true },
	{ "+", true },
	{ "anonymous", true },
	{ "Anonymous", true },
	{ "ANONYMOUS", true },
	{ "+anonymous", true },
	{ " anonymous ", true },
	{ "Restricted", true },
	{ "unavailable", true },
	{ "unknown", true },
	{ "private", true },
	{ "blocked", true },
	{ "withheld", true },
	{ "+266696687", true },
	{ "266696687", true },
	{ "+7378742833", true },
	{ "+86282452253", true },
	{ "+2562533", true },
	{ "+8656696", true },
	{ "client:alice", true },
	{ "sip:alice@example.com", true },
	{ "SIP:+41791234567@example.com", true },
	{ "+41791234567", false },
	{ "079 123 45 67", false },
	{ "+2666966870", false },
	{ "+26669668", false },
	{ "anonymous caller", false },
	{ "0", false },
	{ "117", false },
};

START_TEST(a_caller_who_shows_no_number_is_recognised)
{
	ck_assert_msg(
	    phone_is_withheld(withheld[_i].text) == withheld[_i].withheld,
	    "\"%s\"", withheld[_i].text);
}
END_TEST

static struct phone
phone_of(const char *text)
{
	struct phone phone;
	struct problem why;

	ck_assert_int_eq(phone_parse(&phone, text, "CH", NULL, &why), 0);
	return phone;
}

START_TEST(only_mobiles_get_a_text)
{
	struct phone phone = { .e164 = "+41" };

	for (int kind = 0; kind < PHONE_KIND_MAX; kind++) {
		phone.kind = (enum phone_kind)kind;
		ck_assert(
		    phone_takes_sms(&phone) ==
		    (kind == PHONE_MOBILE || kind == PHONE_FIXED_OR_MOBILE));
	}
}
END_TEST

START_TEST(country_codes_are_compared_whole)
{
	static const char *const usual[] = { "+41", "+423", "+49", "+43", "+33",
		"+39" };
	static const char *const partial[] = { "+4", "+42", "+417", "41", "" };
	struct phone swiss = phone_of("079 123 45 67");
	struct phone prince = phone_of("+423 660 123 456");
	struct phone lesotho = phone_of("+266 5012 3456");
	struct phone american = phone_of("+1 212 555 0123");

	ck_assert(phone_destination_allowed(&swiss, usual, 6));
	ck_assert(phone_destination_allowed(&prince, usual, 6));
	ck_assert(!phone_destination_allowed(&lesotho, usual, 6));
	ck_assert(!phone_destination_allowed(&american, usual, 6));
	ck_assert(!phone_destination_allowed(&swiss, partial, 5));
	ck_assert(!phone_destination_allowed(&prince, partial, 5));
	ck_assert(!phone_destination_allowed(&swiss, usual, 0));
	ck_assert_int_eq(prince.country, 423);
}
END_TEST

static const char *
destinations_of(struct phone_reach *out, const char *const *countries, size_t n)
{
	phone_destinations(out, countries, n);
	return out->pattern;
}

START_TEST(a_statement_is_told_the_same_rule)
{
	static const char *const usual[] = { "+41", "+423" };
	static const char *const wrong[] = { "+4", "+42", "+0", "41", "", "+",
		"+41|", "+(", "+9999" };
	struct phone_reach d;

	ck_assert_str_eq(destinations_of(&d, usual, 2), "^\\+(?:41|423)");
	ck_assert_str_eq(destinations_of(&d, usual, 0), "^$");
	ck_assert_str_eq(destinations_of(&d, wrong, 9), "^$");
}
END_TEST

/* Some number with that area code on +1; -1 where none is given out. */
static int
american_of(struct phone *out, int area)
{
	char text[PHONE_E164_SIZE];
	struct problem why;

	for (int exchange = 209; exchange < 1000; exchange += 25) {
		(void)snprintf(
		    text, sizeof(text), "+1%d%d1234", area, exchange);
		if (phone_parse(out, text, NULL, NULL, &why) == 0)
			return 0;
	}
	return -1;
}

START_TEST(a_statement_leaves_out_the_same_islands)
{
	static const char *const america[] = { "+49", "+1" };
	struct phone_reach d;
	int areas = 0, islands = 0;

	phone_destinations(&d, america, 2);
	ck_assert_ptr_eq(strstr(d.pattern, "^\\+(?:49|1(?!"), d.pattern);
	for (int area = 200; area < 1000; area++) {
		char code[8];
		struct phone phone;
		bool is_left_out;

		if (american_of(&phone, area) != 0)
			continue;
		(void)snprintf(code, sizeof(code), "%d", area);
		is_left_out = strstr(d.pattern, code) != NULL;
		ck_assert_msg(phone_destination_allowed(&phone, america, 2) ==
				  !is_left_out,
		    "%s", phone.e164);
		areas++;
		islands += is_left_out ? 1 : 0;
	}
	ck_assert_int_gt(areas, 350);
	ck_assert_int_ge(islands, 20);
	ck_assert_int_lt(islands, 40);
}
END_TEST

START_TEST(the_islands_on_plus_one_are_another_destination)
{
	const char *const america[] = { "+1" };
	struct phone american = phone_of("+1 212 555 0123");
	struct phone canadian = phone_of("+1 416 555 0123");
	struct phone jamaican = phone_of("+1 876 234 5678");
	struct phone dominican = phone_of("+1 809 234 5678");

	ck_assert(phone_destination_allowed(&american, america, 1));
	ck_assert(phone_destination_allowed(&canadian, america, 1));
	ck_assert(!phone_destination_allowed(&jamaican, america, 1));
	ck_assert(!phone_destination_allowed(&dominican, america, 1));
}
END_TEST

static const struct {
	const char *e164;
	const char *region;
} regions[] = {
	{ "+41434435200", "CH" },
	{ "+4237812345", "LI" },
	{ "+12125550123", "US" },
	{ "+14165550123", "CA" },
	{ "+442079460018", "GB" },
	{ "+390212345678", "IT" },
	{ "+80012345678", NULL },
	{ "079 123 45 67", NULL },
	{ "", NULL },
};

/* As it stands on a van in that country. */
START_TEST(a_number_is_shown_as_at_home)
{
	static const char *const numbers[][2] = {
		{ "+41434435200", "043 443 52 00" },
		{ "+41791234567", "079 123 45 67" },
		{ "+442079460958", "020 7946 0958" },
		{ "+4930123456", "030 123456" },
		{ "+390236618300", "02 3661 8300" },
		{ "", "" },
		{ "niemand", "niemand" },
		{ "+1", "+1" },
	};
	char shown[PHONE_SHOWN_SIZE];

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		phone_show(shown, numbers[i][0]);
		ck_assert_str_eq(shown, numbers[i][1]);
	}
}
END_TEST

START_TEST(a_number_tells_its_region)
{
	char region[3] = "";

	ck_assert_int_eq(phone_region_of(region, regions[_i].e164),
	    regions[_i].region == NULL ? -1 : 0);
	if (regions[_i].region != NULL)
		ck_assert_str_eq(region, regions[_i].region);
}
END_TEST

#define LOOP(tc, test, cases) \
	tcase_add_loop_test( \
	    tc, test, 0, (int)(sizeof(cases) / sizeof((cases)[0])))

int
main(void)
{
	Suite *suite = suite_create("phone");
	TCase *tc = tcase_create("phone");
	SRunner *runner;
	int failed;

	LOOP(tc, a_number_is_read_as_it_is_written, cases);
	tcase_add_test(tc, short_codes_and_emergency_numbers_are_refused);
	tcase_add_test(tc, an_e164_number_is_read_as_itself);
	tcase_add_loop_test(tc, a_number_in_one_piece_is_the_one_in_two, 0, 7);
	tcase_add_test(tc, what_is_no_number_costs_no_more_than_a_number);
	tcase_add_test(tc, ten_thousand_digits_cost_no_more_than_a_number);
	LOOP(tc, a_caller_who_shows_no_number_is_recognised, withheld);
	tcase_add_test(tc, only_mobiles_get_a_text);
	tcase_add_test(tc, country_codes_are_compared_whole);
	tcase_add_test(tc, a_statement_is_told_the_same_rule);
	tcase_add_test(tc, a_statement_leaves_out_the_same_islands);
	tcase_add_test(tc, the_islands_on_plus_one_are_another_destination);
	tcase_add_test(tc, a_number_is_shown_as_at_home);
	LOOP(tc, a_number_tells_its_region, regions);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	/* A process for each case would take most of the time. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
