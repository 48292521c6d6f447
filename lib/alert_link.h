/*
 * alert_link.h - the page behind the link of an alert, with its one button
 *
 * Whoever has the link may see it: the code in it is random, the database knows
 * its hash only, and after a day it has expired.
 */
#ifndef LIB_ALERT_LINK_H
#define LIB_ALERT_LINK_H

struct problem;
struct request;
struct response;

/*
 * What it is about, with the photos of the ticket, and the button or who
 * pressed it. Changes nothing: previews of messages look at links. Where the
 * path goes on with /photo/<id>, that photo; with /thumb behind it, its
 * thumbnail. -1 with PROBLEM_NOT_FOUND for one of nobody, PROBLEM_LINK_EXPIRED.
 */
int alert_link_show(
    struct response *res, const struct request *req, struct problem *why);

/* The button. Leads back to the page, which says whose answer was first. */
int alert_link_answer(
    struct response *res, const struct request *req, struct problem *why);

#endif
