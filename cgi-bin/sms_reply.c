/*
 * sms_reply - GET and POST /api/webhook/sms-reply[/<dialect>[/<token>]]
 *
 * Does what a text to the firm asks for: 1 is an emergency, 2 wants a call, 3
 * the online form, STOP ends all messages; anything else is added to the
 * contact's ticket or opens one. Each text is kept, also one whose sender
 * cannot be verified (403) or whose number belongs to no firm (404).
 */
#include "route.h"
#include "webhook.h"

static int
sms_reply_take(
    const struct request *req, struct response *res, struct problem *why)
{
	return webhook_receive(WEBHOOK_TEXT, req, res, why);
}

static const struct route sms_reply = {
	.name = "sms_reply",
	.handle = { [HTTP_GET] = sms_reply_take, [HTTP_POST] = sms_reply_take },
	.body_max = 64 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
	.prepare = webhook_prepare,
};

int
main(void)
{
	return route_main(&sms_reply);
}
