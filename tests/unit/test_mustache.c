/*
 * test_mustache - the tests of Mustache's specification, and what it is silent
 * about: what is refused, escaped and bounded
 */
#include "mustache.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "problem.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static struct arena *arena;

static void
setup(void)
{
	arena = arena_new((size_t)16 * 1024 * 1024);
}

static void
teardown(void)
{
	arena_free(arena);
}

static const struct cJSON *
json(const char *text)
{
	struct problem why;
	const struct cJSON *v = NULL;

	ck_assert_msg(
	    json_parse_stored(&v, arena, text, &why) == 0, "%s", text);
	return v;
}

static struct mustache *
parsed(const char *text)
{
	struct mustache *m = NULL;
	struct mustache_reader r;

	mustache_read(&r, MUSTACHE_HTML, text, strlen(text));
	ck_assert_msg(
	    mustache_parse(&m, arena, &r) == 0, "%s: %s", text, r.wrong);
	return m;
}

/* The partials of the test that runs, each parsed once. */
static struct {
	const char *name;
	const struct mustache *parsed;
} partials[4];

/* {"name": "text"}; NULL: none. */
static void
partials_are(const struct cJSON *texts)
{
	size_t n = 0;

	memset(partials, 0, sizeof(partials));
	for (const struct cJSON *p = json_first(texts); p != NULL;
	     p = json_next(p), n++) {
		ck_assert_uint_lt(n, (size_t)COUNT(partials));
		partials[n].name = json_name(p);
		partials[n].parsed = parsed(json_text(p));
	}
}

static const struct mustache *
partial_of(const char *name)
{
	for (int i = 0; i < COUNT(partials) && partials[i].name != NULL; i++)
		if (strcmp(partials[i].name, name) == 0)
			return partials[i].parsed;
	return NULL;
}

/* The result, of at most that many bytes, and how it ended. */
static enum mustache_outcome
render(char **out, const char *text, const struct cJSON *view, size_t max)
{
	const struct mustache_view v = {
		.views = &view,
		.count = 1,
		.partial = partial_of,
		.max = max,
	};
	enum mustache_outcome outcome;
	struct buf b;

	buf_init(&b, arena);
	outcome = mustache_render(&b, parsed(text), &v);
	*out = b.text;
	return outcome;
}

static const char *const files[] = { "comments", "delimiters", "interpolation",
	"inverted", "partials", "sections" };
static const int tests_of[] = { 12, 14, 42, 22, 12, 34 };

static const char *
file_read(const char *name)
{
	char *text = arena_alloc(arena, 65536);
	FILE *f =
	    fopen(arena_printf(arena, "%s/%s.json", MUSTACHE_SPEC, name), "rb");

	ck_assert_ptr_nonnull(f);
	ck_assert_uint_lt(fread(text, 1, 65535, f), 65535);
	fclose(f);
	return text;
}

START_TEST(the_specification_holds)
{
	const struct cJSON *suite = json(file_read(files[_i]));
	int n = 0;

	for (const struct cJSON *t = json_first(json_member(suite, "tests"));
	     t != NULL; t = json_next(t), n++) {
		char *out;

		partials_are(json_member(t, "partials"));
		ck_assert_int_eq(
		    render(&out, json_text(json_member(t, "template")),
			json_member(t, "data"), 4096),
		    MUSTACHE_WHOLE);
		ck_assert_msg(
		    strcmp(out, json_text(json_member(t, "expected"))) == 0,
		    "%s, %s: \"%s\"", files[_i],
		    json_text(json_member(t, "name")), out);
	}
	ck_assert_int_eq(n, tests_of[_i]);
}
END_TEST

static const struct {
	const char *text;
	const char *view;
	const char *out;
} good[] = {
	{ "{{x}}", "{\"x\":\"<b a='\\\"'>&\"}",
	    "&lt;b a=&#39;&quot;&#39;&gt;&amp;" },
	{ "{{{x}}}{{&x}}", "{\"x\":\"<&\"}", "<&<&" },
	/* What a value says is not read again. */
	{ "{{x}} {{{x}}}", "{\"x\":\"{{>p}}\"}", "{{&gt;p}} {{>p}}" },
	{ "{{>x}}", "{\"x\":\"{{>x}}\"}", "" },
	/* Numbers as JSON has them. */
	{ "{{a}} {{b}} {{c}}", "{\"a\":1234567.5,\"b\":-0.25,\"c\":1e300}",
	    "1234567.5 -0.25 1e+300" },
	{ "{{a}}{{b}}{{c}}{{d}}",
	    "{\"a\":true,\"b\":null,\"c\":[1],\"d\":{\"e\":1}}", "true" },
	{ "{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":\"\"}", "no" },
	{ "{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":0}", "no" },
	{ "{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":0.5}", "yes" },
	{ "{{#x}}yes{{/x}}{{^x}}no{{/x}}", "{\"x\":{}}", "yes" },
	{ "{{#x}}({{.}}){{/x}}", "{\"x\":[0,\"\",null,false]}",
	    "(0)()()(false)" },
	/* Names ask for capitals and small letters alike. */
	{ "{{X}}{{x}}", "{\"x\":1}", "1" },
	{ "{{ #x }}{{ . }}{{ / x }}", "{\"x\":[1,2]}", "12" },
	{ "{{=<% %>=}}<%{x}%> <%&x%> <%x%>", "{\"x\":\"<\"}", "< < &lt;" },
	{ "{x} }} {", "{}", "{x} }} {" },
};

