/*
 * opsfabric_restored - says that this database was restored, or moved
 */
#include <stdio.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "opsfabric_command.h"

static const struct command_option options[] = {
	{ "same", NULL,
	    "it was moved with all that is in it, as by pg_upgrade: "
	    "nothing was lost" },
	{ 0 },
};

static enum command_exit
moved(struct command_run *run)
{
	enum command_exit end = COMMAND_DONE;

	if (command_batch(run, STMT_COMMAND_RESTORED_SAME, NULL, &end) == NULL)
		return end;
	(void)printf(run->json
			 ? "{\"unknown\":0}\n"
			 : "this is the installation's database from now on\n");
	return COMMAND_DONE;
}

static enum command_exit
restored(struct command_run *run)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_restored params = {
		.fresh = id_new_in(run->arena),
		.now = now.text,
	};
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b;

	if (command_value(run, "same") != NULL)
		return moved(run);
	b = command_batch(run, STMT_COMMAND_RESTORED, &params, &end);
	if (b == NULL)
		return end;
	(void)printf(run->json ? "{\"unknown\":%s}\n"
			       : "%s messages that waited are unknown now\n",
	    db_get(b, 0, 0, "unknown"));
	return COMMAND_DONE;
}

const struct command commands_restored[] = {
	{ "restored", "",
	    "this database was restored: what waits in it is unknown", 0, 0,
	    options, restored },
	{ 0 },
};
