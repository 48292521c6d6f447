/*
 * reply - what an inbound text means
 *
 * A text becomes words of lower-case ASCII letters, the tables below say what
 * each word or phrase may be, and a few rules over that decide.
 */
#include "reply.h"

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

#define TEXT_MAX_BYTES 4096
#define WORDS_MAX 1024
#define PHRASE_MAX 4
#define INDEX_MAX 2048

/* After "Gruss" and the like comes a name of at most so many words. */
#define NAME_MAX_WORDS 3

/* What a word may be: reply.def. */
enum {
	NOTHING = 0,
	URGENT = 1 << 0,
	CALLBACK = 1 << 1,
	FORM = 1 << 2,
	ONE = 1 << 3, /* the three answers as numbers, in words or digits */
	TWO = 1 << 4,
	THREE = 1 << 5,
	DIGIT = 1 << 6, /* one of them written as a digit */
	NUMBER = 1 << 7,
	UNIT = 1 << 8,    /* makes the digit before it a quantity: "2 Uhr" */
	THANKS = 1 << 9,  /* enough for a courtesy */
	POLITE = 1 << 10, /* says nothing, in a courtesy or elsewhere */
	GLUE = 1 << 11,   /* says nothing beside an answer */
	TIME = 1 << 12,   /* when to call back */
	SIGNOFF = 1 << 13,
	NOT = 1 << 14,
	DEGREE = 1 << 15,     /* may stand between a negation and its word */
	BROKEN = 1 << 16,     /* verbs that own the negation behind them */
	NEGATED = 1 << 17,    /* no emergency */
	STOP = 1 << 18,       /* as first word */
	STOP_ALONE = 1 << 19, /* if nothing else is said */
	START = 1 << 20,
	SMILE = 1 << 21,   /* an emoji that says thanks or yes */
	SYMBOL = 1 << 22,  /* any other */
	REACTED = 1 << 23, /* begins a phone's words for "tapped a heart on" */
	LINK = 1 << 24,    /* stands between that and the quotation */
	YES = 1 << 25,     /* of somebody on call: takes it over */
	NO = 1 << 26,
	WRITING = 1 << 27, /* says what should stop, beside STOP */
	HAZARD = 1 << 28,  /* urgent, unless it is said not to be */
	HELP = 1 << 29,    /* urgent if nothing else is said */
	AWAY = 1 << 30     /* of somebody on call: takes nothing over */
};

#define CHOICE (ONE | TWO | THREE)
/* Urgent, unless a phone answers by itself: "away, in urgent cases ...". */
#define IF_URGENT (1U << 31)

static const struct {
	unsigned bits;
	const char *words;
} vocabulary[] = {
#define WORDS(bits, words) { bits, words },
#include "reply.def"
#undef WORDS
};

/* Emoji that say thanks or yes. */
static const struct {
	uint32_t first;
	uint32_t last;
} smiles[] = {
	{ 0x263a, 0x263a },
	{ 0x2665, 0x2665 },
	{ 0x2705, 0x2705 },
	{ 0x270c, 0x270c },
	{ 0x2714, 0x2714 },
	{ 0x2764, 0x2764 },
	{ 0x2b50, 0x2b50 },
	{ 0x1f197, 0x1f197 },
	{ 0x1f339, 0x1f339 },
	{ 0x1f389, 0x1f389 },
	{ 0x1f44c, 0x1f44d },
	{ 0x1f44f, 0x1f44f },
	{ 0x1f490, 0x1f490 },
	{ 0x1f493, 0x1f493 },
	{ 0x1f495, 0x1f49f },
	{ 0x1f4aa, 0x1f4aa },
	{ 0x1f4af, 0x1f4af },
	{ 0x1f5a4, 0x1f5a4 },
	{ 0x1f600, 0x1f60a },
	{ 0x1f60d, 0x1f60e },
	{ 0x1f618, 0x1f618 },
	{ 0x1f642, 0x1f642 },
	{ 0x1f64c, 0x1f64c },
	{ 0x1f64f, 0x1f64f },
	{ 0x1f90d, 0x1f90e },
	{ 0x1f917, 0x1f917 },
	{ 0x1f91d, 0x1f91d },
	{ 0x1f929, 0x1f929 },
	{ 0x1f970, 0x1f970 },
	{ 0x1f9e1, 0x1f9e1 },
	{ 0x1fae1, 0x1fae1 },
	{ 0x1faf6, 0x1faf6 },
};

