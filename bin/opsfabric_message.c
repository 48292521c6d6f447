/*
 * opsfabric_message - what was sent, what was not, and why
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "message.h"
#include "opsfabric_command.h"

static const struct command_option options[] = {
	{ "tenant", "SLUG", "of one firm" },
	{ "ticket", "NUMBER", "of one of its tickets" },
	{ "status", "STATUS", "queued, sent, delivered, failed, unknown, ..." },
	{ "full", NULL, "whole numbers, and the texts" },
	{ "limit", "N", "rows of a page, 50 unless told" },
	{ "after", "ID", "begin behind this one" },
	{ 0 },
};

static const struct command_column columns[] = {
	{ "created_at", "CREATED", CELL_TEXT },
	{ "tenant", "TENANT", CELL_TEXT },
	{ "ticket", "TICKET", CELL_NUMBER },
	{ "direction", "DIRECTION", CELL_TEXT },
	{ "template", "TEXT", CELL_TEXT },
	{ "from_number", "FROM", CELL_MASKED },
	{ "to_number", "TO", CELL_MASKED },
	{ "status", "STATUS", CELL_TEXT },
	{ "reason", "REASON", CELL_TEXT },
	{ "error", "ERROR", CELL_TEXT },
	{ "segments", NULL, CELL_NUMBER },
	{ "attempts", NULL, CELL_NUMBER },
	{ "provider", NULL, CELL_TEXT },
	{ "provider_id", NULL, CELL_TEXT },
	{ "channel", NULL, CELL_TEXT },
	{ "not_before", NULL, CELL_TEXT },
	{ "status_at", NULL, CELL_TEXT },
	{ "id", "ID", CELL_TEXT },
	{ "body", "BODY", CELL_PRIVATE },
	{ 0 },
};

static bool
is_status(const char *text)
{
	static const char *const known[] = { "queued", "sending", "sent",
		"delivered", "failed", "unknown", "expired", "suppressed",
		"received" };

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(known[i], text) == 0)
			return true;
	return false;
}

static struct db_batch *
list_of_ticket(struct command_run *run, const char *customer_id,
    const struct command_page *page, enum command_exit *end)
{
	struct stmt_command_message_list_ticket params = {
		.status = command_value(run, "status"),
		.after = page->after,
		.limit = page->limit,
	};
	struct db_batch *ticket;

	ticket =
	    command_ticket(run, customer_id, command_value(run, "ticket"), end);
	if (ticket == NULL)
		return NULL;
	params.ticket_id = db_get(ticket, 0, 0, "id");
	return command_batch(
	    run, STMT_COMMAND_MESSAGE_LIST_TICKET, &params, end);
}

static struct db_batch *
list_of_tenant(struct command_run *run, const struct command_page *page,
    enum command_exit *end)
{
	struct stmt_command_message_list params = {
		.status = command_value(run, "status"),
		.after = page->after,
		.limit = page->limit,
	};
	const char *slug = command_value(run, "tenant");

	if (slug != NULL) {
		params.customer_id = command_tenant_id(run, slug, end);
		if (params.customer_id == NULL)
			return NULL;
	}
	if (command_value(run, "ticket") != NULL)
		return list_of_ticket(run, params.customer_id, page, end);
	return command_batch(run, STMT_COMMAND_MESSAGE_LIST, &params, end);
}

static enum command_exit
list(struct command_run *run)
{
	struct command_rows rows = {
		.columns = columns,
		.full = command_value(run, "full") != NULL,
	};
	const char *status = command_value(run, "status");
	enum command_exit end = COMMAND_DONE;
	struct command_page page;

	if (command_page(&page, run) != 0)
		return COMMAND_USAGE;
	if (page.after != NULL && !id_is_valid(page.after))
		return command_usage(run, "--after takes an id");
	if (status != NULL && !is_status(status))
		return command_usage(run,
		    "--status takes queued, sending, sent, delivered, failed, "
		    "unknown, expired, suppressed or received");
	if (command_value(run, "ticket") != NULL &&
	    command_value(run, "tenant") == NULL)
		return command_usage(run, "--ticket needs --tenant: every firm "
					  "counts its own tickets");
	rows.batch = list_of_tenant(run, &page, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, &page, "id");
	return COMMAND_DONE;
}

static enum command_exit
resolve(struct command_run *run)
{
	static const char *const words[] = { "sent", "failed", "absent" };
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_message_resolve params = {
		.id = run->operands[0],
		.said = run->operands[1],
		.event_id = id_new_in(run->arena),
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	bool known = false;
	struct db_batch *b;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		known = known || strcmp(words[i], params.said) == 0;
	if (!known || !id_is_valid(params.id))
		return command_usage(run,
		    "resolve takes the message's id, as message list shows it, "
		    "and sent, failed or absent");
	b = command_batch(run, STMT_COMMAND_MESSAGE_RESOLVE, &params, &end);
	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0) {
		command_error("no message has the id %s", params.id);
		return COMMAND_NOT_FOUND;
	}
	if (db_get(b, 0, 0, "status") == NULL) {
		command_error("the message is %s: only of an unknown one a "
			      "person may say what became of it",
		    db_get(b, 0, 0, "before"));
		return COMMAND_REFUSED;
	}
	message_wake();
	if (run->json)
		(void)printf("{\"id\":\"%s\",\"status\":\"%s\"}\n", params.id,
		    db_get(b, 0, 0, "status"));
	else
		(void)printf(
		    "message %s is %s\n", params.id, db_get(b, 0, 0, "status"));
	return COMMAND_DONE;
}

const struct command commands_message[] = {
	{ "message list", "", "list messages, newest first", 0, 0, options,
	    list },
	{ "message resolve", "ID sent|failed|absent",
	    "say what became of an unknown message; an absent one is sent "
	    "again",
	    2, 2, NULL, resolve },
	{ 0 },
};
