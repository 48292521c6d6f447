/*
 * opsfabric_inbound - reports that were not believed, or that are nobody's
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "dialect.h"
#include "ecall_cache.h"
#include "id.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "webhook.h"

/* Of one run; the next one goes on. */
#define POLL_MOST 500

static const struct command_option listing[] = {
	{ "why", "WORD", "unmatched, no_credential, wrong_token, ..." },
	{ "all", NULL, "also what was released or discarded" },
	{ "limit", "N", "rows of a page, 50 unless told" },
	{ "after", "ID", "begin behind this one" },
	{ 0 },
};

static const struct command_option showing[] = {
	{ "full", NULL, "what was sent as well, with numbers and texts" },
	{ 0 },
};

static const struct command_option releasing[] = {
	{ "tenant", "SLUG", "whose it is, if the number is nobody's" },
	{ 0 },
};

static const struct command_option discarding[] = {
	{ "before", "INSTANT",
	    "instead of one: all that were not believed before it" },
	{ 0 },
};

static const struct command_option polling[] = {
	{ "number", "NUMBER", "of texts to this leased number only" },
	{ 0 },
};

static const struct command_column list_columns[] = {
	{ "received_at", "RECEIVED", CELL_TEXT },
	{ "kind", "KIND", CELL_TEXT },
	{ "dialect", "DIALECT", CELL_TEXT },
	{ "why", "WHY", CELL_TEXT },
	{ "verified", NULL, CELL_BOOL },
	{ "client", "CLIENT", CELL_TEXT },
	{ "settled", "SETTLED", CELL_TEXT },
	{ "id", "ID", CELL_TEXT },
	{ 0 },
};

static const struct command_column show_columns[] = {
	{ "id", "id", CELL_TEXT },
	{ "received_at", "received", CELL_TEXT },
	{ "kind", "kind", CELL_TEXT },
	{ "dialect", "dialect", CELL_TEXT },
	{ "why", "why", CELL_TEXT },
	{ "verified", "verified", CELL_BOOL },
	{ "client", "client", CELL_TEXT },
	{ "user_agent", "user agent", CELL_TEXT },
	{ "method", "method", CELL_TEXT },
	{ "signed", "signed", CELL_TEXT },
	{ "provider", NULL, CELL_TEXT },
	{ "event_id", NULL, CELL_TEXT },
	{ "settled", "settled", CELL_TEXT },
	{ "settled_at", "settled at", CELL_TEXT },
	{ "answer", "answer", CELL_JSON },
	{ "fields", "fields", CELL_PRIVATE },
	{ "begins", "begins", CELL_PRIVATE },
	{ 0 },
};

static enum command_exit
no_event(const struct command_run *run, const char *id)
{
	command_error("no report that is nobody's has the id %s",
	    command_plain(run->arena, id));
	return COMMAND_NOT_FOUND;
}

static enum command_exit
list(struct command_run *run)
{
	struct command_rows rows = { .columns = list_columns };
	struct stmt_command_inbound_list params = {
		.why = command_value(run, "why"),
		.settled = command_value(run, "all") != NULL ? "true" : "false",
	};
	enum command_exit end = COMMAND_DONE;
	struct command_page page;

	if (command_page(&page, run) != 0)
		return COMMAND_USAGE;
	if (page.after != NULL && !id_is_valid(page.after))
		return command_usage(run, "--after takes an id");
	params.after = page.after;
	params.limit = page.limit;
	rows.batch =
	    command_batch(run, STMT_COMMAND_INBOUND_LIST, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, &page, "id");
	return COMMAND_DONE;
}

