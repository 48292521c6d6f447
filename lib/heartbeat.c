/*
 * heartbeat - so that a timer that stopped is told from one with nothing to do
 */
#include "heartbeat.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "route.h"

const struct heartbeat_job heartbeat_jobs[] = {
#define HEARTBEAT(job, when, most, kind) { job, most, HEARTBEAT_##kind },
#include "heartbeat.def"
#undef HEARTBEAT
	{ NULL, 0, HEARTBEAT_OWN },
};

static int
beat(const char *job, struct db_batch *b, struct clock_time at,
    struct problem *why)
{
	char host[HOST_NAME_MAX + 1] = "";
	struct clock_text now = clock_text(at);
	struct stmt_heartbeat params = {
		.job = job,
		.host = host,
		.now = now.text,
	};

	(void)gethostname(host, sizeof(host) - 1);
	db_queue(b, STMT_HEARTBEAT, &params);
	return db_flush(b, why);
}

int
heartbeat_write(const char *job, const struct request *req, struct problem *why)
{
	return beat(job, db_batch_service(req->db, req->arena), req->now, why);
}

int
heartbeat_prove(struct db *db, struct arena *a, struct problem *why)
{
	return beat("replay", db_batch_service(db, a), clock_now(), why);
}

long
heartbeat_age_s(const struct db_batch *b, int i, const char *job)
{
	for (int row = 0; row < db_rows(b, i); row++)
		if (strcmp(db_get(b, i, row, "job"), job) == 0)
			return strtol(db_get(b, i, row, "age_s"), NULL, 10);
	return -1;
}
