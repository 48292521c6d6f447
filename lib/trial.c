/*
 * trial - how often one that waits in the spool is tried, and by whom it is
 * held
 */
#include "trial.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "heartbeat.h"
#include "problem.h"
#include "spool.h"

#define NAME "in_hand"
/* "<name> <deaths>\n" */
#define LINE_LEN 64
#define PATIENCE_MOST 86400L

/* One may die of anything, and of a kill -9 at a bad moment. */
#define DEATHS_MAX 5
/* A database that goes and comes ends one or two attempts. */
#define FAILURES_MIN 3
/* Pauses grow to this part of all patience. */
#define PAUSES 16

struct lane {
	char name[SPOOL_NAME_SIZE]; /* whom the rest is about */
	int deaths;
	int failures;
	int64_t waited_us; /* between its attempts, the database being well */
	int64_t pause_us;  /* this one, and when it is over */
	int64_t next_us;
};

struct trial {
	int fd;
	int64_t patience_us;
	struct lane lanes[SPOOL_LANES];
};

int
trial_open(struct trial **out, struct problem *why)
{
	struct trial *t;
	long seconds;

	if (config_number(
		&seconds, CONFIG_SPOOL_PATIENCE, 1, PATIENCE_MOST, why) != 0)
		return -1;
	t = calloc(1, sizeof(*t));
	if (t == NULL)
		abort();
	t->fd = -1;
	t->patience_us = seconds * CLOCK_SECOND;
	*out = t;
	return 0;
}

void
trial_free(struct trial *t)
{
	if (t != NULL && t->fd >= 0)
		(void)close(t->fd);
	free(t);
}

static int
line_lock(int fd, int lane, short type, int how)
{
	struct flock range = {
		.l_type = type,
		.l_whence = SEEK_SET,
		.l_start = (off_t)lane * LINE_LEN,
		.l_len = LINE_LEN,
	};

	return fcntl(fd, how, &range);
}

/* Without room it cannot be made: then nobody dies of anything, and nobody
 * else holds a lane, for that takes the same file. */
static bool
is_held(struct trial *t, int lane, struct arena *a)
{
	if (t->fd < 0)
		t->fd = open(
		    spool_path(a, NAME), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return t->fd < 0 || line_lock(t->fd, lane, F_WRLCK, F_OFD_SETLK) == 0;
}

static void
let_go(const struct trial *t, int lane)
{
	if (t->fd >= 0)
		(void)line_lock(t->fd, lane, F_UNLCK, F_OFD_SETLK);
}

/* How often a program before this one died of it. */
static int
deaths_read(const struct trial *t, const struct spool_file *file)
{
	char line[LINE_LEN + 1] = "";
	size_t len = strlen(file->name);

	if (t->fd < 0 ||
	    pread(t->fd, line, LINE_LEN, (off_t)file->lane * LINE_LEN) !=
		LINE_LEN ||
	    strncmp(line, file->name, len) != 0 || line[len] != ' ')
		return 0;
	return (int)strtol(line + len, NULL, 10);
}

/* A disk without room has room for a line that is there, and forgets one that
 * is not. */
static void
deaths_write(const struct trial *t, const struct spool_file *file, int deaths)
{
	char line[LINE_LEN + 1];

	(void)snprintf(line, sizeof(line), "%-*s %*d\n", SPOOL_NAME_SIZE - 1,
	    file->name, LINE_LEN - SPOOL_NAME_SIZE - 1, deaths);
	if (t->fd >= 0 &&
	    pwrite(t->fd, line, LINE_LEN, (off_t)file->lane * LINE_LEN) < 0)
		return;
}

static struct lane *
lane_of(struct trial *t, const struct spool_file *file)
{
	struct lane *l = &t->lanes[file->lane];

	if (strcmp(l->name, file->name) == 0)
		return l;
	memset(l, 0, sizeof(*l));
	(void)snprintf(l->name, sizeof(l->name), "%s", file->name);
	l->deaths = deaths_read(t, file);
	return l;
}

/* Its turn, after it failed: the database is well, and the pause has been
 * waited. */
static bool
is_due(struct lane *l, struct db *service, struct arena *a)
{
	struct problem ignored;

	if (l->failures == 0 && l->deaths == 0)
		return true;
	if (clock_ticks_us() < l->next_us ||
	    heartbeat_prove(service, a, &ignored) != 0)
		return false;
	l->waited_us += l->pause_us;
	l->pause_us = 0;
	return true;
}

enum trial_verdict
trial_begin(struct trial *t, const struct spool_file *file, struct db *service,
    struct arena *a)
{
	struct lane *l;

	if (!is_held(t, file->lane, a))
		return TRIAL_LATER;
	l = lane_of(t, file);
	if (!is_due(l, service, a)) {
		let_go(t, file->lane);
		return TRIAL_LATER;
	}
	if (l->deaths >= DEATHS_MAX ||
	    (l->failures >= FAILURES_MIN && l->waited_us >= t->patience_us))
		return TRIAL_OVER;
	deaths_write(t, file, l->deaths + 1);
	return TRIAL_TAKE;
}

/* A second, two, four: a part of all patience at most, but a second at least.
 */
static void
pause_begin(const struct trial *t, struct lane *l)
{
	int64_t longest_us = t->patience_us / PAUSES;

	l->pause_us = CLOCK_SECOND;
	for (int i = 0; i < l->failures && l->pause_us < longest_us; i++)
		l->pause_us *= 2;
	if (l->pause_us > longest_us)
		l->pause_us = longest_us;
	if (l->pause_us < CLOCK_SECOND)
		l->pause_us = CLOCK_SECOND;
	l->failures++;
	l->next_us = clock_ticks_us() + l->pause_us;
}

void
trial_end(struct trial *t, const struct spool_file *file, enum trial_end end)
{
	struct lane *l = lane_of(t, file);

	if (end != TRIAL_STOPPED)
		l->deaths = 0;
	deaths_write(t, file, l->deaths);
	if (end == TRIAL_FAILED)
		pause_begin(t, l);
	/* An operator may have it tried again: from the beginning. */
	if (end == TRIAL_DONE)
		l->name[0] = '\0';
	let_go(t, file->lane);
}

const char *
trial_story(
    const struct trial *t, const struct spool_file *file, struct arena *a)
{
	const struct lane *l = &t->lanes[file->lane];

	if (l->deaths >= DEATHS_MAX)
		return arena_printf(a, "replay died of it %d times", l->deaths);
	return arena_printf(a,
	    "it failed %d times in %" PRId64
	    " s, and the database took other writes in between",
	    l->failures, l->waited_us / CLOCK_SECOND);
}

int
trial_hold(int lane, struct problem *why)
{
	struct arena *a = arena_new((size_t)64 * 1024);
	int fd = open(spool_path(a, NAME), O_RDWR | O_CLOEXEC);
	int rc = -1;

	while (fd >= 0 &&
	       (rc = line_lock(fd, lane, F_WRLCK, F_OFD_SETLKW)) != 0 &&
	       errno == EINTR)
		;
	if (fd >= 0 && rc != 0) {
		(void)close(fd);
		fd = -1;
	}
	if (fd < 0)
		(void)problem(why, PROBLEM_TRY_AGAIN, NULL, "%s: %s",
		    spool_path(a, NAME), strerror(errno));
	arena_free(a);
	return fd;
}
