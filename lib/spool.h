/*
 * spool.h - the spool: files that wait on this host for the database
 *
 * SPOOL_DIR, 0700, of the programs' user:
 *
 *	wait/<hh>/<us>-<id>  one file each, taken in the order of their names;
 *	                     <us> is when it came, microseconds in 16 digits;
 *	                     <hh> is 2 digits of a hash of who it is about:
 *	                     within one of these the order holds
 *	failed/<us>-<id>     what could not be taken, until an operator says
 *what becomes of it new/                 what is being written; without meaning
 *after a minute roster               roster.h replay.lock          locked by
 *the program that takes them
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

/* False where SPOOL_DIR is "off". */
bool spool_is_on(void);

/* SPOOL_DIR/<name>. */
const char *spool_path(struct arena *a, const char *name);

/*
 * Can it be used? -1 if not: a program does not start then. A full disk is no
 * reason, it may have room later. spool_open() makes the directories first; who
 * is another user than the programs only looks.
 */
int spool_open(struct problem *why);
int spool_check(struct problem *why);

/* The lane of a key, 0 to SPOOL_LANES - 1. */
int spool_lane(const char *key);

/* Does anything wait in the key's lane? */
bool spool_has(const char *key);

/*
 * Keep len bytes of what came at that instant of the system's clock (not of
 * clock_now(), which tests move): it stands in its lane by that. -1 with
 * PROBLEM_TRY_AGAIN where there is no room, or SPOOL_MAX files wait already;
 * the reason is in the log.
 */
int spool_put(struct arena *a, const char *key, int64_t came_us,
    const char *bytes, size_t len, struct problem *why);

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
