/*
 * heartbeat - so that doctor can tell a timer that stopped from one with
 * nothing to do
 */
#include "heartbeat.h"

#include <limits.h>
#include <unistd.h>

#include "clock.h"
#include "db.h"
#include "route.h"

int
heartbeat_write(const char *job, const struct request *req, struct problem *why)
{
	struct db_batch *b = db_batch_service(req->db, req->arena);
	char host[HOST_NAME_MAX + 1] = "";
	struct clock_text now = clock_text(req->now);
	struct stmt_heartbeat params = {
		.job = job,
		.host = host,
		.now = now.text,
	};

	(void)gethostname(host, sizeof(host) - 1);
	db_queue(b, STMT_HEARTBEAT, &params);
	return db_flush(b, why);
}
