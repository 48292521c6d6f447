/*
 * language - the languages in which the house writes
 */
#include "language.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char *const names[LANGUAGE_MAX] = {
	[LANGUAGE_DE] = "de",
	[LANGUAGE_FR] = "fr",
	[LANGUAGE_IT] = "it",
	[LANGUAGE_EN] = "en",
};

int
language_parse(enum language *out, const char *text)
{
	/* RFC 5646: subtags follow a hyphen; POSIX writes an underscore. */
	size_t len = strcspn(text, "-_.");

	for (int i = 0; i < LANGUAGE_MAX; i++) {
		if (len == strlen(names[i]) &&
		    strncasecmp(text, names[i], len) == 0) {
			*out = (enum language)i;
			return 0;
		}
	}
	return -1;
}

const char *
language_name(enum language language)
{
	assert(language < LANGUAGE_MAX);
	return names[language];
}
