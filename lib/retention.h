/*
 * retention.h - personal data has an end: what is done is closed, what was kept
 * long enough is forgotten
 *
 * retention.def says how long; schema/0015_retention.sql says what forgetting
 * means.
 */
#ifndef LIB_RETENTION_H
#define LIB_RETENTION_H

#include <stdbool.h>

struct arena;
struct problem;
struct request;

enum retention_step {
#define RETENTION(step, days, words, what) RETENTION_##step,
#include "retention.def"
#undef RETENTION
	RETENTION_MAX
};

struct retention_run {
	long done[RETENTION_MAX]; /* rows, by step */
	bool finished; /* or is there more, for which the time was too short? */
};

/*
 * One run of the cron: step by step, in small batches, each a transaction of
 * its own. It stops after some seconds, and the next run goes on. A second one
 * beside it leaves alone what the first has locked. -1 with PROBLEM_TRY_AGAIN,
 * or PROBLEM_INTERNAL where a photo's file cannot be deleted; what was done
 * before stays done.
 */
int retention_run(
    struct retention_run *out, const struct request *req, struct problem *why);

/* {"closed": 3, ..., "finished": true} */
char *retention_run_json(struct arena *a, const struct retention_run *run);

#endif
