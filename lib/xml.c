/*
 * xml - XML that a provider answers with: the text of its elements
 */
#include "xml.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <limits.h>
#include <string.h>

#include "arena.h"
#include "problem.h"

#define SPACE " \t\r\n"

/* So that nobody hands in another pointer. */
struct xml {
	xmlDoc *doc;
};

static void
document_free(void *doc)
{
	xmlFreeDoc(doc);
}

int
xml_parse(const struct xml **out, struct arena *a, const char *text, size_t len,
    struct problem *why)
{
	struct xml *x;
	xmlDoc *doc = NULL;

	if (len <= INT_MAX)
		doc = xmlReadMemory(text, (int)len, NULL, NULL,
		    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING |
			XML_PARSE_NOCDATA);
	if (doc == NULL)
		return problem(why, PROBLEM_BAD_TEXT, NULL, "This is not XML");
	arena_defer(a, document_free, doc);
	if (doc->intSubset != NULL)
		return problem(why, PROBLEM_BAD_TEXT, NULL,
		    "XML with a document type is not read");
	x = arena_alloc(a, sizeof(*x));
	x->doc = doc;
	*out = x;
	return 0;
}

/* The next node in the order of the document. */
static xmlNode *
node_next(xmlNode *n)
{
	if (n->type == XML_ELEMENT_NODE && n->children != NULL)
		return n->children;
	while (n != NULL && n->next == NULL)
		n = n->parent;
	return n == NULL ? NULL : n->next;
}

const char *
xml_text(const struct xml *document, struct arena *a, const char *element)
{
	xmlNode *n = xmlDocGetRootElement(document->doc);
	xmlChar *content;
	char *text;
	size_t len;

	while (n != NULL && (n->type != XML_ELEMENT_NODE ||
				strcmp((const char *)n->name, element) != 0))
		n = node_next(n);
	if (n == NULL)
		return NULL;
	content = xmlNodeGetContent(n);
	if (content == NULL)
		return NULL;
	text = (char *)content;
	text += strspn(text, SPACE);
	len = strlen(text);
	while (len > 0 && strchr(SPACE, text[len - 1]) != NULL)
		len--;
	text = arena_strndup(a, text, len);
	xmlFree(content);
	return text;
}
