/*
 * scratch.h - a directory of a test's own, under /tmp
 */
#ifndef TESTS_SUPPORT_SCRATCH_H
#define TESTS_SUPPORT_SCRATCH_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct scratch {
	char dir[64];
};

/* Empty, its name beginning as told; the test's end is errno's to explain. */
static inline struct scratch
scratch_make(const char *name)
{
	struct scratch s;

	(void)snprintf(s.dir, sizeof(s.dir), "/tmp/%s.XXXXXX", name);
	if (mkdtemp(s.dir) == NULL) {
		perror(s.dir);
		abort();
	}
	return s;
}

static inline int
scratch_entry_remove(
    const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

/* With all that lies in it. */
static inline void
scratch_remove(const struct scratch *s)
{
	(void)nftw(s->dir, scratch_entry_remove, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