START_TEST(a_good_text_is_filled_in)
{
	char *out;

	partials_are(NULL);
	ck_assert_int_eq(render(&out, good[_i].text, json(good[_i].view), 4096),
	    MUSTACHE_WHOLE);
	ck_assert_str_eq(out, good[_i].out);
}
END_TEST

static const struct {
	const char *text;
	size_t at;
	const char *says;
} bad[] = {
	{ "a {{x", 2, "never closed" },
	{ "{{x}", 0, "never closed" },
	{ "{{! x", 0, "never closed" },
	{ "{{}}", 0, "no name" },
	{ "{{ }}", 0, "no name" },
	{ "{{#}}{{/}}", 0, "no name" },
	{ "{{a..b}}", 0, "no name" },
	{ "{{.a}}", 0, "no name" },
	{ "{{a.}}", 0, "no name" },
	{ "{{x y}}", 0, "more than a name" },
	{ "{{x<}}", 0, "more than a name" },
	{ "{{{x}}", 0, "three braces" },
	{ "{{{x}} }}", 0, "three braces" },
	{ "{{=<%=}} }}", 0, "delimiters" },
	{ "{{= =}}", 0, "delimiters" },
	{ "{{=123456789 x=}}", 0, "delimiters" },
	{ "{{#x}}", 3, "this section is never closed" },
	{ "{{/x}}", 3, "no section" },
	{ "{{#x}}{{#y}}{{/x}}", 15, "another section" },
	{ "{{#a.b}}{{/a}}", 11, "another section" },
	{ "{{=<% %>=}}<%#x%>{{/x}}", 14, "this section is never closed" },
};

START_TEST(a_wrong_text_is_refused_where_it_is_wrong)
{
	struct mustache *m;
	struct mustache_reader r;

	mustache_read(&r, MUSTACHE_HTML, bad[_i].text, strlen(bad[_i].text));
	ck_assert_int_eq(mustache_parse(&m, arena, &r), -1);
	ck_assert_msg((size_t)(r.at - r.text) == bad[_i].at &&
			  strstr(r.wrong, bad[_i].says) != NULL,
	    "%s: at %zu, %s", bad[_i].text, (size_t)(r.at - r.text), r.wrong);
}
END_TEST

/* A text of n times the same. */
static const char *
repeated(const char *s, size_t n)
{
	struct buf b;

	buf_init(&b, arena);
	for (size_t i = 0; i < n; i++)
		buf_str(&b, s);
	return b.text;
}

START_TEST(nesting_is_bounded)
{
	struct mustache_reader r;
	struct mustache *m;
	const char *text;
	char *out;

	text = repeated("{{#x}}", 2000);
	mustache_read(&r, MUSTACHE_HTML, text, strlen(text));
	ck_assert_int_eq(mustache_parse(&m, arena, &r), -1);
	ck_assert_ptr_nonnull(strstr(r.wrong, "too deep"));
	text =
	    arena_printf(arena, "%s%s", repeated("{{#x}}", MUSTACHE_NESTED_MAX),
		repeated("{{/x}}", MUSTACHE_NESTED_MAX));
	ck_assert_int_eq(
	    render(&out, text, json("{\"x\":true}"), 4096), MUSTACHE_WHOLE);
}
END_TEST

static const struct {
	const char *text;
	const char *partials;
} endless[] = {
	{ "{{>p}}", "{\"p\":\"{{>p}}\"}" },
	{ "{{>p}}", "{\"p\":\"x{{>q}}\",\"q\":\"{{>p}}\"}" },
	{ "{{>p}}", "{\"p\":\"{{>p}}{{>p}}{{>p}}\"}" },
	{ "{{>p}}", "{\"p\":\"long {{>p}}{{>p}}{{>p}} text\"}" },
	{ "{{>p}}", "{\"p\":\"  {{>p}}\\n  {{>p}}\\nx\\ny\\n\"}" },
	{ "{{#x}}{{>p}}{{/x}}", "{\"p\":\"{{#x}}{{#x}}{{>p}}{{/x}}{{/x}}\"}" },
};

