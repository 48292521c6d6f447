/*
 * test_provider_twilio - what is sent to Twilio, and what its answers mean
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "http.h"
#include "problem.h"
#include "provider.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define SID "AC0123456789abcdef0123456789abcdef"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)4 * 1024 * 1024);
	(void)setenv("TWILIO_ACCOUNT_SID", SID, 1);
	(void)setenv("TWILIO_AUTH_TOKEN", "geheim", 1);
	(void)setenv("APP_BASE_URL", "https://firma.example.ch", 1);
	(void)unsetenv("TWILIO_API_KEY_SID");
	(void)unsetenv("TWILIO_API_KEY_SECRET");
	(void)unsetenv("TWILIO_URL");
	(void)unsetenv("SECRETS_KEY");
}

static void
teardown(void)
{
	arena_free(arena);
}

static const struct {
	const char *from;
	const char *body;
	int64_t lives_us;
	const char *form;
} requests[] = {
	{ "+41790000001", "Wir melden uns.", CLOCK_HOUR,
	    "To=%2B41791234567&From=%2B41790000001&Body=Wir%20melden%20uns."
	    "&ValidityPeriod=3600" },
	{ "Muster AG", "a&b=\"c\"\n%d Grüezi", 48 * CLOCK_HOUR,
	    "To=%2B41791234567&From=Muster%20AG&Body=a%26b%3D%22c%22%0A%25d%20"
	    "Gr%C3%BCezi&ValidityPeriod=36000" },
	{ "MG0123456789abcdef0123456789abcdef", "a", -5,
	    "To=%2B41791234567&MessagingServiceSid="
	    "MG0123456789abcdef0123456789abcdef&Body=a&ValidityPeriod=1" },
};

START_TEST(a_message_becomes_this_request)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = {
		.id = "1",
		.from = requests[_i].from,
		.to = "+41791234567",
		.body = requests[_i].body,
		.lives_us = requests[_i].lives_us,
	};

	ck_assert_int_eq(provider_twilio.request(&r, &m, arena, &why), 0);
	ck_assert_str_eq(r.body, requests[_i].form);
	ck_assert_str_eq(r.url,
	    "https://api.twilio.com/2010-04-01/Accounts/" SID "/Messages.json");
	ck_assert_str_eq(r.content_type, "application/x-www-form-urlencoded");
	ck_assert_str_eq(r.user, SID);
	ck_assert_str_eq(r.password, "geheim");
}
END_TEST

START_TEST(the_receipt_comes_to_an_address_of_this_message)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = {
		.id = "0190e000-0000-7000-8000-000000000001",
		.from = "Muster",
		.to = "+41791234567",
		.body = "a",
	};

	(void)setenv("SECRETS_KEY",
	    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
	    1);
	ck_assert_int_eq(provider_twilio.request(&r, &m, arena, &why), 0);
	ck_assert_ptr_nonnull(strstr(r.body,
	    "&StatusCallback=https%3A%2F%2Ffirma.example.ch%2Fapi%2Fwebhook%2F"
	    "sms-status%2Ftwilio%2F"));
	ck_assert_ptr_nonnull(
	    strstr(r.body, "%3Fid%3D0190e000-0000-7000-8000-000000000001"));
}
END_TEST

START_TEST(an_api_key_goes_before_the_token)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = { .id = "1", .from = "A", .to = "+1", .body = "a" };

	(void)setenv("TWILIO_API_KEY_SID", "SK00", 1);
	ck_assert_int_eq(provider_ready(&provider_twilio, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.detail, "TWILIO_API_KEY_SECRET"));
	(void)setenv("TWILIO_API_KEY_SECRET", "zu", 1);
	(void)unsetenv("TWILIO_AUTH_TOKEN");
	ck_assert_int_eq(provider_ready(&provider_twilio, &why), 0);
	ck_assert_int_eq(provider_twilio.request(&r, &m, arena, &why), 0);
	ck_assert_str_eq(r.user, "SK00");
	ck_assert_str_eq(r.password, "zu");
}
END_TEST

static const struct {
	const char *name;
	const char *value;
	const char *missing;
} settings[] = {
	{ "TWILIO_ACCOUNT_SID", "", "TWILIO_ACCOUNT_SID" },
	{ "TWILIO_ACCOUNT_SID", "AC12/../", "TWILIO_ACCOUNT_SID" },
	{ "TWILIO_ACCOUNT_SID", "AC", "TWILIO_ACCOUNT_SID" },
	{ "TWILIO_AUTH_TOKEN", "", "TWILIO_AUTH_TOKEN" },
};

START_TEST(it_is_ready_with_its_settings_only)
{
	struct problem why = { .code = PROBLEM_NONE };

	ck_assert_int_eq(provider_ready(&provider_twilio, &why), 0);
	(void)setenv(settings[_i].name, settings[_i].value, 1);
	ck_assert_int_eq(provider_ready(&provider_twilio, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.detail, settings[_i].missing));
}
END_TEST

#define ERROR(code) "{\"code\":" #code ",\"message\":\"+41791234567 no\"}"

static const struct {
	int status;
	enum outcome_kind kind;
	bool is_our_fault;
	const char *body;
	const char *provider_id;
	const char *reason; /* its beginning */
} answers[] = {
	{ 201, OUTCOME_SENT, false, "{\"sid\":\"SM1\",\"status\":\"queued\"}",
	    "SM1", NULL },
	{ 200, OUTCOME_SENT, false, "{\"sid\":\"SM1\"}", "SM1", NULL },
	{ 201, OUTCOME_FAILED, false,
	    "{\"sid\":\"SM1\",\"status\":\"failed\",\"error_code\":30005}",
	    "SM1", "HTTP 201, 30005 unknown handset: correct" },
	{ 201, OUTCOME_FAILED, false,
	    "{\"sid\":\"SM1\",\"status\":\"undelivered\",\"error_code\":null}",
	    "SM1", "HTTP 201, 0" },
	{ 201, OUTCOME_UNKNOWN, false, "{}", NULL, "HTTP 201 without" },
	{ 201, OUTCOME_UNKNOWN, false, "", NULL, "HTTP 201 without" },
	{ 200, OUTCOME_UNKNOWN, false, "<html>", NULL, "HTTP 200 without" },
	{ 400, OUTCOME_FAILED, false, ERROR(21211), NULL,
	    "HTTP 400, 21211 no" },
	{ 400, OUTCOME_FAILED, true, ERROR(21408), NULL, "HTTP 400, 21408" },
	{ 400, OUTCOME_RETRY, true, ERROR(21606), NULL, "HTTP 400, 21606" },
	{ 400, OUTCOME_FAILED, false, ERROR(29999), NULL, "HTTP 400, 29999" },
	{ 401, OUTCOME_RETRY, true, ERROR(20003), NULL, "HTTP 401, 20003" },
	{ 429, OUTCOME_RETRY, false, ERROR(20429), NULL, "HTTP 429, 20429" },
	{ 429, OUTCOME_RETRY, false, ERROR(29999), NULL, "HTTP 429, 29999" },
	{ 429, OUTCOME_RETRY, false, "", NULL, "HTTP 429" },
	{ 401, OUTCOME_RETRY, true, "", NULL, "HTTP 401: correct TWILIO_ACC" },
	{ 404, OUTCOME_RETRY, true, "nginx", NULL, "HTTP 404 without" },
	{ 302, OUTCOME_RETRY, true, "", NULL, "HTTP 302 without" },
	{ 500, OUTCOME_UNKNOWN, false, ERROR(20500), NULL, "HTTP 500" },
	{ 503, OUTCOME_UNKNOWN, false, "", NULL, "HTTP 503" },
};

