/*
 * tenant_file.h - a firm's document as a file: laid out for people, and what
 * differs between two of them
 *
 * What the database keeps has lost the order of its members; here it is always
 * the same one, of tenant_document.h and tenant_member.def, so that two files
 * can be compared and kept under version control. A setting that has its
 * default is left out.
 */
#ifndef LIB_TENANT_FILE_H
#define LIB_TENANT_FILE_H

#include <stddef.h>

struct arena;
struct problem;
struct tenant_document;

/* JSON with a member a line, which ends with a newline. NULL, with *why, where
 * what is stored cannot be read. */
char *tenant_file_print(
    struct arena *a, const struct tenant_document *d, struct problem *why);

/* before or after is NULL where there is nothing; else JSON. */
struct tenant_difference {
	const char *pointer;
	const char *before;
	const char *after;
};

struct tenant_differences {
	struct tenant_difference *list;
	size_t count;
};

/*
 * Member by member, down to what is neither an object nor a list; null is the
 * same as nothing. before may be NULL: everything is new then. -1 as above.
 */
int tenant_file_compare(struct tenant_differences *out, struct arena *a,
    const struct tenant_document *before, const struct tenant_document *after,
    struct problem *why);

#endif
