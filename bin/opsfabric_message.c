/*
 * opsfabric_message - what was sent, what was not, and why
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "id.h"
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

const struct command commands_message[] = {
	{ "message list", "", "list messages, newest first", 0, 0, options,
	    list },
	{ 0 },
};
