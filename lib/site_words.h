/*
 * site_words.h - the words of the pages, in four languages
 *
 * They stand in site_<language>.def. A page says {{t.services}}; the few that C
 * picks or fills in are found here.
 */
#ifndef LIB_SITE_WORDS_H
#define LIB_SITE_WORDS_H

#include "language.h"

struct arena;
struct cJSON;

enum site_word {
#define WORD(name, text) WORD_##name,
#include "site_de.def"
#undef WORD
	WORD_MAX
};

/* "services": its name in site_de.def and in a page. */
const char *site_word_name(enum site_word word);

const char *site_word(enum language language, enum site_word word);

/* The text with value in the place of "{name}". */
const char *site_word_fill(
    struct arena *a, const char *text, const char *name, const char *value);

/*
 * The lowest view of every page: {"t":{all words},"assets":{...}}. Made once
 * for each language and kept.
 */
const struct cJSON *site_words(enum language language);

#endif
