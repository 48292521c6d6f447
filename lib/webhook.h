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

struct problem;
struct request;
struct response;

/* Load what the first request should not wait for. */
void webhook_prepare(void);

/* The whole of such a route. */
int webhook_receive(enum webhook_kind kind, const struct request *req,
    struct response *res, struct problem *why);

#endif
