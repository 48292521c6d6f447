/*
 * db - Postgres: one connection, batches of prepared statements
 */
#include "db.h"

#include <assert.h>
#include <errno.h>
#include <libpq-fe.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "log.h"
#include "problem.h"
#include "schema_version.h"

/* Longer than the roles' statement_timeout: what ends here did not answer. */
#define ANSWER_MS 6000
#define CONNECT_MS 2000
/*
 * After a time-out those who wait in line are told soon: a healthy database
 * takes a few milliseconds, so it is still found by the next request.
 */
#define CONNECT_BRIEF_MS 150
#define BRIEF_MS 1000
/* Between two attempts to connect; a request inside it waits for its end. */
#define RETRY_MS 100
#define BATCH_MAX 8

struct db {
	PGconn *conn;
	const char *program;
	enum stmt_role role;
	bool wrong;
	int64_t retry_at_us;
	int64_t brief_until_us;
	struct db_effort effort;
};

struct queued {
	enum stmt stmt;
	const void *params;
	PGresult *result;
};

struct db_batch {
	struct db *db;
	struct arena *arena;
	bool tenanted;
	struct stmt_tenant_set tenant;
	int count;
	struct queued queued[BATCH_MAX];
	char sqlstate[6];
};

struct db *
db_new(enum stmt_role role, const char *program)
{
	struct db *db = calloc(1, sizeof(*db));

	if (db == NULL)
		abort();
	db->role = role;
	db->program = program;
	return db;
}

static void
db_drop(struct db *db)
{
	if (db->conn != NULL)
		PQfinish(db->conn);
	db->conn = NULL;
}

void
db_free(struct db *db)
{
	if (db == NULL)
		return;
	db_drop(db);
	free(db);
}

bool
db_is_wrong(const struct db *db)
{
	return db->wrong;
}

/* What libpq says ends with a newline and may have several. */
static void
log_away(const struct db *db, const char *what)
{
	log_warn("database: %s: %s", what,
	    db->conn == NULL ? "" : PQerrorMessage(db->conn));
}

/* Wait for the socket until the deadline. -1 when it passed. */
static int
wait_for(struct db *db, short events, int64_t deadline_us)
{
	struct pollfd fd = { .fd = PQsocket(db->conn), .events = events };
	int64_t left_ms;
	int rc;

	do {
		left_ms = (deadline_us - clock_ticks_us() + 999) / 1000;
		rc = left_ms <= 0 ? 0 : poll(&fd, 1, (int)left_ms);
	} while (rc < 0 && errno == EINTR);
	if (rc > 0)
		return 0;
	if (clock_ticks_us() >= db->brief_until_us)
		db->brief_until_us = clock_ticks_us() + BRIEF_MS * 1000;
	return -1;
}

static int
connect_wait(struct db *db)
{
	int64_t now_us = clock_ticks_us();
	int64_t deadline_us =
	    now_us +
	    (now_us < db->brief_until_us ? CONNECT_BRIEF_MS : CONNECT_MS) *
		1000;
	PostgresPollingStatusType state = PGRES_POLLING_WRITING;

	while (state != PGRES_POLLING_OK) {
		if (state == PGRES_POLLING_FAILED)
			return -1;
		if (wait_for(db,
			state == PGRES_POLLING_READING ? POLLIN : POLLOUT,
			deadline_us) != 0)
			return -1;
		state = PQconnectPoll(db->conn);
	}
	return 0;
}

static const char *
role_url(enum stmt_role role)
{
	if (role == STMT_ROLE_WEB)
		return config_get(CONFIG_DATABASE_URL);
	if (role == STMT_ROLE_OWNER)
		return config_get(CONFIG_DATABASE_OWNER_URL);
	return config_get(CONFIG_DATABASE_SERVICE_URL);
}

/* Send what is buffered, and read until libpq has a whole result. */
static int
result_wait(struct db *db, int64_t deadline_us)
{
	int unsent = PQflush(db->conn);

	while (unsent > 0 || PQisBusy(db->conn)) {
		if (wait_for(db, unsent > 0 ? POLLIN | POLLOUT : POLLIN,
			deadline_us) != 0)
			return -1;
		if (PQconsumeInput(db->conn) == 0)
			return -1;
		if (unsent > 0)
			unsent = PQflush(db->conn);
	}
	return unsent;
}

/*
 * The results of a pipeline up to its sync, handed to keep() with the number of
 * the command they belong to. -1 if the connection did not last.
 */
static int
pipeline_read(struct db *db, int64_t deadline_us,
    void (*keep)(void *arg, int command, PGresult *result), void *arg)
{
	int command = 0;

	for (;;) {
		PGresult *result;

		if (result_wait(db, deadline_us) != 0 ||
		    PQstatus(db->conn) != CONNECTION_OK)
			return -1;
		result = PQgetResult(db->conn);
		if (result == NULL) {
			command++;
			continue;
		}
		if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
			PQclear(result);
			return 0;
		}
		keep(arg, command, result);
	}
}

