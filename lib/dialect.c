/*
 * dialect - how calls and texts are reported to us: a table, a file for each
 */
#include "dialect.h"

#include <string.h>

#include "fields.h"
#include "route.h"

#define NAME_MAX_BYTES 40

static const struct line {
	const struct dialect *dialect;
	unsigned body;
	const char *fields;
} lines[] = {
#define DIALECT(name, body, fields) { &dialect_##name, (body), (fields) },
#include "dialect.def"
#undef DIALECT
};

const struct dialect *
dialect_find(const char *name)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strcmp(lines[i].dialect->name, name) == 0)
			return lines[i].dialect;
	return NULL;
}

static bool
has_all(const struct fields *f, const char *names)
{
	char name[NAME_MAX_BYTES];

	while (*names != '\0') {
		size_t len = strcspn(names, "|");

		memcpy(name, names, len);
		name[len] = '\0';
		names += len + (names[len] == '|');
		if (!fields_has(f, name))
			return false;
	}
	return true;
}

const struct dialect *
dialect_of_fields(const struct fields *f)
{
	unsigned body = fields_is_form(f) ? BODY_FORM : BODY_JSON;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (*lines[i].fields != '\0' && (lines[i].body & body) != 0 &&
		    has_all(f, lines[i].fields))
			return lines[i].dialect;
	return &dialect_generic;
}

void
dialect_answer_nothing(
    struct response *res, const struct request *req, const struct fields *f)
{
	(void)req;
	(void)f;
	res->type = "text/plain; charset=utf-8";
	res->body = "";
}
