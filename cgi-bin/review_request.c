/*
 * review_request - POST /api/cron/review-request
 *
 * Asks the contacts of finished tickets for a Google review: those whose delay
 * is over, outside quiet hours, once in 180 days. Run it as often as you like
 * and beside itself: nobody is asked twice, nobody is forgotten.
 */
#include "problem.h"
#include "review.h"
#include "route.h"

static int
review_request_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct review_run out;

	if (review_run(&out, req, why) != 0)
		return -1;
	res->body = review_run_json(req->arena, &out);
	return 0;
}

static const struct route review_request = {
	.name = "review_request",
	.handle = { [HTTP_POST] = review_request_post },
};

int
main(void)
{
	return route_main(&review_request);
}
