/*
 * template.h - a text with {{variables}}, filled in
 *
 * The part of Mustache (mustache.h) that a message needs: {{name}} and nothing
 * else. Firms write their own texts, so a text is hostile input: whatever is
 * not a known variable is refused and named, never silently left out. Nothing
 * is escaped: what comes out is plain text, not HTML.
 */
#ifndef LIB_TEMPLATE_H
#define LIB_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct problem;

/* Bytes of a text, before and after it is filled in. */
#define TEMPLATE_MAX 4096

struct template_value {
	const char *name;  /* small letters, digits and _ */
	const char *value; /* NULL: not known here, as if it were not listed */
};

/*
 * PROBLEM_FIELD_INVALID: names the unknown variable, or the character at which
 * the text goes wrong; why->field is NULL. Spaces inside the braces are
 * allowed. A single brace is text.
 */
int template_render(char **out, struct arena *a, const char *text,
    const struct template_value *values, size_t n, struct problem *why);

/* Does the text use this variable? A text that is wrong uses what it did so
 * far.
 */
bool template_uses(const char *text, const char *name);

#endif
