/*
 * page - GET /<slug>, /<slug>/leistungen, /<slug>/kontakt, ...
 *
 * The pages of a firm: what it does, where and when it is, who answers for it.
 * On the firm's own domain they stand without the slug. Whatever no other route
 * is for comes here, so an address that is nobody's gets a page that says so.
 */
#include "problem.h"
#include "route.h"
#include "site.h"

static int
page_get(const struct request *req, struct response *res, struct problem *why)
{
	struct site site;

	if (site_of(&site, req, why) != 0)
		return site_unknown(res, req, why);
	return site_page(res, &site, req);
}

static const struct route page = {
	.name = "page",
	.handle = { [HTTP_GET] = page_get },
};

int
main(void)
{
	return route_main(&page);
}
