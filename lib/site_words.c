/*
 * site_words - the words of the pages, in four languages
 */
#include "site_words.h"

#include <assert.h>
#include <string.h>

#include "arena.h"
#include "asset.h"
#include "buf.h"
#include "json.h"
#include "json_write.h"
#include "problem.h"

#define VIEW_ARENA ((size_t)1024 * 1024)

static const char *const names[WORD_MAX] = {
#define WORD(name, text) [WORD_##name] = #name,
#include "site_de.def"
#undef WORD
};

/* That none stands twice, the compilers see; that none is missing, the counts
 * below. */
#define WORD(name, text) [WORD_##name] = (text),
static const char *const words[LANGUAGE_MAX][WORD_MAX] = {
	[LANGUAGE_DE] = {
#include "site_de.def"
	},
	[LANGUAGE_FR] = {
#include "site_fr.def"
	},
	[LANGUAGE_IT] = {
#include "site_it.def"
	},
	[LANGUAGE_EN] = {
#include "site_en.def"
	},
};
#undef WORD

#define WORD(name, text) 1,
_Static_assert(sizeof((char[]){
#include "site_fr.def"
	       }) == WORD_MAX,
    "site_fr.def is not complete");
_Static_assert(sizeof((char[]){
#include "site_it.def"
	       }) == WORD_MAX,
    "site_it.def is not complete");
_Static_assert(sizeof((char[]){
#include "site_en.def"
	       }) == WORD_MAX,
    "site_en.def is not complete");
#undef WORD

const char *
site_word_name(enum site_word word)
{
	assert(word < WORD_MAX);
	return names[word];
}

const char *
site_word(enum language language, enum site_word word)
{
	assert(language < LANGUAGE_MAX && word < WORD_MAX);
	return words[language][word];
}

const char *
site_word_fill(
    struct arena *a, const char *text, const char *name, const char *value)
{
	const char *mark = arena_printf(a, "{%s}", name);
	const char *at = strstr(text, mark);

	if (at == NULL)
		return text;
	return arena_printf(
	    a, "%.*s%s%s", (int)(at - text), text, value, at + strlen(mark));
}

static const struct cJSON *
view_make(struct arena *a, enum language language)
{
	const struct cJSON *out = NULL;
	struct problem why;
	struct buf b;
	int rc;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_obj_open(&b, "t");
	for (int w = 0; w < WORD_MAX; w++)
		json_str(&b, names[w], words[language][w]);
	json_obj_close(&b);
	asset_list(&b, "assets");
	json_obj_close(&b);
	rc = json_parse_stored(&out, a, b.text, &why);
	assert(rc == 0);
	return out;
}

const struct cJSON *
site_words(enum language language)
{
	/* A worker keeps them as long as it lives. */
	static struct arena *arena;
	static const struct cJSON *made[LANGUAGE_MAX];

	assert(language < LANGUAGE_MAX);
	if (arena == NULL)
		arena = arena_new(VIEW_ARENA);
	if (made[language] == NULL)
		made[language] = view_make(arena, language);
	return made[language];
}
