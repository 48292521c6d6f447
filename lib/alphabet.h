/*
 * alphabet.h - what a text costs: its alphabet and its segments
 *
 * A phone network carries 160 characters of the GSM 7-bit alphabet (3GPP TS
 * 23.038) in one message, or 70 of UCS-2. One character outside the first makes
 * the whole text the second, so the culprit is named.
 */
#ifndef LIB_ALPHABET_H
#define LIB_ALPHABET_H

#include <stddef.h>
#include <stdint.h>

struct arena;

enum alphabet {
	ALPHABET_GSM7,
	ALPHABET_UCS2,
};

struct text_cost {
	enum alphabet alphabet;
	int units;    /* septets, or UTF-16 units */
	int segments; /* what is paid; an empty text is one, too */
	/* The first character that is not in GSM 7-bit. */
	uint32_t culprit;      /* 0: there is none */
	size_t culprit_offset; /* its first byte */
	size_t culprit_number; /* counted in characters, from one */
};

/* A byte that is not UTF-8 counts as U+FFFD, which is how it would be sent. */
struct text_cost alphabet_cost(const char *utf8);

/*
 * What people write for a character of n bytes that GSM 7-bit lacks: "c" for a
 * c with cedilla, "" for what nobody sees; NULL if there is nothing.
 */
const char *alphabet_replacement(const char *character, size_t n);

/*
 * The text in GSM 7-bit: with those replacements, and without what has none.
 * Never for a text that somebody wrote, unless it is shown to him first.
 */
char *alphabet_plain(struct arena *a, const char *utf8);

/*
 * A stranger's words as a message of ours may quote them: at most max letters,
 * digits and marks of GSM 7-bit, accents it lacks left off, everything else a
 * space. Nothing of it costs more than a letter, and nothing becomes a link or
 * a number to tap on a phone: no dot, no slash, no more than four digits in a
 * row. "" if nothing is left.
 */
char *alphabet_words(struct arena *a, const char *utf8, size_t max);

#endif
