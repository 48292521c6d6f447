/*
 * missed_call - POST /api/webhook/missed-call
 *
 * Turns a call that nobody took into a ticket first, then into at most one SMS
 * to the caller in a quarter of an hour, whatever the number of calls or of
 * deliveries of this webhook. A called number that belongs to no firm is kept
 * and answered 404.
 */
#include "call.h"
#include "intake.h"
#include "problem.h"
#include "route.h"

static int
missed_call_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct call_request in;
	struct call_answer out;

	if (call_request_read(&in, req, why) != 0)
		return -1;
	if (call_open(&out, &in, req, why) != 0)
		return -1;
	call_answer_write(res, req, &in, &out);
	return 0;
}

static const struct route missed_call = {
	.name = "missed_call",
	.handle = { [HTTP_POST] = missed_call_post },
	.body_max = 64 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
	.prepare = intake_prepare,
};

int
main(void)
{
	return route_main(&missed_call);
}
