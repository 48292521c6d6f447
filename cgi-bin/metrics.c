/*
 * metrics - GET /metrics
 *
 * Tells Prometheus how this host's programs do and what waits in the database.
 * 200 even while the database is away: then it says so. For the operator, whom
 * nginx lets in from this host only.
 */
#include "route.h"
#include "scrape.h"

static int
metrics_get(
    const struct request *req, struct response *res, struct problem *why)
{
	(void)why;
	res->type = SCRAPE_TYPE;
	res->body = scrape_text(req);
	return 0;
}

static const struct route metrics = {
	.name = "metrics",
	.handle = { [HTTP_GET] = metrics_get },
};

int
main(void)
{
	return route_main(&metrics);
}