START_TEST(partials_that_never_end_do)
{
	char *out;

	partials_are(json(endless[_i].partials));
	ck_assert_int_eq(
	    render(&out, endless[_i].text, json("{\"x\":[1,2,3]}"), 4096),
	    MUSTACHE_CUT);
	ck_assert_uint_lt(strlen(out), 8192);
}
END_TEST

START_TEST(what_does_not_fit_is_left_out_and_the_rest_stays_whole)
{
	const struct cJSON *view =
	    json("{\"x\":[\"one\",\"<<<<<<<<<<\",\"two\"],\"y\":\"three\"}");
	const char *text = "<ul>{{#x}}<li>{{.}}</li>{{/x}}</ul>";
	char *out;

	partials_are(NULL);
	ck_assert_int_eq(render(&out, text, view, 82), MUSTACHE_WHOLE);
	/* Escaped, the second has 40 bytes. */
	ck_assert_int_eq(render(&out, text, view, 59), MUSTACHE_CUT);
	ck_assert_str_eq(out, "<ul><li>one</li><li></li><li>two</li></ul>");
	ck_assert_int_eq(render(&out, text, view, 20), MUSTACHE_CUT);
	ck_assert_str_eq(out, "<ul><li>one</li><li></li></ul>");
	ck_assert_int_eq(render(&out, "{{y}}{{y}}", view, 9), MUSTACHE_CUT);
	ck_assert_str_eq(out, "three");
}
END_TEST

START_TEST(of_several_views_the_last_that_knows_a_name_says_it)
{
	const struct cJSON *views[] = {
		json("{\"a\":1,\"b\":{\"x\":1},\"c\":\"low\"}"),
		NULL,
		json("{\"a\":2,\"b\":{\"y\":2},\"c\":null}"),
	};
	const struct mustache_view view = {
		.views = views, .count = 3, .max = 4096
	};
	struct buf b;

	buf_init(&b, arena);
	buf_str(&b, "before:");
	ck_assert_int_eq(mustache_render(&b,
			     parsed("{{a}} [{{b.x}}] {{b.y}} [{{c}}]"), &view),
	    MUSTACHE_WHOLE);
	ck_assert_str_eq(b.text, "before:2 [] 2 []");
}
END_TEST

START_TEST(a_partial_indents_lines_and_not_values)
{
	char *out;

	partials_are(json("{\"p\":\"<a>\\n  {{>q}}\\n{{#x}}\\n{{.}}\\n{{/x}}\\n"
			  "{{^x}}{{/x}}</a>\\n{{z}}{{>q}}\\n\","
			  "\"q\":\"<b>\\n</b>\\n\"}"));
	ck_assert_int_eq(render(&out, "  {{>p}}\n.",
			     json("{\"x\":[\"1\\n2\",3],\"z\":\"z\"}"), 4096),
	    MUSTACHE_WHOLE);
	ck_assert_str_eq(out, "  <a>\n    <b>\n    </b>\n  1\n2\n  3\n  </a>\n"
			      "  z<b>\n</b>\n\n.");
}
END_TEST

START_TEST(a_partial_that_is_missing_is_named)
{
	partials_are(json("{\"p\":\"{{>nobody}}\"}"));
	ck_assert_ptr_null(mustache_missing(parsed("{{>p}}"), partial_of));
	ck_assert_str_eq(
	    mustache_missing(
		parsed("{{>p}}{{#x}}{{^y}}{{> other.one }}{{/y}}{{/x}}"),
		partial_of),
	    "other.one");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("mustache");
	TCase *tc = tcase_create("mustache");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, the_specification_holds, 0, COUNT(files));
	tcase_add_loop_test(tc, a_good_text_is_filled_in, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, a_wrong_text_is_refused_where_it_is_wrong, 0, COUNT(bad));
	tcase_add_test(tc, nesting_is_bounded);
	tcase_add_loop_test(tc, partials_that_never_end_do, 0, COUNT(endless));
	tcase_add_test(
	    tc, what_does_not_fit_is_left_out_and_the_rest_stays_whole);
	tcase_add_test(tc, of_several_views_the_last_that_knows_a_name_says_it);
	tcase_add_test(tc, a_partial_indents_lines_and_not_values);
	tcase_add_test(tc, a_partial_that_is_missing_is_named);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
