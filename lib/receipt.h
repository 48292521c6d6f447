/*
 * receipt.h - what a provider says later about a message it accepted
 *
 * A provider that takes an address for each message gets one that carries our
 * id, signed: its receipt finds the message without our ever having seen the
 * provider's own id. Others name that id, and show a token. What they say, and
 * in which words, is receipt.def.
 */
#ifndef LIB_RECEIPT_H
#define LIB_RECEIPT_H

#include <stdbool.h>

struct arena;
struct fields;
struct problem;
struct request;

/*
 * The address for the receipts of one message: APP_BASE_URL/api/webhook/
 * sms-status/<dialect>/<mac>?id=<message id>, and what else the dialect wants
 * in it: for kannel it is a whole dlr-url, with the escapes that Kannel fills
 * in. Not encoded for a place inside another address. NULL if there is no
 * SECRETS_KEY: then the provider is told no address.
 */
const char *receipt_link(
    struct arena *a, const char *dialect, const char *message_id);

/* Is it the signature of that message's address? */
bool receipt_verify(const char *mac, const char *message_id);

enum receipt_said {
	RECEIPT_NOTHING, /* about what becomes of it */
	RECEIPT_SENT,    /* the provider has it */
	RECEIPT_DELIVERED,
	RECEIPT_FAILED
};

struct receipt {
	const char *dialect;
	const char *key;        /* behind the dialect in the address, or NULL */
	bool is_signed;         /* key is the signature of message_id */
	const char *message_id; /* ours, or NULL */
	const char *provider;   /* who says it, as in sms_log */
	const char *provider_id; /* theirs of the message, or NULL */
	enum receipt_said said;
	const char *error; /* with RECEIPT_FAILED: why, in their words */
	const struct fields *fields;
};

/* -1 with PROBLEM_NOT_FOUND for a dialect that there is not. */
int receipt_dialect(
    const char **out, const struct request *req, struct problem *why);

/*
 * From /api/webhook/sms-status/<dialect>[/<key>]. -1 with PROBLEM_FIELD_MISSING
 * where there is no status or no id, and as fields.h says. A status that is not
 * known is RECEIPT_NOTHING, with a line in the log.
 */
int receipt_read(
    struct receipt *out, const struct request *req, struct problem *why);

/* "sent", "delivered", "failed"; NULL for RECEIPT_NOTHING. */
const char *receipt_said_name(enum receipt_said said);

#endif
