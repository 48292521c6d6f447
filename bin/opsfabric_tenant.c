/*
 * opsfabric_tenant - the firms: adds, shows and changes them
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "json.h"
#include "language.h"
#include "opsfabric_tenant.h"
#include "problem.h"
#include "tenant_document.h"
#include "tenant_patch.h"
#include "tenant_preset.h"
#include "tenant_value.h"

#define ASSIGNMENTS_MAX 200

/* Every setting that is no object, and the document. */
#define SETTINGS \
	{ "file", "FILE", "read a JSON document; - is standard input" }, \
	    { "slug", "SLUG", "short name in addresses, as in muster-ag" }, \
	    { "name", "NAME", "the firm's name" }, \
	    { "phone", "NUMBER", "the number that customers call" }, \
	    { "email", "ADDRESS", "the firm's mailbox" }, \
	    { "sms-number", "NUMBER", "the number that texts come from" }, \
	    { "website-domain", "DOMAIN", "the firm's own site" }, \
	    { "google-review-link", "ADDRESS", "where reviews are written" }, \
	    { "timezone", "ZONE", "as in Europe/Zurich" }, \
	    { "quiet-hours-start", "TIME", "as in 21:00" }, \
	    { "quiet-hours-end", "TIME", "as in 07:00" }, \
	    { "sla-response-minutes", "N", "promised time to answer" }, \
	    { "review-delay-hours", "N", "from done to the review request" }, \
	    { "daily-segments", "N", "most a day of automatic messages" }, \
	    { "plan", "PLAN", "pilot, starter, pro or premium" }, { 0 },

static const struct command_option settings[] = { SETTINGS };

/* The settings, and before them what only a new firm has. */
static const struct command_option add_options[] = {
	{ "preset", "NAME", "begin with what firms of a trade have" }, SETTINGS
};

static const struct command_option paging[] = {
	{ "limit", "N", "rows of a page, 50 unless told" },
	{ "after", "SLUG", "begin behind this one" },
	{ 0 },
};

static const struct command_column list_columns[] = {
	{ "slug", "SLUG", CELL_TEXT },
	{ "name", "NAME", CELL_TEXT },
	{ "phone", "PHONE", CELL_TEXT },
	{ "sms_number", "SMS NUMBER", CELL_TEXT },
	{ "plan", "PLAN", CELL_TEXT },
	{ "timezone", "ZONE", CELL_TEXT },
	{ "active", "ACTIVE", CELL_BOOL },
	{ "created_at", NULL, CELL_TEXT },
	{ 0 },
};

/* What holds where nothing is stored, or NULL. */
static const char *
default_of(struct arena *a, const struct db_batch *row, const char *column)
{
	static const char *const have[] = { "timezone", "quiet_hours_start",
		"quiet_hours_end", "sla_response_minutes", "review_delay_hours",
		"daily_segments" };

	for (size_t i = 0; i < sizeof(have) / sizeof(have[0]); i++)
		if (strcmp(have[i], column) == 0)
			return db_get(
			    row, 0, 0, arena_printf(a, "effective_%s", column));
	return NULL;
}

static enum command_exit
show(struct command_run *run)
{
	enum command_exit end = COMMAND_DONE;
	struct db_batch *row = tenant_row(run, run->operands[0], &end);

	if (row == NULL)
		return end;
	if (run->json) {
		command_put_json(tenant_row_json(run, row));
		return COMMAND_DONE;
	}
	for (const struct command_column *c = tenant_columns; c->name != NULL;
	     c++) {
		const char *value = db_get(row, 0, 0, c->name);
		bool is_default = value == NULL;

		if (is_default)
			value = default_of(run->arena, row, c->name);
		if (value == NULL)
			continue;
		if (c->kind == CELL_BOOL)
			value = *value == 't' ? "yes" : "no";
		(void)printf("%-22s %s%s\n", c->heading,
		    command_plain(run->arena, value),
		    is_default ? "  (default)" : "");
	}
	return COMMAND_DONE;
}

static enum command_exit
list(struct command_run *run)
{
	struct stmt_command_tenant_list params;
	struct command_rows rows = { .columns = list_columns };
	enum command_exit end = COMMAND_DONE;
	struct command_page page;

	if (command_page(&page, run) != 0)
		return COMMAND_USAGE;
	params.after = page.after;
	params.limit = page.limit;
	rows.batch =
	    command_batch(run, STMT_COMMAND_TENANT_LIST, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, &page, "slug");
	return COMMAND_DONE;
}

/* document with the changes of one patch; NULL, having said why not. */
static const char *
patched(struct command_run *run, const char *text, const char *patch,
    const char *origin)
{
	struct problem why;
	const char *merged = tenant_patch_merge(run->arena, text, patch, &why);

	if (merged == NULL)
		command_error("%s: %s", origin, why.detail);
	return merged;
}

static const char *
assigned(struct command_run *run, const char *text, const char *assignment)
{
	struct problem why;
	const char *patch =
	    tenant_patch_assignment(run->arena, assignment, &why);

	if (patch == NULL) {
		command_error("%s", command_plain(run->arena, why.detail));
		return NULL;
	}
	return patched(run, text, patch, assignment);
}

