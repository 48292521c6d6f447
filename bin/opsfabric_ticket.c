/*
 * opsfabric_ticket - shows tickets, and moves them as staff do
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "status.h"
#include "tenant.h"
#include "ticket.h"

static const struct command_option listing[] = {
	{ "status", "STATUS", "NEW, NEEDS_CALLBACK, SCHEDULED, ..." },
	{ "full", NULL, "whole numbers and addresses" },
	{ "limit", "N", "rows of a page, 50 unless told" },
	{ "after", "NUMBER", "begin behind this one" },
	{ 0 },
};

static const struct command_option showing[] = {
	{ "full", NULL, "whole numbers and addresses" },
	{ 0 },
};

static const struct command_option moving[] = {
	{ "at", "INSTANT", "with SCHEDULED: the appointment begins" },
	{ "until", "INSTANT", "it ends; an hour later unless told" },
	{ "who", "NAME", "goes there" },
	{ 0 },
};

static const struct command_column list_columns[] = {
	{ "number", "NUMBER", CELL_NUMBER },
	{ "status", "STATUS", CELL_TEXT },
	{ "urgency", "URGENCY", CELL_TEXT },
	{ "source", "SOURCE", CELL_TEXT },
	{ "contact_name", "NAME", CELL_TEXT },
	{ "contact_phone", "PHONE", CELL_MASKED },
	{ "contact_email", NULL, CELL_MASKED },
	{ "intent", NULL, CELL_TEXT },
	{ "unread", "UNREAD", CELL_BOOL },
	{ "sla_due_at", "PROMISED", CELL_TEXT },
	{ "created_at", "CREATED", CELL_TEXT },
	{ "updated_at", NULL, CELL_TEXT },
	{ "id", NULL, CELL_TEXT },
	{ 0 },
};

static const struct command_column ticket_columns[] = {
	{ "number", "number", CELL_NUMBER },
	{ "id", "id", CELL_TEXT },
	{ "status", "status", CELL_TEXT },
	{ "urgency", "urgency", CELL_TEXT },
	{ "source", "source", CELL_TEXT },
	{ "intent", "intent", CELL_TEXT },
	{ "contact_name", "name", CELL_TEXT },
	{ "contact_phone", "phone", CELL_MASKED },
	{ "contact_email", "e-mail", CELL_MASKED },
	{ "summary", "summary", CELL_TEXT },
	{ "metadata", "metadata", CELL_JSON },
	{ "unread", "unread", CELL_BOOL },
	{ "sla_due_at", "promised until", CELL_TEXT },
	{ "escalated_at", "escalated", CELL_TEXT },
	{ "job_completed_at", "job completed", CELL_TEXT },
	{ "review_due_at", "review due", CELL_TEXT },
	{ "review_request_sent_at", "review asked", CELL_TEXT },
	{ "review_clicked", "review clicked", CELL_BOOL },
	{ "created_at", "created", CELL_TEXT },
	{ "updated_at", "updated", CELL_TEXT },
	{ 0 },
};

static const struct command_column event_columns[] = {
	{ "seq", NULL, CELL_NUMBER },
	{ "created_at", "WHEN", CELL_TEXT },
	{ "event_type", "WHAT", CELL_TEXT },
	{ "old_value", "BEFORE", CELL_TEXT },
	{ "new_value", "AFTER", CELL_TEXT },
	{ "metadata", "MORE", CELL_JSON },
	{ 0 },
};

static const struct command_column message_columns[] = {
	{ "created_at", "CREATED", CELL_TEXT },
	{ "direction", "DIRECTION", CELL_TEXT },
	{ "template", "TEXT", CELL_TEXT },
	{ "from_number", NULL, CELL_MASKED },
	{ "to_number", NULL, CELL_MASKED },
	{ "status", "STATUS", CELL_TEXT },
	{ "reason", "REASON", CELL_TEXT },
	{ "error", "ERROR", CELL_TEXT },
	{ "body", "BODY", CELL_TEXT },
	{ "id", NULL, CELL_TEXT },
	{ 0 },
};

static const struct command_column appointment_columns[] = {
	{ "starts_at", "BEGINS", CELL_TEXT },
	{ "ends_at", "ENDS", CELL_TEXT },
	{ "who", "WHO", CELL_TEXT },
	{ "cancelled_at", "CANCELLED", CELL_TEXT },
	{ 0 },
};

static const struct command_column photo_columns[] = {
	{ "created_at", "CREATED", CELL_TEXT },
	{ "width", "WIDTH", CELL_NUMBER },
	{ "height", "HEIGHT", CELL_NUMBER },
	{ "bytes", "BYTES", CELL_NUMBER },
	{ "id", "ID", CELL_TEXT },
	{ 0 },
};

static enum command_exit
list(struct command_run *run)
{
	struct command_rows rows = {
		.columns = list_columns,
		.full = command_value(run, "full") != NULL,
	};
	struct stmt_command_ticket_list params = {
		.status = command_value(run, "status"),
	};
	enum command_exit end = COMMAND_DONE;
	struct command_page page;
	enum status status;
	long after;

	if (command_page(&page, run) != 0 ||
	    command_number(&after, run, "after", 0, INT32_MAX) != 0)
		return COMMAND_USAGE;
	if (params.status != NULL && status_parse(&status, params.status) != 0)
		return command_usage(run,
		    "--status takes NEW, NEEDS_CALLBACK, SCHEDULED, "
		    "IN_PROGRESS, DONE or CLOSED");
	params.customer_id = command_tenant_id(run, run->operands[0], &end);
	if (params.customer_id == NULL)
		return end;
	params.after = page.after;
	params.limit = page.limit;
	rows.batch =
	    command_batch(run, STMT_COMMAND_TICKET_LIST, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, &page, "number");
	return COMMAND_DONE;
}

/* The rows that hang on a ticket. */
#define PARTS 4
struct part {
	const char *name;
	enum stmt stmt;
	const struct command_column *columns;
};
static const struct part parts[PARTS] = {
	{ "history", STMT_COMMAND_TICKET_EVENTS, event_columns },
	{ "appointments", STMT_COMMAND_TICKET_APPOINTMENTS,
	    appointment_columns },
	{ "photos", STMT_COMMAND_TICKET_PHOTOS, photo_columns },
	{ "messages", STMT_COMMAND_TICKET_MESSAGES, message_columns },
};

