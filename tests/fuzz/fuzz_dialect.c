/*
 * fuzz_dialect - what is reported to us, in each dialect: what a reader says is
 * text, and it says the same of what is kept of the request, which is what an
 * operator releases
 *
 * The first byte chooses the dialect and what is reported, the rest is the
 * body.
 */
#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "dialect.h"
#include "fields.h"
#include "json.h"
#include "problem.h"
#include "route.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = { "twilio", "sipgate", "ecall", "peoplefone",
	"kannel", "generic" };

struct report {
	struct told told[TOLD_MAX];
	size_t count;
};

static int
report_read(struct report *out, told_fn *reader, const struct fields *f,
    struct problem *why)
{
	*out = (struct report){ .count = 1 };
	if (reader(out->told, &out->count, f, why) != 0)
		return -1;
	assert(out->count <= TOLD_MAX);
	return 0;
}

static void
same(const char *a, const char *b)
{
	assert((a == NULL) == (b == NULL));
	if (a == NULL)
		return;
	assert(strcmp(a, b) == 0);
	assert(utf8_is_text(a, strlen(a)));
}

static void
report_compare(const struct report *a, const struct report *b)
{
	assert(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		same(a->told[i].id, b->told[i].id);
		same(a->told[i].from, b->told[i].from);
		same(a->told[i].to, b->told[i].to);
		same(a->told[i].body, b->told[i].body);
		same(a->told[i].answered, b->told[i].answered);
		assert(
		    a->told[i].event.is_settled == b->told[i].event.is_settled);
	}
}

static void
read_twice(
    told_fn *reader, const struct dialect *dialect, const struct request *req)
{
	const struct fields *f;
	const struct cJSON *kept;
	struct report first, second;
	struct problem why = { 0 };

	if ((dialect->is_windows_1252 ? fields_read_windows_1252(&f, req, &why)
				      : fields_read(&f, req, &why)) != 0)
		return;
	assert(dialect_of_fields(f) != NULL);
	if (report_read(&first, reader, f, &why) != 0) {
		assert(why.code == PROBLEM_BAD_FORM);
		return;
	}
	assert(json_parse_stored(&kept, req->arena, fields_kept(f), &why) == 0);
	assert(report_read(&second, reader, fields_of_kept(req->arena, kept),
		   &why) == 0);
	report_compare(&first, &second);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new((size_t)64 * 1024 * 1024);
	struct request req = { .arena = a, .method = HTTP_POST };
	const struct dialect *dialect;

	if (size > 0 && size <= 65537) {
		dialect = dialect_find(names[data[0] % 6]);
		req.body_kind = (data[0] & 64) != 0 ? BODY_JSON : BODY_FORM;
		req.body = arena_strndup(a, (const char *)data + 1, size - 1);
		req.body_len = strlen(req.body);
		if (dialect->call != NULL)
			read_twice(dialect->call, dialect, &req);
		if (dialect->text != NULL)
			read_twice(dialect->text, dialect, &req);
	}
	arena_free(a);
	return 0;
}
