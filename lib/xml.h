/*
 * xml.h - XML that a provider answers with: the text of its elements
 *
 * Nothing is fetched for it and nothing expanded in it: what brings a document
 * type, and with it entities, is refused. (libxml2 is known to this module
 * only.)
 */
#ifndef LIB_XML_H
#define LIB_XML_H

#include <stddef.h>

struct arena;
struct problem;
struct xml;

/* Lives as long as a. -1 with PROBLEM_BAD_TEXT for what is no such document. */
int xml_parse(const struct xml **out, struct arena *a, const char *text,
    size_t len, struct problem *why);

/*
 * The text of the first element of that name, whatever its namespace and
 * wherever it stands, without white space around it. NULL: there is none.
 */
const char *xml_text(
    const struct xml *document, struct arena *a, const char *element);

#endif
