/*
 * config - settings of the installation, from the environment
 */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"

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

int
config_number(
    long *out, enum config which, long least, long most, struct problem *why)
{
	const char *value = config_get(which);
	char *end;

	errno = 0;
	*out = strtol(value, &end, 10);
	if (isdigit((unsigned char)*value) && *end == '\0' && errno == 0 &&
	    *out >= least && *out <= most)
		return 0;
	return problem(why, PROBLEM_INTERNAL, NULL,
	    "%s is \"%s\", not a number from %ld to %ld", config_name(which),
	    value, least, most);
}

bool
config_is_set(enum config which)
{
	const char *value = getenv(settings[which].name);

	return value != NULL && *value != '\0';
}

/* Without space around it, and without the quotes around all of it. */
static char *
bare(char *text)
{
	size_t len;

	while (isspace((unsigned char)*text))
		text++;
	len = strlen(text);
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	text[len] = '\0';
	if (len < 2 || (*text != '"' && *text != '\'') ||
	    text[len - 1] != *text)
		return text;
	text[len - 1] = '\0';
	return text + 1;
}

/* A line that is none of NAME=VALUE, or of a name of nobody, says nothing. */
static void
line_read(char *line, char *values[CONFIG_MAX])
{
	char *name = bare(line), *equals = strchr(name, '=');

	if (*name == '#' || *name == ';' || equals == NULL)
		return;
	*equals = '\0';
	name = bare(name);
	for (int i = 0; i < CONFIG_MAX; i++) {
		if (strcmp(settings[i].name, name) != 0)
			continue;
		free(values[i]);
		values[i] = strdup(bare(equals + 1));
	}
}

int
config_read_file(const char *path)
{
	char *values[CONFIG_MAX] = { NULL };
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;

	if (f == NULL)
		return -1;
	while (getline(&line, &room, f) >= 0)
		line_read(line, values);
	free(line);
	(void)fclose(f);
	for (int i = 0; i < CONFIG_MAX; i++) {
		if (values[i] != NULL && !config_is_set((enum config)i))
			(void)setenv(settings[i].name, values[i], 1);
		free(values[i]);
	}
	return 0;
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
