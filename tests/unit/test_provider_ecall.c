/*
 * test_provider_ecall - what is sent to eCall, and what its answers mean
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "http.h"
#include "problem.h"
#include "provider.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)4 * 1024 * 1024);
	(void)setenv("ECALL_USERNAME", "muster", 1);
	(void)setenv("ECALL_PASSWORD", "geheim", 1);
	(void)unsetenv("ECALL_NUMBER_PREFIX");
	(void)unsetenv("ECALL_URL");
}

static void
teardown(void)
{
	arena_free(arena);
}

static const struct {
	const char *from;
	const char *body;
	const char *prefix;
	const char *json;
} requests[] = {
	{ "+41790000001", "Wir melden uns.", "",
	    "{\"channel\":\"Sms\",\"from\":\"0041790000001\","
	    "\"to\":\"0041791234567\",\"content\":{\"type\":\"Text\","
	    "\"text\":\"Wir melden uns.\"}}" },
	{ "+41790000001", "a", "+",
	    "{\"channel\":\"Sms\",\"from\":\"+41790000001\","
	    "\"to\":\"+41791234567\",\"content\":{\"type\":\"Text\","
	    "\"text\":\"a\"}}" },
	{ "Muster AG", "a\n\"b\" \\ Grüezi", "00",
	    "{\"channel\":\"Sms\",\"from\":\"Muster AG\","
	    "\"to\":\"0041791234567\",\"content\":{\"type\":\"Text\","
	    "\"text\":\"a\\n\\\"b\\\" \\\\ Grüezi\"}}" },
};

START_TEST(a_message_becomes_this_request)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = {
		.id = "1",
		.attempt = 1,
		.from = requests[_i].from,
		.to = "+41791234567",
		.body = requests[_i].body,
	};

	(void)setenv("ECALL_NUMBER_PREFIX", requests[_i].prefix, 1);
	ck_assert_int_eq(provider_ecall.request(&r, &m, arena, &why), 0);
	ck_assert_str_eq(r.body, requests[_i].json);
	ck_assert_str_eq(r.url, "https://rest.ecall.ch/api/message");
	ck_assert_str_eq(r.content_type, "application/json");
	ck_assert_str_eq(r.user, "muster");
	ck_assert_str_eq(r.password, "geheim");
}
END_TEST

START_TEST(without_any_sender_there_is_no_request)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = { .from = "", .to = "+41791234567", .body = "a" };

	ck_assert_int_eq(provider_ecall.request(&r, &m, arena, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.detail, "no sender"));
}
END_TEST

static const char invalid[] =
    "{\"errorCode\":\"InvalidContent\",\"errorMessage\":\"no\","
    "\"errorDetails\":{\"errors\":[{\"parameter\":\"To\","
    "\"messages\":[\"+41791234567 is no mobile\"]}]}}";

static const struct {
	int status;
	enum outcome_kind kind;
	const char *body;
	const char *provider_id;
	const char *reason; /* its beginning */
	const char *said;
} answers[] = {
	/* Accepted. */
	{ 200, OUTCOME_SENT, "{\"messageId\":\"a-1\"}", "a-1", NULL, NULL },
	{ 201, OUTCOME_SENT, "{\"messageId\":17}", "17", NULL, NULL },
	{ 202, OUTCOME_SENT, "", NULL, NULL, NULL },
	{ 200, OUTCOME_SENT, "{}", NULL, NULL, NULL },
	{ 200, OUTCOME_SENT, "{\"messageId\":\"\"}", NULL, NULL, NULL },
	{ 200, OUTCOME_SENT, "{\"messageId\":[\"a\"]}", NULL, NULL, NULL },
	/* Was that eCall? */
	{ 200, OUTCOME_UNKNOWN, "<html>log in</html>", NULL,
	    "HTTP 200 without eCall's JSON", NULL },
	{ 200, OUTCOME_UNKNOWN, "\"ok\"", NULL, "HTTP 200 without", NULL },
	{ 200, OUTCOME_UNKNOWN, "{\"messageId\":\"a", NULL, "HTTP 200", NULL },
	{ 200, OUTCOME_UNKNOWN, "{\"messageId\":\"\xff\"}", NULL, "HTTP 200",
	    NULL },
	{ 200, OUTCOME_UNKNOWN, "{\"errorCode\":\"Odd\"}", NULL, "HTTP 200 Odd",
	    NULL },
	/* The message is wrong. */
	{ 400, OUTCOME_FAILED, invalid, NULL, "HTTP 400 InvalidContent",
	    "no; To: +41791234567 is no mobile" },
	{ 422, OUTCOME_FAILED, "", NULL, "HTTP 422", NULL },
	{ 413, OUTCOME_FAILED, "too large", NULL, "HTTP 413", NULL },
	{ 404, OUTCOME_FAILED, invalid, NULL, "HTTP 404 InvalidContent",
	    "no; To: +41791234567 is no mobile" },
	/* What would put a number into the log is no code. */
	{ 400, OUTCOME_FAILED, "{\"errorCode\":\"+41791234567\"}", NULL,
	    "HTTP 400", NULL },
	{ 400, OUTCOME_FAILED,
	    "{\"errorCode\":\"a\\nb\",\"errorMessage\":\"x\"}", NULL,
	    "HTTP 400", "x" },
	/* The moment is wrong. */
	{ 429, OUTCOME_RETRY, "", NULL, "HTTP 429", NULL },
	{ 408, OUTCOME_RETRY, "", NULL, "HTTP 408", NULL },
	/* We are wrong: no message is lost for that. */
	{ 401, OUTCOME_RETRY, "", NULL, "HTTP 401, look at ECALL_USERNAME",
	    NULL },
	{ 403, OUTCOME_RETRY, "{\"errorCode\":\"NoCredit\"}", NULL,
	    "HTTP 403 NoCredit, look at", NULL },
	{ 404, OUTCOME_RETRY, "nginx", NULL, "HTTP 404, look at ECALL_URL",
	    NULL },
	{ 302, OUTCOME_RETRY, "", NULL, "HTTP 302, look at ECALL_URL", NULL },
	/* It may have the message or not. */
	{ 500, OUTCOME_UNKNOWN, "", NULL, "HTTP 500", NULL },
	{ 503, OUTCOME_UNKNOWN, invalid, NULL, "HTTP 503 InvalidContent",
	    "no; To: +41791234567 is no mobile" },
};

