/*
 * test_xml - what is read of a provider's XML, and what is not
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem.h"
#include "xml.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

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

static const struct {
	const char *document;
	const char *element;
	const char *text;
} good[] = {
	{ "<R><A>1</A><B>2</B></R>", "B", "2" },
	{ "<?xml version=\"1.0\" encoding=\"utf-8\"?><Result xmlns="
	  "\"http://schemas.datacontract.org/2004/07/eCallHttp.Models\">"
	  "<ResultCode>0</ResultCode></Result>",
	    "ResultCode", "0" },
	{ "<x:R xmlns:x=\"urn:x\"><x:A> \n 7\t</x:A></x:R>", "A", "7" },
	/* The first one, however deep. */
	{ "<R><S><T/><A>1</A></S><A>2</A></R>", "A", "1" },
	{ "<R><!-- <A>0</A> --><A><![CDATA[a<b]]></A></R>", "A", "a<b" },
	{ "<R><A>Gr&#252;ezi &amp; tsch&#xfc;ss</A></R>", "A",
	    "Grüezi & tschüss" },
	{ "<R><A/></R>", "A", "" },
	{ "<R><A>1</A></R>", "C", NULL },
	{ "<R a=\"1\">R</R>", "a", NULL },
	{ "<R>whole</R>", "R", "whole" },
};

START_TEST(an_element_has_this_text)
{
	const struct xml *x;
	struct problem why;

	ck_assert_int_eq(xml_parse(&x, arena, good[_i].document,
			     strlen(good[_i].document), &why),
	    0);
	ck_assert_pstr_eq(xml_text(x, arena, good[_i].element), good[_i].text);
}
END_TEST

static const char *const bad[] = {
	"",
	"<html><p>please log in</html>",
	"{\"messageId\":1}",
	"<R><A>1</A>",
	"<R>\xff</R>",
	"<R><A>1</A></R><R/>",
	/* Nothing is fetched, nothing expanded. */
	"<!DOCTYPE R SYSTEM \"http://127.0.0.1/x.dtd\"><R><A>1</A></R>",
	"<!DOCTYPE R [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><R>&a;</R>",
	("<!DOCTYPE R [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]>"
	 "<R>&b;</R>"),
	"<R>&unknown;</R>",
};

START_TEST(what_is_no_such_document_is_refused)
{
	struct problem why = { .code = PROBLEM_NONE };
	const struct xml *x;

	ck_assert_int_eq(
	    xml_parse(&x, arena, bad[_i], strlen(bad[_i]), &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_BAD_TEXT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("xml");
	TCase *tc = tcase_create("xml");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, an_element_has_this_text, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, what_is_no_such_document_is_refused, 0, COUNT(bad));
	suite_add_tcase(s, tc);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
