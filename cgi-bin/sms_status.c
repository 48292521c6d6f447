/*
 * sms_status - GET and POST /api/webhook/sms-status/<dialect>[/<key>]
 *
 * Takes what a provider says later about a message: delivered, failed, or on
 * its way. The message only moves forward, whatever comes late, twice or in
 * another order. The key is the signature of the message's own address, or a
 * token; a receipt that cannot be verified is answered 403, one for a message
 * that is not known 200, and both are kept.
 */
#include "report.h"
#include "route.h"

static const struct route sms_status = {
	.name = "sms_status",
	.handle = { [HTTP_GET] = report_receive, [HTTP_POST] = report_receive },
	.body_max = 64 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
};

int
main(void)
{
	return route_main(&sms_status);
}