static void
same_or_null(const char *have, const char *want)
{
	if (want == NULL)
		ck_assert_ptr_null(have);
	else
		ck_assert_str_eq(have, want);
}

static struct outcome
read_answer(int status, const char *body, int64_t retry_after_us)
{
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = status,
		.body = body,
		.body_len = strlen(body),
		.retry_after_us = retry_after_us,
	};

	return provider_ecall.outcome(&answer, arena);
}

START_TEST(an_answer_means_this)
{
	struct outcome o =
	    read_answer(answers[_i].status, answers[_i].body, 7000000);
	const char *reason = answers[_i].reason;

	ck_assert_int_eq(o.kind, answers[_i].kind);
	same_or_null(o.provider_id, answers[_i].provider_id);
	same_or_null(o.said, answers[_i].said);
	if (reason == NULL)
		ck_assert_ptr_null(o.reason);
	else
		ck_assert_int_eq(strncmp(o.reason, reason, strlen(reason)), 0);
	ck_assert_int_eq(o.is_our_fault,
	    o.kind == OUTCOME_RETRY && strstr(o.reason, "look at") != NULL);
	ck_assert_int_eq(o.retry_after_us,
	    o.kind == OUTCOME_RETRY && !o.is_our_fault ? 7000000 : 0);
}
END_TEST

