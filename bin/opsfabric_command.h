/*
 * opsfabric_command.h - what the commands of opsfabric have in common
 *
 * A command is a row of a table: its words, options and operands are data, from
 * which the command line is read and --help is written. What a program may read
 * goes to standard output, what a person must know to standard error.
 */
#ifndef BIN_OPSFABRIC_COMMAND_H
#define BIN_OPSFABRIC_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "stmt.h"

struct arena;
struct buf;
struct db;
struct db_batch;
struct problem;

/* Exit statuses; docs/man/opsfabric.1 promises them. */
enum command_exit {
	COMMAND_DONE = 0,
	COMMAND_REFUSED = 1, /* it failed, or would be wrong */
	COMMAND_USAGE = 2,
	COMMAND_NOT_FOUND = 3,
	COMMAND_AWAY = 4,  /* the database cannot be reached */
	COMMAND_NEWER = 5, /* the database is newer than this program */
};

/* Without the dashes. --help and --json every command has. */
struct command_option {
	const char *name;
	const char *value; /* as --help calls it; NULL: a switch */
	const char *meaning;
};

#define COMMAND_OPTIONS_MAX 24

struct command_run;

struct command {
	const char *name;     /* "tenant add" */
	const char *operands; /* "SLUG", for --help; "" for none */
	const char *purpose;
	int least; /* operands */
	int most;
	const struct command_option *options; /* ends with {0}; NULL: none */
	enum command_exit (*run)(struct command_run *run);
};

/* One invocation. */
struct command_run {
	struct arena *arena;
	const struct command *command;
	char *const *operands;
	int operand_count;
	const char *values[COMMAND_OPTIONS_MAX]; /* by the option's place */
	bool json;
	struct db *db; /* of command_batch() */
};

/* The tables, each ending with {0}. */
extern const struct command commands_clock[], commands_contact[],
    commands_doctor[], commands_domain[], commands_rehearsal[],
    commands_restored[], commands_inbound[], commands_message[],
    commands_migrate[], commands_secret[], commands_spool[], commands_tenant[],
    commands_tenant_check[], commands_tenant_file[], commands_text[],
    commands_ticket[], commands_token[];

/* The value of an option, "" for a switch that is set, NULL if it is not. */
const char *command_value(const struct command_run *run, const char *option);

/* The same as a whole number from least to most. -1, having said so. */
int command_number(long *out, const struct command_run *run, const char *option,
    long least, long most);

/* --limit (50) and --after for statements; "limit" is one row more than shown,
 * which tells whether there is a next page. */
struct command_page {
	long shown;
	const char *limit;
	const char *after; /* or NULL */
};
int command_page(struct command_page *out, const struct command_run *run);

/* A line on standard error, beginning with "opsfabric: ". */
void command_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Say what is wrong with the command line. */
enum command_exit command_usage(const struct command_run *run, const char *fmt,
    ...) __attribute__((format(printf, 2, 3)));

/* Say *why, and how it ends. db: the connection it happened on, or NULL. */
enum command_exit command_failed(
    const struct problem *why, const struct db *db);

/*
 * Run one statement as the service role, which acts for all firms. NULL with
 * *end filled in if that failed, after having said so.
 */
struct db_batch *command_batch(struct command_run *run, enum stmt stmt,
    const void *params, enum command_exit *end);

/* The firm with that slug is not there: says so. */
enum command_exit command_no_tenant(
    const struct command_run *run, const char *slug);

/* The id of the firm with that slug; NULL with *end, having said so. */
const char *command_tenant_id(
    struct command_run *run, const char *slug, enum command_exit *end);

/* A ticket by its number, the row of COMMAND_TICKET_SHOW; NULL likewise. */
struct db_batch *command_ticket(struct command_run *run, const char *tenant_id,
    const char *number, enum command_exit *end);

/* Who does it, for the history: the person who is logged in here. */
const char *command_actor(struct arena *a);

/* The connection of command_batch(). */
struct db *command_db(struct command_run *run);

/* How a column is shown, and written as JSON. */
enum cell_kind {
	CELL_TEXT,
	CELL_NUMBER,
	CELL_BOOL,
	CELL_JSON,   /* a column of JSON */
	CELL_MASKED, /* a number or an address: whole with --full only */
	CELL_PRIVATE /* a text: with --full only */
};

struct command_column {
	const char *name;    /* in the statement, and in JSON */
	const char *heading; /* for people; NULL: in JSON only */
	enum cell_kind kind;
};

/* Rows of the i-th statement of a batch. */
struct command_rows {
	const struct db_batch *batch;
	int i;
	int count;
	const struct command_column *columns; /* ends with {0} */
	bool full; /* personal data, for whoever asks for it in so many words */
};

/* A table with aligned columns. */
void command_print_table(
    const struct command_run *run, const struct command_rows *rows);

/* Of one row "heading   value" lines, those without a value left out. */
void command_print_row(
    const struct command_run *run, const struct command_rows *rows);

/* The members of one row, into an open object. */
void command_json_row(struct buf *b, const struct command_rows *rows, int row);

/* An array of objects. */
void command_json_rows(
    struct buf *b, const char *name, const struct command_rows *rows);

/*
 * A page: at most page->shown of the rows, and how to see the next: key is the
 * column that --after takes. page NULL: all rows, of a list that stays short.
 */
void command_print_page(const struct command_run *run,
    const struct command_rows *rows, const struct command_page *page,
    const char *key);

/* A text that strangers wrote, safe for a terminal: one line, no controls. */
const char *command_plain(struct arena *a, const char *text);

/*
 * A JSON document and a newline to standard output. What a terminal would act
 * on stands there as \uXXXX, which says the same.
 */
void command_put_json(const char *json);
void command_put(const struct buf *b);

#endif
