/*
 * missed_call - GET and POST /api/webhook/missed-call[/<dialect>[/<token>]]
 *
 * Turns a call that nobody took into a ticket first, then into at most one SMS
 * to the caller in a quarter of an hour, whatever the number of calls or of
 * deliveries of this webhook. A sender that cannot be verified is answered 403
 * and a called number that belongs to no firm 404; both are kept.
 */
#include "route.h"
#include "webhook.h"

static int
missed_call_take(
    const struct request *req, struct response *res, struct problem *why)
{
	return webhook_receive(WEBHOOK_CALL, req, res, why);
}

static const struct route missed_call = {
	.name = "missed_call",
	.handle = { [HTTP_GET] = missed_call_take,
	    [HTTP_POST] = missed_call_take },
	.body_max = 64 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
	.prepare = webhook_prepare,
};

int
main(void)
{
	return route_main(&missed_call);
}