/* The vocabulary sorted, made at first use. */
struct entry {
	const char *text;
	unsigned len;
	unsigned bits;
};

static struct entry entries[INDEX_MAX];
static size_t entries_len;

static int
entry_compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int d = memcmp(a->text, b->text, a->len < b->len ? a->len : b->len);

	if (d != 0)
		return d;
	return (a->len > b->len) - (a->len < b->len);
}

static void
entries_make(void)
{
	size_t last = 0;

	for (size_t i = 0; i < sizeof(vocabulary) / sizeof(*vocabulary); i++) {
		const char *p = vocabulary[i].words;

		while (*p != '\0') {
			struct entry *e = &entries[entries_len++];

			assert(entries_len < INDEX_MAX);
			e->text = p;
			e->len = (unsigned)strcspn(p, "|");
			e->bits = vocabulary[i].bits;
			p += e->len;
			if (*p == '|')
				p++;
		}
	}
	qsort(entries, entries_len, sizeof(*entries), entry_compare);
	/* A word that stands in several lists may be all of that. */
	for (size_t i = 1; i < entries_len; i++) {
		if (entry_compare(&entries[last], &entries[i]) == 0)
			entries[last].bits |= entries[i].bits;
		else
			entries[++last] = entries[i];
	}
	entries_len = last + 1;
}

static const struct entry *
entry_find(const char *text, size_t len)
{
	const struct entry key = { text, (unsigned)len, NOTHING };

	if (entries_len == 0)
		entries_make();
	return bsearch(
	    &key, entries, entries_len, sizeof(*entries), entry_compare);
}

/* A text as words, one space between them. */
struct folded {
	char text[2 * TEXT_MAX_BYTES];
	size_t len;
	struct {
		size_t from;
		size_t to;
		unsigned clause;
	} word[WORDS_MAX];
	size_t words;
	unsigned clause;  /* counts the marks that end one */
	size_t quotation; /* words before the first one; 0 if none */
	size_t menu;      /* words before "1 = ..., 2 = ..." */
	unsigned offers;  /* how many answers that offers */
	size_t line;      /* words of the first line, if more follow it */
	bool question;
	char last; /* what was added last: 'a' letter, '0' digit, ' ' space */
};

static void
fold_gap(struct folded *f)
{
	f->last = ' ';
}

static void
fold_clause(struct folded *f)
{
	f->clause++;
	fold_gap(f);
}

/* kind: 'a', '0', or '+' for what is a word by itself. */
static void
fold_add(struct folded *f, const char *bytes, size_t len, char kind)
{
	/* A sign of four bytes becomes a word of eight. */
	if (len >= sizeof(f->text) - f->len)
		return;
	if (f->last != kind || kind == '+') {
		if (f->words == WORDS_MAX)
			return;
		if (f->words > 0)
			f->text[f->len++] = ' ';
		f->word[f->words].from = f->len;
		f->word[f->words].clause = f->clause;
		f->words++;
	}
	memcpy(f->text + f->len, bytes, len);
	f->len += len;
	f->word[f->words - 1].to = f->len;
	f->last = kind;
}

/* "1 =": it offers an answer. One alone may be what somebody chose. */
static void
fold_offer(struct folded *f)
{
	size_t last = f->words - 1;

	if (f->words == 0 || f->word[last].to - f->word[last].from != 1 ||
	    f->text[f->word[last].from] < '1' ||
	    f->text[f->word[last].from] > '3')
		return;
	if (f->offers++ == 0)
		f->menu = last;
}

static void
fold_ascii(struct folded *f, char c, const char *next)
{
	/* "10.30", "1,2", "079/123": one word. */
	if (f->last == '0' && strchr(".,:/+&-", c) != NULL && *next >= '0' &&
	    *next <= '9') {
		fold_add(f, &c, 1, '0');
		return;
	}
	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	if (c >= 'a' && c <= 'z') {
		fold_add(f, &c, 1, 'a');
		return;
	}
	if (c >= '0' && c <= '9') {
		fold_add(f, &c, 1, '0');
		return;
	}
	if (c == '=')
		fold_offer(f);
	if (c == '?')
		f->question = true;
	if (c == '"' && f->quotation == 0)
		f->quotation = f->words;
	if (c == '\n' && f->line == 0)
		f->line = f->words;
	if (strchr(",.;:!?\n()", c) != NULL || (c == '-' && f->last == ' '))
		fold_clause(f);
	else
		fold_gap(f);
}

