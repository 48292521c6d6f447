/*
 * health - whether requests can be served
 */
#include "health.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "buf.h"
#include "clock.h"
#include "db.h"
#include "heartbeat.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"

#define STALE_MAX (sizeof(((struct health *)0)->stale) / sizeof(char *) - 1)

/*
 * Where a job never succeeded, its timer has had time since the last upgrade;
 * unless nobody here may want it.
 */
static void
timers_look(struct health *out, const struct db_batch *b)
{
	long schema_age_s = strtol(db_get(b, 0, 0, "schema_age_s"), NULL, 10);
	const struct heartbeat_job *job;
	size_t n = 0;

	for (job = heartbeat_jobs; job->name != NULL; job++) {
		long age_s = heartbeat_age_s(b, 1, job->name);

		if ((job->kind == HEARTBEAT_CRON || age_s >= 0) &&
		    n < STALE_MAX &&
		    (age_s < 0 ? schema_age_s : age_s) > job->most_s)
			out->stale[n++] = job->name;
	}
	out->stale[n] = NULL;
}

int
health_check(struct health *out, const struct request *req, struct problem *why)
{
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);
	struct clock_text now = clock_text(req->now);
	struct stmt_health health = { .now = now.text };
	struct stmt_heartbeat_ages ages = { .now = now.text };
	int64_t begun_us = clock_ticks_us();

	db_queue(b, STMT_HEALTH, &health);
	db_queue(b, STMT_HEARTBEAT_AGES, &ages);
	if (db_flush(b, why) != 0)
		return -1;
	out->database_us = (long)(clock_ticks_us() - begun_us);
	out->schema_version =
	    strtol(db_get(b, 0, 0, "schema_version"), NULL, 10);
	timers_look(out, b);
	return 0;
}

char *
health_json(struct arena *a, const struct health *h)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "status", "ok");
	json_str(&b, "database", "ok");
	json_int(&b, "schema_version", h->schema_version);
	json_int(&b, "database_us", h->database_us);
	json_arr_open(&b, "stale_timers");
	for (int i = 0; h->stale[i] != NULL; i++)
		json_str(&b, NULL, h->stale[i]);
	json_arr_close(&b);
	json_obj_close(&b);
	return b.text;
}
