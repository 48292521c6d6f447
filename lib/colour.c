/*
 * colour - a firm's two colours, and shades of them that can be read
 */
#include "colour.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "buf.h"

/* How far a colour may be from white on it and still be darkened for it. */
#define CONTRAST_NEAR 2.9
/* Steps from a colour to black or white. */
#define STEPS 64

static const struct colour white = { 255, 255, 255 };
static const struct colour black = { 0, 0, 0 };
/* The grounds of site.css: pages and cards, by day and by night. */
static const struct colour night = { 16, 20, 26 };
static const struct colour night_card = { 27, 33, 42 };

static const struct colour house_primary = { 30, 77, 107 };
static const struct colour house_accent = { 194, 65, 12 };

static const char digits[] = "0123456789abcdefABCDEF";

/* Of one of the digits below. */
static unsigned
digit(char c)
{
	size_t at = (size_t)(strchr(digits, c) - digits);

	return (unsigned)(at < 16 ? at : at - 6);
}

bool
colour_parse(struct colour *out, const char *text)
{
	unsigned char part[3];
	size_t len;

	if (text == NULL || *text != '#')
		return false;
	text++;
	len = strlen(text);
	if ((len != 3 && len != 6) || strspn(text, digits) != len)
		return false;
	for (size_t i = 0; i < 3; i++) {
		const char *at = text + i * (len / 3);
		const char *next = len == 6 ? at + 1 : at;

		part[i] = (unsigned char)(digit(at[0]) * 16 + digit(*next));
	}
	*out = (struct colour){ part[0], part[1], part[2] };
	return true;
}

/* One of the three parts of a colour as light: sRGB undone. */
static double
light(unsigned char part)
{
	double c = part / 255.0;

	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

static double
luminance(struct colour c)
{
	return 0.2126 * light(c.red) + 0.7152 * light(c.green) +
	       0.0722 * light(c.blue);
}

double
colour_contrast(struct colour a, struct colour b)
{
	double la = luminance(a), lb = luminance(b);

	return la > lb ? (la + 0.05) / (lb + 0.05) : (lb + 0.05) / (la + 0.05);
}

static unsigned char
part_mix(unsigned char a, unsigned char b, double share)
{
	return (unsigned char)lround(a + (b - a) * share);
}

struct colour
colour_mix(struct colour a, struct colour b, double share)
{
	return (struct colour){ part_mix(a.red, b.red, share),
		part_mix(a.green, b.green, share),
		part_mix(a.blue, b.blue, share) };
}

struct colour
colour_on(struct colour c, struct colour ground)
{
	struct colour end =
	    colour_contrast(ground, white) > colour_contrast(ground, black)
		? white
		: black;
	struct colour shade = c;

	/* One of the two ends reaches it on any ground: 21 is 4.58 squared. */
	for (int i = 1;
	     i <= STEPS && colour_contrast(shade, ground) < COLOUR_CONTRAST;
	     i++)
		shade = colour_mix(c, end, (double)i / STEPS);
	return shade;
}

struct colour_pair
colour_pair(struct colour c)
{
	struct colour_pair out = { c, white };

	if (colour_contrast(c, white) < CONTRAST_NEAR) {
		out.text = black;
		return out;
	}
	for (int i = 1;
	     i <= STEPS && colour_contrast(out.ground, white) < COLOUR_CONTRAST;
	     i++)
		out.ground = colour_mix(c, black, (double)i / STEPS);
	return out;
}

struct colour_pair
colour_primary(const char *text)
{
	struct colour c = house_primary;

	return colour_pair(colour_parse(&c, text) ? c : house_primary);
}

static void
property(struct buf *b, const char *name, struct colour c)
{
	buf_printf(b, "--%s:#%02x%02x%02x;", name, c.red, c.green, c.blue);
}

/* What is the same by day and by night: the coloured grounds. */
static void
grounds_write(struct buf *b, struct colour primary, struct colour accent)
{
	struct colour_pair p = colour_pair(primary);
	struct colour_pair a = colour_pair(accent);
	/* The other end of the hero's ground must carry the same text. */
	struct colour end = p.text.red != 0 ? black : white;

	property(b, "primary", p.ground);
	property(b, "primary-deep", colour_mix(p.ground, end, 0.28));
	property(b, "on-primary", p.text);
	property(b, "accent", a.ground);
	property(b, "accent-deep",
	    colour_mix(a.ground, a.text.red != 0 ? black : white, 0.12));
	property(b, "on-accent", a.text);
}

void
colour_sheet(struct buf *b, const char *primary, const char *accent)
{
	struct colour p = house_primary, a = house_accent;
	struct colour tint, deep, p_text, a_text;

	if (!colour_parse(&p, primary))
		p = house_primary;
	if (!colour_parse(&a, accent))
		a = house_accent;
	/* The tint is the darkest ground by day on which the text stands. */
	tint = colour_mix(white, p, 0.07);
	buf_str(b, ":root{");
	grounds_write(b, p, a);
	property(b, "tint", tint);
	property(b, "tint-strong", colour_mix(white, p, 0.16));
	property(b, "primary-text", colour_on(p, colour_mix(white, p, 0.16)));
	property(b, "accent-text", colour_on(a, tint));
	buf_str(b, "}\n@media (prefers-color-scheme:dark){:root{");
	/* By night the lightest ground counts, which may be either of two. */
	deep = colour_mix(night_card, p, 0.22);
	p_text = colour_on(colour_on(p, deep), night_card);
	a_text = colour_on(colour_on(a, deep), night_card);
	property(b, "tint", colour_mix(night, p, 0.14));
	property(b, "tint-strong", deep);
	property(b, "primary-text", p_text);
	property(b, "accent-text", a_text);
	buf_str(b, "}}\n");
}
