/*
 * wizard - GET /<slug>/anfrage, GET /<slug>/anfrage/danke
 *
 * By which way a visitor asks the firm, the form of that way, and what happens
 * after it was sent, which is to /api/ticket. The same on the firm's own
 * domain, without the slug.
 */
#include "wizard.h"
#include "problem.h"
#include "route.h"

static int
wizard_get(const struct request *req, struct response *res, struct problem *why)
{
	return wizard_show(res, req, why);
}

static const struct route wizard = {
	.name = "wizard",
	.handle = { [HTTP_GET] = wizard_get },
	.accepts = BODY_FORM,
};

int
main(void)
{
	return route_main(&wizard);
}
