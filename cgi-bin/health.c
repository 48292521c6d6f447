/*
 * health - GET /healthz
 *
 * 200 while requests can be served, 503 while the database cannot be reached.
 * That this program answers at all says that nginx and the workers run.
 */
#include "health.h"
#include "problem.h"
#include "route.h"

static int
health_get(const struct request *req, struct response *res, struct problem *why)
{
	struct health out;

	if (health_check(&out, req, why) != 0)
		return -1;
	res->body = health_json(req->arena, &out);
	return 0;
}

static const struct route health = {
	.name = "health",
	.handle = { [HTTP_GET] = health_get },
};

int
main(void)
{
	return route_main(&health);
}
