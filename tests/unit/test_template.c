/*
 * test_template - a text with {{variables}}, filled in
 */
#include "template.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "problem.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct template_value values[] = {
	{ "firm", "Dörfler & Söhne <AG>" },
	{ "link", "https://g.page/r/x" },
	{ "self", "{{self}}" },
	{ "empty", "" },
	{ "absent", NULL },
};

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

static const struct {
	const char *text;
	const char *out;
} good[] = {
	{ "", "" },
	{ "Hallo", "Hallo" },
	{ "{{firm}}", "Dörfler & Söhne <AG>" },
	{ "{{firm}}: {{link}}.", "Dörfler & Söhne <AG>: https://g.page/r/x." },
	{ "{{ firm }}{{\tlink\n}}", "Dörfler & Söhne <AG>https://g.page/r/x" },
	{ "[{{empty}}]", "[]" },
	/* What a value says is not read again. */
	{ "{{self}}", "{{self}}" },
	/* Single braces, and closing ones alone, are text. */
	{ "{number} } }} {", "{number} } }} {" },
	{ "a { {{link}} } b", "a { https://g.page/r/x } b" },
};

START_TEST(a_good_text_is_filled_in)
{
	struct problem why = { .code = PROBLEM_NONE };
	char *out = NULL;

	ck_assert_int_eq(template_render(&out, arena, good[_i].text, values,
			     (size_t)COUNT(values), &why),
	    0);
	ck_assert_str_eq(out, good[_i].out);
	ck_assert_int_eq(why.code, PROBLEM_NONE);
}
END_TEST

static const struct {
	const char *text;
	const char *says; /* part of the detail */
} bad[] = {
	{ "{{frim}}", "{{frim}}" },
	{ "{{firm}} {{absent}}", "{{absent}}" },
	{ "ä {{firm", "character 3 is never closed" },
	{ "{{firm}", "character 1 is never closed" },
	{ "{{", "character 1 is never closed" },
	{ "{{}}", "character 1" },
	{ "{{ }}", "character 1" },
	{ "{{Firm}}", "character 1" },
	{ "{{firm name}}", "character 1" },
	{ "{{firm.name}}", "character 1" },
	{ "x{{#firm}}y{{/firm}}", "character 2" },
	{ "{{^firm}}y{{/firm}}", "character 1" },
	{ "{{>firm}}", "character 1" },
	{ "{{! a remark }}", "character 1" },
	{ "{{=<% %>=}}", "character 1" },
	{ "{{&firm}}", "character 1" },
	{ "{{{firm}}}", "character 1" },
	{ "{{firm}}}", "character 1" },
	{ "{{firm{{link}}}}", "character 1" },
	{ "{{a_name_that_is_much_longer_than_any_variable}}", "character 1" },
};

START_TEST(what_is_not_a_known_variable_is_refused_by_name)
{
	struct problem why = { .code = PROBLEM_NONE };
	char *out = NULL;

	ck_assert_int_eq(template_render(&out, arena, bad[_i].text, values,
			     (size_t)COUNT(values), &why),
	    -1);
	ck_assert_int_eq(why.code, PROBLEM_FIELD_INVALID);
	ck_assert_ptr_null(why.field);
	ck_assert_msg(strstr(why.detail, bad[_i].says) != NULL, "\"%s\": %s",
	    bad[_i].text, why.detail);
}
END_TEST

/* A text of n times the same. */
static char *
repeated(const char *s, size_t n)
{
	struct buf b;

	buf_init(&b, arena);
	for (size_t i = 0; i < n; i++)
		buf_str(&b, s);
	return b.text;
}

START_TEST(size_is_bounded_before_and_after)
{
	struct problem why;
	char *out = NULL;

	ck_assert_int_eq(template_render(&out, arena, repeated("a", 4096),
			     values, (size_t)COUNT(values), &why),
	    0);
	ck_assert_uint_eq(strlen(out), 4096);
	ck_assert_int_eq(template_render(&out, arena, repeated("a", 5000),
			     values, (size_t)COUNT(values), &why),
	    -1);
	/* 18 bytes of value for 8 of text: grows past the bound. */
	ck_assert_int_eq(template_render(&out, arena, repeated("{{link}}", 227),
			     values, (size_t)COUNT(values), &why),
	    0);
	ck_assert_int_eq(template_render(&out, arena, repeated("{{link}}", 228),
			     values, (size_t)COUNT(values), &why),
	    -1);
	ck_assert_ptr_nonnull(strstr(why.detail, "filled in"));
}
END_TEST

START_TEST(deep_nesting_is_only_text_that_is_refused)
{
	struct problem why;
	char *out = NULL;

	ck_assert_int_eq(
	    template_render(&out, arena, repeated("{{#firm}}", 400), values,
		(size_t)COUNT(values), &why),
	    -1);
	ck_assert_int_eq(template_render(&out, arena, repeated("{{", 2000),
			     values, (size_t)COUNT(values), &why),
	    -1);
}
END_TEST

START_TEST(the_variables_that_a_text_uses_are_known)
{
	ck_assert(template_uses("a {{link}}", "link"));
	ck_assert(template_uses("{{firm}} {{ link }}", "link"));
	ck_assert(!template_uses("{{firm}}: {link} link", "link"));
	ck_assert(!template_uses("{{links}}", "link"));
	ck_assert(!template_uses("{{#x}} {{link}}", "link"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("template");
	TCase *tc = tcase_create("template");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_good_text_is_filled_in, 0, COUNT(good));
	tcase_add_loop_test(
	    tc, what_is_not_a_known_variable_is_refused_by_name, 0, COUNT(bad));
	tcase_add_test(tc, size_is_bounded_before_and_after);
	tcase_add_test(tc, deep_nesting_is_only_text_that_is_refused);
	tcase_add_test(tc, the_variables_that_a_text_uses_are_known);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
