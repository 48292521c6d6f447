/*
 * config.h - settings of the installation, from the environment
 *
 * The list is config.def. A variable that is unset or empty has its default.
 */
#ifndef LIB_CONFIG_H
#define LIB_CONFIG_H

#include <stdbool.h>

struct problem;

enum config {
#define CONFIG(name, fallback, meaning) CONFIG_##name,
#include "config.def"
#undef CONFIG
	CONFIG_MAX
};

/* Never NULL; belongs to the environment. */
const char *config_get(enum config which);

/* A setting that is a number, of digits only. -1 with PROBLEM_INTERNAL, whose
 * detail is a line for the log, if it is none from least to most. */
int config_number(
    long *out, enum config which, long least, long most, struct problem *why);

/* Has the environment a value, or does the default hold? */
bool config_is_set(enum config which);

/*
 * Puts into the environment what it does not set, from lines NAME=VALUE as
 * systemd reads them for the programs (EnvironmentFile=), but without its
 * backslashes: comments, quotes around a value, the last line of a name counts.
 * Names that are not in config.def are passed over. -1 with errno if the file
 * cannot be read.
 */
int config_read_file(const char *path);

const char *config_name(enum config which);
const char *config_default(enum config which);
const char *config_meaning(enum config which);

#endif
