/*
 * ticket - POST /api/ticket
 *
 * Opens a ticket for a contact and queues its confirmation. A contact who
 * already has an open ticket of today gets that one back, with 200 instead of
 * 201, and nothing that the first request said is weakened. Without the firm's
 * token the caller is the public, and the ticket's source is the wizard. A form
 * is answered with a page.
 */
#include "ticket.h"
#include "intake.h"
#include "problem.h"
#include "route.h"
#include "wizard.h"

static int
ticket_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct ticket_request in;
	struct ticket_answer out;

	if (req->body_kind == BODY_FORM)
		return wizard_take(res, req, why);
	if (ticket_request_read(&in, req, why) != 0)
		return -1;
	if (ticket_open(&out, &in, req, why) != 0)
		return -1;
	res->status = out.dedupe_matched ? 200 : 201;
	res->body = ticket_answer_json(req->arena, &out);
	return 0;
}

static const struct route ticket = {
	.name = "ticket",
	.handle = { [HTTP_POST] = ticket_post },
	.body_max = 64 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
	.prepare = intake_prepare,
};

int
main(void)
{
	return route_main(&ticket);
}
