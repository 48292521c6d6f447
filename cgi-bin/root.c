/*
 * root - GET /
 *
 * Leads a visitor of the bare address to the page of the default firm.
 */
#include "problem.h"
#include "route.h"
#include "tenant.h"

static int
root_get(const struct request *req, struct response *res, struct problem *why)
{
	res->location = tenant_default_link(req->arena);
	if (res->location == NULL)
		return problem(why, PROBLEM_NOT_FOUND, NULL,
		    "This installation names no default firm");
	res->status = 302;
	return 0;
}

static const struct route root = {
	.name = "root",
	.handle = { [HTTP_GET] = root_get },
};

int
main(void)
{
	return route_main(&root);
}
