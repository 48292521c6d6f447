/*
 * opsfabric_token - the tokens by which firms' own software is let in
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "token.h"
#include "utf8.h"

#define NAME_MAX_BYTES 120

static const struct command_option naming[] = {
	{ "name", "NAME", "what the token is for, as lists show it" },
	{ "scope", "SCOPE", "api unless told, or webhook: who may report" },
	{ 0 },
};

static const struct command_option paging[] = {
	{ "limit", "N", "rows of a page, 50 unless told" },
	{ "after", "ID", "begin behind this one" },
	{ 0 },
};

static const struct command_column columns[] = {
	{ "id", "ID", CELL_TEXT },
	{ "name", "NAME", CELL_TEXT },
	{ "scope", "SCOPE", CELL_TEXT },
	{ "created_at", "CREATED", CELL_TEXT },
	{ "last_used_at", "LAST USED", CELL_TEXT },
	{ "revoked_at", "REVOKED", CELL_TEXT },
	{ 0 },
};

/* The token alone goes to standard output: it can be piped where it belongs. */
static void
token_print(struct command_run *run, const struct token *token, const char *id)
{
	struct buf b;

	if (!run->json) {
		(void)printf("%s\n", token->text);
		command_error("this is the only time the token is shown; its "
			      "id is %s",
		    id);
		return;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "id", id);
	json_str(&b, "token", token->text);
	json_obj_close(&b);
	command_put(&b);
}

static enum command_exit
create(struct command_run *run)
{
	struct clock_text now = clock_text(clock_now());
	struct token token = token_new();
	struct stmt_command_token_create params = {
		.id = id_new_in(run->arena),
		.slug = run->operands[0],
		.hash = token.hash.text,
		.label = command_value(run, "name"),
		.scope = command_value(run, "scope"),
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b;

	if (params.scope == NULL)
		params.scope = TOKEN_SCOPE_API;
	if (strcmp(params.scope, TOKEN_SCOPE_API) != 0 &&
	    strcmp(params.scope, TOKEN_SCOPE_WEBHOOK) != 0)
		return command_usage(run, "--scope takes %s or %s",
		    TOKEN_SCOPE_API, TOKEN_SCOPE_WEBHOOK);
	if (params.label != NULL &&
	    (strlen(params.label) > NAME_MAX_BYTES ||
		!utf8_is_text(params.label, strlen(params.label))))
		return command_usage(
		    run, "--name takes at most %d bytes", NAME_MAX_BYTES);
	b = command_batch(run, STMT_COMMAND_TOKEN_CREATE, &params, &end);
	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0)
		return command_no_tenant(run, params.slug);
	token_print(run, &token, params.id);
	return COMMAND_DONE;
}

static enum command_exit
list(struct command_run *run)
{
	struct command_rows rows = { .columns = columns };
	struct stmt_command_token_list params;
	enum command_exit end = COMMAND_DONE;
	struct command_page page;

	if (command_page(&page, run) != 0)
		return COMMAND_USAGE;
	if (page.after != NULL && !id_is_valid(page.after))
		return command_usage(run, "--after takes an id");
	params.customer_id = command_tenant_id(run, run->operands[0], &end);
	if (params.customer_id == NULL)
		return end;
	params.after = page.after;
	params.limit = page.limit;
	rows.batch = command_batch(run, STMT_COMMAND_TOKEN_LIST, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, &page, "id");
	return COMMAND_DONE;
}

static enum command_exit
revoke(struct command_run *run)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_token_revoke params = {
		.id = run->operands[0],
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b;

	if (!id_is_valid(params.id))
		return command_usage(
		    run, "revoke takes the token's id, as token list shows it");
	b = command_batch(run, STMT_COMMAND_TOKEN_REVOKE, &params, &end);
	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0) {
		command_error("no token has the id %s", params.id);
		return COMMAND_NOT_FOUND;
	}
	if (run->json)
		(void)printf("{\"id\":\"%s\",\"slug\":\"%s\","
			     "\"revoked_at\":\"%s\"}\n",
		    params.id, db_get(b, 0, 0, "slug"),
		    db_get(b, 0, 0, "revoked_at"));
	else
		(void)printf("token %s of %s is revoked since %s\n", params.id,
		    db_get(b, 0, 0, "slug"), db_get(b, 0, 0, "revoked_at"));
	return COMMAND_DONE;
}

const struct command commands_token[] = {
	{ "token create", "SLUG", "make a token for a firm's own software", 1,
	    1, naming, create },
	{ "token list", "SLUG", "list a firm's tokens, newest first", 1, 1,
	    paging, list },
	{ "token revoke", "ID", "let nobody in with a token any more", 1, 1,
	    NULL, revoke },
	{ 0 },
};
