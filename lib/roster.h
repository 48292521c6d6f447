/*
 * roster.h - whom webhooks may reach and by what their senders are known, as
 * it was last read: for the time in which the database cannot be asked
 *
 * One file in the spool, written by the program that empties it and mapped by
 * the others, so that all workers of a host share one copy, and one that
 * starts while the database is away has it as well. A line each, "key rest":
 *
 *	call:<E.164> <customer_id> <slug>    a number of a firm that rings
 *	sms:<E.164> <customer_id> <slug>     one where texts arrive
 *	token:<hash> <customer_id> <slug>    a firm's token of scope webhook
 *	trust:<customer_id> <t or f> <box>   has it such a token; its sealed
 *	                                     twilio.auth_token, or "-"
 *
 * What was changed less than ROSTER_EVERY ago may not be in it.
 */
#ifndef LIB_ROSTER_H
#define LIB_ROSTER_H

#include <stdint.h>

#include "clock.h"

struct arena;
struct db;
struct problem;

/*
 * How often it is read anew; how long before the database's last answer it may
 * have been read when it is used, because whoever reads it may be restarted;
 * and how old it may be at all.
 */
#define ROSTER_EVERY (5 * CLOCK_SECOND)
#define ROSTER_LATE CLOCK_MINUTE
#define ROSTER_MAX_AGE (24 * CLOCK_HOUR)

/* Read it from the database (as the service role), and write it where it is
 * another. */
int roster_refresh(struct db *db, struct problem *why);

/*
 * The rest of the line of that key, in the arena; NULL in *out if it has none.
 * -1 with PROBLEM_TRY_AGAIN where there is no roster, or only one that is too
 * old: answered_us is when the database was last known to be there, as
 * db_answered_us(). One that was not read although it could have been does not
 * know what was revoked since.
 */
int roster_find(const char **out, struct arena *a, const char *key,
    int64_t answered_us, struct problem *why);

/* When it was last true, in microseconds since 1970; 0: there is none. */
int64_t roster_read_us(void);

#endif
