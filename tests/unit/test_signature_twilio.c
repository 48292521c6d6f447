/*
 * test_signature_twilio - X-Twilio-Signature: was this request made by Twilio?
 *
 * The first vectors are those of Twilio's own libraries; what is signed here
 * with hmac() shows which addresses and fields count.
 */
#include "signature_twilio.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "digest.h"
#include "form.h"
#include "problem.h"

#define TOKEN "12345"
#define BODY "{\"property\": \"value\", \"boolean\": true}"
#define BODY_HASH \
	"0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

static const struct form *
form_of(const char *text)
{
	struct form *form = arena_alloc(arena, sizeof(*form));
	struct problem why;

	ck_assert_int_eq(form_parse(form, arena, text, strlen(text), &why), 0);
	return form;
}

static const char *
hmac(const char *text)
{
	return arena_strdup(arena, digest_hmac_sha1(TOKEN, text).text);
}

/* The first vector, of which each part is altered below. */
static struct signature_twilio
vector(void)
{
	return (struct signature_twilio){
		.text = "RSOYDt4T1cUTdK1PDd93/VVr8B8=",
		.base = "https://mycompany.com",
		.uri = "/myapp.php?foo=1&bar=2",
		.form =
		    form_of("CallSid=CA1234567890ABCDE&Caller=%2B14158675309"
			    "&Digits=1234&From=%2B14158675309"
			    "&To=%2B18005551212"),
		.body = "",
	};
}

