/*
 * status - the words of a ticket: where it stands, how urgent it is, where it
 * came from
 */
#include "status.h"

#include <assert.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "problem.h"

/* Room for the names of all statuses. */
#define LIST_SIZE 128

static const char *const statuses[STATUS_MAX] = {
	[STATUS_NEW] = "NEW",
	[STATUS_NEEDS_CALLBACK] = "NEEDS_CALLBACK",
	[STATUS_SCHEDULED] = "SCHEDULED",
	[STATUS_IN_PROGRESS] = "IN_PROGRESS",
	[STATUS_DONE] = "DONE",
	[STATUS_CLOSED] = "CLOSED",
};

static const char *const urgencies[URGENCY_MAX] = {
	[URGENCY_LOW] = "LOW",
	[URGENCY_MED] = "MED",
	[URGENCY_HIGH] = "HIGH",
};

static const char *const sources[SOURCE_MAX] = {
	[SOURCE_WIZARD] = "wizard",
	[SOURCE_MISSED_CALL] = "missed_call",
	[SOURCE_SMS_REPLY] = "sms_reply",
	[SOURCE_WHATSAPP] = "whatsapp",
	[SOURCE_EMAIL] = "email",
	[SOURCE_MANUAL] = "manual",
};

#define TO(status) (1U << STATUS_##status)

/*
 * NEW means that nobody of the firm has looked yet, so nobody can go back
 * there. SCHEDULED may follow itself: another appointment. CLOSED is final.
 */
static const unsigned moves[STATUS_MAX] = {
	[STATUS_NEW] = TO(NEEDS_CALLBACK) | TO(SCHEDULED) | TO(IN_PROGRESS) |
	               TO(DONE) | TO(CLOSED),
	[STATUS_NEEDS_CALLBACK] =
	    TO(SCHEDULED) | TO(IN_PROGRESS) | TO(DONE) | TO(CLOSED),
	[STATUS_SCHEDULED] = TO(NEEDS_CALLBACK) | TO(SCHEDULED) |
	                     TO(IN_PROGRESS) | TO(DONE) | TO(CLOSED),
	[STATUS_IN_PROGRESS] =
	    TO(NEEDS_CALLBACK) | TO(SCHEDULED) | TO(DONE) | TO(CLOSED),
	[STATUS_DONE] =
	    TO(NEEDS_CALLBACK) | TO(SCHEDULED) | TO(IN_PROGRESS) | TO(CLOSED),
	[STATUS_CLOSED] = 0,
};

const char *
status_name(enum status status)
{
	assert(status < STATUS_MAX);
	return statuses[status];
}

const char *
urgency_name(enum urgency urgency)
{
	assert(urgency < URGENCY_MAX);
	return urgencies[urgency];
}

const char *
source_name(enum source source)
{
	assert(source < SOURCE_MAX);
	return sources[source];
}

/* The place of name among the n, or -1. */
static int
name_find(const char *const *names, int n, const char *name)
{
	for (int i = 0; i < n && name != NULL; i++)
		if (strcmp(names[i], name) == 0)
			return i;
	return -1;
}

int
status_parse(enum status *out, const char *name)
{
	int i = name_find(statuses, STATUS_MAX, name);

	if (i < 0)
		return -1;
	*out = (enum status)i;
	return 0;
}

int
urgency_parse(enum urgency *out, const char *name)
{
	int i = name_find(urgencies, URGENCY_MAX, name);

	if (i < 0)
		return -1;
	*out = (enum urgency)i;
	return 0;
}

int
source_parse(enum source *out, const char *name)
{
	int i = name_find(sources, SOURCE_MAX, name);

	if (i < 0)
		return -1;
	*out = (enum source)i;
	return 0;
}

bool
status_may_move(enum status from, enum status to)
{
	assert(from < STATUS_MAX && to < STATUS_MAX);
	return (moves[from] & 1U << to) != 0;
}

int
status_move(enum status from, enum status to, struct problem *why)
{
	char list[LIST_SIZE] = "";
	size_t len = 0;

	if (status_may_move(from, to))
		return 0;
	if (moves[from] == 0)
		return problem(why, PROBLEM_STATUS_ILLEGAL, NULL,
		    "A %s ticket stays so", statuses[from]);
	for (int i = 0; i < STATUS_MAX; i++) {
		if ((moves[from] & 1U << i) == 0)
			continue;
		(void)snprintf(list + len, sizeof(list) - len, "%s%s",
		    len == 0 ? "" : ", ", statuses[i]);
		len = strlen(list);
	}
	return problem(why, PROBLEM_STATUS_ILLEGAL, NULL,
	    "From %s a ticket can go to: %s", statuses[from], list);
}
