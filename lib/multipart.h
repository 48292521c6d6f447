/*
 * multipart.h - multipart/form-data (RFC 7578), read as it arrives
 *
 * For a body that is too long to be kept in memory: the parts come one after
 * the other, and what is in one in pieces. The longest piece, the header of a
 * part and the number of parts are bounded. A file's name and type, which are
 * what a stranger says, are not even read. (Debian has no library for it that a
 * C program without a web server of its own could use.)
 */
#ifndef LIB_MULTIPART_H
#define LIB_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct problem;

/* Where the body comes from: at most size bytes of it; 0 at its end, -1 if it
 * ended too early. */
struct multipart_source {
	long (*read)(void *arg, char *bytes, size_t size);
	void *arg;
};

struct multipart;

struct multipart_part {
	const char *name; /* of the field, in the arena */
	bool is_file;
};

/*
 * Nothing is read yet. content_type is that of the request, with the boundary
 * in it; -1 with PROBLEM_BAD_FORM if there is none.
 */
int multipart_open(struct multipart **out, struct arena *a,
    const char *content_type, struct multipart_source source,
    struct problem *why);

/*
 * The next part: 1, or 0 after the last one. What was not read of the part
 * before is skipped. -1 with PROBLEM_BAD_FORM, PROBLEM_BAD_REQUEST.
 */
int multipart_next(
    struct multipart_part *out, struct multipart *m, struct problem *why);

/*
 * The next piece of what is in the part, valid until the next call: its
 * length, or 0 at the end. -1 as above.
 */
long multipart_data(
    const char **bytes, struct multipart *m, struct problem *why);

#endif
