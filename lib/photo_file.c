/*
 * photo_file - where photos lie, and how a stranger's picture becomes one
 *
 * A photo is written in pending/, gets its final name as a second name of the
 * same file, and loses the first when it is settled. A crash in between leaves
 * the first, so whoever sweeps has little to look through.
 */
#include "photo_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "config.h"
#include "digest.h"
#include "id.h"
#include "log.h"
#include "photo_convert.h"
#include "problem.h"
#include "route.h"

#define ID_LEN 36
#define STALE_S 3600
#define INCOMING_PREFIX "in."

/* The two pictures of a photo, by what their names end with. */
#define SIZES 2
static const char *const endings[SIZES] = { ".jpg", ".thumb.jpg" };

static const char *
photo_dir(struct arena *a)
{
	const char *dir = config_get(CONFIG_PHOTO_DIR);

	if (*dir != '\0')
		return dir;
	return arena_printf(a, "%s/photos", config_get(CONFIG_OPSFABRIC_STATE));
}

static const char *
pending_dir(struct arena *a)
{
	return arena_printf(a, "%s/pending", photo_dir(a));
}

static const char *
pending_path(const struct photo_name *name, int size, struct arena *a)
{
	return arena_printf(a, "%s/%s_%s%s", pending_dir(a), name->customer_id,
	    name->photo_id, endings[size]);
}

static const char *
customer_dir(const struct photo_name *name, struct arena *a)
{
	return arena_printf(a, "%s/%s", photo_dir(a), name->customer_id);
}

static const char *
final_path(const struct photo_name *name, int size, struct arena *a)
{
	return arena_printf(
	    a, "%s/%s%s", customer_dir(name, a), name->photo_id, endings[size]);
}

/* Ours: the path and the reason are for the log. */
static int
failed(struct problem *why, const char *path)
{
	int error = errno;

	log_error("photos: %s: %s", path, strerror(error));
	if (error == ENOSPC || error == EDQUOT)
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "There is no room for photos at the moment");
	return problem(
	    why, PROBLEM_INTERNAL, NULL, "The photo could not be stored");
}

static int
dir_make(const char *path, struct problem *why)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST ? 0
	                                                 : failed(why, path);
}

static void
file_close(void *fd)
{
	(void)close(*(int *)fd);
}

static void
close_later(int fd, struct arena *a)
{
	int *kept = arena_alloc(a, sizeof(*kept));

	*kept = fd;
	arena_defer(a, file_close, kept);
}

int
photo_file_incoming(int *fd, struct arena *a, struct problem *why)
{
	char *path =
	    arena_printf(a, "%s/" INCOMING_PREFIX "XXXXXX", pending_dir(a));

	if (dir_make(photo_dir(a), why) != 0 ||
	    dir_make(pending_dir(a), why) != 0)
		return -1;
	*fd = mkostemp(path, O_CLOEXEC); /* 0600 */
	if (*fd < 0)
		return failed(why, path);
	(void)unlink(path);
	close_later(*fd, a);
	return 0;
}

int
photo_file_add(int fd, const char *bytes, size_t len, struct problem *why)
{
	while (len > 0) {
		ssize_t put = write(fd, bytes, len);

		if (put < 0)
			return failed(why, "incoming");
		bytes += put;
		len -= (size_t)put;
	}
	return 0;
}

int
photo_file_hash(struct digest_hex *out, int fd, size_t len, struct problem *why)
{
	void *bytes = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED)
		return failed(why, "incoming");
	*out = digest_sha256(bytes, len);
	(void)munmap(bytes, len);
	return 0;
}

static int
created(const char *path, struct arena *a, struct problem *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		return failed(why, path);
	close_later(fd, a);
	return fd;
}

static int
dir_sync(const char *path, struct problem *why)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		(void)close(fd);
	return rc == 0 ? 0 : failed(why, path);
}

/* On the disk, under the final names. */
static int
names_give(const struct photo_name *name, const int *fds, struct arena *a,
    struct problem *why)
{
	const char *dir = customer_dir(name, a);

	if (dir_make(dir, why) != 0)
		return -1;
	for (int i = 0; i < SIZES; i++)
		if (fsync(fds[i]) != 0 ||
		    link(pending_path(name, i, a), final_path(name, i, a)) != 0)
			return failed(why, final_path(name, i, a));
	return dir_sync(dir, why);
}

