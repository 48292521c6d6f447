/*
 * spool - the spool: files that wait on this host for the database
 */
#include "spool.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "digest.h"
#include "id.h"
#include "log.h"
#include "problem.h"

#define MAGIC "opsfabric-spool 1 "
#define MAGIC_LEN (sizeof(MAGIC) - 1)
/* Before its version. */
#define NAME_OF_MAGIC (sizeof("opsfabric-spool ") - 1)
#define HASH_LEN 64
#define HEAD_LEN (MAGIC_LEN + HASH_LEN + 1)

#define US_DIGITS 16
#define US_MOST INT64_C(9999999999999999)
#define ID_LEN 36
#define NAME_LEN (US_DIGITS + 1 + ID_LEN)
/* Of the firm, at its end. */
#define MARKS 256
#define MARK_LEN 2
#define LANE_PATH_SIZE 32
#define PATH_SIZE 4096

/* Nobody writes one file for so long. */
#define STALE_S 60
/* How long a count of those that wait is believed, and how often a full disk is
 * told. */
#define COUNT_AGE_US (2 * CLOCK_SECOND)
#define TELL_US (10 * CLOCK_SECOND)
/* Of all that may wait: where firms with much get no more, and what is much. */
#define SHARED_FROM(most) ((most) - (most) / 4)
#define SHARE(most) ((most) < 32 ? 1 : (most) / 16)
#define MOST_MOST 10000000L

/* SPOOL_MAX, once it was looked at. */
static long most;

bool
spool_is_on(void)
{
	return strcmp(config_get(CONFIG_SPOOL_DIR), "off") != 0;
}

static void
path_write(char out[PATH_SIZE], const char *name)
{
	const char *dir = config_get(CONFIG_SPOOL_DIR);

	if (*dir != '\0')
		(void)snprintf(out, PATH_SIZE, "%s/%s", dir, name);
	else
		(void)snprintf(out, PATH_SIZE, "%s/spool/%s",
		    config_get(CONFIG_OPSFABRIC_STATE), name);
}

const char *
spool_path(struct arena *a, const char *name)
{
	char path[PATH_SIZE];

	path_write(path, name);
	return arena_strdup(a, path);
}

static void
file_path(char out[PATH_SIZE], const struct spool_file *file)
{
	char name[LANE_PATH_SIZE + NAME_LEN + 1];

	if (file->place == SPOOL_WAIT)
		(void)snprintf(name, sizeof(name), "wait/%02x/%s",
		    (unsigned)file->lane, file->name);
	else
		(void)snprintf(name, sizeof(name), "failed/%s", file->name);
	path_write(out, name);
}

static bool
is_room(int error)
{
	return error == ENOSPC || error == EDQUOT || error == EFBIG;
}

/* Told at once and then now and then: each request would say the same. */
static int
failed(struct problem *why, const char *path)
{
	static int64_t tell_at_us;
	int error = errno;

	if (clock_ticks_us() >= tell_at_us) {
		tell_at_us = clock_ticks_us() + TELL_US;
		log_error("spool: %s is not written: %s%s", path,
		    strerror(error),
		    is_room(error) ? "; webhooks are told 503 until there is "
				     "room"
				   : "");
	}
	return problem(
	    why, PROBLEM_TRY_AGAIN, NULL, "The spool could not do it just now");
}

static int
dir_make(const char *path)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -1;
}

static int
dir_sync(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);
	int error = errno;

	if (fd >= 0)
		(void)close(fd);
	errno = error;
	return rc;
}

static int
check(bool makes, struct problem *why)
{
	static const char *const names[] = { ".", "wait", "failed", "new" };
	char path[PATH_SIZE];

	if (config_number(&most, CONFIG_SPOOL_MAX, 1, MOST_MOST, why) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		path_write(path, names[i]);
		if (i == 0)
			*strrchr(path, '/') = '\0';
		if ((!makes || dir_make(path) == 0) &&
		    access(path, R_OK | W_OK | X_OK) == 0)
			continue;
		if (makes && is_room(errno))
			continue;
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "spool: %s: %s; it must be the programs' to write, or "
		    "SPOOL_DIR=off",
		    path, strerror(errno));
	}
	return 0;
}

int
spool_open(struct problem *why)
{
	return check(true, why);
}

int
spool_check(struct problem *why)
{
	return check(false, why);
}