START_TEST(an_answer_means_this)
{
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = answers[_i].status,
		.body = answers[_i].body,
		.body_len = strlen(answers[_i].body),
		.retry_after_us = 7000000,
	};
	struct outcome o = provider_twilio.outcome(&answer, arena);
	const char *reason = answers[_i].reason;

	ck_assert_int_eq(o.kind, answers[_i].kind);
	ck_assert_int_eq(o.is_our_fault, answers[_i].is_our_fault);
	ck_assert_pstr_eq(o.provider_id, answers[_i].provider_id);
	if (reason == NULL)
		ck_assert_ptr_null(o.reason);
	else
		ck_assert_int_eq(strncmp(o.reason, reason, strlen(reason)), 0);
	ck_assert_int_eq(
	    o.retry_after_us, o.kind == OUTCOME_RETRY ? 7000000 : 0);
	/* What Twilio says may name the number: it stays with the row. */
	ck_assert(reason == NULL || strstr(o.reason, "+41") == NULL);
}
END_TEST

#define MADE "\"date_created\":\"Thu, 24 Aug 2023 05:01:45 +0000\""
#define MADE_US INT64_C(1692853305000000)
#define LISTED(sid, to, body) \
	"{\"sid\":\"" sid "\",\"to\":\"" to "\",\"body\":\"" body \
	"\",\"status\":\"sent\"," MADE "}"
