/*
 * dispatcher - takes queued messages to their providers
 *
 * Any number may run, on any number of hosts. One of each host owns the socket
 * on which handlers ring after their commit; the others look every second, and
 * take the socket over when its owner is gone. SIGTERM, SIGINT: begins nothing
 * more, finishes what is under way, writes what became of it, ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "config.h"
#include "db.h"
#include "delivery.h"
#include "log.h"
#include "message.h"
#include "metrics.h"
#include "notify.h"
#include "problem.h"
#include "provider.h"
#include "signals.h"

#define PATH_MAX_BYTES 4096
#define SECOND_US INT64_C(1000000)
/* A transfer's time-out, and then some for a database that is away. */
#define STOP_LIMIT_US (36 * SECOND_US)

/* The socket that handlers ring on, if this process owns it. */
struct bell {
	int lock; /* held by the owner, freed by the kernel when it dies */
	int fd;
	bool complained;
	int64_t next_us; /* when to try to become its owner again */
};

struct dispatcher {
	struct db *db;
	struct delivery *delivery;
	struct metrics *metrics;
	struct bell bell;
	int signals;
	bool stopping;
	int64_t stop_limit_us;
	int status;
};

static int
bell_fail(struct bell *b, const char *what)
{
	if (!b->complained)
		log_warn("%s: %s; looking every second instead", what,
		    strerror(errno));
	b->complained = true;
	return -1;
}

/* 0 if the lock is ours: then whatever socket lies there is a dead one's. */
static int
bell_lock(struct bell *b)
{
	char path[PATH_MAX_BYTES];

	(void)snprintf(path, sizeof(path), "%s/run/dispatcher.lock",
	    config_get(CONFIG_OPSFABRIC_STATE));
	if (b->lock < 0)
		b->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (b->lock < 0)
		return bell_fail(b, path);
	return flock(b->lock, LOCK_EX | LOCK_NB);
}

static int
bell_bind(struct bell *b)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	char path[PATH_MAX_BYTES];
	int fd;

	message_wake_path(path, sizeof(path));
	if (strlen(path) >= sizeof(at.sun_path)) {
		errno = ENAMETOOLONG;
		return bell_fail(b, path);
	}
	memcpy(at.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return bell_fail(b, "socket");
	(void)unlink(path);
	if (bind(fd, (const struct sockaddr *)&at, sizeof(at)) != 0) {
		(void)bell_fail(b, path);
		(void)close(fd);
		return -1;
	}
	b->fd = fd;
	return 0;
}

/* Own the socket, if nobody does. */
static void
bell_try(struct bell *b)
{
	if (b->fd >= 0 || clock_ticks_us() < b->next_us)
		return;
	b->next_us = clock_ticks_us() + SECOND_US;
	if (bell_lock(b) == 0 && bell_bind(b) == 0)
		b->complained = false;
}

/* Did anybody ring? Ten times is as good as once. */
static bool
bell_rang(const struct bell *b)
{
	char bytes[16];
	bool rang = false;

	while (b->fd >= 0 && recv(b->fd, bytes, sizeof(bytes), 0) >= 0)
		rang = true;
	return rang;
}

static void
bell_close(struct bell *b)
{
	char path[PATH_MAX_BYTES];

	if (b->fd >= 0) {
		message_wake_path(path, sizeof(path));
		/* Before the lock goes: after it this could be another's. */
		(void)unlink(path);
		(void)close(b->fd);
	}
	if (b->lock >= 0)
		(void)close(b->lock);
}

static void
stop(struct dispatcher *d, int status)
{
	if (d->stopping)
		return;
	d->stopping = true;
	d->status = status;
	d->stop_limit_us = clock_ticks_us() + STOP_LIMIT_US;
	notify_stopping();
	delivery_stop(d->delivery);
}

/* What happened outside since the last look. */
static void
look(struct dispatcher *d)
{
	struct signalfd_siginfo info;

	if (read(d->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		log_info(
		    "signal %u: finishing what is under way", info.ssi_signo);
		stop(d, EXIT_SUCCESS);
	}
	if (!d->stopping && !provider_clock_is_allowed())
		stop(d, EXIT_FAILURE);
	bell_try(&d->bell);
	if (bell_rang(&d->bell))
		delivery_wake(d->delivery);
}

static int
run(struct dispatcher *d)
{
	while (!delivery_is_done(d->delivery)) {
		int fds[2] = { d->signals, d->bell.fd };

		delivery_wait(d->delivery, fds, d->bell.fd < 0 ? 1 : 2);
		look(d);
		delivery_step(d->delivery);
		notify_alive();
		if (db_is_wrong(d->db))
			return EXIT_FAILURE;
		if (d->stopping && clock_ticks_us() > d->stop_limit_us) {
			log_error("the database does not come back: what is "
				  "not written will become unknown");
			return EXIT_FAILURE;
		}
	}
	return d->status;
}

static int
may_start(struct dispatcher *d)
{
	const struct provider *p = provider_configured();
	struct problem why;

	if (p == NULL || !provider_clock_is_allowed())
		return -1;
	if (provider_ready(p, &why) != 0) {
		log_error("no message can be sent: %s", why.detail);
		return -1;
	}
	d->signals = signals_open();
	return d->signals < 0 ? -1 : 0;
}

int
main(void)
{
	struct dispatcher d = { .bell = { .lock = -1, .fd = -1 } };
	int status;

	log_open("dispatcher");
	if (may_start(&d) != 0)
		return EXIT_FAILURE;
	d.db = db_new(STMT_ROLE_SERVICE, "dispatcher");
	d.metrics = metrics_open("dispatcher");
	d.delivery = delivery_new(d.db, d.metrics);
	log_info("carries messages; SMS_PROVIDER is %s",
	    provider_configured()->name);
	/* Also while the database is away: it comes back by itself. */
	notify_ready("Carries messages");
	status = run(&d);
	bell_close(&d.bell);
	delivery_free(d.delivery);
	metrics_close(d.metrics);
	db_free(d.db);
	log_info("ended");
	return status;
}