/* A cut id would be another message's. */
START_TEST(an_id_that_does_not_fit_is_none)
{
	char body[300] = "{\"messageId\":\"";
	size_t len = strlen(body);

	memset(body + len, 'x', 201);
	(void)snprintf(body + len + 201, sizeof(body) - len - 201, "\"}");
	ck_assert_int_eq(read_answer(200, body, 0).kind, OUTCOME_SENT);
	ck_assert_ptr_null(read_answer(200, body, 0).provider_id);
}
END_TEST

START_TEST(a_cut_answer_is_not_believed)
{
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = 200,
		.body = "{}",
		.body_len = 2,
		.is_cut = true,
	};

	ck_assert_int_eq(
	    provider_ecall.outcome(&answer, arena).kind, OUTCOME_UNKNOWN);
}
END_TEST

START_TEST(it_is_ready_with_its_settings_only)
{
	struct problem why = { .code = PROBLEM_NONE };

	ck_assert_int_eq(provider_ready(&provider_ecall, &why), 0);
	(void)setenv("ECALL_NUMBER_PREFIX", "0041", 1);
	ck_assert_int_eq(provider_ready(&provider_ecall, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.detail, "ECALL_NUMBER_PREFIX"));
	(void)unsetenv("ECALL_NUMBER_PREFIX");
	(void)setenv("ECALL_PASSWORD", "", 1);
	ck_assert_int_eq(provider_ready(&provider_ecall, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.detail, "ECALL_PASSWORD"));
}
END_TEST

static const struct {
	int status;
	enum verdict_kind kind;
	const char *body;
} verdicts[] = {
	{ 200, VERDICT_DELIVERED, "{\"status\":\"Delivered\"}" },
	{ 200, VERDICT_SENT, "{\"status\":\"Transmitted\"}" },
	{ 200, VERDICT_SENT, "{\"status\":\"\"}" },
	{ 200, VERDICT_SENT, "{\"status\":\"DeliveryPending\"}" },
	{ 200, VERDICT_DELIVERED, "{\"status\":\"DeliveredToHandset\"}" },
	{ 200, VERDICT_FAILED, "{\"status\":\"Undelivered\"}" },
	{ 200, VERDICT_FAILED, "{\"status\":\"DeliveryFailed\"}" },
	{ 200, VERDICT_NONE, "{}" },
	{ 200, VERDICT_NONE, "<html/>" },
	{ 404, VERDICT_NONE, "{\"errorCode\":\"NotFound\"}" },
	{ 500, VERDICT_NONE, "{\"status\":\"Delivered\"}" },
};

START_TEST(what_is_told_afterwards_means_this)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct inquiry q = { .provider_id = "a-1" };
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = verdicts[_i].status,
		.body = verdicts[_i].body,
		.body_len = strlen(verdicts[_i].body),
	};

	(void)setenv("ECALL_STATUS_URL", "https://x/{id}/status", 1);
	ck_assert_int_eq(provider_ecall.ask(&r, &q, arena, &why), 0);
	ck_assert_str_eq(r.url, "https://x/a-1/status");
	ck_assert_str_eq(r.user, "muster");
	ck_assert_int_eq(
	    provider_ecall.verdict(&answer, &q, arena).kind, verdicts[_i].kind);
	q.provider_id = "../a";
	ck_assert_int_eq(provider_ecall.ask(&r, &q, arena, &why), -1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("provider_ecall");
	TCase *tc = tcase_create("provider_ecall");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_message_becomes_this_request, 0, COUNT(requests));
	tcase_add_test(tc, without_any_sender_there_is_no_request);
	tcase_add_loop_test(tc, an_answer_means_this, 0, COUNT(answers));
	tcase_add_test(tc, an_id_that_does_not_fit_is_none);
	tcase_add_test(tc, a_cut_answer_is_not_believed);
	tcase_add_test(tc, it_is_ready_with_its_settings_only);
	tcase_add_loop_test(
	    tc, what_is_told_afterwards_means_this, 0, COUNT(verdicts));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
