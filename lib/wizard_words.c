/*
 * wizard_words - what the request wizard says, in the languages of the house
 */
#include "wizard_words.h"

#include <assert.h>
#include <stddef.h>

#include "json_write.h"
#include "utf8.h"

#define NAME_SIZE 40

static const struct {
	const char *name;
	const char *text[LANGUAGE_MAX];
} words[WIZARD_WORD_MAX] = {
#define WORD(name, de, fr, it, en) \
	[WIZARD_WORD_##name] = { #name, { [LANGUAGE_DE] = (de), \
					    [LANGUAGE_FR] = (fr), \
					    [LANGUAGE_IT] = (it), \
					    [LANGUAGE_EN] = (en) } },
#include "wizard_word.def"
#undef WORD
};

const char *
wizard_word(enum wizard_word word, enum language language)
{
	assert(word < WIZARD_WORD_MAX && language < LANGUAGE_MAX);
	return words[word].text[language];
}

void
wizard_words_write(struct buf *b, enum language language)
{
	json_obj_open(b, "w");
	for (int i = 0; i < WIZARD_WORD_MAX; i++) {
		char name[NAME_SIZE] = { 0 };

		for (size_t n = 0; words[i].name[n] != '\0'; n++) {
			assert(n < sizeof(name) - 1);
			name[n] = utf8_lower_ascii(words[i].name[n]);
		}
		json_str(b, name, words[i].text[language]);
	}
	json_obj_close(b);
}
