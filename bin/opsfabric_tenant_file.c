/*
 * opsfabric_tenant_file - firms as files that go from one installation to
 * another, and what a new one begins with
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "id.h"
#include "json_write.h"
#include "opsfabric_tenant.h"
#include "problem.h"
#include "tenant_document.h"
#include "tenant_file.h"
#include "tenant_preset.h"

static const struct command_option export_options[] = {
	{ "output", "FILE", "write it there, else to standard output" },
	{ 0 },
};

static const struct command_option import_options[] = {
	{ "dry-run", NULL, "only show what would change" },
	{ 0 },
};

static const struct command_option preset_options[] = {
	{ "language", "LANGUAGE", "de, fr, it or en; de unless told" },
	{ 0 },
};

static enum command_exit
file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");
	bool good = f != NULL && fputs(text, f) != EOF;

	/* What the disk refuses is told by the last of them. */
	if (f != NULL && fclose(f) != 0)
		good = false;
	if (good)
		return COMMAND_DONE;
	command_error("%s: %s", path, strerror(errno));
	return COMMAND_REFUSED;
}

static enum command_exit
export_firm(struct command_run *run)
{
	const char *path = command_value(run, "output");
	enum command_exit end = COMMAND_DONE;
	struct db_batch *row = tenant_row(run, run->operands[0], &end);
	struct tenant_document d;
	struct problem why;
	const char *text;

	if (row == NULL)
		return end;
	tenant_row_document(&d, row);
	text = tenant_file_print(run->arena, &d, &why);
	if (text == NULL)
		return command_failed(&why, NULL);
	/* Whoever restores a firm from this alone must know what is missing. */
	command_error("tokens, sealed credentials and tickets are not in it");
	if (path != NULL)
		return file_write(path, text);
	(void)fputs(text, stdout);
	return COMMAND_DONE;
}

static void
difference_print(struct arena *a, const struct tenant_difference *d)
{
	if (d->before == NULL)
		(void)printf("+ %s: %s\n", command_plain(a, d->pointer),
		    command_plain(a, d->after));
	else if (d->after == NULL)
		(void)printf("- %s: %s\n", command_plain(a, d->pointer),
		    command_plain(a, d->before));
	else
		(void)printf("~ %s: %s -> %s\n", command_plain(a, d->pointer),
		    command_plain(a, d->before), command_plain(a, d->after));
}

/* What became of a firm, or would become of it. */
struct import {
	const char *slug;
	const char *done; /* "added", "changed", "unchanged" */
	bool is_dry;
	struct tenant_differences changes;
};

static void
tell_json(struct command_run *run, const struct import *i)
{
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "slug", i->slug);
	json_str(&b, "outcome", i->done);
	json_bool(&b, "dry_run", i->is_dry);
	json_arr_open(&b, "changes");
	for (size_t n = 0; n < i->changes.count; n++) {
		json_obj_open(&b, NULL);
		json_str(&b, "pointer", i->changes.list[n].pointer);
		json_raw(&b, "before", i->changes.list[n].before);
		json_raw(&b, "after", i->changes.list[n].after);
		json_obj_close(&b);
	}
	json_arr_close(&b);
	json_obj_close(&b);
	command_put(&b);
}

static void
tell(struct command_run *run, const struct import *i)
{
	if (run->json) {
		tell_json(run, i);
		return;
	}
	for (size_t n = 0; i->is_dry && n < i->changes.count; n++)
		difference_print(run->arena, &i->changes.list[n]);
	(void)printf(
	    "%s%s %s\n", i->is_dry ? "would be " : "", i->done, i->slug);
}

/* The firm of that slug, or NULL: *end tells whether that was an answer. */
static struct db_batch *
row_find(struct command_run *run, const char *slug, enum command_exit *end)
{
	struct stmt_command_tenant_show params = { .slug = slug };
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_SHOW, &params, end);

	return b != NULL && db_rows(b, 0) > 0 ? b : NULL;
}

static enum command_exit
import_write(struct command_run *run, struct import *i,
    const struct tenant_document *d, const struct db_batch *row)
{
	const char *id =
	    row == NULL ? id_new_in(run->arena) : db_get(row, 0, 0, "id");
	enum command_exit end = COMMAND_DONE;

	if (i->changes.count == 0)
		return COMMAND_DONE;
	/* What would be refused is refused in a trial, too. */
	if (i->is_dry)
		return tenant_is_taken(run, id, d, &end) ? end : COMMAND_DONE;
	return tenant_save(
	    run, id, d, row == NULL ? NULL : db_get(row, 0, 0, "updated_at"));
}

static enum command_exit
import_firm(struct command_run *run)
{
	const char *text = tenant_file_read(run, run->operands[0]);
	struct import i = { .is_dry = command_value(run, "dry-run") != NULL };
	enum command_exit end = COMMAND_DONE;
	struct tenant_document d, stored;
	struct db_batch *row;
	struct problem why;

	if (text == NULL || tenant_check(run, &d, text) != 0)
		return COMMAND_REFUSED;
	i.slug = d.value[TENANT_SLUG];
	row = row_find(run, i.slug, &end);
	if (end != COMMAND_DONE)
		return end;
	if (row != NULL)
		tenant_row_document(&stored, row);
	if (tenant_file_compare(&i.changes, run->arena,
		row == NULL ? NULL : &stored, &d, &why) != 0)
		return command_failed(&why, NULL);
	i.done = row == NULL            ? "added"
	         : i.changes.count == 0 ? "unchanged"
	                                : "changed";
	end = import_write(run, &i, &d, row);
	if (end == COMMAND_DONE)
		tell(run, &i);
	return end;
}

static enum command_exit
preset_list(struct command_run *run)
{
	const struct tenant_preset *preset;
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_arr_open(&b, "items");
	for (size_t i = 0; (preset = tenant_preset_at(i)) != NULL; i++) {
		json_obj_open(&b, NULL);
		json_str(&b, "name", preset->name);
		json_str(&b, "purpose", preset->purpose);
		json_obj_close(&b);
		if (!run->json)
			(void)printf(
			    "%-12s %s\n", preset->name, preset->purpose);
	}
	json_arr_close(&b);
	json_obj_close(&b);
	if (run->json)
		command_put(&b);
	return COMMAND_DONE;
}

static enum command_exit
preset_show(struct command_run *run)
{
	const struct tenant_preset *preset =
	    tenant_preset_find(run->operands[0]);
	const char *name = command_value(run, "language");
	enum language language = LANGUAGE_DE;

	if (name != NULL && language_parse(&language, name) != 0)
		return command_usage(run, "--language is de, fr, it or en");
	if (preset == NULL) {
		command_error("there is no preset %s; see opsfabric tenant "
			      "preset list",
		    command_plain(run->arena, run->operands[0]));
		return COMMAND_NOT_FOUND;
	}
	(void)fputs(tenant_preset_document(preset, language), stdout);
	return COMMAND_DONE;
}

const struct command commands_tenant_file[] = {
	{ "tenant export", "SLUG", "a firm's whole document, for tenant import",
	    1, 1, export_options, export_firm },
	{ "tenant import", "FILE",
	    "add or change the firm that a document is of; - is standard input",
	    1, 1, import_options, import_firm },
	{ "tenant preset list", "", "what a new firm of a trade may begin with",
	    0, 0, NULL, preset_list },
	{ "tenant preset show", "NAME", "one of them, as a document", 1, 1,
	    preset_options, preset_show },
	{ 0 },
};
