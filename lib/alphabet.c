/*
 * alphabet - what a text costs: its alphabet and its segments
 */
#include "alphabet.h"

#include <string.h>

#include "utf8.h"

/* The parts of a longer text carry a header, so less fits into each. */
#define GSM7_SINGLE 160
#define GSM7_PART 153
#define UCS2_SINGLE 70
#define UCS2_PART 67

#define REPLACEMENT 0xfffd

/* Beyond ASCII, one septet each: TS 23.038, 6.2.1. */
static const char basic[] = "£¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà";

/* And two, the escape and another: 6.2.1.1. */
static const char extension[] = "€";

static int
ascii_septets(char c)
{
	switch (c) {
	case '\n':
	case '\r':
		return 1;
	case '\f':
	case '^':
	case '{':
	case '}':
	case '\\':
	case '[':
	case '~':
	case ']':
	case '|':
		return 2;
	default:
		return c >= ' ' && c != '`' && c != 0x7f;
	}
}

/*
 * Septets of a character of n bytes; 0 if GSM 7-bit has no such letter. Its
 * bytes are found in a set only where that character stands: UTF-8 needs no
 * look at boundaries.
 */
static int
septets(const char *s, size_t n)
{
	if (n == 1)
		return ascii_septets(*s);
	if (memmem(basic, sizeof(basic) - 1, s, n) != NULL)
		return 1;
	return memmem(extension, sizeof(extension) - 1, s, n) != NULL ? 2 : 0;
}

/* How far a text has been cut into parts; no character lies in two of them. */
struct parts {
	int units;
	int count;
	int used; /* of the last part */
};

static void
parts_add(struct parts *p, int width, int size)
{
	p->units += width;
	if (p->used + width > size) {
		p->count++;
		p->used = 0;
	}
	p->used += width;
}

struct text_cost
alphabet_cost(const char *utf8)
{
	struct parts gsm7 = { .count = 1 };
	struct parts ucs2 = { .count = 1 };
	struct text_cost cost = { .alphabet = ALPHABET_GSM7 };
	size_t len = strlen(utf8);
	size_t number = 0;
	size_t n;

	for (size_t i = 0; i < len; i += n) {
		uint32_t c = (unsigned char)utf8[i];
		int width;

		number++;
		n = 1;
		if (c >= 0x80)
			n = utf8_char(utf8 + i, len - i, &c);
		width = n == 0 ? 0 : septets(utf8 + i, n);
		if (n == 0) {
			c = REPLACEMENT;
			n = 1;
		}
		if (width == 0 && cost.culprit == 0) {
			cost.alphabet = ALPHABET_UCS2;
			cost.culprit = c;
			cost.culprit_offset = i;
			cost.culprit_number = number;
		}
		parts_add(&gsm7, width, GSM7_PART);
		parts_add(&ucs2, c > 0xffff ? 2 : 1, UCS2_PART);
	}
	if (cost.alphabet == ALPHABET_GSM7) {
		cost.units = gsm7.units;
		cost.segments = gsm7.units <= GSM7_SINGLE ? 1 : gsm7.count;
	} else {
		cost.units = ucs2.units;
		cost.segments = ucs2.units <= UCS2_SINGLE ? 1 : ucs2.count;
	}
	return cost;
}
