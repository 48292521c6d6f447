/*
 * contact.h - the person at the other end: who it is, and what may be sent
 */
#ifndef LIB_CONTACT_H
#define LIB_CONTACT_H

#include "clock.h"
#include "phone.h"

struct arena;
struct problem;
struct tenant;

/* Made by contact_by_*(); strings live in the arena, NULL where not known. */
struct contact {
	const char *phone; /* E.164 */
	const char *kind;  /* phone_kind_name() */
	const char *email; /* lower case */
	/* Why nothing is ever sent to this contact automatically, or NULL. */
	const char *suppress;
	/* What others must not do at the same time is named by this. */
	const char *lock_key;
};

/* The contact of a request: a number, an address, or both. */
int contact_read(struct contact *out, struct arena *a,
    const struct tenant *tenant, const char *phone, const char *email,
    struct problem *why);

/*
 * Who called or wrote, as the network says. Withheld and unreadable numbers
 * give a contact without phone, whose suppress says so; event_id is its lock.
 */
void contact_of_caller(struct contact *out, struct arena *a,
    const struct tenant *tenant, const char *caller, const char *event_id);

/* customer_id:contact:day, or NULL for a caller who is not known. */
const char *contact_dedupe_key(struct arena *a, const struct tenant *tenant,
    const struct contact *contact, struct clock_time now);

#endif