int
spool_lane(const char *key)
{
	struct digest_hex hash = digest_sha256(key, strlen(key));

	hash.text[2] = '\0';
	return (int)strtol(hash.text, NULL, 16);
}

/* "0001764176400000-" and an id: nothing else is a file of ours. */
static bool
is_name(const char *name)
{
	return strlen(name) == NAME_LEN &&
	       strspn(name, "0123456789") == US_DIGITS &&
	       name[US_DIGITS] == '-' && id_is_valid(name + US_DIGITS + 1);
}

int64_t
spool_came_us(const char *name)
{
	return strtoll(name, NULL, 10);
}

static DIR *
lane_open(int lane)
{
	char name[LANE_PATH_SIZE], path[PATH_SIZE];

	(void)snprintf(name, sizeof(name), "wait/%02x", (unsigned)lane);
	path_write(path, name);
	return opendir(path);
}

/* The next of our files; NULL at the end, and of a directory that is not there.
 */
static const char *
dir_next(DIR *dir)
{
	const struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (is_name(entry->d_name))
			return entry->d_name;
	return NULL;
}

static void
dir_close(DIR *dir)
{
	if (dir != NULL)
		(void)closedir(dir);
}

/* Counts into *out. */
static void
dir_count(struct spool_count *out, DIR *dir)
{
	const char *name;

	while ((name = dir_next(dir)) != NULL) {
		int64_t came_us = spool_came_us(name);

		out->count++;
		if (out->oldest_us == 0 || came_us < out->oldest_us)
			out->oldest_us = came_us;
	}
	dir_close(dir);
}

bool
spool_has(const char *key)
{
	DIR *dir = lane_open(spool_lane(key));
	bool has = dir_next(dir) != NULL;

	dir_close(dir);
	return has;
}

struct spool_count
spool_count(enum spool_place place)
{
	struct spool_count out = { 0 };
	char path[PATH_SIZE];

	if (place == SPOOL_FAILED) {
		path_write(path, "failed");
		dir_count(&out, opendir(path));
		return out;
	}
	for (int lane = 0; lane < SPOOL_LANES; lane++)
		dir_count(&out, lane_open(lane));
	return out;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
dir_list(struct spool_names *out, struct arena *a, DIR *dir)
{
	const char *name;
	size_t room = 64;

	out->name = arena_alloc(a, room * sizeof(*out->name));
	out->count = 0;
	while ((name = dir_next(dir)) != NULL) {
		if (out->count == room) {
			const char **more =
			    arena_alloc(a, 2 * room * sizeof(*more));

			memcpy(more, out->name, room * sizeof(*more));
			out->name = more;
			room *= 2;
		}
		out->name[out->count++] = arena_strdup(a, name);
	}
	dir_close(dir);
	qsort(out->name, out->count, sizeof(*out->name), by_name);
}

void
spool_list(struct spool_names *out, struct arena *a, int lane)
{
	dir_list(out, a, lane_open(lane));
}

void
spool_list_failed(struct spool_names *out, struct arena *a)
{
	char path[PATH_SIZE];

	path_write(path, "failed");
	dir_list(out, a, opendir(path));
}

/* How many wait, by the marks of their firms. */
static struct {
	int64_t at_us;
	long all;
	long of[MARKS];
} counted;

static unsigned
mark_of(const char *firm)
{
	return (unsigned)spool_lane(firm);
}

static void
count_again(void)
{
	const char *name;

	memset(&counted, 0, sizeof(counted));
	for (int lane = 0; lane < SPOOL_LANES; lane++) {
		DIR *dir = lane_open(lane);

		while ((name = dir_next(dir)) != NULL) {
			counted.all++;
			counted.of[strtoul(
			    name + NAME_LEN - MARK_LEN, NULL, 16)]++;
		}
		dir_close(dir);
	}
	counted.at_us = clock_ticks_us();
}

/* There is room for one more, which is counted. */
static bool
has_room(const char *firm)
{
	unsigned mark = mark_of(firm);

	if (counted.at_us == 0 ||
	    clock_ticks_us() - counted.at_us > COUNT_AGE_US)
		count_again();
	if (counted.all >= most || (counted.all >= SHARED_FROM(most) &&
				       counted.of[mark] >= SHARE(most)))
		return false;
	counted.all++;
	counted.of[mark]++;
	return true;
}

static int
write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return -1;
		bytes += put;
		len -= (size_t)put;
	}
	return 0;
}