/* À to ÿ without their accents; the lower half repeats the upper. */
static void
fold_latin(struct folded *f, uint32_t cp)
{
	static const char *const letters[32] = { "a", "a", "a", "a", "a", "a",
		"ae", "c", "e", "e", "e", "e", "i", "i", "i", "i", "d", "n",
		"o", "o", "o", "o", "o", NULL, "o", "u", "u", "u", "u", "y",
		"th", "ss" };
	const char *letter = letters[cp & 0x1f];

	if (letter == NULL)
		fold_gap(f);
	else
		fold_add(f, letter, strlen(letter), 'a');
}

/* Skin tones, joiners, variation selectors, keycaps, accents by themselves. */
static bool
is_mark(uint32_t cp)
{
	return (cp >= 0x0300 && cp <= 0x036f) || cp == 0x00ad ||
	       (cp >= 0x200b && cp <= 0x200f) ||
	       (cp >= 0x202a && cp <= 0x202e) ||
	       (cp >= 0x2060 && cp <= 0x206f) || cp == 0x20e3 ||
	       (cp >= 0xfe00 && cp <= 0xfe0f) || cp == 0xfeff ||
	       (cp >= 0x1f3fb && cp <= 0x1f3ff);
}

static bool
is_quotation(uint32_t cp)
{
	return cp == 0x00ab || cp == 0x00bb || cp == 0x2039 || cp == 0x201c ||
	       cp == 0x201e || cp == 0x201f;
}

static bool
is_smile(uint32_t cp)
{
	for (size_t i = 0; i < sizeof(smiles) / sizeof(*smiles); i++)
		if (cp >= smiles[i].first && cp <= smiles[i].last)
			return true;
	return false;
}

/* Digits in circles and full width, the emoji, the punctuation. */
static void
fold_symbol(struct folded *f, uint32_t cp)
{
	char c;

	if ((cp >= 0x2460 && cp <= 0x2468) || (cp >= 0x2776 && cp <= 0x277e) ||
	    (cp >= 0x2780 && cp <= 0x2788)) {
		c = (char)('1' + (cp - (cp < 0x2776 ? 0x2460 : 0x2776)) % 10);
		fold_add(f, &c, 1, '0');
	} else if (is_smile(cp)) {
		fold_add(f, "+", 1, '+');
	} else if (cp == 0x1f198 || cp == 0x1f6a8) {
		fold_add(f, "sos", 3, '+');
	} else if (cp == 0x1f6d1) {
		fold_add(f, "stopsign", 8, '+');
	} else if (cp == 0x2753 || cp == 0x2754) {
		f->question = true;
		fold_clause(f);
	} else if (cp == 0x2755 || cp == 0x2757 || cp == 0x203c) {
		fold_clause(f);
	} else {
		fold_add(f, "*", 1, '+');
	}
}

/* The bold, slanted and scripted ASCII of Unicode, which phones offer. */
static void
fold_mathematical(struct folded *f, uint32_t cp)
{
	char c = (char)(cp < 0x1d7ce ? (cp - 0x1d400) % 26 + 'a'
				     : (cp - 0x1d7ce) % 10 + '0');

	fold_ascii(f, c, "");
}

static void
fold_wide(struct folded *f, uint32_t cp, const char *bytes, size_t n)
{
	if (is_mark(cp))
		return;
	if (is_quotation(cp) && f->quotation == 0)
		f->quotation = f->words;
	if (cp >= 0xc0 && cp <= 0xff)
		fold_latin(f, cp);
	else if (cp == 0x152 || cp == 0x153)
		fold_add(f, "oe", 2, 'a');
	else if (cp >= 0xff01 && cp <= 0xff5e)
		fold_ascii(f, (char)(cp - 0xff01 + '!'), "");
	else if ((cp >= 0x1d400 && cp <= 0x1d6a3) ||
		 (cp >= 0x1d7ce && cp <= 0x1d7ff))
		fold_mathematical(f, cp);
	else if (cp == 0x2018 || cp == 0x2019 || cp == 0xa0 || cp == 0xb4 ||
		 (cp >= 0x2000 && cp <= 0x2011) || cp == 0x202f)
		fold_gap(f);
	else if (cp < 0xc0 || (cp >= 0x2012 && cp <= 0x206f && cp != 0x203c) ||
		 (cp >= 0x3000 && cp <= 0x303f))
		fold_clause(f);
	else if ((cp >= 0x203c && cp <= 0x2bff) ||
		 (cp >= 0x1f000 && cp <= 0x1faff))
		fold_symbol(f, cp);
	else
		fold_add(f, bytes, n, 'a');
}

