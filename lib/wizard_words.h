/*
 * wizard_words.h - what the request wizard says, in the languages of the house
 *
 * The words are wizard_word.def.
 */
#ifndef LIB_WIZARD_WORDS_H
#define LIB_WIZARD_WORDS_H

#include "language.h"

struct buf;

enum wizard_word {
#define WORD(name, de, fr, it, en) WIZARD_WORD_##name,
#include "wizard_word.def"
#undef WORD
	WIZARD_WORD_MAX
};

const char *wizard_word(enum wizard_word word, enum language language);

/* All of them, as the member w of a page's view: {"title":"Anfrage",...}. */
void wizard_words_write(struct buf *b, enum language language);

#endif
