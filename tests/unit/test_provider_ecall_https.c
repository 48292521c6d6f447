/*
 * test_provider_ecall_https - what is sent to eCall's HTTPS interface, and what
 * its answers mean
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "http.h"
#include "problem.h"
#include "provider.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))
#define ID "0190e000-0000-7000-8000-000000000001"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)4 * 1024 * 1024);
	(void)setenv("ECALL_USERNAME", "muster", 1);
	(void)setenv("ECALL_PASSWORD", "ge&heim", 1);
	(void)unsetenv("ECALL_NUMBER_PREFIX");
	(void)unsetenv("ECALL_HTTPS_URL");
}

static void
teardown(void)
{
	arena_free(arena);
}

START_TEST(a_message_becomes_this_request)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = {
		.id = ID,
		.from = "Muster AG",
		.to = "+41791234567",
		.body = "Grüezi & \"b\"\n1+1",
	};

	ck_assert_int_eq(provider_ecall_https.request(&r, &m, arena, &why), 0);
	ck_assert_str_eq(r.url, "https://url.ecall.ch/Api/Sms");
	ck_assert_str_eq(r.content_type, "application/x-www-form-urlencoded");
	ck_assert_str_eq(r.body,
	    "UserName=muster&Password=ge%26heim&Address=0041791234567&CallBack="
	    "Muster%20AG&JobID=" ID
	    "&Message=Gr%C3%BCezi%20%26%20%22b%22%0A1%2B1");
	ck_assert_ptr_null(r.user);
	(void)setenv("ECALL_NUMBER_PREFIX", "+", 1);
	m.from = "+41790000001";
	ck_assert_int_eq(provider_ecall_https.request(&r, &m, arena, &why), 0);
	ck_assert_ptr_nonnull(
	    strstr(r.body, "&Address=%2B41791234567&CallBack=%2B41790000001&"));
}
END_TEST

/* The firm's account is taken as a whole. */
START_TEST(a_firm_has_an_account_of_its_own)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct message m = {
		.id = ID,
		.from = "A",
		.to = "+41791234567",
		.body = "a",
		.account.own[ACCOUNT_ECALL_USERNAME] = "firma",
	};

	ck_assert_int_eq(provider_ecall_https.ready(&m.account, &why), -1);
	ck_assert_str_eq(
	    why.detail, "the firm's secret ecall.password must be set");
	m.account.own[ACCOUNT_ECALL_PASSWORD] = "ihres";
	ck_assert_int_eq(provider_ecall_https.ready(&m.account, &why), 0);
	ck_assert_int_eq(provider_ecall_https.request(&r, &m, arena, &why), 0);
	ck_assert_ptr_nonnull(strstr(r.body, "UserName=firma&Password=ihres&"));
}
END_TEST

#define RESULT(code) \
	"<Result xmlns=\"http://schemas.datacontract.org/2004/07/" \
	"eCallHttp.Models\"><ResultCode>" code \
	"</ResultCode><ResultText>to +41791234567</ResultText></Result>"

static const struct {
	int status;
	enum outcome_kind kind;
	bool is_our_fault;
	const char *body;
	const char *reason; /* its beginning */
} answers[] = {
	{ 200, OUTCOME_SENT, false, RESULT("0"), NULL },
	{ 400, OUTCOME_FAILED, false, RESULT("11100"),
	    "HTTP 400, 11100 recipient invalid: correct" },
	{ 400, OUTCOME_FAILED, true, RESULT("11000"), "HTTP 400, 11000" },
	{ 400, OUTCOME_RETRY, true, RESULT("11800"), "HTTP 400, 11800" },
	{ 401, OUTCOME_RETRY, true, RESULT("11001"), "HTTP 401, 11001" },
	{ 403, OUTCOME_RETRY, true, RESULT("11301"), "HTTP 403, 11301" },
	{ 400, OUTCOME_UNKNOWN, false, RESULT("11402"), "HTTP 400, 11402" },
	{ 400, OUTCOME_UNKNOWN, false, RESULT("11600"), "HTTP 400, 11600" },
	/* Nobody wrote this one down. */
	{ 400, OUTCOME_FAILED, false, RESULT("11999"), "HTTP 400, 11999" },
	/* Accepted and refused at once. */
	{ 200, OUTCOME_UNKNOWN, false, RESULT("11100"), "HTTP 200, 11100" },
	{ 400, OUTCOME_UNKNOWN, false, RESULT("0"), "HTTP 400, 0" },
	{ 500, OUTCOME_UNKNOWN, false, RESULT("11100"), "HTTP 500, 11100" },
	/* Was that eCall? */
	{ 200, OUTCOME_UNKNOWN, false, "<html/>", "HTTP 200 without" },
	{ 200, OUTCOME_UNKNOWN, false, RESULT("0x"), "HTTP 200 without" },
	{ 200, OUTCOME_UNKNOWN, false, RESULT(""), "HTTP 200 without" },
	{ 200, OUTCOME_UNKNOWN, false, "", "HTTP 200 without" },
	{ 400, OUTCOME_UNKNOWN, false, "bad", "HTTP 400 without" },
	{ 500, OUTCOME_UNKNOWN, false, "", "HTTP 500 without" },
	{ 401, OUTCOME_RETRY, true, "", "HTTP 401 without eCall's XML: corr" },
	{ 403, OUTCOME_RETRY, true, "", "HTTP 403 without eCall's XML: look" },
	{ 404, OUTCOME_RETRY, true, "nginx", "HTTP 404 without" },
	{ 302, OUTCOME_RETRY, true, "", "HTTP 302 without" },
	{ 429, OUTCOME_RETRY, false, "", "HTTP 429 without" },
	{ 429, OUTCOME_RETRY, false, RESULT("11400"), "HTTP 429, 11400" },
};

