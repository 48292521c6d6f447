/*
 * visitor.h - what tells a person who fills in a public form from a program
 *
 * Programs that try every form fill in each field, at once, and ask for no
 * page first. One that is written for ours can do all that a person does:
 * against it stand the limits of what a visitor can cost (ticket_open.sql).
 */
#ifndef LIB_VISITOR_H
#define LIB_VISITOR_H

#include <stdbool.h>

#include "clock.h"

struct arena;

/*
 * The token of this firm's form that is shown now, or NULL: without the
 * installation's key (secret.h) nothing is signed.
 */
const char *visitor_token(
    struct arena *a, const char *slug, struct clock_time now);

/*
 * Is token that of this firm's form, shown at least three seconds and at most
 * a day ago? "<seconds since 1970>.<mac>": the instant at which the form was
 * shown, and secret_sign() of "<slug> <seconds>" for the purpose "form".
 */
bool visitor_token_is_good(struct arena *a, const char *token, const char *slug,
    struct clock_time now);

#endif