/* The length of what thumbs without emoji write for one, 0 if there is none. */
static size_t
smiley_at(const char *p)
{
	static const char *const smileys[] = { ":-)", ":)", ";-)", ";)", "<3" };

	for (size_t i = 0; i < sizeof(smileys) / sizeof(*smileys); i++) {
		size_t n = strlen(smileys[i]);

		/* "<30 Minuten" */
		if (strncmp(p, smileys[i], n) == 0 &&
		    (p[n] < '0' || p[n] > '9'))
			return n;
	}
	return 0;
}

/* Lines that quote what they answer begin with '>'. */
static const char *
skip_quoted(const char *p)
{
	const char *q = p + strspn(p, " \t\r\n");

	while (*q == '>') {
		q += strcspn(q, "\n");
		q += strspn(q, " \t\r\n");
		p = q;
	}
	return p;
}

static void
fold(struct folded *f, const char *text)
{
	const char *p = skip_quoted(text);
	const char *end = text + strnlen(text, TEXT_MAX_BYTES);

	f->len = f->words = f->quotation = f->menu = f->line = 0;
	f->clause = f->offers = 0;
	f->question = false;
	f->last = ' ';
	while (p < end) {
		uint32_t cp;
		size_t n = smiley_at(p);

		if (n > 0) {
			fold_add(f, "+", 1, '+');
			p += n;
			continue;
		}
		n = utf8_char(p, (size_t)(end - p), &cp);
		if (n == 1)
			fold_ascii(f, *p, p + 1);
		else if (n > 1)
			fold_wide(f, cp, p, n);
		p += n == 0 ? 1 : n;
		if (n == 1 && cp == '\n')
			p = skip_quoted(p);
	}
	/* A machine like ours offers answers, and a quotation of it chooses
	 * none. */
	if (f->offers > 1)
		f->words = f->menu;
}

/* A text as what its words and phrases may be. */
struct reading {
	struct {
		unsigned bits;
		unsigned clause;
		size_t word; /* its first */
	} item[WORDS_MAX];
	size_t len;
	size_t line;  /* those of the first line, if more follow it */
	unsigned any; /* all bits together */
};

/* "1,2": several answers at once; the strongest. Else it is some number. */
static unsigned
number_bits(const char *text, size_t len)
{
	char least = '9';

	for (size_t i = 0; i < len; i++) {
		if (i % 2 == 0 && (text[i] < '1' || text[i] > '3'))
			return NUMBER;
		if (i % 2 == 1 && text[i] >= '0' && text[i] <= '9')
			return NUMBER;
		if (i % 2 == 0 && text[i] < least)
			least = text[i];
	}
	if (least == '1')
		return ONE;
	return least == '2' ? TWO : THREE;
}

/* The longest phrase that begins with word i; its bits, and its words. */
static size_t
phrase_at(unsigned *bits, const struct folded *f, size_t i)
{
	const char *text = f->text + f->word[i].from;
	size_t n = f->words - i < PHRASE_MAX ? f->words - i : PHRASE_MAX;

	for (; n > 0; n--) {
		size_t len = f->word[i + n - 1].to - f->word[i].from;
		const struct entry *e = entry_find(text, len);

		if (e != NULL) {
			*bits = e->bits;
			return n;
		}
	}
	*bits = *text >= '0' && *text <= '9'
	            ? number_bits(text, f->word[i].to - f->word[i].from)
	            : 0;
	return 1;
}

