/*
 * photo_convert - starts bin/photo_convert, and ends it if it takes too long
 */
#include "photo_convert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "log.h"
#include "photo_verdict.h"
#include "problem.h"

#define PROGRAM "photo_convert"
#define SLOTS 2
/* Waiting for a slot and converting together; nginx waits for 20 seconds. */
#define DEADLINE_US (15 * CLOCK_SECOND)
#define LOOK_AGAIN_NS 20000000L

/* Above all that a child finds at its own places. */
#define HIGH_FD 16

/* What a child has where. */
enum child_fd {
	CHILD_PICTURE = 0,
	CHILD_ANSWER = 1,
	CHILD_PHOTO = 3,
	CHILD_THUMB = 4,
	CHILD_SLOT = 5, /* its lock ends with whoever is last */
	CHILD_FDS = 6
};

struct conversion {
	int64_t deadline_us; /* of clock_ticks_us() */
	int slot;
	int answer[2]; /* pipe */
	pid_t pid;
};

static int
ours(struct problem *why, const char *what, int error)
{
	log_error("photos: %s: %s", what, strerror(error));
	return problem(
	    why, PROBLEM_INTERNAL, NULL, "The photo could not be converted");
}

/* Beside the program that runs, as it is installed, or in bin/ of a build. */
static const char *
program_path(struct arena *a)
{
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *slash, *path;

	self[len < 0 ? 0 : len] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL)
		return PROGRAM;
	path = arena_printf(a, "%.*s/" PROGRAM, (int)(slash - self), self);
	if (access(path, X_OK) == 0)
		return path;
	return arena_printf(
	    a, "%.*s/../bin/" PROGRAM, (int)(slash - self), self);
}

/* -1 while all are taken, until the deadline. */
static int
slot_take(
    struct conversion *c, const char *dir, struct arena *a, struct problem *why)
{
	const struct timespec pause = { .tv_nsec = LOOK_AGAIN_NS };

	do {
		for (int i = 0; i < SLOTS; i++) {
			const char *path =
			    arena_printf(a, "%s/slot.%d", dir, i);
			int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

			if (fd < 0)
				return ours(why, path, errno);
			c->slot = fd;
			if (flock(fd, LOCK_EX | LOCK_NB) == 0)
				return 0;
			(void)close(fd);
		}
		(void)nanosleep(&pause, NULL);
	} while (clock_ticks_us() < c->deadline_us);
	c->slot = -1;
	return problem(
	    why, PROBLEM_TRY_AGAIN, NULL, "Many photos arrive at the moment");
}

/*
 * The descriptors at their places. They are copied far above first: one of
 * them might stand where another has to go.
 */
static int
actions_make(posix_spawn_file_actions_t *actions, const int *fds, int *high)
{
	int rc = 0;

	for (int i = 0; i < CHILD_FDS; i++) {
		if (fds[i] < 0)
			continue;
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, HIGH_FD);
		if (high[i] < 0)
			return errno;
		rc = posix_spawn_file_actions_adddup2(actions, high[i], i);
		if (rc != 0)
			return rc;
	}
	return posix_spawn_file_actions_addclosefrom_np(actions, CHILD_FDS);
}

