/*
 * db.h - Postgres: one connection, batches of prepared statements
 *
 * A batch is a libpq pipeline and therefore one transaction and one round trip:
 * everything in it commits or nothing does. BEGIN is never sent. Every wait has
 * a deadline; a connection that did not answer in time is thrown away and the
 * next batch makes a new one, to whichever of the hosts in the address takes
 * writes. So is one whose server takes none any more.
 *
 * Nothing of a batch stays in its session, so a pooler may give each batch
 * another one; DATABASE_PREPARE=no if the pooler knows no prepared statements.
 */
#ifndef LIB_DB_H
#define LIB_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "stmt.h"

struct arena;
struct db;
struct db_batch;
struct problem;

/*
 * A connection as the given role, made at the first batch. program appears in
 * pg_stat_activity and is kept, not copied. Free with db_free().
 */
struct db *db_new(enum stmt_role role, const char *program);
void db_free(struct db *db);

/*
 * Connect now unless connected: prepares every statement of the role, and looks
 * whether role and schema are what the program needs. -1 if Postgres is away
 * (try again later) or wrong (db_is_wrong(): end, after saying so).
 */
int db_connect(struct db *db, struct problem *why);

/*
 * True once the database was reached and refused for good: a role that could
 * see other tenants' rows, a schema older than this program, a statement that
 * does not fit. The reason is in the log.
 */
bool db_is_wrong(const struct db *db);

/* When its server last answered, in microseconds since 1970; 0: never. */
int64_t db_answered_us(const struct db *db);

/*
 * Did the last batch fail for what the server says it lacks: room, memory,
 * connections, a disk that works, the right to write? Another one would lack
 * it as well.
 */
bool db_is_lacking(const struct db *db);

/* Has it just been found to be away? Whoever has another way takes that, and
 * does not wait for the next attempt. */
bool db_is_away(const struct db *db);

/*
 * A batch for one tenant. It begins with TENANT_SET, which also takes the
 * advisory lock named lock_key: the contact's number or address, or the event's
 * id where there is no contact.
 */
struct db_batch *db_batch(struct db *db, struct arena *a, const char *tenant_id,
    const char *lock_key);

/* A batch of the look-ups that find the tenant; row level security shows it
 * nothing else. */
struct db_batch *db_batch_untenanted(struct db *db, struct arena *a);

/* A batch of a program with the service role, which acts for all tenants. */
struct db_batch *db_batch_service(struct db *db, struct arena *a);

/*
 * Add a statement. params points to its struct of stmt_params.h, or is NULL for
 * one without parameters; what it points to must live until the flush.
 */
void db_queue(struct db_batch *b, enum stmt stmt, const void *params);

/*
 * Run the batch. It is run once more when a constraint or a deadlock says that
 * another request was faster (23502, 23505, 40P01, 40001), and when the
 * connection was lost: the ids in it are the caller's, so a second run of what
 * did commit finds its own rows. A statement of which that is not true goes
 * through db_flush_once(); tests/schema/test_twice.sql runs the others twice.
 *
 * -1 with PROBLEM_TRY_AGAIN if it did not commit, or if that is not known;
 * db_sqlstate() tells a caller that expects a certain failure.
 */
int db_flush(struct db_batch *b, struct problem *why);

/* The same without the second run: for batches that must not run twice. */
int db_flush_once(struct db_batch *b, struct problem *why);

/* Of the i-th queued statement (TENANT_SET is not counted). */
int db_rows(const struct db_batch *b, int i);

/* A value by its column's name, or NULL; lives as long as the arena. */
const char *db_get(
    const struct db_batch *b, int i, int row, const char *column);
bool db_true(const struct db_batch *b, int i, int row, const char *column);

/* SQLSTATE of the failure, "" if none. */
const char *db_sqlstate(const struct db_batch *b);

/* Was it that others held the contact, TENANT_SET's lock, for too long? */
bool db_contact_is_held(const struct db_batch *b);

/* Round trips made on this connection since the last call, and their time. */
struct db_effort {
	int round_trips;
	long us;
};
struct db_effort db_effort(struct db *db);

/*
 * Run a text of one or several statements in one transaction, without a
 * deadline: for migrations, which may take as long as they must. *first, unless
 * NULL, becomes the first value of its last result (NULL if there is none).
 */
int db_script(struct db *db, struct arena *a, const char *sql,
    const char **first, struct problem *why);

#endif
