/*
 * visitor - what tells a person who fills in a public form from a program
 */
#include "visitor.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "problem.h"
#include "secret.h"

/* Nobody types a number and what it is about in less. */
#define FASTEST_US (3 * CLOCK_SECOND)
/* A page that was left open over night on a phone still counts. */
#define LONGEST_US CLOCK_DAY
#define SECONDS_DIGITS 11

const char *
visitor_token(struct arena *a, const char *slug, struct clock_time now)
{
	long long shown = now.us / CLOCK_SECOND;
	struct secret_mac mac;
	struct problem ignored;

	if (secret_sign(&mac, "form", arena_printf(a, "%s %lld", slug, shown),
		&ignored) != 0)
		return NULL;
	return arena_printf(a, "%lld.%s", shown, mac.text);
}

bool
visitor_token_is_good(
    struct arena *a, const char *token, const char *slug, struct clock_time now)
{
	size_t digits = strspn(token, "0123456789");
	int64_t age_us;

	if (digits == 0 || digits > SECONDS_DIGITS || token[digits] != '.' ||
	    !secret_is_signed(token + digits + 1, "form",
		arena_printf(a, "%s %.*s", slug, (int)digits, token)))
		return false;
	age_us = now.us - strtoll(token, NULL, 10) * CLOCK_SECOND;
	return age_us >= FASTEST_US && age_us <= LONGEST_US;
}
