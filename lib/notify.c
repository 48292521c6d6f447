/*
 * notify - tells systemd, if it is the supervisor, how a program is
 */
#include "notify.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"

#define LINE_MAX_BYTES 256
/* How often within the time that systemd waits. */
#define BEATS 4

/* Nobody there to hear it is no error: then nobody waits for it either. */
static void
say(const char *line)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	size_t len = path == NULL ? 0 : strlen(path);
	int fd;

	if (len == 0 || len >= sizeof(to.sun_path))
		return;
	memcpy(to.sun_path, path, len);
	/* A name that lies in no directory begins with a NUL. */
	if (*path == '@')
		to.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, line, strlen(line), MSG_NOSIGNAL,
	    (const struct sockaddr *)&to,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
	(void)close(fd);
}

void
notify_ready(const char *status)
{
	char line[LINE_MAX_BYTES];

	(void)snprintf(line, sizeof(line), "READY=1\nSTATUS=%s", status);
	say(line);
}

void
notify_stopping(void)
{
	say("STOPPING=1\nSTATUS=Finishing what is under way");
}

void
notify_alive(void)
{
	static int64_t next_us;
	const char *limit = getenv("WATCHDOG_USEC");
	int64_t now_us = clock_ticks_us();

	if (limit == NULL || now_us < next_us)
		return;
	next_us = now_us + strtoll(limit, NULL, 10) / BEATS;
	say("WATCHDOG=1");
}
