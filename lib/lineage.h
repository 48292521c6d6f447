/*
 * lineage.h - is this the database whose messages this host carries, or one
 * that was restored or copied?
 *
 * A restored database does not know what has left since its backup, so what
 * waits in it may not be sent blindly. This host remembers, in
 * $OPSFABRIC_STATE/log/dispatcher.seen, how many claims it has seen, and
 * MESSAGE_GUARD holds the database against that, in the same transaction as
 * every claim. schema/0017_installation.sql says what else it looks at.
 */
#ifndef LIB_LINEAGE_H
#define LIB_LINEAGE_H

#include "id.h"

struct arena;
struct db;
struct problem;

struct lineage {
	int fd;          /* of the file, or -1 */
	struct id epoch; /* of the database that was seen last; "" for none */
	long claims;     /* so many were seen in it */
};

/* What this host remembers. Where the file cannot be written that is said in
 * the log, and what is remembered lasts as long as the process. */
void lineage_open(struct lineage *l);
void lineage_close(struct lineage *l);

/* The database has that epoch and at least so many claims. */
void lineage_note(struct lineage *l, const char *epoch, long claims);

/*
 * The database with the epoch `seen` was restored, for the reason `why`: what
 * waits in it becomes unknown, and the log says how much.
 */
int lineage_restored(struct db *db, struct arena *a, const char *seen,
    const char *why, struct problem *problem);

#endif
