/*
 * migrate - the database's schema, brought to the version of this program
 */
#include "migrate.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "digest.h"
#include "problem.h"
#include "template.h"

struct migration {
	int version;
	const char *name;
	const unsigned char *text;
};

#include "migrations.inc"

#define MIGRATIONS ((int)(sizeof(migrations) / sizeof(migrations[0])))

#define LOCK_WAIT_US (60 * CLOCK_SECOND)
#define LOCK_POLL_MS 200

static const char *
migration_text(const struct migration *m)
{
	return (const char *)m->text;
}

static struct digest_hex
migration_checksum(const struct migration *m)
{
	const char *text = migration_text(m);

	return digest_sha256(text, strlen(text));
}

int
migrate_lock(struct db *db, struct arena *a, struct problem *why)
{
	int64_t deadline_us = clock_ticks_us() + LOCK_WAIT_US;
	const char *locked;

	for (;;) {
		if (db_script(db, a, stmt_sql(STMT_COMMAND_MIGRATE_LOCK),
			&locked, why) != 0)
			return -1;
		if (locked != NULL && *locked == 't')
			return 0;
		if (clock_ticks_us() > deadline_us)
			return problem(why, PROBLEM_INTERNAL, NULL,
			    "Another migration of this database is running");
		(void)poll(NULL, 0, LOCK_POLL_MS);
	}
}

/* Is it a database that may be migrated, and has it our table? */
static int
ground_read(
    bool *has_table, struct db *db, struct arena *a, struct problem *why)
{
	const char *ground;

	if (db_script(db, a, stmt_sql(STMT_COMMAND_MIGRATE_GROUND), &ground,
		why) != 0)
		return -1;
	assert(ground != NULL);
	if (strncmp(ground, "role ", 5) == 0)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "DATABASE_OWNER_URL connects as %s; the tables must "
		    "belong to opsfabric_owner",
		    ground + 5);
	if (strncmp(ground, "roles ", 6) == 0)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "The roles are missing: run schema/roles.sql in this "
		    "database as a superuser first");
	if (strncmp(ground, "foreign ", 8) == 0)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "This database has a table schema_migrations that "
		    "OpsFabric did not make. Nothing was changed");
	if (strncmp(ground, "taken ", 6) == 0)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "This database already has tables under our names, or "
		    "types, that OpsFabric did not make: %s. Nothing was "
		    "changed",
		    ground + 6);
	*has_table = strncmp(ground, "ours ", 5) == 0;
	return 0;
}

/* One line of COMMAND_MIGRATE_APPLIED against the text of this program. */
static int
applied_compare(struct migrate_plan *plan, struct arena *a, const char *line,
    struct problem *why)
{
	char checksum[65], applied_at[32], name[64], *rest;
	long version = strtol(line, &rest, 10);

	if (sscanf(rest, " %64s %31s %63[^\n]", checksum, applied_at, name) !=
	    3)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "schema_migrations cannot be read: %.60s", line);
	if (version > MIGRATIONS) {
		plan->is_older = true;
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "The database has migration %s, this program ends with "
		    "%s: it is older than the database. Nothing was changed",
		    name, migrations[MIGRATIONS - 1].name);
	}
	if (version != plan->applied + 1)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "schema_migrations lacks %s, but has %s",
		    migrations[plan->applied].name, name);
	if (strcmp(migration_checksum(&migrations[version - 1]).text,
		checksum) != 0)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "schema/%s.sql is not the text that was applied on %s as "
		    "%s: a migration that is applied must not be edited",
		    migrations[version - 1].name, applied_at, name);
	plan->steps[version - 1].applied_at = arena_strdup(a, applied_at);
	plan->applied++;
	return 0;
}

int
migrate_read(struct migrate_plan *out, struct db *db, struct arena *a,
    struct problem *why)
{
	const char *applied = NULL;
	bool has_table = false;

	out->count = MIGRATIONS;
	out->applied = 0;
	out->is_older = false;
	out->steps = arena_alloc(a, sizeof(*out->steps) * MIGRATIONS);
	for (int i = 0; i < MIGRATIONS; i++) {
		out->steps[i].version = migrations[i].version;
		out->steps[i].name = migrations[i].name;
	}
	if (ground_read(&has_table, db, a, why) != 0)
		return -1;
	if (has_table &&
	    db_script(db, a, stmt_sql(STMT_COMMAND_MIGRATE_APPLIED), &applied,
		why) != 0)
		return -1;
	while (applied != NULL) {
		if (applied_compare(out, a, applied, why) != 0)
			return -1;
		applied = strchr(applied, '\n');
		if (applied != NULL)
			applied++;
	}
	return 0;
}

/* The values are ours: a number, [a-z0-9_] and hexadecimal digits. */
static int
record_add(struct buf *b, const struct migration *m, struct problem *why)
{
	struct digest_hex checksum = migration_checksum(m);
	struct template_value values[] = {
		{ "version", arena_printf(b->arena, "%d", m->version) },
		{ "name", m->name },
		{ "checksum", checksum.text },
	};
	const char *sql = stmt_sql(STMT_COMMAND_MIGRATE_RECORD);
	char *record;

	if (template_render(&record, b->arena, sql, values,
		sizeof(values) / sizeof(values[0]), why) != 0)
		return -1;
	buf_str(b, record);
	return 0;
}

int
migrate_next(struct migrate_plan *plan, struct db *db, struct arena *a,
    struct problem *why)
{
	const struct migration *m = &migrations[plan->applied];
	struct buf script;

	assert(plan->applied < plan->count);
	buf_init(&script, a);
	if (plan->applied == 0) {
		buf_str(&script, stmt_sql(STMT_COMMAND_MIGRATE_TABLE));
		buf_str(&script, ";\n");
	}
	buf_str(&script, migration_text(m));
	buf_str(&script, ";\n");
	if (record_add(&script, m, why) != 0 ||
	    db_script(db, a, script.text, NULL, why) != 0)
		return -1;
	plan->steps[plan->applied].applied_at =
	    arena_strdup(a, clock_text(clock_now()).text);
	plan->applied++;
	return 0;
}
