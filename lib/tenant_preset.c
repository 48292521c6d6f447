/*
 * tenant_preset - what a new firm of a trade begins with
 */
#include "tenant_preset.h"

#include <string.h>

/* Made by cmake/presets.cmake, in the order of enum language. */
#include "presets.inc"

#define PRESETS (sizeof(presets) / sizeof(presets[0]))

const struct tenant_preset *
tenant_preset_at(size_t i)
{
	return i < PRESETS ? &presets[i] : NULL;
}

const char *
tenant_preset_document(
    const struct tenant_preset *preset, enum language language)
{
	return (const char *)preset->document[language];
}

const struct tenant_preset *
tenant_preset_find(const char *name)
{
	for (size_t i = 0; i < PRESETS; i++)
		if (strcmp(presets[i].name, name) == 0)
			return &presets[i];
	return NULL;
}