/*
 * Did Postgres refuse what we asked (class 42: a name or a right that is not
 * there), or was it only the moment: a server that goes down while we start,
 * or a time-out?
 */
static bool
is_refused(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && strncmp(sqlstate, "42", 2) == 0;
}

struct start {
	struct db *db;
	bool interrupted;
};

static void
prepared_keep(void *arg, int command, PGresult *result)
{
	struct start *start = arg;

	(void)command;
	if (is_refused(result)) {
		log_error("database: a statement does not fit the schema: %s",
		    PQresultErrorMessage(result));
		start->db->wrong = true;
	} else if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		start->interrupted = true;
	}
	PQclear(result);
}

static int
prepare_all(struct db *db)
{
	struct start start = { .db = db };

	for (enum stmt s = 0; s < STMT_MAX; s++) {
		if ((stmt_role(s) & db->role) == 0)
			continue;
		if (PQsendPrepare(
			db->conn, stmt_name(s), stmt_sql(s), 0, NULL) == 0)
			return -1;
	}
	if (PQpipelineSync(db->conn) == 0)
		return -1;
	if (pipeline_read(db, clock_ticks_us() + ANSWER_MS * 1000,
		prepared_keep, &start) != 0)
		return -1;
	return start.interrupted && !db->wrong ? -1 : 0;
}

/* A role that gets round row level security makes every policy a decoration. */
static void
role_danger(struct db *db, const PGresult *result)
{
	static const struct {
		const char *column;
		const char *safe;
		const char *danger;
	} dangers[] = {
		{ "superuser", "f", "is a superuser" },
		{ "bypassrls", "f", "has BYPASSRLS" },
		{ "owns_tables", "f", "owns the tables" },
		{ "member_of", "", "is a member of another role" },
	};

	for (size_t i = 0; i < sizeof(dangers) / sizeof(dangers[0]); i++) {
		int column = PQfnumber(result, dangers[i].column);

		if (strcmp(PQgetvalue(result, 0, column), dangers[i].safe) == 0)
			continue;
		log_error("database: role %s %s; schema/roles.sql makes those "
			  "that programs may run with",
		    PQgetvalue(result, 0, PQfnumber(result, "role")),
		    dangers[i].danger);
		db->wrong = true;
	}
}

/* What the program stands on. Says what is wrong, and who mends it how. */
static void
role_keep(void *arg, int command, PGresult *result)
{
	struct start *start = arg;
	struct db *db = start->db;
	long version;

	(void)command;
	if (is_refused(result)) {
		log_error("database: no schema to be seen (%s); "
			  "run opsfabric migrate",
		    PQresultErrorMessage(result));
		db->wrong = true;
	}
	if (PQresultStatus(result) != PGRES_TUPLES_OK) {
		start->interrupted = true;
		PQclear(result);
		return;
	}
	role_danger(db, result);
	version =
	    strtol(PQgetvalue(result, 0, PQfnumber(result, "schema_version")),
		NULL, 10);
	if (version < SCHEMA_VERSION) {
		log_error("database: schema version %ld, this program needs "
			  "%d; run opsfabric migrate",
		    version, SCHEMA_VERSION);
		db->wrong = true;
	}
	PQclear(result);
}

/* First of all and alone: on an old schema the others need not fit. */
static int
role_check(struct db *db)
{
	struct start start = { .db = db };

	if (PQsendQueryParams(db->conn, stmt_sql(STMT_ROLE_CHECK), 0, NULL,
		NULL, NULL, NULL, 0) == 0 ||
	    PQpipelineSync(db->conn) == 0)
		return -1;
	if (pipeline_read(db, clock_ticks_us() + ANSWER_MS * 1000, role_keep,
		&start) != 0)
		return -1;
	return start.interrupted && !db->wrong ? -1 : 0;
}

static int
connect_once(struct db *db)
{
	const char *keys[] = { "dbname", "application_name", "client_encoding",
		NULL };
	const char *values[] = { role_url(db->role), db->program, "UTF8",
		NULL };

	if (*values[0] == '\0') {
		log_error("database: %s is not set",
		    config_name(db->role == STMT_ROLE_WEB ? CONFIG_DATABASE_URL
				: db->role == STMT_ROLE_OWNER
				    ? CONFIG_DATABASE_OWNER_URL
				    : CONFIG_DATABASE_SERVICE_URL));
		db->wrong = true;
		return -1;
	}
	db->conn = PQconnectStartParams(keys, values, 1);
	if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD ||
	    connect_wait(db) != 0) {
		log_away(db, "cannot connect");
		return -1;
	}
	if (db->role == STMT_ROLE_OWNER)
		return 0;
	if (PQsetnonblocking(db->conn, 1) != 0 ||
	    PQenterPipelineMode(db->conn) == 0 || role_check(db) != 0) {
		log_away(db, "connection lost while starting");
		return -1;
	}
	if (db->wrong)
		return -1;
	if (prepare_all(db) != 0) {
		log_away(db, "connection lost while preparing");
		return -1;
	}
	return db->wrong ? -1 : 0;
}

