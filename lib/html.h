/*
 * html.h - text inside a page
 */
#ifndef LIB_HTML_H
#define LIB_HTML_H

struct buf;

/*
 * As text between tags, or between the quotation marks of an attribute:
 * whatever it says, it stays text.
 */
void html_text(struct buf *b, const char *text);

#endif
