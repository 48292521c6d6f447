/*
 * alert.h - telling the firm, one on call after the other, until somebody
 * answers
 *
 * What opens a ticket, or makes it an emergency, writes the first alert in the
 * same transaction (alert_open.sql). What becomes of it: docs/architecture.md.
 */
#ifndef LIB_ALERT_H
#define LIB_ALERT_H

#include <stdbool.h>

struct cJSON;
struct event;
struct problem;
struct request;
struct tenant;

enum alert_kind {
	ALERT_EMERGENCY,   /* at once, also at night, until somebody answers */
	ALERT_MISSED_CALL, /* once, where the firm switched it on */
	ALERT_OVERDUE,     /* once: a promise was not kept */
	ALERT_KIND_MAX
};

/* What it is about; NULL where it is not known. */
struct alert {
	enum alert_kind kind;
	const struct tenant *tenant;
	const char *number;     /* the ticket's; NULL: MESSAGE_TEXT_NUMBER */
	const char *name;       /* the contact's */
	const char *phone;      /* E.164 */
	const char *phone_kind; /* phone_kind_name() */
	const char *words;      /* as the contact wrote them */
	int step;               /* how many were told before */
	const char *reason;     /* why it is not sent all the same */
	/* Anybody can make so many of them: there is a limit for an hour. */
	bool is_public;
};

/*
 * The next telling of an alert as statements take it, in the request's arena:
 * to whom, in their language, with ids and a link of its own. Where the firm
 * has nobody on call it has a reason instead.
 */
const char *alert_json(const struct alert *al, const struct request *req);

/* Has it gone round so often that nobody is told any more? */
bool alert_is_over(const struct alert *al);

/* The kind by its name in the database; -1 if there is none. */
int alert_kind_parse(enum alert_kind *out, const char *name);

/*
 * May whoever is on call be led to call this number by a tap? A visitor chooses
 * it, and some cost the one who calls: usual kinds, of the firm's countries.
 */
bool alert_may_call(
    const struct tenant *t, const char *phone, const char *phone_kind);

/*
 * A text from somebody on call may answer the newest alert that they were told
 * of: yes ends it, no hands it on at once, all else is kept with its ticket.
 * *answer, as sms-reply stores it, is NULL where the text is one like any
 * other: from somebody else, about nothing, or STOP and START.
 */
struct alert_text {
	const struct event *event;
	const struct tenant *tenant;
	const char *phone; /* E.164, who writes */
	const char *body;
};
int alert_receive(const struct cJSON **answer, const struct alert_text *text,
    const struct request *req, struct problem *why);

#endif