/* A whole file on the disk, under a name that means nothing. */
static int
new_write(const char *path, const char *head, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int rc, error;

	if (fd < 0)
		return -1;
	rc = write_all(fd, head, strlen(head));
	if (rc == 0)
		rc = write_all(fd, bytes, len);
	if (rc == 0)
		rc = fsync(fd);
	error = errno;
	if (close(fd) != 0 && rc == 0) {
		rc = -1;
		error = errno;
	}
	errno = error;
	return rc;
}

int
spool_replace(struct arena *a, const char *name, const char *bytes, size_t len,
    struct problem *why)
{
	const char *from =
	    spool_path(a, arena_printf(a, "new/%s", id_new_in(a)));
	const char *to = spool_path(a, name);

	if (new_write(from, "", bytes, len) == 0 && rename(from, to) == 0 &&
	    dir_sync(spool_path(a, ".")) == 0)
		return 0;
	(void)failed(why, to);
	(void)unlink(from);
	return -1;
}

/* Under its name, and the name on the disk. What was renamed and cannot be
 * synced is taken back: its sender is told to repeat it. */
static int
name_give(const char *from, const struct spool_file *file)
{
	char to[PATH_SIZE], dir[PATH_SIZE], parent[PATH_SIZE];
	int error;

	file_path(to, file);
	memcpy(dir, to, sizeof(dir));
	*strrchr(dir, '/') = '\0';
	if (rename(from, to) != 0) {
		if (errno != ENOENT)
			return -1;
		path_write(parent, "wait");
		if (dir_make(dir) != 0 || dir_sync(parent) != 0 ||
		    rename(from, to) != 0)
			return -1;
	}
	if (dir_sync(dir) == 0)
		return 0;
	error = errno;
	(void)unlink(to);
	errno = error;
	return -1;
}

/*
 * Behind all that wait there, also when the clock was set back. Whoever puts
 * another there at the same moment has not been answered yet, so between these
 * two there is no order.
 */
static const char *
name_new(struct arena *a, const struct spool_item *item, const char *id)
{
	DIR *dir = lane_open(spool_lane(item->key));
	int64_t us = item->came_us;
	const char *name;

	while ((name = dir_next(dir)) != NULL)
		if (us <= spool_came_us(name))
			us = spool_came_us(name) + 1;
	dir_close(dir);
	return arena_printf(a, "%0*" PRId64 "-%.*s%02x", US_DIGITS,
	    us > US_MOST ? US_MOST : us, ID_LEN - MARK_LEN, id,
	    mark_of(item->firm));
}

int
spool_put(struct arena *a, const struct spool_item *item, struct problem *why)
{
	const char *id = id_new_in(a);
	const char *path = spool_path(a, arena_printf(a, "new/%s", id));
	struct digest_hex hash = digest_sha256(item->bytes, item->len);
	const char *head = arena_printf(a, MAGIC "%s\n", hash.text);
	struct spool_file file = {
		.place = SPOOL_WAIT,
		.lane = spool_lane(item->key),
		.name = name_new(a, item, id),
	};

	assert(most > 0 && HEAD_LEN + item->len <= SPOOL_FILE_MAX);
	if (!has_room(item->firm)) {
		errno = EDQUOT;
		return failed(why,
		    "what came beyond SPOOL_MAX, or a firm's share of it,");
	}
	if (new_write(path, head, item->bytes, item->len) == 0 &&
	    name_give(path, &file) == 0)
		return 0;
	(void)failed(why, path);
	(void)unlink(path);
	return -1;
}

/* What is no file of ours, whatever its name. */
static int
foreign(struct problem *why, const char *what)
{
	return problem(why, PROBLEM_FIELD_INVALID, NULL, "%s", what);
}

static ssize_t
read_all(int fd, char *bytes, size_t len)
{
	size_t have = 0;
	ssize_t got = 1;

	while (have < len && got > 0) {
		got = read(fd, bytes + have, len - have);
		if (got > 0)
			have += (size_t)got;
	}
	return got < 0 ? -1 : (ssize_t)have;
}

