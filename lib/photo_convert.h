/*
 * photo_convert.h - starts bin/photo_convert, and ends it if it takes too long
 *
 * The program gets a few descriptors and nothing else: no environment, no
 * shell, no path. It sets its own limits on memory and time; the time that a
 * visitor is made to wait is kept here.
 */
#ifndef LIB_PHOTO_CONVERT_H
#define LIB_PHOTO_CONVERT_H

struct arena;
struct problem;

/* What was made of a picture. */
struct photo_made {
	int width;
	int height;
	long bytes; /* of the photo and its thumbnail on the disk */
};

/*
 * Read the picture in the file from, write the photo and its thumbnail to the
 * files to. dir holds the locks: two convert at once on one machine, so that
 * many visitors do not need more memory than few. -1 with
 * PROBLEM_PHOTO_UNREADABLE, PROBLEM_PHOTO_PIXELS, PROBLEM_TRY_AGAIN,
 * PROBLEM_INTERNAL.
 */
int photo_convert(struct photo_made *out, const char *dir, int from,
    const int to[2], struct arena *a, struct problem *why);

#endif