int
db_connect(struct db *db, struct problem *why)
{
	int64_t early_us = db->retry_at_us - clock_ticks_us();

	if (db->conn != NULL)
		return 0;
	if (db->wrong)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database does not fit this program");
	if (early_us > 0)
		(void)poll(NULL, 0, (int)(early_us / 1000) + 1);
	if (connect_once(db) != 0) {
		db_drop(db);
		db->retry_at_us = clock_ticks_us() + RETRY_MS * 1000;
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be reached at the moment");
	}
	return 0;
}

/* Named, so that a batch without a tenant cannot be written by oversight. */
static struct db_batch *
batch_new(struct db *db, struct arena *a)
{
	struct db_batch *b = arena_alloc(a, sizeof(*b));

	b->db = db;
	b->arena = a;
	return b;
}

struct db_batch *
db_batch(
    struct db *db, struct arena *a, const char *tenant_id, const char *lock_key)
{
	struct db_batch *b = batch_new(db, a);

	b->tenanted = true;
	b->tenant.tenant = tenant_id;
	b->tenant.lock_key = lock_key;
	return b;
}

struct db_batch *
db_batch_untenanted(struct db *db, struct arena *a)
{
	assert(db->role == STMT_ROLE_WEB);
	return batch_new(db, a);
}

struct db_batch *
db_batch_service(struct db *db, struct arena *a)
{
	assert(db->role == STMT_ROLE_SERVICE);
	return batch_new(db, a);
}

/* The only ones that a web program may run without a tenant. */
static bool
is_untenanted(enum stmt s)
{
	return s == STMT_TENANT_BY_SLUG || s == STMT_TENANT_BY_ADDRESS ||
	       s == STMT_TOKEN_TENANT || s == STMT_REVIEW_LINK_TENANT ||
	       s == STMT_EVENT_UNMATCHED || s == STMT_HEALTH;
}

void
db_queue(struct db_batch *b, enum stmt stmt, const void *params)
{
	struct queued *q = &b->queued[b->count];

	assert(b->count < BATCH_MAX);
	assert((stmt_role(stmt) & b->db->role) != 0);
	assert(
	    b->tenanted || b->db->role != STMT_ROLE_WEB || is_untenanted(stmt));
	q->stmt = stmt;
	q->params = params;
	b->count++;
}

static void
result_clear(void *result)
{
	PQclear(result);
}

static void
batch_keep(void *arg, int command, PGresult *result)
{
	struct db_batch *b = arg;
	ExecStatusType status = PQresultStatus(result);
	const char *sqlstate;
	int i = command - (b->tenanted ? 1 : 0);

	arena_defer(b->arena, result_clear, result);
	if (status == PGRES_FATAL_ERROR) {
		sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
		if (b->sqlstate[0] == '\0' && sqlstate != NULL)
			memcpy(b->sqlstate, sqlstate, 5);
		log_warn("database: %s: %s",
		    i >= 0 && i < b->count ? stmt_name(b->queued[i].stmt)
					   : "tenant_set",
		    PQresultErrorMessage(result));
	} else if (i >= 0 && i < b->count && status == PGRES_TUPLES_OK) {
		b->queued[i].result = result;
	}
}

static int
statement_send(struct db *db, enum stmt s, const void *params)
{
	/* The generated structs hold nothing but const char *, in order. */
	const char *const *values = params;

	return PQsendQueryPrepared(db->conn, stmt_name(s), stmt_params(s),
		   values, NULL, NULL, 0) == 1
	           ? 0
	           : -1;
}

static int
batch_send(struct db_batch *b)
{
	if (b->tenanted &&
	    statement_send(b->db, STMT_TENANT_SET, &b->tenant) != 0)
		return -1;
	for (int i = 0; i < b->count; i++) {
		b->queued[i].result = NULL;
		if (statement_send(
			b->db, b->queued[i].stmt, b->queued[i].params) != 0)
			return -1;
	}
	return PQpipelineSync(b->db->conn) == 1 ? 0 : -1;
}

static bool
is_worth_a_second_run(const struct db_batch *b)
{
	static const char *const states[] = { "23502", "23505", "40P01",
		"40001" };

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (strcmp(b->sqlstate, states[i]) == 0)
			return true;
	/* The server is going down or was told to end this connection. */
	return strncmp(b->sqlstate, "57P", 3) == 0;
}

