/*
 * opsfabric_command - what the commands of opsfabric have in common
 */
#include "opsfabric_command.h"

#include <assert.h>
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "db.h"
#include "problem.h"

#define PAGE_DEFAULT 50
#define PAGE_MOST 1000

const char *
command_value(const struct command_run *run, const char *option)
{
	const struct command_option *o = run->command->options;
	int i = 0;

	/* It must stand in the command's table. */
	while (strcmp(o[i].name, option) != 0)
		assert(o[++i].name != NULL);
	return run->values[i];
}

void
command_error(const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)fputs("opsfabric: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
}

enum command_exit
command_usage(const struct command_run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	command_error("%s", arena_vprintf(run->arena, fmt, ap));
	va_end(ap);
	command_error("see opsfabric %s --help", run->command->name);
	return COMMAND_USAGE;
}

static int
number_read(long *out, const char *text, long least, long most)
{
	char *end;
	long value;

	errno = 0;
	value = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || value < least ||
	    value > most)
		return -1;
	*out = value;
	return 0;
}

int
command_number(long *out, const struct command_run *run, const char *option,
    long least, long most)
{
	const char *text = command_value(run, option);

	if (text == NULL || number_read(out, text, least, most) == 0)
		return 0;
	(void)command_usage(run, "--%s takes a whole number from %ld to %ld",
	    option, least, most);
	return -1;
}

int
command_page(struct command_page *out, const struct command_run *run)
{
	out->shown = PAGE_DEFAULT;
	if (command_number(&out->shown, run, "limit", 1, PAGE_MOST) != 0)
		return -1;
	out->limit = arena_printf(run->arena, "%ld", out->shown + 1);
	out->after = command_value(run, "after");
	return 0;
}

/* What is whole of a message of Postgres, whose lines all end. */
static int
whole_len(const char *detail)
{
	const char *end = strrchr(detail, '\n');

	return (int)(end == NULL ? strlen(detail) : (size_t)(end - detail));
}

enum command_exit
command_failed(const struct problem *why, const struct db *db)
{
	int len = whole_len(why->detail);

	if (db != NULL && db_is_wrong(db)) {
		command_error("the database was reached, but see above");
		return COMMAND_REFUSED;
	}
	if (why->field != NULL)
		command_error("%s: %.*s", why->field, len, why->detail);
	else
		command_error("%.*s", len, why->detail);
	if (why->code == PROBLEM_TRY_AGAIN)
		return COMMAND_AWAY;
	if (problem_status(why->code) == 404)
		return COMMAND_NOT_FOUND;
	return COMMAND_REFUSED;
}

const char *
command_actor(struct arena *a)
{
	const struct passwd *user = getpwuid(getuid());

	return arena_printf(
	    a, "command:%s", user == NULL ? "?" : user->pw_name);
}

struct db *
command_db(struct command_run *run)
{
	if (run->db == NULL)
		run->db = db_new(STMT_ROLE_COMMAND, "opsfabric");
	return run->db;
}

struct db_batch *
command_batch(struct command_run *run, enum stmt stmt, const void *params,
    enum command_exit *end)
{
	struct db *db = command_db(run);
	struct db_batch *b = db_batch_service(db, run->arena);
	struct problem why;

	db_queue(b, stmt, params);
	if (db_flush(b, &why) == 0)
		return b;
	/* A statement that failed is not a database that is away. */
	if (*db_sqlstate(b) != '\0') {
		command_error("%s (SQLSTATE %s)", why.detail, db_sqlstate(b));
		*end = COMMAND_REFUSED;
	} else {
		*end = command_failed(&why, db);
	}
	return NULL;
}

enum command_exit
command_no_tenant(const struct command_run *run, const char *slug)
{
	command_error(
	    "no firm has the slug %s", command_plain(run->arena, slug));
	return COMMAND_NOT_FOUND;
}

const char *
command_tenant_id(
    struct command_run *run, const char *slug, enum command_exit *end)
{
	struct stmt_command_tenant_show params = { .slug = slug };
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_SHOW, &params, end);

	if (b == NULL)
		return NULL;
	if (db_rows(b, 0) == 0) {
		*end = command_no_tenant(run, slug);
		return NULL;
	}
	return db_get(b, 0, 0, "id");
}

struct db_batch *
command_ticket(struct command_run *run, const char *tenant_id,
    const char *number, enum command_exit *end)
{
	struct stmt_command_ticket_show params = {
		.customer_id = tenant_id,
		.number = number,
	};
	struct db_batch *b;
	long value;

	if (number_read(&value, number, 1, INT32_MAX) != 0) {
		*end = command_usage(run, "%s is no number of a ticket",
		    command_plain(run->arena, number));
		return NULL;
	}
	b = command_batch(run, STMT_COMMAND_TICKET_SHOW, &params, end);
	if (b != NULL && db_rows(b, 0) == 0) {
		command_error("this firm has no ticket %s", number);
		*end = COMMAND_NOT_FOUND;
		return NULL;
	}
	return b;
}
