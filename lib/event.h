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
struct response;
struct tenant;

struct event {
	const char *row;         /* our id of it */
	const char *provider;    /* who sent it, and of what kind it is */
	const char *id;          /* the sender's id */
	const char *fingerprint; /* hash of the body */
	const char *raw;         /* what is kept of the request */
	bool is_twilio;          /* its sender wants TwiML for an answer */
};

/* From the Idempotency-Key; without one the request is an event of its own. */
int event_of_key(struct event *out, const struct request *req,
    const struct fields *f, struct problem *why);

/* What a webhook tells of; senders may number each kind from one. */
enum event_kind {
	EVENT_CALL,
	EVENT_TEXT
};

/* Who called or wrote, or NULL, and the number that was reached. */
int event_read_ends(const char **from, const char **to, const struct fields *f,
    struct problem *why);

/*
 * From a webhook. Without an id of the sender, the same body within the same
 * minute counts as the same event.
 */
int event_of_webhook(struct event *out, enum event_kind kind,
    const struct request *req, const struct fields *f, struct problem *why);

/* Keep one that belongs to no tenant. */
int event_keep_unmatched(
    const struct event *e, const struct request *req, struct problem *why);

/* Keep one of a tenant that leads to nothing, with the reason. */
int event_keep_ignored(const struct event *e, const struct request *req,
    const struct tenant *tenant, const char *reason, struct problem *why);

/* What Twilio gets for an answer: the empty document, which does nothing. */
void event_twiml_write(struct response *res);

#endif
