/*
 * roster - whom webhooks may reach and by what their senders are known, as it
 * was last read
 *
 * The time of the file says when it was last true: one that did not change is
 * not written again, only its time is.
 */
#include "roster.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "log.h"
#include "problem.h"
#include "spool.h"

#define NAME "roster"
#define BEGINNING "opsfabric-roster 1\n"
#define END "end\n"
#define KEY_SIZE 128

/* Of ten thousand firms it is 4 MB, and as many again while it is made. */
#define ROSTER_ARENA ((size_t)128 * 1024 * 1024)

/* The file as this process has mapped it. */
static struct {
	void *map;
	const char *text; /* the same */
	size_t len;
	ino_t inode;
	struct timespec written;
} mapped;

static void
unmap(void)
{
	if (mapped.text != NULL)
		(void)munmap(mapped.map, mapped.len);
	mapped.text = NULL;
}

static int64_t
us_of(struct timespec t)
{
	return t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

static bool
is_whole(const char *text, size_t len)
{
	size_t begins = strlen(BEGINNING), ends = strlen(END);

	return len >= begins + ends && memcmp(text, BEGINNING, begins) == 0 &&
	       memcmp(text + len - ends, END, ends) == 0;
}

/* A file that took the place of the one that is mapped. */
static int
map(int fd, const struct stat *st)
{
	void *text;

	unmap();
	if (st->st_size == 0)
		return -1;
	text = mmap(NULL, (size_t)st->st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (text == MAP_FAILED)
		return -1;
	mapped.map = text;
	mapped.text = text;
	mapped.len = (size_t)st->st_size;
	mapped.inode = st->st_ino;
	if (is_whole(mapped.text, mapped.len))
		return 0;
	unmap();
	errno = EINVAL;
	return -1;
}

/* mapped is what lies there now. */
static int
look(struct arena *a)
{
	int fd = open(spool_path(a, NAME), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	int rc;

	if (fd < 0)
		return -1;
	rc = fstat(fd, &st);
	if (rc == 0 && (mapped.text == NULL || mapped.inode != st.st_ino ||
			   mapped.len != (size_t)st.st_size))
		rc = map(fd, &st);
	if (rc == 0)
		mapped.written = st.st_mtim;
	(void)close(fd);
	return rc;
}

int64_t
roster_read_us(void)
{
	struct arena *a = arena_new(ROSTER_ARENA);
	int rc = look(a);

	arena_free(a);
	return rc == 0 ? us_of(mapped.written) : 0;
}

static bool
is_of_use(struct arena *a, int64_t answered_us)
{
	int64_t written_us;

	if (look(a) != 0)
		return false;
	written_us = us_of(mapped.written);
	return clock_system_us() - written_us <= ROSTER_MAX_AGE &&
	       answered_us - written_us <= ROSTER_LATE;
}

int
roster_find(const char **out, struct arena *a, const char *key,
    int64_t answered_us, struct problem *why)
{
	const char *line, *rest;
	char wanted[KEY_SIZE];
	size_t len;

	*out = NULL;
	if (!is_of_use(a, answered_us)) {
		log_error("spool: the roster in it is missing or too old: does "
			  "replay run?");
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be reached at the moment");
	}
	(void)snprintf(wanted, sizeof(wanted), "\n%s ", key);
	len = strlen(wanted);
	line = memmem(mapped.text, mapped.len, wanted, len);
	/* A key that was cut off, or whose middle is a space, is nobody's. */
	if (line == NULL || strcspn(wanted, " ") != len - 1)
		return 0;
	rest = line + len;
	*out = arena_strndup(a, rest,
	    (size_t)((const char *)memchr(rest, '\n',
			 mapped.len - (size_t)(rest - mapped.text)) -
		     rest));
	return 0;
}

static const char *
lines_read(size_t *len, struct db *db, struct arena *a, struct problem *why)
{
	struct db_batch *b = db_batch_service(db, a);
	struct buf text;

	db_queue(b, STMT_ROSTER, NULL);
	if (db_flush(b, why) != 0)
		return NULL;
	buf_init(&text, a);
	buf_str(&text, BEGINNING);
	for (int i = 0; i < db_rows(b, 0); i++) {
		buf_str(&text, db_get(b, 0, i, "line"));
		buf_char(&text, '\n');
	}
	buf_str(&text, END);
	*len = text.len;
	return text.text;
}

int
roster_refresh(struct db *db, struct problem *why)
{
	/* When it was asked: what changes meanwhile is not in it. */
	int64_t asked_us = clock_system_us();
	struct timespec times[2];
	struct arena *a = arena_new(ROSTER_ARENA);
	const char *text;
	size_t len;
	int rc = 0;

	times[0].tv_sec = asked_us / CLOCK_SECOND;
	times[0].tv_nsec = asked_us % CLOCK_SECOND * 1000;
	times[1] = times[0];
	text = lines_read(&len, db, a, why);
	if (text == NULL) {
		arena_free(a);
		return -1;
	}
	if (look(a) != 0 || mapped.len != len ||
	    memcmp(mapped.text, text, len) != 0)
		rc = spool_replace(a, NAME, text, len, why);
	if (rc == 0)
		(void)utimensat(AT_FDCWD, spool_path(a, NAME), times, 0);
	arena_free(a);
	return rc;
}
