/*
 * lineage - is this the database whose messages this host carries, or one that
 * was restored or copied?
 */
#include "lineage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "log.h"

#define PATH_MAX_BYTES 4096
/* "<epoch> <claims>", filled up with spaces: written in one piece, in place, by
 * all dispatchers of this host. */
#define LINE_LEN 64

static void
path_make(char *out)
{
	(void)snprintf(out, PATH_MAX_BYTES, "%s/log/dispatcher.seen",
	    config_get(CONFIG_OPSFABRIC_STATE));
}

/* Of what is there; a line out of form is none. */
static void
line_read(struct lineage *l)
{
	char line[LINE_LEN + 1] = "";
	char epoch[sizeof(l->epoch.text)];

	if (l->fd < 0 || pread(l->fd, line, LINE_LEN, 0) != LINE_LEN)
		return;
	memcpy(epoch, line, sizeof(epoch) - 1);
	epoch[sizeof(epoch) - 1] = '\0';
	if (!id_is_valid(epoch))
		return;
	memcpy(l->epoch.text, epoch, sizeof(epoch));
	l->claims = strtol(line + sizeof(epoch) - 1, NULL, 10);
}

void
lineage_open(struct lineage *l)
{
	char path[PATH_MAX_BYTES];

	memset(l, 0, sizeof(*l));
	path_make(path);
	l->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (l->fd < 0)
		log_warn("%s: %s; whether the database was restored is not "
			 "known after a restart",
		    path, strerror(errno));
	line_read(l);
}

void
lineage_close(struct lineage *l)
{
	if (l->fd >= 0)
		(void)close(l->fd);
}

void
lineage_note(struct lineage *l, const char *epoch, long claims)
{
	char line[LINE_LEN + 1];

	if (strcmp(l->epoch.text, epoch) == 0 && claims <= l->claims)
		return;
	(void)snprintf(l->epoch.text, sizeof(l->epoch.text), "%s", epoch);
	l->claims = claims;
	(void)snprintf(
	    line, sizeof(line), "%s %-26ld\n", l->epoch.text, l->claims);
	if (l->fd >= 0 && pwrite(l->fd, line, LINE_LEN, 0) != LINE_LEN)
		log_warn("dispatcher.seen: %s", strerror(errno));
}

int
lineage_restored(struct db *db, struct arena *a, const char *seen,
    const char *why, struct problem *problem)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_message_restored p = {
		.seen = seen,
		.fresh = id_new_in(a),
		.now = now.text,
	};
	struct db_batch *b = db_batch_service(db, a);

	db_queue(b, STMT_MESSAGE_RESTORED, &p);
	if (db_flush_once(b, problem) != 0)
		return -1;
	log_error("this database was restored or copied (%s): %s messages that "
		  "waited in it are unknown now",
	    why, db_get(b, 0, 0, "unknown"));
	return 0;
}
