/*
 * photo_verdict.h - how bin/photo_convert ends, for the route that started it
 */
#ifndef LIB_PHOTO_VERDICT_H
#define LIB_PHOTO_VERDICT_H

/* Exit statuses. A signal, its own limit's or the route's, counts as
 * PHOTO_VERDICT_NO_PICTURE: no picture takes that long or that much. */
enum photo_verdict {
	PHOTO_VERDICT_GOOD = 0,
	PHOTO_VERDICT_BROKEN = 1, /* our fault, not the picture's */
	PHOTO_VERDICT_NO_PICTURE = 10,
	PHOTO_VERDICT_TOO_MANY_PIXELS = 11
};

/* What is let in. */
#define PHOTO_PIXELS_MAX 50000000L

#endif
