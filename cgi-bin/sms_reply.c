/*
 * sms_reply - POST /api/webhook/sms-reply
 *
 * Does what a text to the firm asks for: 1 is an emergency, 2 wants a call, 3
 * the online form, STOP ends all messages; anything else is added to the
 * contact's ticket or opens one. Each text is kept.
 */
#include "inbound.h"
#include "intake.h"
#include "problem.h"
#include "route.h"

static int
sms_reply_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct inbound_request in;
	struct inbound_answer out;

	if (inbound_request_read(&in, req, why) != 0)
		return -1;
	if (inbound_receive(&out, &in, req, why) != 0)
		return -1;
	inbound_answer_write(res, req, &in, &out);
	return 0;
}

static const struct route sms_reply = {
	.name = "sms_reply",
	.handle = { [HTTP_POST] = sms_reply_post },
	.body_max = 64 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
	.prepare = intake_prepare,
};

int
main(void)
{
	return route_main(&sms_reply);
}
