/*
 * status.h - the words of a ticket: where it stands, how urgent it is, where it
 * came from
 *
 * Their names are the ones of the database and of the interfaces. Which moves a
 * firm may make from one status to another is one table; docs/status.md shows
 * it.
 */
#ifndef LIB_STATUS_H
#define LIB_STATUS_H

#include <stdbool.h>

struct problem;

enum status {
	STATUS_NEW,
	STATUS_NEEDS_CALLBACK,
	STATUS_SCHEDULED,
	STATUS_IN_PROGRESS,
	STATUS_DONE,
	STATUS_CLOSED,
	STATUS_MAX
};

enum urgency {
	URGENCY_LOW,
	URGENCY_MED,
	URGENCY_HIGH,
	URGENCY_MAX
};

enum source {
	SOURCE_WIZARD,
	SOURCE_MISSED_CALL,
	SOURCE_SMS_REPLY,
	SOURCE_WHATSAPP,
	SOURCE_EMAIL,
	SOURCE_MANUAL,
	SOURCE_MAX
};

/* "NEEDS_CALLBACK"; "MED"; "missed_call" */
const char *status_name(enum status status);
const char *urgency_name(enum urgency urgency);
const char *source_name(enum source source);

/* The value of a name, written exactly so; -1 if it is none, or NULL. */
int status_parse(enum status *out, const char *name);
int urgency_parse(enum urgency *out, const char *name);
int source_parse(enum source *out, const char *name);

/* May the firm move a ticket so? */
bool status_may_move(enum status from, enum status to);

/* PROBLEM_STATUS_ILLEGAL, with the moves that are allowed, if it may not. */
int status_move(enum status from, enum status to, struct problem *why);

#endif