/* Signals as a program expects to find them, not as a worker has them. */
static int
attributes_make(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	(void)sigemptyset(&none);
	(void)sigfillset(&all);
	(void)posix_spawnattr_setsigmask(attributes, &none);
	(void)posix_spawnattr_setsigdefault(attributes, &all);
	return posix_spawnattr_setflags(
	    attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int
spawn(struct conversion *c, const char *path, const int *fds)
{
	static char name[] = PROGRAM;
	char *argv[] = { name, NULL };
	char *environment[] = { NULL };
	int high[CHILD_FDS] = { -1, -1, -1, -1, -1, -1 };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int rc;

	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawnattr_init(&attributes);
	rc = actions_make(&actions, fds, high);
	if (rc == 0)
		rc = attributes_make(&attributes);
	if (rc == 0)
		rc = posix_spawn(
		    &c->pid, path, &actions, &attributes, argv, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	for (int i = 0; i < CHILD_FDS; i++)
		if (high[i] >= 0)
			(void)close(high[i]);
	return rc;
}

/* How it ended, within the deadline or by it. */
static enum photo_verdict
wait_for(const struct conversion *c)
{
	struct pollfd ended = { .fd = pidfd_open(c->pid, 0), .events = POLLIN };
	int64_t left_us = c->deadline_us - clock_ticks_us();
	int status = 0;
	int rc;

	/* Without it nobody would tell when it ends: it does not go on. */
	rc = ended.fd < 0
	         ? -1
	         : poll(&ended, 1, left_us > 0 ? (int)(left_us / 1000) : 0);
	if (rc <= 0) {
		log_warn("photos: " PROGRAM " took too long");
		(void)kill(c->pid, SIGKILL);
	}
	if (ended.fd >= 0)
		(void)close(ended.fd);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status)) {
		log_warn(
		    "photos: " PROGRAM " ended by signal %d", WTERMSIG(status));
		return PHOTO_VERDICT_NO_PICTURE;
	}
	return (enum photo_verdict)WEXITSTATUS(status);
}

/* "<width> <height>\n", which fits into a pipe: nobody waits. */
static int
answer_read(struct photo_made *out, const struct conversion *c)
{
	char text[32];
	char *rest;
	ssize_t len = read(c->answer[0], text, sizeof(text) - 1);

	text[len < 0 ? 0 : len] = '\0';
	out->width = (int)strtol(text, &rest, 10);
	out->height = (int)strtol(rest, NULL, 10);
	return out->width > 0 && out->height > 0 ? 0 : -1;
}

static int
judge(struct photo_made *out, const struct conversion *c,
    enum photo_verdict verdict, struct problem *why)
{
	switch (verdict) {
	case PHOTO_VERDICT_GOOD:
		if (answer_read(out, c) == 0)
			return 0;
		break;
	case PHOTO_VERDICT_NO_PICTURE:
		return problem(why, PROBLEM_PHOTO_UNREADABLE, "/photo",
		    "Send a photo as JPEG, PNG, HEIC or WebP");
	case PHOTO_VERDICT_TOO_MANY_PIXELS:
		return problem(why, PROBLEM_PHOTO_PIXELS, "/photo",
		    "At most %ld megapixels", PHOTO_PIXELS_MAX / 1000000);
	case PHOTO_VERDICT_BROKEN:
	default:
		break;
	}
	log_error("photos: " PROGRAM " ended with %d", (int)verdict);
	return problem(
	    why, PROBLEM_INTERNAL, NULL, "The photo could not be converted");
}

static int
run(struct photo_made *out, struct conversion *c, int from, const int to[2],
    const char *path, struct problem *why)
{
	int fds[CHILD_FDS] = {
		[CHILD_PICTURE] = from,
		[CHILD_ANSWER] = c->answer[1],
		[2] = -1, /* the worker's log */
		[CHILD_PHOTO] = to[0],
		[CHILD_THUMB] = to[1],
		[CHILD_SLOT] = c->slot,
	};
	int rc = spawn(c, path, fds);

	if (rc != 0)
		return ours(why, path, rc);
	return judge(out, c, wait_for(c), why);
}

int
photo_convert(struct photo_made *out, const char *dir, int from,
    const int to[2], struct arena *a, struct problem *why)
{
	struct conversion c = {
		.deadline_us = clock_ticks_us() + DEADLINE_US,
	};
	int rc;

	if (slot_take(&c, dir, a, why) != 0)
		return -1;
	if (pipe2(c.answer, O_CLOEXEC | O_NONBLOCK) != 0) {
		(void)close(c.slot);
		return ours(why, "pipe", errno);
	}
	rc = run(out, &c, from, to, program_path(a), why);
	(void)close(c.answer[0]);
	(void)close(c.answer[1]);
	(void)close(c.slot);
	return rc;
}