/* After a migration: what was prepared here does not fit any more. */
static bool
is_stale_plan(const struct db_batch *b)
{
	return strcmp(b->sqlstate, "26000") == 0 ||
	       strcmp(b->sqlstate, "0A000") == 0;
}

/*
 * Lost connections, conflicts, full disks, locks, stops: the same may pass in a
 * moment. Not so a value that does not fit or a right that is missing.
 */
static bool
is_of_the_moment(const struct db_batch *b)
{
	static const char *const classes[] = { "08", "40", "53", "55", "57",
		"58", "XX" };

	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		if (strncmp(b->sqlstate, classes[i], 2) == 0)
			return true;
	return false;
}

static int
again_later(struct problem *why, int rc)
{
	(void)problem(why, PROBLEM_TRY_AGAIN, NULL,
	    "The database could not do it just now");
	return rc;
}

/* 0 committed, -1 the statements failed, -2 the connection did. */
static int
batch_run(struct db_batch *b, struct problem *why)
{
	struct db *db = b->db;
	int64_t begun_us = clock_ticks_us();
	int rc;

	memset(b->sqlstate, 0, sizeof(b->sqlstate));
	if (db_connect(db, why) != 0)
		return -2;
	rc = batch_send(b);
	if (rc == 0)
		rc = pipeline_read(
		    db, begun_us + ANSWER_MS * 1000, batch_keep, b);
	db->effort.round_trips++;
	db->effort.us += (long)(clock_ticks_us() - begun_us);
	if (rc != 0) {
		log_away(db, "no answer");
		db_drop(db);
		return again_later(why, -2);
	}
	if (is_stale_plan(b)) {
		db_drop(db);
		return again_later(why, -2);
	}
	if (b->sqlstate[0] == '\0')
		return 0;
	if (is_of_the_moment(b) || is_worth_a_second_run(b))
		return again_later(why, -1);
	return problem(why, PROBLEM_INTERNAL, NULL,
	    "This cannot be stored; it is in the log");
}

int
db_flush_once(struct db_batch *b, struct problem *why)
{
	return batch_run(b, why) == 0 ? 0 : -1;
}

int
db_flush(struct db_batch *b, struct problem *why)
{
	int64_t begun_us = clock_ticks_us();
	struct problem first;
	int rc = batch_run(b, &first);

	if (rc == 0)
		return 0;
	*why = first;
	/* After a deadline has passed once, the client has waited enough. */
	if (rc == -2 &&
	    (b->db->wrong || clock_ticks_us() - begun_us > CONNECT_MS * 1000))
		return -1;
	if (rc == -1 && !is_worth_a_second_run(b))
		return -1;
	return batch_run(b, why) == 0 ? 0 : -1;
}

int
db_rows(const struct db_batch *b, int i)
{
	assert(i >= 0 && i < b->count);
	return b->queued[i].result == NULL ? 0 : PQntuples(b->queued[i].result);
}

const char *
db_get(const struct db_batch *b, int i, int row, const char *column)
{
	PGresult *result;
	int col;

	assert(i >= 0 && i < b->count);
	result = b->queued[i].result;
	if (result == NULL || row < 0 || row >= PQntuples(result))
		return NULL;
	col = PQfnumber(result, column);
	assert(col >= 0);
	if (PQgetisnull(result, row, col))
		return NULL;
	return PQgetvalue(result, row, col);
}

bool
db_true(const struct db_batch *b, int i, int row, const char *column)
{
	const char *value = db_get(b, i, row, column);

	return value != NULL && *value == 't';
}

const char *
db_sqlstate(const struct db_batch *b)
{
	return b->sqlstate;
}

struct db_effort
db_effort(struct db *db)
{
	struct db_effort effort = db->effort;

	db->effort = (struct db_effort){ 0 };
	return effort;
}

int
db_script(struct db *db, struct arena *a, const char *sql, const char **first,
    struct problem *why)
{
	PGresult *result;
	ExecStatusType status;

	if (first != NULL)
		*first = NULL;
	if (db_connect(db, why) != 0)
		return -1;
	result = PQexec(db->conn, sql);
	arena_defer(a, result_clear, result);
	status = PQresultStatus(result);
	if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
	    status != PGRES_EMPTY_QUERY) {
		/* The whole of it, with the hint, is for the log. */
		log_error("database: %s", PQerrorMessage(db->conn));
		return problem(why, PROBLEM_INTERNAL, NULL, "%s",
		    PQerrorMessage(db->conn));
	}
	if (first != NULL && PQntuples(result) > 0 && PQnfields(result) > 0 &&
	    !PQgetisnull(result, 0, 0))
		*first = PQgetvalue(result, 0, 0);
	return 0;
}
