/*
 * health - whether requests can be served
 */
#include "health.h"

#include <stddef.h>
#include <stdlib.h>

#include "buf.h"
#include "clock.h"
#include "db.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"

int
health_check(struct health *out, const struct request *req, struct problem *why)
{
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);
	int64_t begun_us = clock_ticks_us();

	db_queue(b, STMT_HEALTH, NULL);
	if (db_flush(b, why) != 0)
		return -1;
	out->database_us = (long)(clock_ticks_us() - begun_us);
	out->schema_version =
	    strtol(db_get(b, 0, 0, "schema_version"), NULL, 10);
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
	json_obj_close(&b);
	return b.text;
}
