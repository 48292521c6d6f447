/*
 * event.h - one delivery of something that happened outside, told only once
 *
 * What arrives has an id that its sender repeats when it delivers again. The
 * first answer is stored with it (inbound_events), and every repetition gets
 * that answer.
 */
#ifndef LIB_EVENT_H
#define LIB_EVENT_H

#include <stdbool.h>

struct fields;
struct problem;
struct request;
struct tenant;

struct event {
	const char *row;         /* our id of it */
	const char *provider;    /* who sent it, and of what kind it is */
	const char *id;          /* the sender's id */
	const char *fingerprint; /* hash of the body */
	const char *raw;         /* what is kept of the request */
	/* Leads to nothing, and so does all else of the same id that comes
	 * later. */
	bool is_settled;
};

/* From the Idempotency-Key; without one the request is an event of its own. */
int event_of_key(struct event *out, const struct request *req,
    const struct fields *f, struct problem *why);

/*
 * The same for a form of our page, which a browser may send twice, as after two
 * taps: where the page was given a token of its own, the same form again is the
 * same event.
 */
int event_of_form(struct event *out, const struct request *req,
    const struct fields *f, bool has_token, struct problem *why);

/*
 * What an operator needs to judge a webhook's request, and a release to take
 * it: e->raw and what stands around it. Never the credential it came with, nor
 * the address, in which there may be one. Of one that is not verified so much
 * as a real one is long: a flood of forgeries must not fill the disk.
 */
const char *event_request(const struct event *e, const struct request *req,
    const char *kind, const char *dialect, bool is_verified);

/* Keep one that belongs to no tenant. */
int event_keep_unmatched(
    const struct event *e, const struct request *req, struct problem *why);

/*
 * Keep one whose sender is not believed, while there is room. Equal ones of one
 * day are one.
 */
int event_keep_unverified(const struct event *e, const struct request *req,
    const char *reason, struct problem *why);

/* Keep one of a tenant that leads to nothing, with the reason. */
int event_keep_ignored(const struct event *e, const struct request *req,
    const struct tenant *tenant, const char *reason, struct problem *why);

#endif
