/*
 * photo_file.h - where photos lie, and how a stranger's picture becomes one
 *
 * In PHOTO_DIR, outside of whatever a web server shows:
 *
 *	<customer_id>/<photo_id>.jpg, <photo_id>.thumb.jpg
 *	pending/     what is being made; a name in here that is older than an
 *hour belongs to a request that died slot.<n>     locked by whoever converts:
 *so many at once on this machine
 *
 * What came from outside never has a name there. Directories are 0700 and files
 * 0600: only our programs read them.
 */
#ifndef LIB_PHOTO_FILE_H
#define LIB_PHOTO_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct digest_hex;
struct photo_made;
struct problem;
struct response_file;

/* Whose photo it is, and its id: both UUIDs. */
struct photo_name {
	const char *customer_id;
	const char *photo_id;
};

/* An empty file without a name, closed when the arena is reset. -1 with
 * PROBLEM_INTERNAL, or PROBLEM_TRY_AGAIN where the disk is full. */
int photo_file_incoming(int *fd, struct arena *a, struct problem *why);

/* Add to it. */
int photo_file_add(int fd, const char *bytes, size_t len, struct problem *why);

/* Of all that is in it. */
int photo_file_hash(
    struct digest_hex *out, int fd, size_t len, struct problem *why);

/*
 * Make a photo and its thumbnail of what is in the file, by a program of its
 * own with limits on memory and time, and put both on the disk under their
 * names. Until photo_file_settle() they may vanish again. -1 with
 * PROBLEM_PHOTO_UNREADABLE, PROBLEM_PHOTO_PIXELS, PROBLEM_TRY_AGAIN while too
 * many others do the same.
 */
int photo_file_make(struct photo_made *out, const struct photo_name *name,
    int fd, struct arena *a, struct problem *why);

/* The row is there, or is known not to be: the photo stays, or goes. */
void photo_file_settle(
    const struct photo_name *name, bool stays, struct arena *a);

/* Both files of a photo go, or are gone already. -1 if one stays, having said
 * so in the log. */
int photo_file_remove(const struct photo_name *name, struct arena *a);

/* Copy the photo's file into a directory, where it is <photo_id>.jpg, 0600.
 * -1 with PROBLEM_NOT_FOUND, or PROBLEM_INTERNAL with the reason. */
int photo_file_copy(const struct photo_name *name, const char *dir,
    struct arena *a, struct problem *why);

/* A photo or its thumbnail to read. -1 with PROBLEM_NOT_FOUND. */
int photo_file_open(struct response_file *out, const struct photo_name *name,
    bool thumb, struct arena *a, struct problem *why);

/*
 * One that was being made more than an hour ago and is not settled: its names
 * in the arena. False when there is none. What is in pending/ and is no photo's
 * is removed on the way.
 */
bool photo_file_stale(struct photo_name *out, struct arena *a);

#endif
