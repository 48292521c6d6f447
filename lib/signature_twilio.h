/*
 * signature_twilio.h - X-Twilio-Signature: was this request made by Twilio?
 *
 * HMAC-SHA1 under the account's auth token over the address as it was
 * configured at Twilio, followed by the fields of a form. What signs at Twilio
 * writes the address in four ways, which its own libraries all accept: without
 * a port and with one, and either with the query coded anew.
 */
#ifndef LIB_SIGNATURE_TWILIO_H
#define LIB_SIGNATURE_TWILIO_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct form;

struct signature_twilio {
	const char *text; /* of the header */
	/* Never what the request says of itself: our address by configuration,
	 * then path and query as they came. */
	const char *base; /* "https://opsfabric.example.ch" */
	const char *uri;  /* "/api/webhook/missed-call?a=1" */
	/* The fields of a form, or NULL. Any other body is covered by the
	 * bodySHA256 of the query. */
	const struct form *form;
	const char *body;
	size_t body_len;
};

bool signature_twilio_fits(
    struct arena *a, const struct signature_twilio *s, const char *auth_token);

#endif
