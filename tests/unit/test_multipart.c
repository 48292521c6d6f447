/*
 * test_multipart - forms with files, read in pieces
 */
#include "multipart.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "problem.h"

#define HEAD(name) \
	"--b\r\nContent-Disposition: form-data; name=" name "\r\n\r\n"

/* A body, and how many bytes of it come at a time. */
struct body {
	const char *text;
	size_t len;
	size_t at;
	size_t most;
};

static long
give(void *arg, char *bytes, size_t size)
{
	struct body *b = arg;
	size_t n = b->len - b->at;

	n = n < size ? n : size;
	n = n < b->most ? n : b->most;
	memcpy(bytes, b->text + b->at, n);
	b->at += n;
	return (long)n;
}

/* "name=data;" of each part, "name:data;" of a file, and what went wrong. */
static const char *
transcript(struct arena *a, struct body *body)
{
	struct multipart_source source = { give, body };
	struct multipart_part part;
	struct problem why = { 0 };
	struct multipart *m;
	const char *bytes;
	struct buf b;
	long n = 0;
	int more;

	buf_init(&b, a);
	ck_assert_int_eq(multipart_open(&m, a,
			     "multipart/form-data; boundary=b", source, &why),
	    0);
	while ((more = multipart_next(&part, m, &why)) == 1) {
		buf_printf(&b, "%s%c", part.name, part.is_file ? ':' : '=');
		while ((n = multipart_data(&bytes, m, &why)) > 0)
			buf_add(&b, bytes, (size_t)n);
		if (n < 0)
			break;
		buf_char(&b, ';');
	}
	if (more < 0 || n < 0)
		buf_str(&b, problem_slug(why.code));
	return b.text;
}

static const struct {
	const char *body;
	const char *read;
} table[] = {
	{ HEAD("a") "1\r\n--b\r\nContent-Disposition: form-data; "
		    "name=\"p\"; filename=\"x\"\r\nContent-Type: "
		    "image/png\r\n\r\n2\r\n\r\n--b--\r\n",
	    "a=1;p:2\r\n;" },
	{ HEAD("a") "\r\n--b--", "a=;" },
	{ "--b--", "" },
	{ "before\r\n" HEAD("a") "1\r\n--b--behind", "a=1;" },
	{ HEAD("a") "1\r\n--\r\n--c\r\n-\r\n--b--", "a=1\r\n--\r\n--c\r\n-;" },
	/* RFC 2046: nothing that is meant begins like a delimiter. */
	{ HEAD("a") "1\r\n--bb\r\n--b--", "a=1;bad-form" },
	{ HEAD("\"a;b=c\\\"d\"") "1\r\n--b--", "a;b=c\\\"d=1;" },
	{ HEAD("a;filename*=UTF-8''x") "1\r\n--b--", "a:1;" },
	{ "--b \t\r\ncontent-disposition:form-data;NAME=a\r\n\r\n1\r\n--b--",
	    "a=1;" },
	{ "", "bad-form" },
	{ "a=1&b=2", "bad-form" },
	{ HEAD("a") "1", "a=bad-form" },
	{ HEAD("a") "1\r\n--b", "a=1;bad-form" },
	{ HEAD("a") "1\r\n--b\r\n", "a=1;bad-form" },
	{ "--b\r\n\r\n1\r\n--b--", "bad-form" },
	{ "--b\r\nContent-Disposition: form-data\r\n\r\n1\r\n--b--",
	    "bad-form" },
	{ "--b\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--b--",
	    "bad-form" },
};

START_TEST(a_form_is_read_however_it_arrives)
{
	struct arena *a = arena_new((size_t)8 * 1024 * 1024);
	struct body body = { table[_i].body, strlen(table[_i].body), 0, 0 };

	for (body.most = 1; body.most < 40; body.most += 3) {
		body.at = 0;
		ck_assert_str_eq(transcript(a, &body), table[_i].read);
	}
	arena_free(a);
}
END_TEST

START_TEST(a_long_file_comes_whole)
{
	struct arena *a = arena_new((size_t)32 * 1024 * 1024);
	size_t len = (size_t)1024 * 1024;
	char *file = arena_alloc(a, len + 1);
	struct body body = { .most = 4099 };
	struct buf b, wanted;

	/* Beginnings of delimiters everywhere. */
	for (size_t i = 0; i < len; i++)
		file[i] = "\r\n--\r\n-"[i % 7];
	buf_init(&b, a);
	buf_printf(&b, HEAD("a") "%s\r\n--b--", file);
	buf_init(&wanted, a);
	buf_printf(&wanted, "a=%s;", file);
	body.text = b.text;
	body.len = b.len;
	ck_assert_str_eq(transcript(a, &body), wanted.text);
	arena_free(a);
}
END_TEST

static const char *const types[] = {
	"multipart/form-data",
	"multipart/form-data; boundary",
	"multipart/form-data; boundary=",
	"multipart/form-data; boundary=\"\"",
	"multipart/form-data; boundary=\"a",
	"multipart/form-data; boundary=\"a b\"",
	"multipart/form-data; boundary=a\"b",
	"multipart/form-data; charset=b",
	"multipart/form-data; boundary="
	"12345678901234567890123456789012345678901234567890"
	"123456789012345678901",
};

START_TEST(no_boundary_no_form)
{
	struct arena *a = arena_new((size_t)1024 * 1024);
	struct body body = { "", 0, 0, 1 };
	struct multipart_source source = { give, &body };
	struct problem why = { 0 };
	struct multipart *m;

	ck_assert_int_eq(multipart_open(&m, a, types[_i], source, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_BAD_FORM);
	ck_assert_int_eq(
	    multipart_open(&m, a,
		"multipart/form-data; charset=\"x;y\"; BOUNDARY=\"a:b\"",
		source, &why),
	    0);
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("multipart");
	TCase *tc = tcase_create("multipart");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_form_is_read_however_it_arrives, 0,
	    (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_test(tc, a_long_file_comes_whole);
	tcase_add_loop_test(tc, no_boundary_no_form, 0,
	    (int)(sizeof(types) / sizeof(types[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
