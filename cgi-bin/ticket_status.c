/*
 * ticket_status - POST /api/ticket/status
 *
 * Moves a ticket of the firm whose token is sent, if it still has the status
 * that the caller saw and the move is one of status.h. SCHEDULED takes the
 * appointment; DONE starts the wait for the review request.
 */
#include "problem.h"
#include "route.h"
#include "tenant.h"
#include "ticket.h"

static int
ticket_status_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct ticket_move in;
	struct ticket_moved out;

	if (ticket_move_read(&in, req, why) != 0)
		return -1;
	if (ticket_move(&out, &in, req->tenant, "api", req, why) != 0)
		return -1;
	res->body = ticket_moved_json(req->arena, &out);
	return 0;
}

static const struct route ticket_status = {
	.name = "ticket_status",
	.handle = { [HTTP_POST] = ticket_status_post },
	.firm = tenant_by_token,
	.body_max = 16 * 1024,
	.accepts = BODY_JSON | BODY_FORM,
};

int
main(void)
{
	return route_main(&ticket_status);
}
