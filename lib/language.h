/*
 * language.h - the languages in which the house writes
 *
 * A contact's language, else the tenant's; the database holds the two letters.
 */
#ifndef LIB_LANGUAGE_H
#define LIB_LANGUAGE_H

enum language {
	LANGUAGE_DE,
	LANGUAGE_FR,
	LANGUAGE_IT,
	LANGUAGE_EN,
	LANGUAGE_MAX
};

/*
 * Accepts what browsers and people write: "fr", "FR", "fr-CH", "fr_CH.UTF-8".
 * -1 if it is none of ours; *out is left alone then.
 */
int language_parse(enum language *out, const char *text);

/* "de": the name in the database, in texts and in `lang` of a page. */
const char *language_name(enum language language);

#endif
