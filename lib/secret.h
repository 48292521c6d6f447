/*
 * secret.h - the installation's key: seals what is kept, signs what comes back
 *
 * SECRETS_KEY seals and signs. While it is being changed, what SECRETS_KEY_OLD
 * sealed still opens, and what it signed still counts. Without a key nothing is
 * sealed and nothing signed. (libsodium is known to this module only.)
 */
#ifndef LIB_SECRET_H
#define LIB_SECRET_H

#include <stdbool.h>

struct arena;
struct problem;

/* The longest text that can be sealed, in bytes. */
#define SECRET_TEXT_MAX 4000

/*
 * Seal a text, or open what was sealed: a box is text as Postgres writes a
 * bytea, for secrets.sealed. It opens only for the place it was sealed for, so
 * that nobody who can write to the table makes one firm's credentials
 * another's: place is what names the row, "<customer_id> <name>".
 *
 * -1 with PROBLEM_INTERNAL for a key that is missing or malformed and for a box
 * that does not open, PROBLEM_FIELD_TOO_LONG; what opened lives in a.
 */
int secret_seal(const char **out, struct arena *a, const char *place,
    const char *text, struct problem *why);
int secret_open(const char **out, struct arena *a, const char *place,
    const char *box, struct problem *why);

/* Is each key that is set one? -1 as above; what is not set is no mistake. */
int secret_keys_check(struct problem *why);

/* A signature: 128 bits as lower-case hexadecimal digits. */
struct secret_mac {
	char text[33];
};

/*
 * Sign a text for a purpose ("receipt", "alert"): what is signed for one does
 * not count for another. -1 as above.
 */
int secret_sign(struct secret_mac *out, const char *purpose, const char *text,
    struct problem *why);

/* Did we sign it, with the key or the one before? Leaks no time. */
bool secret_is_signed(const char *mac, const char *purpose, const char *text);

#endif