START_TEST(an_answer_means_this)
{
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = answers[_i].status,
		.body = answers[_i].body,
		.body_len = strlen(answers[_i].body),
	};
	struct outcome o = provider_ecall_https.outcome(&answer, arena);
	const char *reason = answers[_i].reason;

	ck_assert_int_eq(o.kind, answers[_i].kind);
	ck_assert_int_eq(o.is_our_fault, answers[_i].is_our_fault);
	if (reason == NULL)
		ck_assert_ptr_null(o.reason);
	else
		ck_assert_int_eq(strncmp(o.reason, reason, strlen(reason)), 0);
	/* What eCall says may name the number: it stays with the row. */
	ck_assert(reason == NULL || strstr(o.reason, "+41") == NULL);
}
END_TEST

#define STATE(code) \
	"<Statuses xmlns=\"http://schemas.datacontract.org/2004/07/" \
	"eCallHttp.Models\"><Status><StatusCode>" code \
	"</StatusCode><StatusText>x</StatusText></Status></Statuses>"

static const struct {
	int status;
	enum verdict_kind kind;
	const char *body;
} verdicts[] = {
	{ 200, VERDICT_SENT, STATE("0") },
	{ 200, VERDICT_SENT, STATE("1") },
	{ 200, VERDICT_FAILED, STATE("2") },
	{ 200, VERDICT_DELIVERED, STATE("8") },
	/* Whatever that is: eCall has the message. */
	{ 200, VERDICT_SENT, STATE("77") },
	{ 400, VERDICT_ABSENT, RESULT("11910") },
	{ 200, VERDICT_ABSENT, RESULT("11910") },
	{ 400, VERDICT_SENT, RESULT("11912") },
	/* None of these says anything about the message. */
	{ 400, VERDICT_NONE, RESULT("11701") },
	{ 401, VERDICT_NONE, RESULT("11001") },
	{ 500, VERDICT_NONE, STATE("1") },
	{ 200, VERDICT_NONE, STATE("x") },
	{ 200, VERDICT_NONE, "<Statuses/>" },
	{ 200, VERDICT_NONE, "<html/>" },
	{ 404, VERDICT_NONE, "" },
};

START_TEST(what_is_told_afterwards_means_this)
{
	struct problem why = { .code = PROBLEM_NONE };
	struct http_request r = { 0 };
	struct inquiry q = { .id = ID };
	struct http_answer answer = {
		.end = HTTP_ANSWERED,
		.status = verdicts[_i].status,
		.body = verdicts[_i].body,
		.body_len = strlen(verdicts[_i].body),
	};

	ck_assert_int_eq(provider_ecall_https.ask(&r, &q, arena, &why), 0);
	ck_assert_str_eq(r.url, "https://url.ecall.ch/Api/State");
	ck_assert_str_eq(
	    r.body, "UserName=muster&Password=ge%26heim&JobID=" ID);
	ck_assert_int_eq(provider_ecall_https.verdict(&answer, &q, arena).kind,
	    verdicts[_i].kind);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("provider_ecall_https");
	TCase *tc = tcase_create("provider_ecall_https");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_message_becomes_this_request);
	tcase_add_test(tc, a_firm_has_an_account_of_its_own);
	tcase_add_loop_test(tc, an_answer_means_this, 0, COUNT(answers));
	tcase_add_loop_test(
	    tc, what_is_told_afterwards_means_this, 0, COUNT(verdicts));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
