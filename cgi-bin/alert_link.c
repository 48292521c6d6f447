/*
 * alert_link - GET, POST /a/<code>, GET /a/<code>/photo/<id> and .../thumb
 *
 * The page behind the link of an alert: who called, what about, and a button by
 * which whoever is on call takes it over. Looking changes nothing, since those
 * who make previews look as well; the button counts once.
 */
#include "alert_link.h"
#include "problem.h"
#include "route.h"

static int
alert_link_get(
    const struct request *req, struct response *res, struct problem *why)
{
	return alert_link_show(res, req, why);
}

static int
alert_link_post(
    const struct request *req, struct response *res, struct problem *why)
{
	return alert_link_answer(res, req, why);
}

static const struct route alert_link = {
	.name = "alert_link",
	.handle = { [HTTP_GET] = alert_link_get,
	    [HTTP_POST] = alert_link_post },
};

int
main(void)
{
	return route_main(&alert_link);
}
