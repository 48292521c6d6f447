/*
 * migrate.h - the database's schema, brought to the version of this program
 *
 * The texts of schema/ are part of the program. Each runs in one transaction
 * together with its row in schema_migrations, whose checksum tells later
 * whether the text is still the one that was applied.
 */
#ifndef LIB_MIGRATE_H
#define LIB_MIGRATE_H

#include <stdbool.h>

struct arena;
struct db;
struct problem;

struct migrate_step {
	int version;
	const char *name;       /* "0001_ground" */
	const char *applied_at; /* RFC 3339; NULL: not yet */
};

struct migrate_plan {
	struct migrate_step *steps; /* all that this program knows, in order */
	int count;
	int applied; /* so many of them, from the first, are in the database */
	bool is_older; /* than the database: why migrate_read() refused */
};

/*
 * Let nobody else migrate until db is freed; waits up to a minute for who does.
 * db has the role STMT_ROLE_OWNER, here and below.
 */
int migrate_lock(struct db *db, struct arena *a, struct problem *why);

/*
 * Look what is applied. -1 where migrating would be wrong: another role than
 * opsfabric_owner, somebody else's schema_migrations, a text that is not the
 * one that was applied, a database newer than this program.
 */
int migrate_read(struct migrate_plan *out, struct db *db, struct arena *a,
    struct problem *why);

/* Apply the first step that is not; on failure nothing of it stays. */
int migrate_next(struct migrate_plan *plan, struct db *db, struct arena *a,
    struct problem *why);

#endif