static void
read_words(struct reading *r, const struct folded *f)
{
	r->len = r->line = 0;
	for (size_t i = 0; i < f->words;) {
		size_t n = phrase_at(&r->item[r->len].bits, f, i);

		r->item[r->len].clause = f->word[i].clause;
		r->item[r->len].word = i;
		r->len++;
		i += n;
		if (i <= f->line)
			r->line = r->len;
	}
	/* In "2 Uhr" the digit chooses nothing. */
	for (size_t i = 0; i + 1 < r->len; i++)
		if ((r->item[i].bits & CHOICE) != 0 &&
		    (r->item[i + 1].bits & UNIT) != 0)
			r->item[i].bits = NUMBER;
}

/*
 * "kein Notfall", "nicht so dringend", "pas d'urgence": the negation stands
 * before the word in the same clause, with nothing but words of degree
 * between, or pronouns where a call is not wanted: "ne me rappelez pas". In
 * "die Heizung geht nicht dringend" it belongs to the verb.
 */
static bool
is_negated(const struct reading *r, size_t i)
{
	unsigned clause = r->item[i].clause;
	unsigned between = DEGREE | NEGATED;

	if ((r->item[i].bits & CALLBACK) != 0)
		between |= GLUE;
	while (i-- > 0 && r->item[i].clause == clause) {
		unsigned bits = r->item[i].bits;

		if ((bits & NOT) != 0)
			return i == 0 || r->item[i - 1].clause != clause ||
			       (r->item[i - 1].bits & BROKEN) == 0;
		if ((bits & between) == 0)
			return false;
	}
	return false;
}

static void
read_negations(struct reading *r)
{
	r->any = 0;
	for (size_t i = 0; i < r->len; i++) {
		unsigned *bits = &r->item[i].bits;

		if ((*bits & (URGENT | HAZARD | CALLBACK)) != 0 &&
		    is_negated(r, i))
			*bits = (*bits & CALLBACK) != 0 ? NOT : NEGATED;
		r->any |= *bits;
	}
}

/*
 * Do the first len items hold nothing but what is allowed, and a name after a
 * salutation?
 */
static bool
begins_only(const struct reading *r, size_t len, unsigned allowed)
{
	int names = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned bits = r->item[i].bits;

		if ((bits & SIGNOFF) != 0)
			names = NAME_MAX_WORDS;
		else if ((bits & allowed) == 0 && (bits != 0 || names-- <= 0))
			return false;
	}
	return true;
}

static bool
says_only(const struct reading *r, unsigned allowed)
{
	return begins_only(r, r->len, allowed);
}

/*
 * 'Liked "..."', '👍 to "..."': the phone tells which of our messages was
 * tapped, and quotes it, "1 = emergency" and all.
 */
static bool
is_reaction(const struct folded *f, const struct reading *r, bool *friendly)
{
	unsigned any = 0;

	if (f->quotation == 0 || f->quotation > 6)
		return false;
	for (size_t i = 0; i < r->len; i++) {
		unsigned bits = r->item[i].bits;

		if (r->item[i].word >= f->quotation)
			break;
		if ((bits & (REACTED | SMILE | SYMBOL | LINK)) == 0)
			return false;
		any |= bits;
	}
	*friendly = (any & SYMBOL) == 0;
	return (any & (REACTED | SMILE | SYMBOL)) != 0;
}

/* What the first word that says something chooses, REPLY_TEXT if nothing. */
static enum reply_meaning
choice_of(const struct reading *r)
{
	const unsigned idle = POLITE | GLUE | THANKS | SMILE | SYMBOL;
	unsigned allowed = CHOICE | idle;
	unsigned bits;
	size_t i = 0;

	while (i < r->len && (r->item[i].bits & CHOICE) == 0 &&
	       (r->item[i].bits & idle) != 0)
		i++;
	bits = i < r->len ? r->item[i].bits : 0;
	if ((bits & CHOICE) == 0)
		return REPLY_TEXT;
	/* "1 Wasser läuft aus": better one alarm too many. */
	if ((bits & ONE) != 0 && (bits & DIGIT) != 0 && (r->any & NEGATED) == 0)
		return REPLY_URGENT;
	if ((bits & TWO) != 0)
		allowed |= CALLBACK | FORM | TIME | NUMBER | UNIT | NEGATED |
		           NOT | DEGREE;
	if ((bits & THREE) != 0)
		allowed |= FORM;
	if (!says_only(r, allowed)) {
		/* "2" on a line of its own, and then who writes. */
		bool line = (bits & TWO) != 0 && i < r->line &&
		            begins_only(r, r->line, allowed);

		return line ? REPLY_CALLBACK : REPLY_TEXT;
	}
	if ((r->any & ONE) != 0)
		return REPLY_URGENT;
	return (r->any & TWO) != 0 ? REPLY_CALLBACK : REPLY_FORM;
}

