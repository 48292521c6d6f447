/*
 * fuzz_reply - how a text is written does not change what it means
 */
#include <assert.h>
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reply.h"

/* Longer texts are cut off somewhere, and what is added may be behind that. */
#define TEXT_MAX 900

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum reply_meaning
meaning_with(const char *before, const char *text, const char *after)
{
	char whole[TEXT_MAX + 64];

	(void)snprintf(whole, sizeof(whole), "%s%s%s", before, text, after);
	return reply_meaning(whole);
}

static enum reply_meaning
meaning_shouted(const char *text)
{
	char loud[TEXT_MAX + 1];
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		loud[i] = (char)toupper((unsigned char)text[i]);
	loud[i] = '\0';
	return reply_meaning(loud);
}

static void
check_variants(const char *text)
{
	enum reply_meaning meaning = reply_meaning(text);
	enum reply_meaning urgent = meaning_with("", text, "\nNotfall\n");

	assert(meaning < REPLY_MEANING_MAX);
	assert(strlen(reply_meaning_name(meaning)) > 0);
	assert(meaning_with("", text, " ") == meaning);
	assert(meaning_with(" \n", text, "") == meaning);
	assert(meaning_shouted(text) == meaning);
	assert(reply_consent(text) <= REPLY_NO);
	assert(meaning_with("STOP ", text, "") == REPLY_STOP);
	/* An emergency on a line of its own is lost to STOP and to reactions,
	 * which quote, only. */
	assert(urgent == REPLY_URGENT || urgent == REPLY_STOP ||
	       strpbrk(text, "\"\xc2\xe2") != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	assert(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	if (strlen(text) <= TEXT_MAX)
		check_variants(text);
	else
		assert(reply_meaning(text) < REPLY_MEANING_MAX);
	free(text);
	return 0;
}
