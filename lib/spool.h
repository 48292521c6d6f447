/*
 * spool.h - the spool: files that wait on this host for the database
 *
 * SPOOL_DIR, 0700, of the programs' user:
 *
 *	wait/<hh>/<us>-<id>  one file each, taken in the order of their names;
 *	                     <us> is when it came, microseconds in 16 digits,
 *	                     and never before the newest that waits there,
 *	                     whatever became of the clock; <hh> is 2 digits of a
 *	                     hash of who it is about: within one of these the
 *	                     order holds. The last 2 digits of <id> are of a
 *	                     hash of the firm, which is how shares are counted
 *	failed/<us>-<id>     what could not be taken, until an operator says
 *	                     what becomes of it
 *	new/                 what is being written; without meaning after a
 *	                     minute
 *	roster               roster.h
 *	in_hand              trial.h
 *	replay.lock          locked by the program that takes them
 *
 * A file begins with "opsfabric-spool 1 <SHA-256 of the rest>" and a newline.
 * It is on the disk, and so is its name, when spool_put() returns: on the disk
 * of this host, no other has it.
 */
#ifndef LIB_SPOOL_H
#define LIB_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct problem;

enum spool_place {
	SPOOL_WAIT,
	SPOOL_FAILED
};

/* wait/00 to wait/ff. */
#define SPOOL_LANES 256

/* Of a name, with its NUL. */
#define SPOOL_NAME_SIZE (16 + 1 + 36 + 1)

/* No file has more bytes: a request has 64 KB of a body. */
#define SPOOL_FILE_MAX ((size_t)1024 * 1024)

/* False where SPOOL_DIR is "off". */
bool spool_is_on(void);

/* SPOOL_DIR/<name>. */
const char *spool_path(struct arena *a, const char *name);

/*
 * Can it be used, and is SPOOL_MAX a number? -1 if not: a program does not
 * start then. A full disk is no reason, it may have room later. spool_open()
 * makes the directories first; who is another user than the programs only
 * looks. One of them is called before spool_put().
 */
int spool_open(struct problem *why);
int spool_check(struct problem *why);

/* The lane of a key, 0 to SPOOL_LANES - 1. */
int spool_lane(const char *key);

/* Does anything wait in the key's lane? */
bool spool_has(const char *key);

/* What is to be kept. */
struct spool_item {
	const char *key;  /* who it is about: its lane */
	const char *firm; /* whose share it takes; "" is one like the others */
	/* When it came, of the system's clock: not of clock_now(), which tests
	 * move. */
	int64_t came_us;
	const char *bytes;
	size_t len; /* less than SPOOL_FILE_MAX */
};

/*
 * Keep it: it is taken after all that waits in its lane. -1 with
 * PROBLEM_TRY_AGAIN where there is no room on the disk, or none for that firm
 * in SPOOL_MAX; the reason is in the log. Of the last quarter of SPOOL_MAX a
 * firm has a sixteenth of the whole at most, what it had before included, so
 * that the flood of one leaves room to the others.
 */
int spool_put(
    struct arena *a, const struct spool_item *item, struct problem *why);

/* Put a file SPOOL_DIR/<name> in the place of the one that is there, as a whole
 * and without a hash. */
int spool_replace(struct arena *a, const char *name, const char *bytes,
    size_t len, struct problem *why);

/* Names of files, in their order, from the arena. */
struct spool_names {
	const char **name;
	size_t count;
};
void spool_list(struct spool_names *out, struct arena *a, int lane);
void spool_list_failed(struct spool_names *out, struct arena *a);

/* How many there are in all of a place, and when the oldest came (in
 * microseconds since 1970; 0: none). */
struct spool_count {
	size_t count;
	int64_t oldest_us;
};
struct spool_count spool_count(enum spool_place place);

/* When it came. */
int64_t spool_came_us(const char *name);

/* A file in its place; lane counts in SPOOL_WAIT only. */
struct spool_file {
	enum spool_place place;
	int lane;
	const char *name;
};

/* Where one of that name lies; false if nowhere. out->name is name. */
bool spool_find(struct spool_file *out, const char *name);

/*
 * The bytes that were put, NUL-terminated. -1 with PROBLEM_FIELD_INVALID if
 * they are not what was put, PROBLEM_NOT_FOUND, PROBLEM_TRY_AGAIN if they
 * cannot be read.
 */
int spool_get(const char **bytes, size_t *len, const struct spool_file *file,
    struct arena *a, struct problem *why);

/* It is taken, or shall never be. */
int spool_remove(const struct spool_file *file, struct problem *why);

/* From wait/ to failed/, and back, where it comes first again. */
int spool_fail(const struct spool_file *file, struct problem *why);
int spool_retry(const char *name, int lane, struct problem *why);

/* Remove what was never finished in new/. */
void spool_sweep(void);

#endif