/* "--sms-number X" is "sms_number=X". */
static const char *
option_assignment(struct command_run *run, int option)
{
	char *name =
	    arena_strdup(run->arena, run->command->options[option].name);

	for (char *p = name; *p != '\0'; p++)
		if (*p == '-')
			*p = '_';
	return arena_printf(run->arena, "%s=%s", name, run->values[option]);
}

static bool
is_setting(const char *option)
{
	return strcmp(option, "file") != 0 && strcmp(option, "preset") != 0;
}

/* The file of the command line: "{}" without one; NULL, having said why not. */
static const char *
file_of(struct command_run *run)
{
	const char *path = command_value(run, "file");

	return path == NULL ? "{}" : tenant_file_read(run, path);
}

/*
 * text with all that the command line says: the file first, then the options,
 * then the assignments. NULL, having said why not.
 */
static const char *
document_make(struct command_run *run, const char *text, const char *file,
    int first_assignment)
{
	const struct command_option *o = run->command->options;
	const char *path = command_value(run, "file");

	if (file == NULL)
		return NULL;
	text = patched(run, text, file, path == NULL ? "" : path);
	for (int i = 0; text != NULL && o[i].name != NULL; i++)
		if (is_setting(o[i].name) && run->values[i] != NULL)
			text = assigned(run, text, option_assignment(run, i));
	for (int i = first_assignment; text != NULL && i < run->operand_count;
	     i++)
		text = assigned(run, text, run->operands[i]);
	return text;
}

/* row: what text was made from; NULL: a new firm. */
static enum command_exit
save(struct command_run *run, const struct db_batch *row, const char *text)
{
	const char *id =
	    row == NULL ? id_new_in(run->arena) : db_get(row, 0, 0, "id");
	struct tenant_document d;
	enum command_exit end;

	if (text == NULL || tenant_check(run, &d, text) != 0)
		return COMMAND_REFUSED;
	end = tenant_save(
	    run, id, &d, row == NULL ? NULL : db_get(row, 0, 0, "updated_at"));
	if (end != COMMAND_DONE)
		return end;
	if (run->json)
		(void)printf("{\"slug\":\"%s\",\"id\":\"%s\"}\n",
		    d.value[TENANT_SLUG], id);
	else
		(void)printf("%s %s\n", row == NULL ? "added" : "changed",
		    d.value[TENANT_SLUG]);
	return COMMAND_DONE;
}

/* The language of a document, which is that of its preset, too. */
static enum language
language_of(struct command_run *run, const char *text)
{
	enum language language = LANGUAGE_DE;
	const struct cJSON *document;
	struct problem ignored;

	if (json_parse_document(&document, run->arena, text, &ignored) == 0)
		(void)tenant_value_language(&language,
		    json_text(json_member(
			json_member(document, "config"), "language")));
	return language;
}

static enum command_exit
add(struct command_run *run)
{
	const char *name = command_value(run, "preset");
	const struct tenant_preset *preset =
	    name == NULL ? NULL : tenant_preset_find(name);
	const char *file, *text;

	if (name != NULL && preset == NULL)
		return command_usage(run,
		    "there is no preset %s; see opsfabric tenant preset list",
		    name);
	file = file_of(run);
	text = document_make(run, "{}", file, 0);
	/* What the document takes away it takes away from the preset. */
	if (text != NULL && preset != NULL)
		text = document_make(run,
		    tenant_preset_document(preset, language_of(run, text)),
		    file, 0);
	return save(run, NULL, text);
}

static enum command_exit
set(struct command_run *run)
{
	enum command_exit end = COMMAND_DONE;
	struct db_batch *row = tenant_row(run, run->operands[0], &end);

	if (row == NULL)
		return end;
	return save(run, row,
	    document_make(run, tenant_row_json(run, row), file_of(run), 1));
}

/* Of a firm that is not served nothing else has to be right. */
static enum command_exit
set_active(struct command_run *run, const char *active)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_tenant_active params = {
		.slug = run->operands[0],
		.active = active,
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_ACTIVE, &params, &end);

	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0)
		return command_no_tenant(run, params.slug);
	if (run->json)
		(void)printf(
		    "{\"slug\":\"%s\",\"active\":%s}\n", params.slug, active);
	else
		(void)printf("%s is %s\n", params.slug,
		    *active == 't' ? "active" : "not active any more");
	return COMMAND_DONE;
}

static enum command_exit
activate(struct command_run *run)
{
	return set_active(run, "true");
}

static enum command_exit
deactivate(struct command_run *run)
{
	return set_active(run, "false");
}

const struct command commands_tenant[] = {
	{ "tenant add", "[NAME=VALUE...]",
	    "add a firm, from a JSON document or from options", 0,
	    ASSIGNMENTS_MAX, add_options, add },
	{ "tenant list", "", "list the firms", 0, 0, paging, list },
	{ "tenant show", "SLUG", "show a firm and what holds by default", 1, 1,
	    NULL, show },
	{ "tenant set", "SLUG [NAME=VALUE...]",
	    "change a firm; a name may be a path as in config.sms_name", 1,
	    ASSIGNMENTS_MAX, settings, set },
	{ "tenant deactivate", "SLUG", "stop serving a firm; its data stays", 1,
	    1, NULL, deactivate },
	{ "tenant activate", "SLUG", "serve it again", 1, 1, NULL, activate },
	{ 0 },
};
