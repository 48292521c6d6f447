/*
 * tenant_preset.h - what a new firm of a trade begins with
 *
 * Services, intents, the ways of the form and the words at the top of the home
 * page, in each language: a part of a document (tenant_document.h), from
 * schema/presets, that the firm's own is merged into.
 */
#ifndef LIB_TENANT_PRESET_H
#define LIB_TENANT_PRESET_H

#include <stddef.h>

#include "language.h"

struct tenant_preset {
	const char *name;    /* "crafts" */
	const char *purpose; /* for whom it is */
	const unsigned char *document[LANGUAGE_MAX];
};

/* The i-th, or NULL behind the last. */
const struct tenant_preset *tenant_preset_at(size_t i);

/* That of a name, or NULL. */
const struct tenant_preset *tenant_preset_find(const char *name);

/* JSON. */
const char *tenant_preset_document(
    const struct tenant_preset *preset, enum language language);

#endif
