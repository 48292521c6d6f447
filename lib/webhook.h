/*
 * webhook.h - a request that reports calls or texts: from whom, in which words
 *
 * /api/webhook/<kind>[/<dialect>[/<token>]]. The dialect reads it, the sender
 * must be believed, and what it tells is taken by the firm whose number was
 * reached. What cannot be believed, or is nobody's, is kept until an operator
 * releases or discards it (opsfabric inbound), and is then taken here too.
 */
#ifndef LIB_WEBHOOK_H
#define LIB_WEBHOOK_H

enum webhook_kind {
	WEBHOOK_CALL,
	WEBHOOK_TEXT,
	WEBHOOK_KIND_MAX
};

struct dialect;
struct form;
struct problem;
struct request;
struct response;

/* What is left of a request that was kept. */
struct webhook_kept {
	const char *request;     /* inbound_events.raw */
	const char *fingerprint; /* and its column of that name */
	const char *slug; /* the firm, if the number is nobody's; or NULL */
};

/* Load what the first request should not wait for. */
void webhook_prepare(void);

/* The whole of such a route. */
int webhook_receive(enum webhook_kind kind, const struct request *req,
    struct response *res, struct problem *why);

/*
 * Take what was kept as if its sender had been believed, with a connection of
 * the web role in req. *answer is JSON of what was decided, the first time and
 * each time: the events have the ids that they had, so neither the sender's own
 * repetition nor another release does it again. -1 with PROBLEM_TENANT_UNKNOWN
 * if no firm is known, PROBLEM_FIELD_INVALID for what cannot be taken.
 */
int webhook_release(const char **answer, const struct request *req,
    const struct webhook_kept *kept, struct problem *why);

/*
 * Take what we fetched from its sender, who is believed therefore. *answer is
 * NULL for what is nobody's, which is kept.
 */
int webhook_fetched(const char **answer, const struct request *req,
    enum webhook_kind kind, const struct dialect *dialect,
    const struct form *form, struct problem *why);

#endif
