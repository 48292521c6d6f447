/*
 * heartbeat.h - so that a timer that stopped is told from one with nothing to
 * do
 */
#ifndef LIB_HEARTBEAT_H
#define LIB_HEARTBEAT_H

struct arena;
struct db;
struct db_batch;
struct problem;
struct request;

/* Where a job has to be done. */
enum heartbeat_kind {
	HEARTBEAT_CRON,   /* everywhere: it is a route of ours */
	HEARTBEAT_BACKUP, /* where backups were set up */
	HEARTBEAT_OWN     /* where somebody wants it */
};

/* A job of the timers (heartbeat.def). */
struct heartbeat_job {
	const char *name;
	long most_s; /* so long it may be silent */
	enum heartbeat_kind kind;
};

/* Ends with a name that is NULL. */
extern const struct heartbeat_job heartbeat_jobs[];

/* This host did the work of a job, which must be one of heartbeat_jobs. */
int heartbeat_write(
    const char *job, const struct request *req, struct problem *why);

/*
 * A write of replay's, which is committed: so the database is well. It is of
 * none of the jobs, and nobody is told when it last was. a is for as long as
 * this takes.
 */
int heartbeat_prove(struct db *db, struct arena *a, struct problem *why);

/*
 * Seconds since a job last succeeded, from the answer to HEARTBEAT_AGES, which
 * is the i-th of the batch; -1 if it never did.
 */
long heartbeat_age_s(const struct db_batch *b, int i, const char *job);

#endif
