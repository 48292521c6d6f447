/*
 * tenant_value.h - the forms that values of a firm's settings have
 *
 * Questions about one text, which is UTF-8 already. They say yes or no; what to
 * tell the operator is the caller's.
 */
#ifndef LIB_TENANT_VALUE_H
#define LIB_TENANT_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "language.h"

struct arena;

#define TENANT_VALUE_SLUG_MAX 60

/* Of numbers without a country code. */
#define TENANT_VALUE_REGION "CH"

/* The longest address of a picture or a page, in bytes. */
#define TENANT_VALUE_LINK_MAX 500
#define TENANT_VALUE_LINK_FORM \
	"must be an address with https://, without spaces, of at most %d " \
	"characters"

bool tenant_value_is_one_of(
    const char *text, const char *const *list, size_t n);

/* Code points. */
size_t tenant_value_characters(const char *text);

/* Characters that no line has: below a space, and DEL. */
bool tenant_value_has_control(const char *text);

/* Nothing but spaces and line breaks. */
bool tenant_value_is_blank(const char *text);

/* Does it begin with the calling code of a country or a service? "+41" */
bool tenant_value_is_country(const char *text);

/* Small letters, digits, and single hyphens between them. */
bool tenant_value_is_slug(const char *text);

/* Labels of small letters, digits and inner hyphens, at least two. */
bool tenant_value_is_domain(const char *text);

/* One mailbox, as in info@example.ch, in small letters. */
bool tenant_value_is_email(const char *text);

/* An address with https:// that can stand in an attribute. */
bool tenant_value_is_https(const char *link);

/* "#14508c": it goes into a style sheet. */
bool tenant_value_is_color(const char *text);

/* A to Z in lower case. */
char *tenant_value_lower(struct arena *a, const char *text);

/*
 * How many letters have to be put in, left out, changed, or exchanged with
 * their neighbour to make one name of the other, whatever their case.
 * TENANT_VALUE_FAR where they are too far apart to be the same one, misspelt.
 */
#define TENANT_VALUE_FAR 4
size_t tenant_value_distance(const char *a, const char *b);

/* A language by its two letters, and not by another spelling of it. -1 if it
 * is none of ours, or NULL. */
int tenant_value_language(enum language *out, const char *text);

#endif
