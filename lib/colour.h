/*
 * colour.h - a firm's two colours, and shades of them that can be read
 *
 * A firm chooses colours for its letterhead, not for text on a phone in the
 * sun: here they are moved towards black or white until they reach the contrast
 * of WCAG 2.2 AA, 4.5 to 1, with what they stand on.
 */
#ifndef LIB_COLOUR_H
#define LIB_COLOUR_H

#include <stdbool.h>

struct buf;

struct colour {
	unsigned char red;
	unsigned char green;
	unsigned char blue;
};

/* What AA asks of text. */
#define COLOUR_CONTRAST 4.5

/* "#14508c" or "#15c"; false for anything else, NULL included. */
bool colour_parse(struct colour *out, const char *text);

/* From 1 to 21, as WCAG defines it. */
double colour_contrast(struct colour a, struct colour b);

/* a with share (0 to 1) of b in it. */
struct colour colour_mix(struct colour a, struct colour b, double share);

/* The shade of c next to it that can be read on ground. */
struct colour colour_on(struct colour c, struct colour ground);

/*
 * A ground and what is written on it: white where a shade of c that is still
 * like it carries white, else black.
 */
struct colour_pair {
	struct colour ground;
	struct colour text;
};
struct colour_pair colour_pair(struct colour c);

/* The pair of a firm's colour as it stands in its config. */
struct colour_pair colour_primary(const char *text);

/*
 * The style sheet with a firm's colours as custom properties, light and dark;
 * site.css uses no others. A value that is no colour has the house's.
 */
void colour_sheet(struct buf *b, const char *primary, const char *accent);

#endif