/* Open, and of a size that may be read; NULL, and why. */
static char *
open_read(
    size_t *len, int fd, const char *path, struct arena *a, struct problem *why)
{
	char *bytes;
	struct stat st;
	ssize_t got;

	if (fstat(fd, &st) != 0) {
		(void)failed(why, path);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > (off_t)SPOOL_FILE_MAX) {
		(void)foreign(
		    why, S_ISREG(st.st_mode)
			     ? "It is larger than any file of the spool"
			     : "This is no file, nor of the spool");
		return NULL;
	}
	bytes = arena_alloc(a, (size_t)st.st_size + 1);
	got = read_all(fd, bytes, (size_t)st.st_size);
	if (got < 0) {
		(void)failed(why, path);
		return NULL;
	}
	*len = (size_t)got;
	return bytes;
}

/* A file's bytes; *len without the NUL behind them. NULL, and why. */
static char *
file_read(size_t *len, const char *path, struct arena *a, struct problem *why)
{
	/* Whatever lies there must not make the program wait. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *bytes;

	if (fd < 0) {
		if (errno == ENOENT)
			(void)problem(why, PROBLEM_NOT_FOUND, NULL,
			    "There is no such file in the spool");
		else if (errno == ELOOP)
			(void)foreign(
			    why, "This is a link, and no file of the spool");
		else
			(void)failed(why, path);
		return NULL;
	}
	bytes = open_read(len, fd, path, a, why);
	(void)close(fd);
	return bytes;
}

int
spool_get(const char **bytes, size_t *len, const struct spool_file *file,
    struct arena *a, struct problem *why)
{
	struct digest_hex hash;
	char path[PATH_SIZE];
	const char *all;

	file_path(path, file);
	all = file_read(len, path, a, why);
	if (all == NULL)
		return -1;
	if (*len >= MAGIC_LEN && memcmp(all, MAGIC, NAME_OF_MAGIC) == 0 &&
	    memcmp(all, MAGIC, MAGIC_LEN) != 0)
		return foreign(why, "Another version of this program wrote it");
	if (*len < HEAD_LEN || memcmp(all, MAGIC, MAGIC_LEN) != 0 ||
	    all[HEAD_LEN - 1] != '\n')
		return foreign(why, "This is no file of the spool");
	*bytes = all + HEAD_LEN;
	*len -= HEAD_LEN;
	hash = digest_sha256(*bytes, *len);
	if (memcmp(hash.text, all + MAGIC_LEN, HASH_LEN) != 0)
		return foreign(why, "It is torn: its hash does not fit");
	return 0;
}

static bool
is_there(const struct spool_file *file)
{
	char path[PATH_SIZE];

	file_path(path, file);
	return access(path, F_OK) == 0;
}

bool
spool_find(struct spool_file *out, const char *name)
{
	*out = (struct spool_file){ SPOOL_FAILED, 0, name };
	if (!is_name(name))
		return false;
	if (is_there(out))
		return true;
	out->place = SPOOL_WAIT;
	for (; out->lane < SPOOL_LANES; out->lane++)
		if (is_there(out))
			return true;
	return false;
}

int
spool_remove(const struct spool_file *file, struct problem *why)
{
	char path[PATH_SIZE];

	file_path(path, file);
	if (unlink(path) == 0 || errno == ENOENT)
		return 0;
	return failed(why, path);
}

int
spool_fail(const struct spool_file *file, struct problem *why)
{
	struct spool_file to = { SPOOL_FAILED, 0, file->name };
	char path[PATH_SIZE];

	file_path(path, file);
	return name_give(path, &to) == 0 ? 0 : failed(why, path);
}

int
spool_retry(const char *name, int lane, struct problem *why)
{
	struct spool_file from = { SPOOL_FAILED, 0, name };
	struct spool_file to = { SPOOL_WAIT, lane, name };
	char path[PATH_SIZE];

	file_path(path, &from);
	return name_give(path, &to) == 0 ? 0 : failed(why, path);
}

void
spool_sweep(void)
{
	const struct dirent *entry;
	char path[PATH_SIZE];
	struct stat st;
	DIR *dir;

	path_write(path, "new");
	dir = opendir(path);
	/* Of the disk's clock, like the file's time: nobody moves it. */
	while (dir != NULL && (entry = readdir(dir)) != NULL)
		if (id_is_valid(entry->d_name) &&
		    fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_mtime < time(NULL) - STALE_S)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
}