static int
parts_read(struct command_run *run, struct command_rows *rows,
    const char *ticket_id, enum command_exit *end)
{
	/* Each of these statements has the ticket as its only parameter. */
	struct stmt_command_ticket_events params = { .ticket_id = ticket_id };

	for (int i = 0; i < PARTS; i++) {
		rows[i].batch = command_batch(run, parts[i].stmt, &params, end);
		if (rows[i].batch == NULL)
			return -1;
		rows[i].i = 0;
		rows[i].count = db_rows(rows[i].batch, 0);
		rows[i].columns = parts[i].columns;
		rows[i].full = command_value(run, "full") != NULL;
	}
	return 0;
}

static void
show_json(struct command_run *run, const struct command_rows *ticket,
    const struct command_rows *rows)
{
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	command_json_row(&b, ticket, 0);
	for (int i = 0; i < PARTS; i++)
		command_json_rows(&b, parts[i].name, &rows[i]);
	json_obj_close(&b);
	command_put(&b);
}

static enum command_exit
show(struct command_run *run)
{
	struct command_rows ticket = {
		.count = 1,
		.columns = ticket_columns,
		.full = command_value(run, "full") != NULL,
	};
	struct command_rows rows[PARTS];
	enum command_exit end = COMMAND_DONE;
	const char *tenant_id = command_tenant_id(run, run->operands[0], &end);

	if (tenant_id == NULL)
		return end;
	ticket.batch = command_ticket(run, tenant_id, run->operands[1], &end);
	if (ticket.batch == NULL)
		return end;
	if (parts_read(run, rows, db_get(ticket.batch, 0, 0, "id"), &end) != 0)
		return end;
	if (run->json) {
		show_json(run, &ticket, rows);
		return COMMAND_DONE;
	}
	command_print_row(run, &ticket);
	for (int i = 0; i < PARTS; i++) {
		if (rows[i].count == 0)
			continue;
		(void)printf("\n%s\n", parts[i].name);
		command_print_table(run, &rows[i]);
	}
	return COMMAND_DONE;
}

