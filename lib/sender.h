/*
 * sender.h - who sends a webhook's request, and what it is believed about
 *
 * A request is believed for a token in its address, as the password of HTTP
 * Basic or as a Bearer token, and Twilio's for its signature. What is the
 * installation's (WEBHOOK_TOKEN, TWILIO_AUTH_TOKEN) counts for all firms, what
 * is a firm's own (a token of scope webhook, its secret twilio.auth_token) for
 * that firm. One that fits is enough; WEBHOOK_NETWORKS comes on top. While the
 * database is away, what is the firms' is looked for in the roster (roster.h).
 */
#ifndef LIB_SENDER_H
#define LIB_SENDER_H

#include <stdbool.h>

struct form;
struct problem;
struct request;

enum sender_kind {
	SENDER_UNKNOWN,
	SENDER_OF_FIRM,
	SENDER_OF_INSTALLATION
};

/* A firm, by what senders are believed about; of a request's sender, NULL in
 * customer_id is the installation's, who is believed about all. */
struct sender_firm {
	const char *customer_id;
	const char *slug;
};

struct sender {
	/* Set before sender_read(). */
	const char *dialect;
	const char *token;       /* in the address, or NULL */
	const struct form *form; /* that was posted, or NULL */
	bool is_remembered;      /* ask the roster, not the database */
	/* Who it is. */
	enum sender_kind kind;
	const char *customer_id; /* of SENDER_OF_FIRM */
	const char *slug;
	/* Signed by Twilio, if at all, for the firm's own account. */
	bool has_signature;
	/* Why it is not believed: no_credential, wrong_token, wrong_signature,
	 * token_of_another, foreign_network. Never NULL. */
	const char *reason;
};

/*
 * Of the roster: whose number it is, or whose token; channel is
 * tenant_by_number()'s, or "token" for a hash. NULL in out->customer_id if it
 * is nobody's. -1 as roster_find().
 */
int sender_firm_find(struct sender_firm *out, const struct request *req,
    const char *channel, const char *e164, struct problem *why);

/* Is WEBHOOK_NETWORKS what it should be? By what is wrong nobody comes in. */
int sender_networks_check(struct problem *why);

/* -1 only if the database cannot say, nor the roster where that is asked. A
 * request that is known already (route.h) is believed as it was. */
int sender_read(
    struct sender *s, const struct request *req, struct problem *why);

/*
 * May it tell something about that firm, or, if firm is NULL, about numbers
 * that are nobody's? On a console with no secret set anywhere anybody may.
 */
int sender_may_tell(bool *out, struct sender *s, const struct request *req,
    const struct sender_firm *firm, struct problem *why);

#endif
