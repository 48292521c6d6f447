/*
 * thanks.h - the signed address of the page of thanks
 *
 * After a request its visitor is told the ticket's number and until when the
 * firm answers. The page asks no database for that: its address says it,
 * signed, so that nobody makes up a promise of a firm or tries other numbers.
 */
#ifndef LIB_THANKS_H
#define LIB_THANKS_H

#include <stdbool.h>

#include "clock.h"

struct arena;

/* What becomes of the confirmation. */
enum thanks_message {
	THANKS_NO_MESSAGE,
	THANKS_MESSAGE_NOW,
	THANKS_MESSAGE_LATER
};

struct thanks {
	long number;
	const char *ticket_id;
	struct clock_time due; /* until when the firm answers */
	enum thanks_message message;
	bool is_urgent;     /* the firm calls right away */
	const char *intent; /* the firm's word for what it is about, or NULL */
};

/*
 * "n=12&t=<id>&...&m=<mac>" for the page of that firm; "" where the
 * installation has no key (secret.h).
 */
const char *thanks_query(
    struct arena *a, const char *slug, const struct thanks *thanks);

/*
 * Is what query says signed for that firm? What stands in it behind the
 * signature is another's ("&lang=fr"). *out lives in a.
 */
bool thanks_read(
    struct thanks *out, struct arena *a, const char *slug, const char *query);

#endif
