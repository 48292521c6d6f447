/*
 * provider_console - messages for development: lines of messages.jsonl
 *
 * $OPSFABRIC_STATE/log/messages.jsonl gets one JSON object a message. The
 * append of one line is one write(2), so several dispatchers do not mix.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "config.h"
#include "json_write.h"
#include "provider.h"

#define PATH_MAX_BYTES 4096

/* 0, or the errno of what went wrong. */
static int
line_append(const char *line, size_t len)
{
	char path[PATH_MAX_BYTES];
	ssize_t written;
	int fd, rc;

	(void)snprintf(path, sizeof(path), "%s/log/messages.jsonl",
	    config_get(CONFIG_OPSFABRIC_STATE));
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	written = write(fd, line, len);
	rc = written < 0 ? errno : written < (ssize_t)len ? ENOSPC : 0;
	(void)close(fd);
	return rc;
}

static struct outcome
console_accept(const struct message *m, struct arena *a)
{
	struct outcome out = { .kind = OUTCOME_SENT };
	struct buf b;
	int rc;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "to", m->to);
	json_str(&b, "from", m->from);
	json_str(&b, "body", m->body);
	json_str(&b, "id", m->id);
	json_obj_close(&b);
	buf_char(&b, '\n');
	rc = line_append(b.text, b.len);
	if (rc != 0) {
		/* Nothing or half a line: whoever reads it saw no message. */
		out.kind = OUTCOME_RETRY;
		out.reason =
		    arena_printf(a, "log/messages.jsonl: %s", strerror(rc));
		out.is_our_fault = true;
	}
	return out;
}

const struct provider provider_console = {
	.name = "console",
	.parallel = 100,
	.sender = CONFIG_MAX,
	.accept = console_accept,
};
