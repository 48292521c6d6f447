/*
 * config - settings of the installation, from the environment only
 */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>

static const struct {
	const char *name;
	const char *fallback;
	const char *meaning;
} settings[CONFIG_MAX] = {
#define CONFIG(name, fallback, meaning) \
	[CONFIG_##name] = { #name, fallback, meaning },
#include "config.def"
#undef CONFIG
};

const char *
config_get(enum config which)
{
	const char *value = getenv(settings[which].name);

	return value == NULL || *value == '\0' ? settings[which].fallback
	                                       : value;
}

const char *
config_name(enum config which)
{
	return settings[which].name;
}

const char *
config_default(enum config which)
{
	return settings[which].fallback;
}

const char *
config_meaning(enum config which)
{
	return settings[which].meaning;
}
