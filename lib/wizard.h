/*
 * wizard.h - the request wizard: by which way a visitor asks a firm, the form
 * of that way, and what is said after it was sent
 *
 * It is pages and a form, and works as such; nginx/assets/wizard.js makes steps
 * of it where it can.
 */
#ifndef LIB_WIZARD_H
#define LIB_WIZARD_H

struct problem;
struct request;
struct response;

/*
 * /<slug>/anfrage, and /anfrage on the firm's own domain: the ways to choose
 * from, or the form of ?flow= or of the way of ?intent=. With /danke behind it
 * what happens next. A firm or page that is not there has a page that says so.
 */
int wizard_show(
    struct response *res, const struct request *req, struct problem *why);

/*
 * A form that was sent to /api/ticket. Is it good, the visitor goes on to the
 * page of thanks. Of our own form what is wrong is said at its fields, 422, and
 * what could not be taken is offered to be sent again; both keep what was
 * typed. Other people's forms get a problem.
 */
int wizard_take(
    struct response *res, const struct request *req, struct problem *why);

#endif
