/*
 * review_link - GET /r/<code>
 *
 * Leads a contact from the review request to the firm's page for reviews, and
 * notes on the ticket that the link was opened. HEAD and the robots that make
 * previews are led there as well, but do not count.
 */
#include "problem.h"
#include "review.h"
#include "route.h"

static int
review_link_get(
    const struct request *req, struct response *res, struct problem *why)
{
	if (review_click(&res->location, req, why) != 0)
		return -1;
	res->status = 302;
	return 0;
}

static const struct route review_link = {
	.name = "review_link",
	.handle = { [HTTP_GET] = review_link_get },
};

int
main(void)
{
	return route_main(&review_link);
}
