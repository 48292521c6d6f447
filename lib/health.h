/*
 * health.h - whether requests can be served
 */
#ifndef LIB_HEALTH_H
#define LIB_HEALTH_H

struct arena;
struct problem;
struct request;

struct health {
	long schema_version;
	long database_us; /* one round trip */
	const char
	    *stale[16]; /* jobs of the timers that are silent; NULL ends */
};

/* -1 with PROBLEM_TRY_AGAIN while the database cannot be reached. */
int health_check(
    struct health *out, const struct request *req, struct problem *why);

char *health_json(struct arena *a, const struct health *h);

#endif
