/*
 * ticket.h - a piece of work for a firm: how it is asked for, and how it moves
 */
#ifndef LIB_TICKET_H
#define LIB_TICKET_H

#include <stdbool.h>

#include "event.h"
#include "status.h"

struct arena;
struct problem;
struct request;
struct tenant;

/* What the wizard or the firm's own software sends. */
struct ticket_request {
	struct event event;
	const char *slug;
	const char *source; /* or NULL */
	const char *intent;
	enum urgency urgency;
	const char *name;
	const char *phone; /* in any form */
	const char *email;
	const char *summary;
	const char *metadata;   /* JSON object, or NULL */
	const char *language;   /* "fr", or NULL */
	const char *website;    /* hidden from people, or NULL */
	const char *form_token; /* visitor.h, or NULL */
	const char *consent;    /* {"version","language"}, or NULL */
};

struct ticket_answer {
	const struct tenant *tenant;
	const char *ticket_id;
	long number;
	bool confirmation_sent; /* accepted for immediate delivery */
	bool dedupe_matched;
	const char *confirmation; /* queued, deferred, suppressed or none */
	const char *reason;       /* of the last two, or NULL */
	const char *sla_due_at;   /* until when the firm answers */
	bool is_urgent;           /* it calls right away, and the confirmation
	                             says so */
};

int ticket_request_read(
    struct ticket_request *out, const struct request *req, struct problem *why);

/*
 * Opens a ticket, or finds the open one of the day. Without the firm's token
 * the caller is the public: the source is the wizard whatever it says.
 * -1 with PROBLEM_KEY_REUSED or PROBLEM_KEY_IN_FLIGHT for an Idempotency-Key.
 */
int ticket_open(struct ticket_answer *out, const struct ticket_request *in,
    const struct request *req, struct problem *why);

char *ticket_answer_json(struct arena *a, const struct ticket_answer *out);

/* What staff ask for. */
struct ticket_move {
	const char *ticket_id;
	enum status to;
	/* The status the caller saw; without it, the one it has now. */
	bool has_seen;
	enum status seen;
	const char *starts_at; /* the appointment of SCHEDULED, or NULL */
	const char *ends_at;
	const char *who;
};

struct ticket_moved {
	const char *ticket_id;
	long number;
	enum status before;
	enum status after;
	const char *message; /* queued, deferred, suppressed or none */
};

int ticket_move_read(
    struct ticket_move *out, const struct request *req, struct problem *why);

/*
 * Moves a ticket of that tenant; actor goes into its history. -1 with
 * PROBLEM_TICKET_UNKNOWN, PROBLEM_STATUS_ILLEGAL (naming the moves that are
 * allowed from the status it has) or PROBLEM_APPOINTMENT_TAKEN.
 */
int ticket_move(struct ticket_moved *out, const struct ticket_move *in,
    const struct tenant *tenant, const char *actor, const struct request *req,
    struct problem *why);

char *ticket_moved_json(struct arena *a, const struct ticket_moved *out);

#endif