/* What the route would have got for a body, so that the same rules hold. */
static const char *
move_body(struct command_run *run, const char *ticket_id)
{
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "ticket_id", ticket_id);
	json_str(&b, "status", run->operands[2]);
	if (command_value(run, "at") != NULL)
		json_str(&b, "starts_at", command_value(run, "at"));
	if (command_value(run, "until") != NULL)
		json_str(&b, "ends_at", command_value(run, "until"));
	if (command_value(run, "who") != NULL)
		json_str(&b, "who", command_value(run, "who"));
	json_obj_close(&b);
	return b.text;
}

static enum command_exit
move_as_staff(struct command_run *run, struct request *req)
{
	const struct tenant *tenant;
	struct ticket_move move;
	struct ticket_moved moved;
	struct problem why;

	if (tenant_by_slug(&tenant, req, run->operands[0], NULL, &why) != 0) {
		/* That it is there was seen before. */
		if (why.code != PROBLEM_TENANT_UNKNOWN)
			return command_failed(&why, req->db);
		command_error("the firm %s is not active: its tickets stay as "
			      "they are until opsfabric tenant activate",
		    run->operands[0]);
		return COMMAND_REFUSED;
	}
	if (ticket_move_read(&move, req, &why) != 0 ||
	    ticket_move(&moved, &move, tenant, command_actor(run->arena), req,
		&why) != 0)
		return command_failed(&why, req->db);
	if (run->json)
		(void)printf("%s\n", ticket_moved_json(run->arena, &moved));
	else
		(void)printf("ticket %ld of %s: %s -> %s, message %s\n",
		    moved.number, tenant->slug, status_name(moved.before),
		    status_name(moved.after), moved.message);
	return COMMAND_DONE;
}

/*
 * As the role of the routes and through their own statements: it takes the
 * contact's lock, and texts and reviews follow as they do from the console.
 */
static enum command_exit
move(struct command_run *run)
{
	enum command_exit end = COMMAND_DONE;
	const char *tenant_id = command_tenant_id(run, run->operands[0], &end);
	struct request req = { .arena = run->arena,
		.now = clock_now(),
		.id = "",
		.path = "",
		.query = "",
		.authorization = "",
		.idempotency_key = "",
		.user_agent = "",
		.purpose = "",
		.body_kind = BODY_JSON };
	struct db_batch *ticket;

	if (tenant_id == NULL)
		return end;
	ticket = command_ticket(run, tenant_id, run->operands[1], &end);
	if (ticket == NULL)
		return end;
	/* It will carry the message, or nobody knows who does. */
	if (provider_configured() == NULL)
		return COMMAND_REFUSED;
	req.body = move_body(run, db_get(ticket, 0, 0, "id"));
	req.body_len = strlen(req.body);
	req.db = db_new(STMT_ROLE_WEB, "opsfabric");
	end = move_as_staff(run, &req);
	db_free(req.db);
	return end;
}

const struct command commands_ticket[] = {
	{ "ticket list", "SLUG", "list a firm's tickets, newest first", 1, 1,
	    listing, list },
	{ "ticket show", "SLUG NUMBER", "show a ticket with its whole history",
	    2, 2, showing, show },
	{ "ticket move", "SLUG NUMBER STATUS", "give a ticket another status",
	    3, 3, moving, move },
	{ 0 },
};
