/*
 * root - GET /
 *
 * On a firm's own domain its home page; on any other host it leads a visitor to
 * the page of the default firm.
 */
#include "problem.h"
#include "route.h"
#include "site.h"
#include "tenant.h"

static int
root_get(const struct request *req, struct response *res, struct problem *why)
{
	struct site site;

	if (site_of(&site, req, why) == 0)
		return site_page(res, &site, req);
	if (why->code != PROBLEM_TENANT_UNKNOWN)
		return -1;
	res->location = tenant_default_link(req->arena);
	if (res->location == NULL)
		return site_unknown(res, req, why);
	*why = (struct problem){ 0 };
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
