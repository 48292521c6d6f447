/*
 * config.h - settings of the installation, from the environment only
 *
 * The list is config.def. A variable that is unset or empty has its default.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

enum config {
#define CONFIG(name, fallback, meaning) CONFIG_##name,
#include "config.def"
#undef CONFIG
	CONFIG_MAX
};

/* Never NULL; belongs to the environment. */
const char *config_get(enum config which);

const char *config_name(enum config which);
const char *config_default(enum config which);
const char *config_meaning(enum config which);

#endif