static enum command_exit
show(struct command_run *run)
{
	struct command_rows rows = {
		.columns = show_columns,
		.full = command_value(run, "full") != NULL,
	};
	struct stmt_command_inbound_show params = { .id = run->operands[0] };
	enum command_exit end = COMMAND_DONE;
	struct buf b;

	if (!id_is_valid(params.id))
		return command_usage(run, "show takes an id of inbound list");
	rows.batch =
	    command_batch(run, STMT_COMMAND_INBOUND_SHOW, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	if (rows.count == 0)
		return no_event(run, params.id);
	if (!run->json) {
		command_print_row(run, &rows);
		return COMMAND_DONE;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	command_json_row(&b, &rows, 0);
	json_obj_close(&b);
	command_put(&b);
	return COMMAND_DONE;
}

/* What the route would have had, without the request's own words. */
static struct request
request_make(const struct command_run *run, struct db *db)
{
	return (struct request){
		.arena = run->arena,
		.db = db,
		.method = HTTP_POST,
		.now = clock_now(),
		.id = "",
		.path = "",
		.query = "",
		.uri = "",
		.client = "",
		.authorization = "",
		.idempotency_key = "",
		.twilio_signature = "",
		.user_agent = "",
		.purpose = "",
		.body = "",
	};
}

/* The way of the route, as its role. */
static enum command_exit
take(struct command_run *run, const struct webhook_kept *kept,
    const char **answer)
{
	struct db *db = db_new(STMT_ROLE_WEB, "opsfabric");
	struct request req = request_make(run, db);
	enum command_exit end = COMMAND_DONE;
	struct problem why;

	webhook_prepare();
	if (webhook_release(answer, &req, kept, &why) != 0) {
		if (why.code == PROBLEM_TENANT_UNKNOWN && kept->slug == NULL)
			command_error(
			    "%s: say whose it is with --tenant", why.detail);
		end = why.code == PROBLEM_TENANT_UNKNOWN && kept->slug == NULL
		          ? COMMAND_REFUSED
		          : command_failed(&why, db);
	}
	db_free(db);
	return end;
}

static void
released_print(
    const struct command_run *run, const char *id, const char *answer)
{
	struct buf b;

	if (!run->json) {
		(void)printf("%s is released: %s\n", id,
		    command_plain(run->arena, answer));
		return;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "id", id);
	json_str(&b, "settled", "released");
	json_raw(&b, "answer", answer);
	json_obj_close(&b);
	command_put(&b);
}

static bool
is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/* Claimed: take it, and note what was decided. */
static enum command_exit
release_claimed(
    struct command_run *run, const char *id, const struct db_batch *claimed)
{
	struct webhook_kept kept = {
		.request = db_get(claimed, 0, 0, "raw"),
		.fingerprint = db_get(claimed, 0, 0, "fingerprint"),
		.slug = command_value(run, "tenant"),
	};
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_inbound_settle params = { .id = id,
		.now = now.text };
	enum command_exit end, settled = COMMAND_DONE;

	end = take(run, &kept, &params.answer);
	if (command_batch(
		run, STMT_COMMAND_INBOUND_SETTLE, &params, &settled) == NULL)
		return settled;
	if (end == COMMAND_DONE)
		released_print(run, id, params.answer);
	return end;
}

static enum command_exit
release(struct command_run *run)
{
	struct stmt_command_inbound_claim params = { .id = run->operands[0] };
	enum command_exit end = COMMAND_DONE;
	const char *settled;
	struct db_batch *b;

	if (!id_is_valid(params.id))
		return command_usage(
		    run, "release takes an id of inbound list");
	if (provider_configured() == NULL)
		return COMMAND_REFUSED;
	b = command_batch(run, STMT_COMMAND_INBOUND_CLAIM, &params, &end);
	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0)
		return no_event(run, params.id);
	settled = db_get(b, 0, 0, "settled");
	if (is(settled, "released")) {
		released_print(run, params.id, db_get(b, 0, 0, "answer"));
		return COMMAND_DONE;
	}
	if (is(settled, "discarded")) {
		command_error(
		    "%s was discarded: nothing of it is left", params.id);
		return COMMAND_REFUSED;
	}
	return release_claimed(run, params.id, b);
}

static void
discarded_print(const struct command_run *run, const struct db_batch *b)
{
	struct buf out;

	if (!run->json) {
		(void)printf("%d discarded\n", db_rows(b, 0));
		return;
	}
	buf_init(&out, run->arena);
	json_obj_open(&out, NULL);
	json_int(&out, "discarded", db_rows(b, 0));
	json_obj_close(&out);
	command_put(&out);
}

static enum command_exit
discard(struct command_run *run)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_inbound_discard params = {
		.before = command_value(run, "before"),
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct clock_time before;
	const char *settled;
	struct db_batch *b;

	if ((run->operand_count == 1) == (params.before != NULL))
		return command_usage(
		    run, "discard takes an id, or --before an instant");
	params.id = run->operand_count == 1 ? run->operands[0] : NULL;
	if (params.id != NULL && !id_is_valid(params.id))
		return command_usage(
		    run, "discard takes an id of inbound list");
	if (params.before != NULL && clock_parse(&before, params.before) != 0)
		return command_usage(run, "--before takes an instant, as "
					  "2026-11-26T10:00:00+01:00");
	b = command_batch(run, STMT_COMMAND_INBOUND_DISCARD, &params, &end);
	if (b == NULL)
		return end;
	if (params.id != NULL && db_rows(b, 0) == 0)
		return no_event(run, params.id);
	settled = params.id == NULL ? NULL : db_get(b, 0, 0, "settled");
	if (is(settled, "released") || is(settled, "releasing")) {
		command_error("%s was released, or is being so", params.id);
		return COMMAND_REFUSED;
	}
	discarded_print(run, b);
	return COMMAND_DONE;
}

/* One of eCall's texts, by the way of the callback; then eCall may forget it.
 */
static int
fetched_take(struct command_run *run, struct db *db,
    const struct ecall_cached *text, struct problem *why)
{
	struct request req = request_make(run, db);
	const char *answer;

	req.client = config_get(CONFIG_ECALL_HTTPS_URL);
	req.body = text->id;
	req.body_len = strlen(text->id);
	if (webhook_fetched(&answer, &req, WEBHOOK_TEXT, &dialect_ecall,
		text->form, why) != 0)
		return -1;
	return ecall_cache_delete(run->arena, text->id, why);
}

/* Until the cache is empty; one that does not go would come for ever. */
static int
poll_all(
    struct command_run *run, struct db *db, int *count, struct problem *why)
{
	const char *number = command_value(run, "number");
	const char *last = "";
	struct ecall_cached text;

	for (; *count < POLL_MOST; (*count)++) {
		if (ecall_cache_next(&text, run->arena, number, why) != 0)
			return -1;
		if (text.id == NULL)
			return 0;
		if (strcmp(text.id, last) == 0)
			return problem(why, PROBLEM_INTERNAL, NULL,
			    "eCall gives a text again that was deleted");
		if (fetched_take(run, db, &text, why) != 0)
			return -1;
		last = text.id;
	}
	return 0;
}

/* So that doctor can tell a timer that stopped from a cache that is empty. */
static enum command_exit
poll_report(struct command_run *run)
{
	struct db *db = db_new(STMT_ROLE_SERVICE, "opsfabric");
	struct db_batch *b = db_batch_service(db, run->arena);
	struct clock_text now = clock_text(clock_now());
	char host[HOST_NAME_MAX + 1] = "";
	struct stmt_heartbeat params = {
		.job = "inbound-poll",
		.host = host,
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct problem why;

	(void)gethostname(host, sizeof(host) - 1);
	db_queue(b, STMT_HEARTBEAT, &params);
	if (db_flush(b, &why) != 0)
		end = command_failed(&why, db);
	db_free(db);
	return end;
}

static enum command_exit
poll_ecall(struct command_run *run)
{
	enum command_exit end;
	struct problem why;
	struct db *db;
	int count = 0;

	if (provider_configured() == NULL)
		return COMMAND_REFUSED;
	if (*config_get(CONFIG_ECALL_USERNAME) == '\0') {
		command_error("ECALL_USERNAME is not set");
		return COMMAND_REFUSED;
	}
	webhook_prepare();
	db = db_new(STMT_ROLE_WEB, "opsfabric");
	if (poll_all(run, db, &count, &why) != 0)
		end = command_failed(&why, db);
	else
		end = poll_report(run);
	db_free(db);
	if (run->json)
		(void)printf("{\"fetched\":%d}\n", count);
	else
		(void)printf("%d fetched\n", count);
	return end;
}

const struct command commands_inbound[] = {
	{ "inbound list", "", "list reports not believed, or nobody's", 0, 0,
	    listing, list },
	{ "inbound show", "ID", "show one of them", 1, 1, showing, show },
	{ "inbound release", "ID", "take it as if it had been believed", 1, 1,
	    releasing, release },
	{ "inbound discard", "[ID]", "lead it to nothing", 0, 1, discarding,
	    discard },
	{ "inbound poll", "", "fetch the texts that eCall keeps for us", 0, 0,
	    polling, poll_ecall },
	{ 0 },
};
