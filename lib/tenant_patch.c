/*
 * tenant_patch - changes of a firm's settings, merged into them
 */
#include "tenant_patch.h"

#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"
#include "tenant_config.h"
#include "tenant_document.h"
#include "utf8.h"

static void
merge(struct buf *b, const char *name, const struct cJSON *target,
    const struct cJSON *patch)
{
	if (!json_is_object(patch)) {
		json_raw(b, name, json_print(b->arena, patch));
		return;
	}
	if (!json_is_object(target))
		target = NULL;
	json_obj_open(b, name);
	for (const struct cJSON *m = json_first(target); m != NULL;
	     m = json_next(m)) {
		const struct cJSON *p = json_member(patch, json_name(m));

		if (p == NULL)
			json_raw(b, json_name(m), json_print(b->arena, m));
		else if (!json_is_null(p))
			merge(b, json_name(m), m, p);
	}
	for (const struct cJSON *p = json_first(patch); p != NULL;
	     p = json_next(p))
		if (json_member(target, json_name(p)) == NULL &&
		    !json_is_null(p))
			merge(b, json_name(p), NULL, p);
	json_obj_close(b);
}

char *
tenant_patch_merge(
    struct arena *a, const char *text, const char *patch, struct problem *why)
{
	const struct cJSON *target, *changes;
	struct buf b;

	if (json_parse_document(&target, a, text, why) != 0 ||
	    json_parse_document(&changes, a, patch, why) != 0)
		return NULL;
	/* It would be printed as null, which takes a setting away. */
	if (!json_numbers_are_finite(changes)) {
		(void)problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "A number is beyond what any setting takes");
		return NULL;
	}
	buf_init(&b, a);
	merge(&b, NULL, target, changes);
	return b.text;
}

/* Is the value of this setting a text, even where it looks like JSON? */
static bool
is_text_path(const char *path)
{
	static const char config[] = "config.";

	for (enum tenant_field f = 0; f < TENANT_FIELD_MAX; f++)
		if (strcmp(tenant_field_name(f), path) == 0)
			return tenant_field_is_text(f);
	return strncmp(path, config, strlen(config)) == 0 &&
	       tenant_config_is_text(path + strlen(config));
}

static void
assignment_value(
    struct buf *b, const char *name, const char *value, bool is_text)
{
	const struct cJSON *v;
	struct problem why;

	if (*value == '\0')
		json_str(b, name, NULL);
	else if (!is_text &&
		 json_parse(&v, b->arena, value, strlen(value), &why) == 0)
		json_raw(b, name, value);
	else
		json_str(b, name, value);
}

char *
tenant_patch_assignment(struct arena *a, const char *text, struct problem *why)
{
	size_t len = strcspn(text, "=");
	char *path = arena_strndup(a, text, len);
	bool is_text = is_text_path(path);
	const char *name = path;
	int depth = 0;
	struct buf b;

	if (len == 0 || text[len] != '=' || !utf8_is_text(text, strlen(text))) {
		(void)problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "%.60s is not of the form NAME=VALUE", text);
		return NULL;
	}
	buf_init(&b, a);
	json_obj_open(&b, NULL);
	for (char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
		*dot = '\0';
		json_obj_open(&b, name);
		depth++;
	}
	assignment_value(&b, name, text + len + 1, is_text);
	for (; depth >= 0; depth--)
		json_obj_close(&b);
	return b.text;
}
