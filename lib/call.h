/*
 * call.h - a call that nobody took
 */
#ifndef LIB_CALL_H
#define LIB_CALL_H

#include <stdbool.h>

#include "event.h"

struct problem;
struct request;
struct response;

struct call_request {
	struct event event;
	const char *from; /* as the network says, or NULL */
	const char *to;   /* in any form */
	/* NULL if it was missed, else what became of it: "completed", ... */
	const char *answered;
};

struct call_answer {
	const char *status; /* queued, deferred, dedupe, recorded or ignored */
	const char *reason; /* or NULL */
	const char *ticket_id; /* NULL for an ignored one */
	long number;
};

int call_request_read(
    struct call_request *out, const struct request *req, struct problem *why);

/*
 * -1 with PROBLEM_TENANT_UNKNOWN for a number that belongs to no firm: the
 * call is kept all the same.
 */
int call_open(struct call_answer *out, const struct call_request *in,
    const struct request *req, struct problem *why);

/* JSON, or the empty TwiML document that makes Twilio do nothing. */
void call_answer_write(struct response *res, const struct request *req,
    const struct call_request *in, const struct call_answer *out);

#endif
