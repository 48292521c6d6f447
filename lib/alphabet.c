/*
 * alphabet - what a text costs: its alphabet and its segments
 */
#include "alphabet.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
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

/* Of ASCII: septets of each, as a digit; 0 where GSM 7-bit has no such letter.
 */
static const char ascii[] =
    "0000000000102100" /* line feed, form feed, return */
    "0000000000000000"
    "1111111111111111"
    "1111111111111111"
    "1111111111111111"
    "1111111111122221" /* [ \\ ] ^ */
    "0111111111111111" /* ` */
    "1111111111122220" /* { | } ~ */;

static int
ascii_septets(unsigned char c)
{
	return ascii[c] - '0';
}

/* How many characters at s are ASCII that GSM 7-bit has, and what they take. */
static size_t
ascii_run(const char *s, int *septets)
{
	size_t n = 0;

	for (;; n++) {
		unsigned char c = (unsigned char)s[n];

		if (c >= 0x80 || ascii_septets(c) == 0)
			return n;
		*septets += ascii_septets(c);
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
		return ascii_septets((unsigned char)*s);
	if (memmem(basic, sizeof(basic) - 1, s, n) != NULL)
		return 1;
	return memmem(extension, sizeof(extension) - 1, s, n) != NULL ? 2 : 0;
}

/* One character of a text. */
struct letter {
	uint32_t c;
	size_t bytes;
	int septets; /* 0: GSM 7-bit has none like it */
};

static struct letter
letter_at(const char *s, size_t left)
{
	struct letter l = { (unsigned char)*s, 1, 0 };

	if (l.c >= 0x80)
		l.bytes = utf8_char(s, left, &l.c);
	if (l.bytes == 0)
		return (struct letter){ REPLACEMENT, 1, 0 };
	l.septets = septets(s, l.bytes);
	return l;
}

static int
width_of(const struct letter *l, enum alphabet alphabet)
{
	if (alphabet == ALPHABET_GSM7)
		return l->septets;
	return l->c > 0xffff ? 2 : 1;
}

/* Parts into which a text is cut; no character lies in two of them. */
static int
parts_of(const char *utf8, size_t len, enum alphabet alphabet)
{
	int size = alphabet == ALPHABET_GSM7 ? GSM7_PART : UCS2_PART;
	int count = 1, used = 0;

	for (size_t i = 0; i < len;) {
		struct letter l = letter_at(utf8 + i, len - i);
		int width = width_of(&l, alphabet);

		if (used + width > size) {
			count++;
			used = 0;
		}
		used += width;
		i += l.bytes;
	}
	return count;
}

/* Mostly a text is of GSM 7-bit and of one part: then it is read once. */
struct text_cost
alphabet_cost(const char *utf8)
{
	struct text_cost cost = { .alphabet = ALPHABET_GSM7, .segments = 1 };
	int units[] = { [ALPHABET_GSM7] = 0, [ALPHABET_UCS2] = 0 };
	size_t len = strlen(utf8);
	size_t number = 0;

	for (size_t i = 0; i < len;) {
		size_t run = ascii_run(utf8 + i, &units[ALPHABET_GSM7]);
		struct letter l;

		units[ALPHABET_UCS2] += (int)run;
		number += run;
		i += run;
		if (i == len)
			break;
		l = letter_at(utf8 + i, len - i);
		number++;
		if (l.septets == 0 && cost.culprit == 0) {
			cost.alphabet = ALPHABET_UCS2;
			cost.culprit = l.c;
			cost.culprit_offset = i;
			cost.culprit_number = number;
		}
		units[ALPHABET_GSM7] += l.septets;
		units[ALPHABET_UCS2] += width_of(&l, ALPHABET_UCS2);
		i += l.bytes;
	}
	cost.units = units[cost.alphabet];
	if (cost.units >
	    (cost.alphabet == ALPHABET_GSM7 ? GSM7_SINGLE : UCS2_SINGLE))
		cost.segments = parts_of(utf8, len, cost.alphabet);
	return cost;
}

static const struct {
	const char *instead;
	const char *letters;
} replacements[] = {
#define LETTERS(instead, letters) { instead, letters },
#include "alphabet.def"
#undef LETTERS
};

const char *
alphabet_replacement(const char *character, size_t n)
{
	if (n == 0)
		return NULL;
	for (size_t i = 0; i < sizeof(replacements) / sizeof(*replacements);
	     i++)
		if (memmem(replacements[i].letters,
			strlen(replacements[i].letters), character, n) != NULL)
			return replacements[i].instead;
	return NULL;
}

char *
alphabet_plain(struct arena *a, const char *utf8)
{
	size_t len = strlen(utf8);
	struct buf b;
	size_t n;

	buf_init(&b, a);
	for (size_t i = 0; i < len; i += n == 0 ? 1 : n) {
		const char *instead;

		n = utf8_char(utf8 + i, len - i, NULL);
		if (n > 0 && septets(utf8 + i, n) > 0) {
			buf_add(&b, utf8 + i, n);
			continue;
		}
		instead = alphabet_replacement(utf8 + i, n);
		if (instead != NULL)
			buf_str(&b, instead);
	}
	return b.text;
}

/* Letters of GSM 7-bit that are not ASCII. */
static const char letters[] = "èéùìòÇØøÅåÆæßÉÄÖÑÜäöñüà";

/* How a character is written in a quotation; NULL: as a space. */
static const char *
quoted_as(struct arena *a, const char *s, size_t n)
{
	const char *as;

	if (n == 1 &&
	    (isalnum((unsigned char)*s) != 0 || strchr(",!?\'-", *s) != NULL))
		return arena_strndup(a, s, 1);
	if (n > 1 && memmem(letters, sizeof(letters) - 1, s, n) != NULL)
		return arena_strndup(a, s, n);
	as = n > 1 ? alphabet_replacement(s, n) : NULL;
	if (as == NULL || *as == '\0')
		return NULL;
	for (const char *p = as; *p != '\0'; p++)
		if (isalnum((unsigned char)*p) == 0 && strchr("'-", *p) == NULL)
			return NULL;
	return as;
}

/* A letter and its accent as two characters (NFD): U+0300 to U+036F. */
static bool
is_accent(uint32_t c)
{
	return c >= 0x300 && c <= 0x36f;
}

#define DIGITS_MAX 4

/* Words as they are collected. */
struct words {
	struct buf b;
	size_t units;
	size_t digits;       /* since the last letter */
	size_t before;       /* bytes, where those digits began */
	size_t units_before; /* and septets */
	bool space;          /* is owed */
};

static void
words_add(struct words *w, const char *as)
{
	if (isdigit((unsigned char)*as) != 0) {
		if (w->digits++ == 0) {
			w->before = w->b.len;
			w->units_before = w->units;
		}
		/* Groups of a number count together; it is left out whole. */
		if (w->digits > DIGITS_MAX) {
			w->b.len = w->before;
			w->b.text[w->b.len] = '\0';
			w->units = w->units_before;
			w->space = true;
			return;
		}
	} else if (strchr(",!?\'-", *as) == NULL) {
		w->digits = 0;
	} else if (w->digits > DIGITS_MAX) {
		return;
	}
	if (w->space && w->b.len > 0) {
		buf_char(&w->b, ' ');
		w->units++;
	}
	w->space = false;
	buf_str(&w->b, as);
	/* What stands in `as` is one septet for each character. */
	for (; *as != '\0'; as++)
		w->units += ((unsigned char)*as & 0xc0U) != 0x80;
}

/* The first max characters, each of which is one septet. */
static char *
words_cut(struct words *w, size_t max)
{
	char *end = w->b.text;

	for (size_t n = 0; *end != '\0' && n < max; n++)
		for (end++; ((unsigned char)*end & 0xc0U) == 0x80;)
			end++;
	while (end > w->b.text && end[-1] == ' ')
		end--;
	*end = '\0';
	return w->b.text;
}

char *
alphabet_words(struct arena *a, const char *utf8, size_t max)
{
	struct words w = { .space = false };
	size_t len = strlen(utf8);
	size_t n;

	buf_init(&w.b, a);
	/* A few more than max: digits at the end may turn out to be a number.
	 */
	for (size_t i = 0; i < len && w.units < max + DIGITS_MAX + 1; i += n) {
		uint32_t c = REPLACEMENT;
		const char *as;

		n = utf8_char(utf8 + i, len - i, &c);
		as = n == 0 ? NULL : quoted_as(a, utf8 + i, n);
		if (as != NULL)
			words_add(&w, as);
		else if (!is_accent(c))
			w.space = true;
		if (n == 0)
			n = 1;
	}
	return words_cut(&w, max);
}
