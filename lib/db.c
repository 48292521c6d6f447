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
/* To one host. */
#define CONNECT_MS 2000
/*
 * Whatever there is to do for a batch, with several hosts and a second run: who
 * asked is told within ten seconds.
 */
#define BATCH_MS 8000
/*
 * After a time-out those who wait in line are told soon: a healthy database
 * takes a few milliseconds, so it is still found by the next request.
 */
#define CONNECT_BRIEF_MS 250
#define BRIEF_MS 3000
/* Between two attempts to connect; a request inside it waits for its end. */
#define RETRY_MS 100
#define BATCH_MAX 8
/* More than libpq knows settings of a connection, and ours. */
#define OPTIONS_MAX 96

struct db {
	PGconn *conn;
	const char *program;
	enum stmt_role role;
	bool wrong;
	bool is_unprepared;  /* a pooler may give each batch another server */
	int host;            /* of several, the one to begin with */
	bool is_late;        /* a deadline of this batch has passed */
	bool is_lacking;     /* it failed for want of something */
	bool is_brief;       /* connecting in the shadow of a time-out */
	int64_t deadline_us; /* of this batch */
	int64_t retry_at_us; /* next attempt to connect */
	int64_t brief_until_us; /* those until then are brief */
	int64_t answered_us;    /* of the system's clock */
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
	int failed; /* by which statement; TENANT_SET is -1 */
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

int64_t
db_answered_us(const struct db *db)
{
	return db->answered_us;
}

bool
db_is_lacking(const struct db *db)
{
	return db->is_lacking;
}

bool
db_is_away(const struct db *db)
{
	return db->conn == NULL && clock_ticks_us() < db->retry_at_us;
}

/* What libpq says ends with a newline and may have several. */
static void
log_away(const struct db *db, const char *what)
{
	log_warn("database: %s: %s", what,
	    db->conn == NULL ? "" : PQerrorMessage(db->conn));
}

/* So many milliseconds from now, if the batch has them. */
static int64_t
deadline(const struct db *db, int ms)
{
	int64_t at_us = clock_ticks_us() + ms * INT64_C(1000);

	return at_us < db->deadline_us ? at_us : db->deadline_us;
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
	db->is_late = true;
	return -1;
}

static int
connect_wait(struct db *db)
{
	int64_t deadline_us =
	    deadline(db, db->is_brief ? CONNECT_BRIEF_MS : CONNECT_MS);
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
			db->answered_us = clock_system_us();
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

/* A name that we gave exists already: somebody else gave it. */
static bool
is_other_clients(const PGresult *result)
{
	const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return sqlstate != NULL && strcmp(sqlstate, "42P05") == 0;
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
	if (is_other_clients(result)) {
		log_error("database: another program's statements are in this "
			  "connection: a pooler in transaction mode that knows "
			  "no prepared statements needs %s=no",
		    config_name(CONFIG_DATABASE_PREPARE));
		start->db->wrong = true;
	} else if (is_refused(result)) {
		log_error("database: a statement does not fit the schema: %s",
		    PQresultErrorMessage(result));
		start->db->wrong = true;
	} else if (PQresultStatus(result) != PGRES_COMMAND_OK) {
		start->interrupted = true;
	}
	PQclear(result);
}

static bool
is_prepared(const struct db *db, enum stmt s)
{
	return (stmt_role(s) & db->role) != 0;
}

/* Without names nothing stays behind, but it is known that all of them fit. */
static int
prepare_all(struct db *db)
{
	struct start start = { .db = db };

	for (enum stmt s = 0; s < STMT_MAX; s++) {
		if (!is_prepared(db, s))
			continue;
		if (PQsendPrepare(db->conn,
			db->is_unprepared ? "" : stmt_name(s), stmt_sql(s), 0,
			NULL) == 0)
			return -1;
	}
	if (PQpipelineSync(db->conn) == 0)
		return -1;
	if (pipeline_read(db, deadline(db, ANSWER_MS), prepared_keep, &start) !=
	    0)
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
	if (pipeline_read(db, deadline(db, ANSWER_MS), role_keep, &start) != 0)
		return -1;
	return start.interrupted && !db->wrong ? -1 : 0;
}

static const char *
option_value(const PQconninfoOption *options, const char *keyword)
{
	while (strcmp(options->keyword, keyword) != 0)
		options++;
	return options->val;
}

static int
list_len(const char *list)
{
	int len = 1;

	for (; list != NULL && *list != '\0'; list++)
		if (*list == ',')
			len++;
	return len;
}

/*
 * Make of one of the lists host, hostaddr and port its nth of count values. One
 * port may stand for all; any other length is libpq's to complain about.
 */
static const char *
list_nth(char *list, int nth, int count)
{
	if (list == NULL || list_len(list) != count)
		return list;
	while (nth-- > 0)
		list = strchr(list, ',') + 1;
	list[strcspn(list, ",")] = '\0';
	return list;
}

/* The address in its parts, to be freed with PQconninfoFree(), and how many
 * hosts it names. */
static PQconninfoOption *
url_parse(struct db *db, int *hosts)
{
	char *error = NULL;
	PQconninfoOption *options = PQconninfoParse(role_url(db->role), &error);
	const char *list;

	if (options == NULL) {
		log_warn("database: cannot connect: %s",
		    error == NULL ? "out of memory" : error);
		PQfreemem(error);
		return NULL;
	}
	list = option_value(options, "hostaddr");
	if (list == NULL || *list == '\0')
		list = option_value(options, "host");
	*hosts = list_len(list);
	return options;
}

struct options {
	const char *keys[OPTIONS_MAX], *values[OPTIONS_MAX];
	int count;
};

static void
option_add(struct options *out, const char *key, const char *value)
{
	assert(out->count < OPTIONS_MAX);
	out->keys[out->count] = key;
	out->values[out->count++] = value;
}

/*
 * What holds unless the address says something else. A host that has lost its
 * network says nothing: the kernel gives up a connection whose bytes nobody
 * confirms, in time for a second run, and looks after one that is idle. Of
 * several hosts, only the one that takes writes is meant.
 */
static void
options_default(struct options *out, const PQconninfoOption *options, int hosts)
{
	static const struct {
		const char *key, *value;
		int hosts; /* from so many on */
	} defaults[] = {
		{ "tcp_user_timeout", "3000", 1 },
		{ "keepalives_idle", "5", 1 },
		{ "keepalives_interval", "2", 1 },
		{ "keepalives_count", "2", 1 },
		{ "target_session_attrs", "read-write", 2 },
	};

	for (size_t i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++)
		if (hosts >= defaults[i].hosts &&
		    option_value(options, defaults[i].key) == NULL)
			option_add(out, defaults[i].key, defaults[i].value);
}

/*
 * Connect to one host of those in the address, all else in which holds for it:
 * libpq itself would spend the whole time on the first that is silent.
 */
static int
connect_host(struct db *db, PQconninfoOption *options, int hosts)
{
	struct options out = { .count = 0 };

	options_default(&out, options, hosts);
	for (PQconninfoOption *o = options; o->keyword != NULL; o++) {
		bool is_list = strcmp(o->keyword, "host") == 0 ||
		               strcmp(o->keyword, "hostaddr") == 0 ||
		               strcmp(o->keyword, "port") == 0;

		if (o->val != NULL)
			option_add(&out, o->keyword,
			    is_list ? list_nth(o->val, db->host, hosts)
				    : o->val);
	}
	option_add(&out, "application_name", db->program);
	option_add(&out, "client_encoding", "UTF8");
	option_add(&out, NULL, NULL);
	db->conn = PQconnectStartParams(out.keys, out.values, 0);
	if (db->conn == NULL || PQstatus(db->conn) == CONNECTION_BAD)
		return -1;
	return connect_wait(db);
}

/* The host whose turn it is: the last good one, or behind the last bad one.
 * *hosts: how many there are. */
static int
connect_next(struct db *db, int *hosts)
{
	PQconninfoOption *options = url_parse(db, hosts);
	bool was_late = db->is_late;
	int rc;

	if (options == NULL)
		return -1;
	db->host %= *hosts;
	db->is_late = false;
	rc = connect_host(db, options, *hosts);
	PQconninfoFree(options);
	if (rc == 0) {
		db->is_late = false;
		db->is_brief = false;
		return 0;
	}
	log_away(
	    db, db->is_late ? "cannot connect: no answer" : "cannot connect");
	db_drop(db);
	db->is_late = db->is_late || was_late;
	db->host = (db->host + 1) % *hosts;
	return -1;
}

static int
connect_any(struct db *db)
{
	int hosts = 1;

	db->is_brief = clock_ticks_us() < db->brief_until_us;
	for (int i = 0; i < hosts; i++) {
		if (clock_ticks_us() >= db->deadline_us)
			return -1;
		if (connect_next(db, &hosts) == 0)
			return 0;
	}
	return -1;
}

/* -1, and wrong for good, if the settings make no sense. */
static int
settings_read(struct db *db)
{
	const char *prepare = config_get(CONFIG_DATABASE_PREPARE);

	db->is_unprepared = strcmp(prepare, "no") == 0;
	if (*role_url(db->role) == '\0')
		log_error("database: %s is not set",
		    config_name(db->role == STMT_ROLE_WEB ? CONFIG_DATABASE_URL
				: db->role == STMT_ROLE_OWNER
				    ? CONFIG_DATABASE_OWNER_URL
				    : CONFIG_DATABASE_SERVICE_URL));
	else if (!db->is_unprepared && strcmp(prepare, "yes") != 0)
		log_error("database: %s is \"%s\", not yes and not no",
		    config_name(CONFIG_DATABASE_PREPARE), prepare);
	else
		return 0;
	db->wrong = true;
	return -1;
}

static int
connect_once(struct db *db)
{
	if (settings_read(db) != 0 || connect_any(db) != 0)
		return -1;
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

/* All that is done for one batch ends by then, or it is given up. */
static void
effort_begin(struct db *db)
{
	db->deadline_us = clock_ticks_us() + BATCH_MS * 1000;
	db->is_late = false;
	db->is_lacking = false;
}

/* Those who wait in line behind a time-out are told soon; an attempt that was
 * brief already does not make it longer. */
static void
late_note(struct db *db)
{
	if (db->is_late && !db->is_brief)
		db->brief_until_us = clock_ticks_us() + BRIEF_MS * 1000;
}

static int
connect_unless(struct db *db, struct problem *why)
{
	int64_t now_us = clock_ticks_us();

	if (db->conn != NULL)
		return 0;
	if (db->wrong)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database does not fit this program");
	if (now_us < db->retry_at_us && now_us >= db->brief_until_us)
		(void)poll(
		    NULL, 0, (int)((db->retry_at_us - now_us) / 1000) + 1);
	if (connect_once(db) != 0) {
		db_drop(db);
		late_note(db);
		db->retry_at_us = clock_ticks_us() + RETRY_MS * 1000;
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be reached at the moment");
	}
	return 0;
}

int
db_connect(struct db *db, struct problem *why)
{
	effort_begin(db);
	return connect_unless(db, why);
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
	assert(db->role == STMT_ROLE_SERVICE || db->role == STMT_ROLE_COMMAND);
	return batch_new(db, a);
}

/* The only ones that a web program may run without a tenant. */
static bool
is_untenanted(enum stmt s)
{
	return s == STMT_TENANT_BY_SLUG || s == STMT_TENANT_BY_ADDRESS ||
	       s == STMT_TOKEN_TENANT || s == STMT_REVIEW_LINK_TENANT ||
	       s == STMT_ALERT_TENANT || s == STMT_PHOTO_TICKET ||
	       s == STMT_RECEIPT_LOCK || s == STMT_RECEIPT_TENANT ||
	       s == STMT_RECEIPT_PARK || s == STMT_EVENT_UNMATCHED ||
	       s == STMT_HEALTH || s == STMT_HEARTBEAT_AGES;
}

void
db_queue(struct db_batch *b, enum stmt stmt, const void *params)
{
	struct queued *q = &b->queued[b->count];

	assert(b->count < BATCH_MAX);
	assert(is_prepared(b->db, stmt));
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

/* After the last statement Postgres commits. */
static const char *
command_name(const struct db_batch *b, int i)
{
	if (i < 0)
		return stmt_name(STMT_TENANT_SET);
	return i < b->count ? stmt_name(b->queued[i].stmt) : "commit";
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
		if (b->sqlstate[0] == '\0' && sqlstate != NULL) {
			memcpy(b->sqlstate, sqlstate, 5);
			b->failed = i;
		}
		log_warn("database: %s: %s", command_name(b, i),
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
	int sent;

	if (db->is_unprepared)
		sent = PQsendQueryParams(db->conn, stmt_sql(s), stmt_params(s),
		    NULL, values, NULL, NULL, 0);
	else
		sent = PQsendQueryPrepared(db->conn, stmt_name(s),
		    stmt_params(s), values, NULL, NULL, 0);
	return sent == 1 ? 0 : -1;
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

/* It takes no writes: another host does now, or will. */
static bool
is_read_only(const struct db_batch *b)
{
	return strcmp(b->sqlstate, "25006") == 0;
}

/* The other hosts are asked first: this one may be gone, or not be the one that
 * takes writes any more. Where there is only one it is asked again. */
static void
db_leave(struct db *db)
{
	db_drop(db);
	db->host++;
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

/* Of the classes of the moment, those that no request is the cause of. */
static bool
is_for_want(const struct db_batch *b)
{
	return is_read_only(b) || strncmp(b->sqlstate, "53", 2) == 0 ||
	       strncmp(b->sqlstate, "58", 2) == 0;
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
	if (connect_unless(db, why) != 0)
		return -2;
	rc = batch_send(b);
	if (rc == 0)
		rc = pipeline_read(db, deadline(db, ANSWER_MS), batch_keep, b);
	db->effort.round_trips++;
	db->effort.us += (long)(clock_ticks_us() - begun_us);
	if (rc != 0) {
		log_away(db, "no answer");
		db_leave(db);
		late_note(db);
		return again_later(why, -2);
	}
	db->is_lacking = is_for_want(b);
	if (is_read_only(b)) {
		db_leave(db);
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
	effort_begin(b->db);
	return batch_run(b, why) == 0 ? 0 : -1;
}

int
db_flush(struct db_batch *b, struct problem *why)
{
	struct problem first;
	int rc;

	effort_begin(b->db);
	rc = batch_run(b, &first);
	if (rc == 0)
		return 0;
	*why = first;
	/* After a deadline has passed once, the client has waited enough. */
	if (rc == -2 && (b->db->wrong || b->db->is_late))
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

bool
db_contact_is_held(const struct db_batch *b)
{
	return strcmp(b->sqlstate, "55P03") == 0 && b->failed < 0;
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
		log_error("database: a script was refused: %s",
		    PQerrorMessage(db->conn));
		return problem(why, PROBLEM_INTERNAL, NULL, "%s",
		    PQerrorMessage(db->conn));
	}
	if (first != NULL && PQntuples(result) > 0 && PQnfields(result) > 0 &&
	    !PQgetisnull(result, 0, 0))
		*first = PQgetvalue(result, 0, 0);
	return 0;
}
