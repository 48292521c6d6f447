/*
 * opsfabric_secret - the credentials of firms' own accounts, sealed
 */
#include <stdio.h>
#include <string.h>

#include "account.h"
#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "id.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "secret.h"
#include "utf8.h"

/* Before every id. */
#define NULL_ID "00000000-0000-0000-0000-000000000000"

static const struct command_column columns[] = {
	{ "name", "NAME", CELL_TEXT },
	{ "created_at", "CREATED", CELL_TEXT },
	{ "updated_at", "CHANGED", CELL_TEXT },
	{ 0 },
};

static const char *
place_of(struct arena *a, const char *customer_id, const char *name)
{
	return arena_printf(a, "%s %s", customer_id, name);
}

/* Only what a program reads: a misspelt name would be found out at night. */
static int
name_check(struct command_run *run, const char *name)
{
	enum account_item item;
	struct buf b;

	if (account_find(&item, name) == 0)
		return 0;
	buf_init(&b, run->arena);
	for (int i = 0; i < ACCOUNT_MAX; i++)
		buf_printf(&b, "%s%s", i == 0 ? "" : ", ",
		    account_secret((enum account_item)i));
	(void)command_usage(
	    run, "%s is none of %s", command_plain(run->arena, name), b.text);
	return -1;
}

/*
 * The value is what stands on standard input, without the line's end: on the
 * command line everybody on this host could read it.
 */
static const char *
value_read(struct command_run *run)
{
	char *text = arena_alloc(run->arena, SECRET_TEXT_MAX + 3);
	size_t len = fread(text, 1, SECRET_TEXT_MAX + 2, stdin);

	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	text[len] = '\0';
	if (len == 0 || len > SECRET_TEXT_MAX || !utf8_is_text(text, len) ||
	    strpbrk(text, "\r\n\t") != NULL) {
		command_error("standard input must be one line, the value, of "
			      "at most %d bytes",
		    SECRET_TEXT_MAX);
		return NULL;
	}
	return text;
}

static enum command_exit
set(struct command_run *run)
{
	const char *name = run->operands[1], *value, *box;
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_secret_save params = {
		.id = id_new_in(run->arena),
		.name = name,
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct problem why;

	if (name_check(run, name) != 0)
		return COMMAND_USAGE;
	value = value_read(run);
	if (value == NULL)
		return COMMAND_REFUSED;
	params.customer_id = command_tenant_id(run, run->operands[0], &end);
	if (params.customer_id == NULL)
		return end;
	if (secret_seal(&box, run->arena,
		place_of(run->arena, params.customer_id, name), value,
		&why) != 0)
		return command_failed(&why, NULL);
	params.sealed = box;
	if (command_batch(run, STMT_COMMAND_SECRET_SAVE, &params, &end) == NULL)
		return end;
	if (run->json)
		(void)printf("{\"name\":\"%s\"}\n", name);
	else
		(void)printf("%s of %s is set\n", name, run->operands[0]);
	return COMMAND_DONE;
}

static enum command_exit
list(struct command_run *run)
{
	struct command_rows rows = { .columns = columns };
	struct stmt_command_secret_list params;
	enum command_exit end = COMMAND_DONE;

	params.customer_id = command_tenant_id(run, run->operands[0], &end);
	if (params.customer_id == NULL)
		return end;
	rows.batch =
	    command_batch(run, STMT_COMMAND_SECRET_LIST, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, NULL, "name");
	return COMMAND_DONE;
}

static enum command_exit
take_away(struct command_run *run)
{
	struct stmt_command_secret_remove params = { .name = run->operands[1] };
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b;

	params.customer_id = command_tenant_id(run, run->operands[0], &end);
	if (params.customer_id == NULL)
		return end;
	b = command_batch(run, STMT_COMMAND_SECRET_REMOVE, &params, &end);
	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0) {
		command_error("this firm has no secret %s",
		    command_plain(run->arena, params.name));
		return COMMAND_NOT_FOUND;
	}
	if (run->json)
		(void)printf("{\"name\":\"%s\"}\n", params.name);
	else
		(void)printf(
		    "%s of %s is removed\n", params.name, run->operands[0]);
	return COMMAND_DONE;
}