static int
make(struct photo_made *out, const struct photo_name *name, int fd,
    struct arena *a, struct problem *why)
{
	struct stat st;
	int fds[SIZES];

	for (int i = 0; i < SIZES; i++) {
		fds[i] = created(pending_path(name, i, a), a, why);
		if (fds[i] < 0)
			return -1;
	}
	if (photo_convert(out, photo_dir(a), fd, fds, a, why) != 0)
		return -1;
	out->bytes = 0;
	for (int i = 0; i < SIZES; i++) {
		if (fstat(fds[i], &st) != 0)
			return failed(why, "photo");
		out->bytes += (long)st.st_size;
	}
	return names_give(name, fds, a, why);
}

int
photo_file_make(struct photo_made *out, const struct photo_name *name, int fd,
    struct arena *a, struct problem *why)
{
	if (make(out, name, fd, a, why) == 0)
		return 0;
	photo_file_settle(name, false, a);
	return -1;
}

void
photo_file_settle(const struct photo_name *name, bool stays, struct arena *a)
{
	for (int i = 0; i < SIZES; i++) {
		/* The final one first: after a crash here somebody comes again.
		 */
		if (!stays)
			(void)unlink(final_path(name, i, a));
		(void)unlink(pending_path(name, i, a));
	}
}

int
photo_file_remove(const struct photo_name *name, struct arena *a)
{
	int rc = 0;

	for (int i = 0; i < SIZES; i++) {
		const char *path = final_path(name, i, a);

		if (unlink(path) == 0 || errno == ENOENT)
			continue;
		log_error("photos: %s: %s", path, strerror(errno));
		rc = -1;
	}
	return rc;
}

/* All of it, and on the disk. */
static int
file_copy(int from, int to, off_t len)
{
	while (len > 0) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)len);

		if (sent <= 0)
			return -1;
		len -= sent;
	}
	return fsync(to);
}

int
photo_file_copy(const struct photo_name *name, const char *dir, struct arena *a,
    struct problem *why)
{
	const char *path =
	    arena_printf(a, "%s/%s%s", dir, name->photo_id, endings[0]);
	struct response_file from = { .fd = -1 };
	int to;

	if (photo_file_open(&from, name, false, a, why) != 0)
		return -1;
	to = open(
	    path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (to >= 0)
		close_later(to, a);
	if (to < 0 || file_copy(from.fd, to, (off_t)from.len) != 0)
		return problem(why, PROBLEM_INTERNAL, NULL, "%s: %s", path,
		    strerror(errno));
	return 0;
}

int
photo_file_open(struct response_file *out, const struct photo_name *name,
    bool thumb, struct arena *a, struct problem *why)
{
	const char *path = final_path(name, thumb ? 1 : 0, a);
	struct stat st;

	out->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (out->fd < 0 && errno == ENOENT) {
		log_error("photos: %s is missing", path);
		return problem(
		    why, PROBLEM_NOT_FOUND, NULL, "The photo is gone");
	}
	if (out->fd < 0)
		return failed(why, path);
	close_later(out->fd, a);
	if (fstat(out->fd, &st) != 0)
		return failed(why, path);
	out->len = (size_t)st.st_size;
	out->name =
	    arena_printf(a, "%s%s", name->photo_id, endings[thumb ? 1 : 0]);
	return 0;
}

/* "<customer_id>_<photo_id>" and an ending. */
static bool
name_parse(struct photo_name *out, const char *file, struct arena *a)
{
	if (strlen(file) < 2 * ID_LEN + 1 || file[ID_LEN] != '_')
		return false;
	out->customer_id = arena_strndup(a, file, ID_LEN);
	out->photo_id = arena_strndup(a, file + ID_LEN + 1, ID_LEN);
	return id_is_valid(out->customer_id) && id_is_valid(out->photo_id);
}

bool
photo_file_stale(struct photo_name *out, struct arena *a)
{
	DIR *dir = opendir(pending_dir(a));
	const struct dirent *entry;
	bool found = false;
	struct stat st;

	if (dir == NULL)
		return false;
	/* Of the disk's clock, like the file's time: nobody moves it. */
	while (!found && (entry = readdir(dir)) != NULL) {
		if (fstatat(dirfd(dir), entry->d_name, &st,
			AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || st.st_mtime > time(NULL) - STALE_S)
			continue;
		found = name_parse(out, entry->d_name, a);
		if (!found)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
	return found;
}
