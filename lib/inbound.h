/*
 * inbound.h - a text that a contact sent to a firm
 */
#ifndef LIB_INBOUND_H
#define LIB_INBOUND_H

#include <stdbool.h>

#include "event.h"

struct problem;
struct request;
struct response;

struct inbound_request {
	struct event event;
	const char *from; /* as the network says, or NULL */
	const char *to;   /* in any form */
	const char *body; /* "" for a picture without words */
};

struct inbound_answer {
	const char *status;    /* received or ignored */
	const char *meaning;   /* as reply.h reads it; NULL if ignored */
	const char *ticket_id; /* the one it was added to, or NULL */
	long number;
	bool opened;
	bool reopened;
	const char *answered; /* queued, deferred, suppressed or none */
	const char *reason;   /* or NULL */
};

int inbound_request_read(struct inbound_request *out, const struct request *req,
    struct problem *why);

/*
 * -1 with PROBLEM_TENANT_UNKNOWN for a number that belongs to no firm: the
 * text is kept all the same.
 */
int inbound_receive(struct inbound_answer *out,
    const struct inbound_request *in, const struct request *req,
    struct problem *why);

/* JSON, or the empty TwiML document that makes Twilio do nothing. */
void inbound_answer_write(struct response *res, const struct request *req,
    const struct inbound_request *in, const struct inbound_answer *out);

#endif