static bool
is_urgent(const struct reading *r)
{
	const unsigned idle = POLITE | GLUE | SMILE;

	if ((r->any & URGENT) != 0 ||
	    ((r->any & IF_URGENT) != 0 && (r->any & AWAY) == 0))
		return true;
	if ((r->any & HAZARD) != 0 && (r->any & NEGATED) == 0)
		return true;
	return (r->any & HELP) != 0 && says_only(r, HELP | idle);
}

static enum reply_meaning
meaning_of(const struct reading *r, bool question)
{
	const unsigned idle = POLITE | GLUE | THANKS | SMILE;
	const unsigned beside = idle | SYMBOL | NOT | WRITING;
	enum reply_meaning choice;
	size_t first = 0;

	while (first < r->len && (r->item[first].bits & (SMILE | SYMBOL)) != 0)
		first++;
	if (first < r->len && (r->item[first].bits & STOP) != 0)
		return REPLY_STOP;
	if ((r->any & (STOP | STOP_ALONE)) != 0 &&
	    says_only(r, STOP | STOP_ALONE | beside))
		return REPLY_STOP;
	if ((r->any & START) != 0 && says_only(r, START | idle | SYMBOL))
		return REPLY_START;
	if (is_urgent(r))
		return REPLY_URGENT;
	choice = choice_of(r);
	if (choice != REPLY_TEXT)
		return choice;
	if ((r->any & CALLBACK) != 0)
		return REPLY_CALLBACK;
	if ((r->any & FORM) != 0 && says_only(r, FORM | idle))
		return REPLY_FORM;
	if ((r->any & (THANKS | SMILE)) != 0 && !question &&
	    says_only(r, THANKS | SMILE | POLITE))
		return REPLY_COURTESY;
	return REPLY_TEXT;
}

enum reply_meaning
reply_meaning(const char *text)
{
	struct folded folded;
	struct reading reading;
	bool friendly;

	fold(&folded, text);
	read_words(&reading, &folded);
	if (is_reaction(&folded, &reading, &friendly))
		return friendly ? REPLY_COURTESY : REPLY_TEXT;
	read_negations(&reading);
	return meaning_of(&reading, folded.question);
}

/*
 * "Away, back on Monday", as phones answer by themselves; but in "I take it,
 * Peter is away" somebody has said yes before.
 */
static bool
is_away(const struct reading *r)
{
	for (size_t i = 0; i < r->len && (r->item[i].bits & YES) == 0; i++)
		if ((r->item[i].bits & AWAY) != 0)
			return true;
	return false;
}

enum reply_consent
reply_consent(const char *text)
{
	const unsigned idle = POLITE | GLUE | THANKS | SMILE | YES;
	struct folded folded;
	struct reading reading;
	bool friendly;
	unsigned any;

	fold(&folded, text);
	read_words(&reading, &folded);
	if (is_reaction(&folded, &reading, &friendly))
		return friendly ? REPLY_YES : REPLY_NEITHER;
	read_negations(&reading);
	any = reading.any;
	if ((any & (NO | NOT)) != 0)
		return (any & YES) != 0 ? REPLY_NEITHER : REPLY_NO;
	if (folded.question || is_away(&reading))
		return REPLY_NEITHER;
	if ((any & YES) != 0 ||
	    ((any & (THANKS | SMILE)) != 0 && says_only(&reading, idle)))
		return REPLY_YES;
	return (any & ONE) != 0 && says_only(&reading, ONE | idle)
	           ? REPLY_YES
	           : REPLY_NEITHER;
}

const char *
reply_meaning_name(enum reply_meaning meaning)
{
	static const char *const names[REPLY_MEANING_MAX] = {
		[REPLY_URGENT] = "urgent",
		[REPLY_CALLBACK] = "callback",
		[REPLY_FORM] = "form",
		[REPLY_TEXT] = "text",
		[REPLY_COURTESY] = "courtesy",
		[REPLY_STOP] = "stop",
		[REPLY_START] = "start",
	};

	assert(meaning < REPLY_MEANING_MAX);
	return names[meaning];
}
