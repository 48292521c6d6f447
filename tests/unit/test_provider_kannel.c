/*
 * test_provider_kannel - what is sent to Kannel, and what its answers mean
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

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)4 * 1024 * 1024);
	(void)setenv("KANNEL_USERNAME", "muster", 1);
	(void)setenv("KANNEL_PASSWORD", "ge&heim", 1);
	(void)setenv("APP_BASE_URL", "https://firma.example.ch", 1);
	(void)unsetenv("KANNEL_URL");
	(void)unsetenv("SECRETS_KEY");
}

static void
teardown(void)
{
	arena_free(arena);
}

static const struct {
	const char *body;
	int64_t lives_us;
	const char *query; /* its end */
} requests[] = {
	{ "Grüezi {a}", CLOCK_HOUR,
	    "&coding=0&validity=60&text=Gr%C3%BCezi%20%7Ba%7D" },
	/* Kannel would write C, E and ? for these. */
	{ "Ça", CLOCK_HOUR, "&coding=0&validity=60&text=%C3%87a" },
	{ "ça", 0, "&coding=2&validity=1&text=%C3%A7a" },
	{ "\xf0\x9f\x99\x82", 90 * CLOCK_SECOND,
	    "&coding=2&validity=1&text=%F0%9F%99%82" },
};

START_TEST(a_message_becomes_this_request)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = {
		.id = "1",
		.from = "+41790000001",
		.to = "+41791234567",
		.body = requests[_i].body,
		.lives_us = requests[_i].lives_us,
	};
	static const char begin[] =
	    "http://127.0.0.1:13013/cgi-bin/sendsms?username=muster&password="
	    "ge%26heim&to=%2B41791234567&from=%2B41790000001&charset=UTF-8";

	ck_assert_int_eq(provider_kannel.request(&r, &m, arena, &why), 0);
	ck_assert_ptr_null(r.body);
	ck_assert_int_eq(strncmp(r.url, begin, strlen(begin)), 0);
	ck_assert_str_eq(r.url + strlen(begin), requests[_i].query);
}
END_TEST

START_TEST(its_report_comes_to_an_address_of_this_message)
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
	ck_assert_int_eq(provider_kannel.request(&r, &m, arena, &why), 0);
	ck_assert_ptr_nonnull(strstr(r.url,
	    "&dlr-mask=27&dlr-url=https%3A%2F%2Ffirma.example.ch%2Fapi%2F"
	    "webhook%2Fsms-status%2Fkannel%2F"));
	/* The escapes reach Kannel, who fills them in. */
	ck_assert_ptr_nonnull(strstr(r.url,
	    "%3Fid%3D0190e000-0000-7000-8000-000000000001%26event%3D%25d"));
}
END_TEST

static const struct {
	const char *url;
	int rc;
} urls[] = {
	{ "http://127.0.0.1:13013/cgi-bin/sendsms", 0 },
	{ "http://127.9.9.9/cgi-bin/sendsms", 0 },
	{ "http://localhost:13013/cgi-bin/sendsms", 0 },
	{ "http://[::1]:13013/cgi-bin/sendsms", 0 },
	{ "https://kannel.example.ch/cgi-bin/sendsms", 0 },
	{ "http://kannel.example.ch/cgi-bin/sendsms", -1 },
	{ "http://127.0.0.1.example.ch/cgi-bin/sendsms", -1 },
	{ "http://127.0.0.1@example.ch/cgi-bin/sendsms", -1 },
	{ "http://localhost.example.ch/", -1 },
	{ "http://10.0.0.1:13013/", -1 },
	{ "http://[::1].example.ch/", -1 },
	{ "http://[::2]/", -1 },
	{ "http://127.0.0.1:13013/cgi-bin/sendsms?smsc=a", -1 },
	{ "127.0.0.1:13013", -1 },
	{ "ftp://127.0.0.1/", -1 },
};

START_TEST(its_address_keeps_the_password_on_this_machine)
{
	struct problem why = { .code = PROBLEM_NONE };

	(void)setenv("KANNEL_URL", urls[_i].url, 1);
	ck_assert_int_eq(provider_ready(&provider_kannel, &why), urls[_i].rc);
	if (urls[_i].rc != 0)
		ck_assert_ptr_nonnull(strstr(why.detail, "KANNEL_URL"));
}
END_TEST

START_TEST(it_is_ready_with_its_settings_only)
{
	struct problem why = { .code = PROBLEM_NONE };

	(void)unsetenv("KANNEL_PASSWORD");
	ck_assert_int_eq(provider_ready(&provider_kannel, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.detail, "KANNEL_PASSWORD"));
}
END_TEST

static const struct {
	int status;
	enum outcome_kind kind;
	bool is_our_fault;
	const char *body;
	const char *reason; /* its beginning */
} answers[] = {
	{ 202, OUTCOME_SENT, false, "0: Accepted for delivery", NULL },
	{ 202, OUTCOME_SENT, false, "3: Queued for later delivery", NULL },
	{ 202, OUTCOME_UNKNOWN, false, "ok", "HTTP 202 accepted in words" },
	{ 200, OUTCOME_UNKNOWN, false, "0: Accepted", "HTTP 200" },
	{ 403, OUTCOME_RETRY, true, "Authorization failed for sendsms",
	    "HTTP 403 not authorized: correct KANNEL_USERNAME" },
	{ 400, OUTCOME_FAILED, false, "Missing receiver number, rejected",
	    "HTTP 400 receiver missing" },
	{ 400, OUTCOME_FAILED, true,
	    "Number(s) has/have been denied by white- and/or black-lists.",
	    "HTTP 400 number denied" },
	{ 400, OUTCOME_FAILED, true, "Coding field misformed, rejected",
	    "HTTP 400 coding" },
	{ 400, OUTCOME_FAILED, true, "Charset or body misformed, rejected",
	    "HTTP 400 charset" },
	{ 400, OUTCOME_FAILED, false, "+41791234567?", "HTTP 400 refused" },
	{ 404, OUTCOME_RETRY, true, "Unknown request.", "HTTP 404" },
	{ 503, OUTCOME_RETRY, false, "", "HTTP 503 temporary" },
	{ 500, OUTCOME_UNKNOWN, false, "\xff", "HTTP 500" },
};

START_TEST(an_answer_means_this)
{
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = answers[_i].status,
		.body = answers[_i].body,
		.body_len = strlen(answers[_i].body),
	};
	struct outcome o = provider_kannel.outcome(&answer, arena);
	const char *reason = answers[_i].reason;

	ck_assert_int_eq(o.kind, answers[_i].kind);
	ck_assert_int_eq(o.is_our_fault, answers[_i].is_our_fault);
	ck_assert_ptr_null(o.provider_id);
	if (reason == NULL)
		ck_assert_ptr_null(o.reason);
	else
		ck_assert_int_eq(strncmp(o.reason, reason, strlen(reason)), 0);
	ck_assert(reason == NULL || strstr(o.reason, "+41") == NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("provider_kannel");
	TCase *tc = tcase_create("provider_kannel");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_message_becomes_this_request, 0, COUNT(requests));
	tcase_add_test(tc, its_report_comes_to_an_address_of_this_message);
	tcase_add_loop_test(
	    tc, its_address_keeps_the_password_on_this_machine, 0, COUNT(urls));
	tcase_add_test(tc, it_is_ready_with_its_settings_only);
	tcase_add_loop_test(tc, an_answer_means_this, 0, COUNT(answers));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
