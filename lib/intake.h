/*
 * intake.h - what all channels do alike with something that comes in
 *
 * A route reads its request into an event, a tenant and a contact; from these
 * follow the key of the day, the promise, the sender and the languages. Then
 * one statement decides and writes everything, in one round trip, and its
 * stored answer is the answer, the first time and each time the event is
 * repeated.
 */
#ifndef LIB_INTAKE_H
#define LIB_INTAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "calendar.h"
#include "contact.h"
#include "event.h"
#include "message_text.h"
#include "stmt.h"

struct cJSON;
struct problem;
struct request;
struct tenant;

struct intake {
	struct event event;
	const struct tenant *tenant;
	struct contact contact;
	/* What intake_complete() derives; text as statements take it. */
	const char *now;
	const char *dedupe_key;
	struct clock_time due; /* until when the firm answers */
	const char *sla_due_at;
	const char *language;          /* the tenant's */
	const char *carrier;           /* who will carry a message */
	struct calendar_promise until; /* due, as one says it at now */
	/* The firm's first alert, should this be a reason for one, or NULL. */
	const char *alert;
	struct text_source texts;
	struct text_values values;
};

/* Load what the first request should not wait for. */
void intake_prepare(void);

/*
 * The firm that is reached at a number, as the network wrote it; channel is
 * tenant_by_number()'s. -1 with PROBLEM_TENANT_UNKNOWN if it is nobody's.
 */
int intake_firm(const struct tenant **out, const struct request *req,
    const char *channel, const char *to, struct problem *why);

/* event, tenant and contact are set: derive the rest. */
void intake_complete(struct intake *in, const struct request *req);

/* When a message may leave that must not wake anybody. */
struct clock_time intake_polite_time(
    const struct intake *in, const struct request *req);

/*
 * When a message that promises the call and may leave from an instant on is
 * pointless: so long after it, and not after the time that it promises.
 */
struct clock_time intake_promise_end(
    const struct intake *in, struct clock_time from, int64_t useful_us);

/* What is said to who opens or reopens a ticket, and to who adds to one. */
struct intake_words {
	enum text_name opens;
	enum text_name joins;
	/* Who adds to a ticket whose promise stands is told that promise. */
	bool promises;
};

/*
 * The texts a statement picks from, as they are said at t: "new", "joined", and
 * "day0" to "day6" for a promise of that many days later, whose time only the
 * statement knows.
 */
const char *intake_texts(struct intake *in, const struct request *req,
    struct clock_time t, const struct intake_words *words);

/* An instant as a statement takes it. */
const char *intake_time(const struct request *req, struct clock_time t);

struct intake_result {
	const struct cJSON *answer; /* what was decided, the first time */
	bool replay;                /* it was decided earlier */
	bool same_body;             /* for the same body */
	bool is_held; /* on failure: others held the contact for too long */
};

/*
 * Run the statement of the use case. Its texts of messages are in the
 * database before this returns, and the dispatcher knows of them.
 */
int intake_run(struct intake_result *out, const struct intake *in,
    const struct request *req, enum stmt stmt, const void *params,
    struct problem *why);

#endif