struct rotation {
	int done;
	int failed;
};

/* The credentials of one firm as JSON, under the new key. */
static void
boxes_make(struct rotation *r, struct buf *out, struct command_run *run,
    const struct db_batch *b)
{
	json_arr_open(out, NULL);
	for (int i = 0; i < db_rows(b, 0); i++) {
		const char *name = db_get(b, 0, i, "name");
		const char *old = db_get(b, 0, i, "sealed"), *text, *box;
		const char *place =
		    place_of(run->arena, db_get(b, 0, i, "customer_id"), name);
		struct problem why;

		if (secret_open(&text, run->arena, place, old, &why) != 0 ||
		    secret_seal(&box, run->arena, place, text, &why) != 0) {
			command_error("%s of %s: %s", name,
			    db_get(b, 0, i, "slug"), why.detail);
			r->failed++;
			continue;
		}
		json_obj_open(out, NULL);
		json_str(out, "name", name);
		json_str(out, "old", old);
		json_str(out, "sealed", box);
		json_obj_close(out);
	}
	json_arr_close(out);
}

/* Firm after firm, each in a transaction: whenever it ends, it may be begun
 * again. */
static enum command_exit
firms_rotate(struct rotation *r, struct command_run *run)
{
	struct stmt_command_secret_next next = { .after = NULL_ID };
	enum command_exit end = COMMAND_DONE;

	for (;;) {
		struct clock_text now = clock_text(clock_now());
		struct stmt_command_secret_reseal params = { .now = now.text };
		struct db_batch *b;
		struct buf boxes;

		b = command_batch(run, STMT_COMMAND_SECRET_NEXT, &next, &end);
		if (b == NULL || db_rows(b, 0) == 0)
			return end;
		next.after = db_get(b, 0, 0, "customer_id");
		buf_init(&boxes, run->arena);
		boxes_make(r, &boxes, run, b);
		params.customer_id = next.after;
		params.boxes = boxes.text;
		b = command_batch(
		    run, STMT_COMMAND_SECRET_RESEAL, &params, &end);
		if (b == NULL)
			return end;
		r->done += db_rows(b, 0);
	}
}

static enum command_exit
rotate(struct command_run *run)
{
	struct rotation r = { 0 };
	enum command_exit end;

	if (*config_get(CONFIG_SECRETS_KEY_OLD) == '\0') {
		command_error("SECRETS_KEY_OLD is not set: it takes the key "
			      "from which, and SECRETS_KEY the one to which");
		return COMMAND_REFUSED;
	}
	end = firms_rotate(&r, run);
	if (end != COMMAND_DONE)
		return end;
	if (run->json)
		(void)printf(
		    "{\"sealed\":%d,\"failed\":%d}\n", r.done, r.failed);
	else
		(void)printf("%d secrets are sealed with SECRETS_KEY%s\n",
		    r.done, r.failed == 0 ? "; SECRETS_KEY_OLD can go" : "");
	return r.failed == 0 ? COMMAND_DONE : COMMAND_REFUSED;
}

const struct command commands_secret[] = {
	{ "secret set", "SLUG NAME",
	    "seal a credential of a firm, read from standard input", 2, 2, NULL,
	    set },
	{ "secret list", "SLUG", "list which credentials a firm has", 1, 1,
	    NULL, list },
	{ "secret remove", "SLUG NAME", "forget a credential of a firm", 2, 2,
	    NULL, take_away },
	{ "secret rotate", "",
	    "seal everything with SECRETS_KEY that SECRETS_KEY_OLD sealed", 0,
	    0, NULL, rotate },
	{ 0 },
};