#define MINE LISTED("SM1", "+41791234567", "Guten Tag")
#define LONG_SID \
	"SM0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER LISTED("SM2", "+41791234567", "Gute Nacht")

static const struct {
	int status;
	enum verdict_kind kind;
	int64_t written_us;
	const char *body;
} verdicts[] = {
	{ 200, VERDICT_SENT, MADE_US, "{\"messages\":[" OTHER "," MINE "]}" },
	/* Not there is not yet there; the same words are nobody's. */
	{ 200, VERDICT_NONE, MADE_US, "{\"messages\":[" OTHER "]}" },
	{ 200, VERDICT_NONE, MADE_US, "{\"messages\":[" MINE "," MINE "]}" },
	/* Of last year, and to somebody else. */
	{ 200, VERDICT_NONE, MADE_US + CLOCK_HOUR,
	    "{\"messages\":[" MINE "]}" },
	{ 200, VERDICT_NONE, MADE_US,
	    "{\"messages\":[" LISTED("SM3", "+41791234568", "Guten Tag") "]}" },
	{ 200, VERDICT_DELIVERED, MADE_US,
	    "{\"sid\":\"SM1\",\"status\":\"delivered\"}" },
	{ 200, VERDICT_FAILED, MADE_US,
	    "{\"sid\":\"SM1\",\"status\":\"undelivered\","
	    "\"error_code\":30005}" },
	/* An id that the row does not hold would fail every later look. */
	{ 200, VERDICT_NONE, MADE_US,
	    "{\"sid\":\"" LONG_SID "\",\"status\":\"delivered\"}" },
	{ 200, VERDICT_NONE, MADE_US,
	    "{\"messages\":[" LISTED(
		LONG_SID, "+41791234567", "Guten Tag") "]}" },
	{ 200, VERDICT_NONE, MADE_US,
	    "{\"sid\":\"\",\"status\":\"delivered\"}" },
	{ 404, VERDICT_NONE, MADE_US, "{\"code\":20404}" },
	{ 500, VERDICT_NONE, MADE_US, "{\"messages\":[" MINE "]}" },
	{ 200, VERDICT_NONE, MADE_US, "<html/>" },
};

START_TEST(what_is_told_afterwards_means_this)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct inquiry q = {
		.to = "+41791234567",
		.body = "Guten Tag",
		.written_us = verdicts[_i].written_us,
		.lost_us = verdicts[_i].written_us + CLOCK_MINUTE,
	};
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = verdicts[_i].status,
		.body = verdicts[_i].body,
		.body_len = strlen(verdicts[_i].body),
	};

	ck_assert_int_eq(provider_twilio.ask(&r, &q, arena, &why), 0);
	ck_assert_str_eq(r.url,
	    "https://api.twilio.com/2010-04-01/Accounts/" SID
	    "/Messages.json?To=%2B41791234567&PageSize=50");
	ck_assert_ptr_null(r.body);
	ck_assert_int_eq(provider_twilio.verdict(&answer, &q, arena).kind,
	    verdicts[_i].kind);
}
END_TEST

START_TEST(what_has_an_id_is_asked_about_by_it)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct inquiry q = { .to = "+41791234567", .provider_id = "SM0a" };

	ck_assert_int_eq(provider_twilio.ask(&r, &q, arena, &why), 0);
	ck_assert_str_eq(r.url,
	    "https://api.twilio.com/2010-04-01/Accounts/" SID
	    "/Messages/SM0a.json");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("provider_twilio");
	TCase *tc = tcase_create("provider_twilio");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_message_becomes_this_request, 0, COUNT(requests));
	tcase_add_test(tc, the_receipt_comes_to_an_address_of_this_message);
	tcase_add_test(tc, an_api_key_goes_before_the_token);
	tcase_add_loop_test(
	    tc, it_is_ready_with_its_settings_only, 0, COUNT(settings));
	tcase_add_loop_test(tc, an_answer_means_this, 0, COUNT(answers));
	tcase_add_loop_test(
	    tc, what_is_told_afterwards_means_this, 0, COUNT(verdicts));
	tcase_add_test(tc, what_has_an_id_is_asked_about_by_it);
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