START_TEST(the_vector_of_twilios_libraries_fits)
{
	struct signature_twilio s = vector();

	ck_assert(signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

START_TEST(the_order_of_fields_does_not_count)
{
	struct signature_twilio s = vector();

	s.form = form_of("To=%2B18005551212&From=%2B14158675309&Digits=1234"
			 "&Caller=%2B14158675309&CallSid=CA1234567890ABCDE");
	ck_assert(signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

START_TEST(text_is_signed_as_utf8)
{
	struct signature_twilio s = {
		.text = "AFP90cvYFW1O8v39yhGu+jKkA7Q=",
		.base = "https://hooks.example.ch",
		.uri = "/v1/twilio/sms?t=42",
		.form = form_of(
		    "AccountSid=AC00000000000000000000000000000001"
		    "&Body=Gr%C3%BCezi%2C+bitte+anrufen&From=%2B41790000001"
		    "&MessageSid=SM00000000000000000000000000000001"
		    "&NumMedia=0&To=%2B41790000002"),
		.body = "",
	};

	ck_assert(signature_twilio_fits(arena, &s, "testtoken"));
	ck_assert(!signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

START_TEST(a_body_of_json_is_signed_by_its_hash)
{
	struct signature_twilio s = {
		.text = "a9nBmqA0ju/hNViExpshrM61xv4=",
		.base = "https://mycompany.com",
		.uri = "/myapp.php?foo=1&bar=2&bodySHA256=" BODY_HASH,
		.body = BODY,
		.body_len = strlen(BODY),
	};

	ck_assert(signature_twilio_fits(arena, &s, TOKEN));
	s.body = "{\"property\": \"other\", \"boolean\": true}";
	ck_assert(!signature_twilio_fits(arena, &s, TOKEN));
	s.body_len = 0;
	ck_assert(!signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

START_TEST(a_body_that_nothing_covers_does_not_fit)
{
	struct signature_twilio s = vector();

	s.form = NULL;
	s.body = BODY;
	s.body_len = strlen(BODY);
	s.text = hmac("https://mycompany.com/myapp.php?foo=1&bar=2");
	ck_assert(!signature_twilio_fits(arena, &s, TOKEN));
	s.body_len = 0; /* a GET */
	ck_assert(signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

static const struct altered {
	const char *text;
	const char *base;
	const char *uri;
	const char *form;
	const char *token;
} altered[] = {
	{ .text = "RSOYDt4T1cUTdK1PDd93/VVr8B9=" },
	{ .text = "rsoydt4t1cutdk1pdd93/vvr8b8=" },
	{ .text = "RSOYDt4T1cUTdK1PDd93/VVr8B8" },
	{ .text = "" },
	{ .base = "http://mycompany.com" },
	{ .base = "https://mycompany.ch" },
	{ .base = "https://mycompany.com/prefix" },
	{ .uri = "/myapp.php?foo=1&bar=3" },
	{ .uri = "/myapp.php?bar=2&foo=1" },
	{ .uri = "/myapp.php/?foo=1&bar=2" },
	{ .uri = "/myapp.php?foo=1&bar=2&bodySHA256=" BODY_HASH },
	{ .uri = "/myapp.php" },
	{ .form = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
		  "&From=%2B14158675309&To=%2B18005551213" },
	{ .form = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
		  "&From=%2B14158675309&To=%2B18005551212&Extra=1" },
	{ .form = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234"
		  "&From=%2B14158675309" },
	{ .form = "" },
	{ .token = "12346" },
	{ .token = "" },
};

START_TEST(each_part_counts)
{
	const struct altered *a = &altered[_i];
	struct signature_twilio s = vector();

	s.text = a->text != NULL ? a->text : s.text;
	s.base = a->base != NULL ? a->base : s.base;
	s.uri = a->uri != NULL ? a->uri : s.uri;
	s.form = a->form != NULL ? form_of(a->form) : s.form;
	ck_assert(!signature_twilio_fits(
	    arena, &s, a->token != NULL ? a->token : TOKEN));
}
END_TEST

START_TEST(an_empty_auth_token_opens_nothing)
{
	struct signature_twilio s = vector();

	s.form = NULL;
	s.text = digest_hmac_sha1("", "https://mycompany.com/a").text;
	s.uri = "/a";
	ck_assert(!signature_twilio_fits(arena, &s, ""));
}
END_TEST

/* What Twilio signed, and what we know of the address. */
static const struct variant {
	const char *base;
	const char *uri;
	const char *is_signed;
} variants[] = {
	{ "https://a.ch", "/x?q=1", "https://a.ch/x?q=1" },
	{ "https://a.ch", "/x?q=1", "https://a.ch:443/x?q=1" },
	{ "http://a.ch", "/x?q=1", "http://a.ch:80/x?q=1" },
	{ "https://a.ch:443", "/x", "https://a.ch/x" },
	{ "https://a.ch:443", "/x", "https://a.ch:443/x" },
	{ "https://a.ch:8443", "/x", "https://a.ch:8443/x" },
	{ "https://a.ch:8443", "/x", "https://a.ch/x" },
	{ "https://[2001:db8::1]", "/x", "https://[2001:db8::1]/x" },
	{ "https://[2001:db8::1]", "/x", "https://[2001:db8::1]:443/x" },
	{ "https://[2001:db8::1]:8443", "/x", "https://[2001:db8::1]/x" },
	{ "https://a.ch/app", "/x", "https://a.ch:443/app/x" },
	{ "https://a.ch", "/x/", "https://a.ch/x/" },
	/* The query coded anew. */
	{ "https://a.ch", "/x?q=a+b", "https://a.ch/x?q=a%20b" },
	{ "https://a.ch", "/x?q=a+b", "https://a.ch:443/x?q=a%20b" },
	{ "https://a.ch", "/x?q=%c3%bc", "https://a.ch/x?q=%C3%BC" },
	{ "https://a.ch", "/x?q=%7E%28%21%29%2a%27",
	    "https://a.ch/x?q=~(!)*'" },
	{ "https://a.ch", "/x?t=+41791234567",
	    "https://a.ch/x?t=%2041791234567" },
	{ "https://a.ch", "/x?a=1&b=2&a=3", "https://a.ch/x?a=1&a=3&b=2" },
	{ "https://a.ch", "/x?empty", "https://a.ch/x?empty=" },
	/* What cannot be decoded is signed as it is or not at all. */
	{ "https://a.ch", "/x?q=%ff", "https://a.ch/x?q=%ff" },
	{ "https://a.ch", "/x?q=%00", "https://a.ch/x?q=%00" },
};

START_TEST(an_address_is_signed_in_four_ways)
{
	const struct variant *v = &variants[_i];
	struct signature_twilio s = {
		.text = hmac(v->is_signed),
		.base = v->base,
		.uri = v->uri,
		.body = "",
	};

	ck_assert(signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

START_TEST(a_name_that_stands_twice_has_its_values_once_and_in_order)
{
	struct signature_twilio s = {
		.text = hmac("https://a.ch/xA1B1B2B3C1"),
		.base = "https://a.ch",
		.uri = "/x",
		.form = form_of("B=3&C=1&B=1&A=1&B=3&B=2"),
		.body = "",
	};

	ck_assert(signature_twilio_fits(arena, &s, TOKEN));
	s.form = form_of("B=3&C=1&A=1&B=2");
	ck_assert(!signature_twilio_fits(arena, &s, TOKEN));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("signature_twilio");
	TCase *t = tcase_create("signature_twilio");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_vector_of_twilios_libraries_fits);
	tcase_add_test(t, the_order_of_fields_does_not_count);
	tcase_add_test(t, text_is_signed_as_utf8);
	tcase_add_test(t, a_body_of_json_is_signed_by_its_hash);
	tcase_add_test(t, a_body_that_nothing_covers_does_not_fit);
	tcase_add_loop_test(
	    t, each_part_counts, 0, sizeof(altered) / sizeof(altered[0]));
	tcase_add_test(t, an_empty_auth_token_opens_nothing);
	tcase_add_loop_test(t, an_address_is_signed_in_four_ways, 0,
	    sizeof(variants) / sizeof(variants[0]));
	tcase_add_test(
	    t, a_name_that_stands_twice_has_its_values_once_and_in_order);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
