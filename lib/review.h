/*
 * review.h - after the job: asking for a Google review, once and everybody
 * alike
 */
#ifndef LIB_REVIEW_H
#define LIB_REVIEW_H

#include <stdbool.h>

struct arena;
struct problem;
struct request;

/* Where a firm's link may lead: to Google's pages for reviews. */
#define REVIEW_HOSTS \
	"g.page, search.google.com, www.google.com or maps.app.goo.gl"
bool review_link_is_allowed(const char *link);

struct review_run {
	long sent;    /* requests queued */
	long skipped; /* for good, or moved on to the end of quiet hours */
	long total;
};

/*
 * One run of the cron: everything that is due, batch by batch, each of which
 * claims and queues in one transaction. It stops after some seconds, and the
 * next run goes on. A second one beside it does no harm and little work: what
 * the first has locked it leaves alone.
 */
int review_run(
    struct review_run *out, const struct request *req, struct problem *why);

char *review_run_json(struct arena *a, const struct review_run *run);

/*
 * Where the link of this request leads: the firm's page for reviews. Noted once
 * on the ticket, unless a robot or HEAD asks. -1 with PROBLEM_NOT_FOUND.
 */
int review_click(
    const char **location, const struct request *req, struct problem *why);

#endif
