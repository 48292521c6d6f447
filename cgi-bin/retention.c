/*
 * retention - POST /api/cron/retention
 *
 * Closes tickets that are done, and forgets what was kept long enough. Run it
 * once a day; what one run has no time for, the next one does.
 */
#include "retention.h"

#include "problem.h"
#include "route.h"

static int
retention_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct retention_run out;

	if (retention_run(&out, req, why) != 0)
		return -1;
	res->body = retention_run_json(req->arena, &out);
	return 0;
}

static const struct route retention = {
	.name = "retention",
	.handle = { [HTTP_POST] = retention_post },
};

int
main(void)
{
	return route_main(&retention);
}
