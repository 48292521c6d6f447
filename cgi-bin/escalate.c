/*
 * escalate - POST /api/cron/escalate
 *
 * Tells the next one on call of every alert that nobody has answered in time,
 * and the firm of every promise it did not keep. Run it every minute, also
 * beside itself: nobody is told twice, nobody is forgotten.
 */
#include "escalation.h"
#include "problem.h"
#include "route.h"

static int
escalate_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct escalation_run out;

	if (escalation_run(&out, req, why) != 0)
		return -1;
	res->body = escalation_run_json(req->arena, &out);
	return 0;
}

static const struct route escalate = {
	.name = "escalate",
	.handle = { [HTTP_POST] = escalate_post },
};

int
main(void)
{
	return route_main(&escalate);
}
