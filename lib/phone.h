/*
 * phone.h - telephone numbers, always E.164 once inside
 *
 * A struct phone is made by phone_parse() and by nothing else: past that line
 * nobody checks a number again. What stands behind it is libphonenumber.
 */
#ifndef LIB_PHONE_H
#define LIB_PHONE_H

#include <stdbool.h>
#include <stddef.h>

struct problem;

#ifdef __cplusplus
extern "C" {
#endif

enum phone_kind {
	PHONE_MOBILE,
	PHONE_FIXED,
	PHONE_FIXED_OR_MOBILE, /* North America: the number does not tell */
	PHONE_TOLL_FREE,
	PHONE_PREMIUM,
	PHONE_SHARED_COST,
	PHONE_VOIP,
	PHONE_PAGER,
	PHONE_VOICEMAIL,
	PHONE_OTHER, /* company-wide and personal numbers */
	PHONE_KIND_MAX
};

/* '+' and 7 to 15 digits. */
#define PHONE_E164_SIZE 17

struct phone {
	char e164[PHONE_E164_SIZE];
	enum phone_kind kind;
	int country; /* calling code: 41 */
};

/* "mobile", "fixed", ...: as it is stored and shown. */
const char *phone_kind_name(enum phone_kind kind);

/*
 * Load the tables, which takes ten milliseconds: at start, so that the first
 * request does not pay for it.
 */
void phone_init(void);

/*
 * Read text as a person or a provider wrote it. region (ISO 3166, "CH") says
 * where a number without a country code belongs; NULL or "" takes none but
 * international ones. An extension is left out. Anything but a valid number is
 * PROBLEM_PHONE_INVALID at field: short codes, emergency numbers and letters on
 * a keypad included.
 */
int phone_parse(struct phone *out, const char *text, const char *region,
    const char *field, struct problem *why);

/*
 * Does this stand for a caller who does not show a number? To be asked before
 * phone_parse(): some of the stand-ins look like numbers. NULL and blank do.
 */
bool phone_is_withheld(const char *text);

/* May it get an automatic text? */
bool phone_takes_sms(const struct phone *p);

/*
 * Is its country code among the n of countries, written "+41"? Codes are
 * compared whole: +4 allows no Swiss number, +42 no Liechtenstein one. +1 is
 * the United States and Canada, and not the islands that share it.
 */
bool phone_destination_allowed(
    const struct phone *p, const char *const *countries, size_t n);

/*
 * The same rule for a statement, which alone knows the number: a regular
 * expression of Postgres that a number of phone_parse() matches exactly where
 * phone_destination_allowed() holds. At most 40 countries.
 */
#define PHONE_DESTINATIONS_SIZE 512
struct phone_reach {
	char pattern[PHONE_DESTINATIONS_SIZE];
};
void phone_destinations(
    struct phone_reach *out, const char *const *countries, size_t n);

/*
 * The region of a valid E.164 number, for the default of phone_parse(); -1
 * for numbers that belong to no country (+800).
 */
int phone_region_of(char region[3], const char *e164);

/*
 * A valid E.164 number as people of its country write it: "043 443 52 00".
 * What is none comes out as it is, as far as it fits.
 */
#define PHONE_SHOWN_SIZE 48
void phone_show(char shown[PHONE_SHOWN_SIZE], const char *e164);

#ifdef __cplusplus
}
#endif

#endif
