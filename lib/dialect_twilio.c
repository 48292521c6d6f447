/*
 * dialect_twilio - Twilio's voice status callback, its Dial action, messaging
 */
#include <string.h>

#include "dialect.h"
#include "fields.h"
#include "route.h"

static int
call(struct told *out, size_t *count, const struct fields *f,
    struct problem *why)
{
	const char *bridged;

	if (dialect_plain_call(out, count, f, why) != 0 ||
	    fields_told(&bridged, f, FIELD_DIAL_BRIDGED, why) != 0)
		return -1;
	/* The leg that was dialled on ended by itself: nobody spoke on it. */
	if (out->answered != NULL && bridged != NULL &&
	    strcmp(bridged, "false") == 0 &&
	    strcmp(out->answered, "completed") == 0)
		out->answered = NULL;
	return 0;
}

/* The empty document, which makes Twilio do nothing. */
static void
answer(struct response *res, const struct request *req, const struct fields *f)
{
	(void)req;
	(void)f;
	res->type = "text/xml; charset=utf-8";
	res->body = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";
}

const struct dialect dialect_twilio = {
	.name = "twilio",
	.call = call,
	.text = dialect_plain_text,
	.answer = answer,
};
