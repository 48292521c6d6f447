/*
 * template.h - a text with {{variables}}, filled in
 *
 * The part of Mustache that a message needs: {{name}} and nothing else. Firms
 * write their own texts, so a text is hostile input: whatever is not a known
 * variable is refused and named, never silently left out. Nothing is escaped:
 * what comes out is plain text, not HTML.
 *
 * Why not Debian's kainjow mustache (4.1): it leaves out an unknown variable
 * without a word, and its parsed tree is private, so that a section or partial
 * in a text cannot be seen and refused. {{>firm}} reads the *value* of firm as
 * a template, and where that says {{>firm}} the stack overflows. It needs 12 us
 * for a text of 160 characters, twenty of which belong to a request, where this
 * needs less than one; and it would bring libstdc++ into every worker.
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
