/*
 * opsfabric_rehearsal - restores the newest backup where it harms nobody, and
 * says whether all is there
 *
 * What it does is deploy/backup's, which knows Postgres's tools; installed, it
 * lies among our programs.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "opsfabric_command.h"

static const struct command_option options[] = {
	{ "from", "DIRECTORY", "where backups are, unless at the usual place" },
	{ 0 },
};

/* In bin/ of a build it lies beside this program. */
static const char *
program_path(struct arena *a)
{
	static const char *const places[] = { "backup",
		"../libexec/opsfabric/backup" };
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash;

	self[len < 0 ? 0 : len] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0;
	     slash != NULL && i < sizeof(places) / sizeof(places[0]); i++) {
		const char *path = arena_printf(
		    a, "%.*s/%s", (int)(slash - self), self, places[i]);

		if (access(path, X_OK) == 0)
			return path;
	}
	return NULL;
}

static enum command_exit
rehearse(struct command_run *run)
{
	const char *path = program_path(run->arena);
	const char *from = command_value(run, "from");

	if (path == NULL) {
		command_error("the program backup is not installed");
		return COMMAND_REFUSED;
	}
	(void)fflush(stdout);
	if (from == NULL)
		(void)execl(path, path, "--rehearse", (char *)NULL);
	else
		(void)execl(
		    path, path, "--rehearse", "--to", from, (char *)NULL);
	command_error("%s: %s", path, strerror(errno));
	return COMMAND_REFUSED;
}

const struct command commands_rehearsal[] = {
	{ "restore-rehearsal", "",
	    "restore the newest backup into a private cluster, and look", 0, 0,
	    options, rehearse },
	{ 0 },
};
