/*
 * receipt.h - what a provider says later about a message it accepted
 *
 * A provider that takes an address for each message gets one that carries our
 * id, signed: its receipt finds the message without our ever having seen the
 * provider's own id.
 */
#ifndef LIB_RECEIPT_H
#define LIB_RECEIPT_H

#include <stdbool.h>

struct arena;

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

#endif
