/*
 * ticket_photo - GET, POST /api/ticket/photo
 *
 * Takes a photo for a ticket from the visitor who opened it: one file of a
 * multipart form, at most five a ticket, within a day. It is coded anew before
 * anything of it is kept. A browser that sent the plain form gets a page, a
 * program JSON. Shows the photos to the firm whose token is sent.
 */
#include "photo.h"
#include "photo_page.h"
#include "photo_view.h"
#include "problem.h"
#include "route.h"

static int
ticket_photo_get(
    const struct request *req, struct response *res, struct problem *why)
{
	return photo_view(res, req, why);
}

static int
ticket_photo_post(
    const struct request *req, struct response *res, struct problem *why)
{
	struct photo_taken taken;
	int rc = photo_take(&taken, req, why);

	if (photo_page_is_wanted(req, &taken))
		return photo_page(res, req, &taken, rc == 0 ? NULL : why);
	return rc == 0 ? photo_answer(res, req, &taken) : -1;
}

static const struct route ticket_photo = {
	.name = "ticket_photo",
	.handle = { [HTTP_GET] = ticket_photo_get,
	    [HTTP_POST] = ticket_photo_post },
	.body_max = PHOTO_BODY_MAX,
	.accepts = BODY_MULTIPART,
};

int
main(void)
{
	return route_main(&ticket_photo);
}
