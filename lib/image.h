/*
 * image.h - what kind of picture some bytes are, by the bytes themselves
 *
 * A name and a Content-Type are what a stranger says. Only the four kinds that
 * telephones and cameras make are known here; whatever else a library could
 * read (SVG, PDF, GIF, ...) is none of them.
 */
#ifndef LIB_IMAGE_H
#define LIB_IMAGE_H

#include <stddef.h>

enum image_kind {
	IMAGE_NONE,
	IMAGE_JPEG,
	IMAGE_PNG,
	IMAGE_WEBP,
	IMAGE_HEIC
};

/* From its first bytes: 64 of them are always enough. */
enum image_kind image_kind_of(const unsigned char *bytes, size_t len);

#endif
