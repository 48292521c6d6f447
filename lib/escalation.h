/*
 * escalation.h - what nobody did in time: alerts without an answer, promises
 * that were not kept
 */
#ifndef LIB_ESCALATION_H
#define LIB_ESCALATION_H

struct arena;
struct problem;
struct request;

struct escalation_run {
	long escalated; /* promises that were not kept: the firm is told once */
	long repeated;  /* alerts that the next one on call is told of */
	long skipped;   /* alerts that went round without an answer */
	long total;
};

/*
 * One run of the cron: everything that is due, batch by batch, each of which
 * reads again, decides and queues in one transaction. It stops after some
 * seconds, and the next run goes on. A second one beside it leaves alone what
 * the first has locked.
 */
int escalation_run(
    struct escalation_run *out, const struct request *req, struct problem *why);

char *escalation_run_json(struct arena *a, const struct escalation_run *run);

#endif
