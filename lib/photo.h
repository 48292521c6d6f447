/*
 * photo.h - the photos of a ticket: taken from a visitor, shown to the firm
 *
 * A ticket exists before its photos, so that nobody in an emergency waits for
 * an upload. Whoever opened it has a token for it, which is good for a day; the
 * firm sees them with its own token, whoever is on call by the link of the
 * alert.
 */
#ifndef LIB_PHOTO_H
#define LIB_PHOTO_H

#include <stdbool.h>
#include <stddef.h>

#include "secret.h"

struct problem;
struct request;
struct response;

#define PHOTO_MAX 5 /* of a ticket; schema/0014_photos.sql */
#define PHOTO_BYTES_MAX ((size_t)10 * 1024 * 1024)
/* Of the request: what stands around a photo of that size is far less. */
#define PHOTO_BODY_MAX ((size_t)11 * 1024 * 1024)

/* What became of one; what was not yet known when it failed is NULL. */
struct photo_taken {
	const char *slug;     /* of the firm */
	const char *language; /* of the contact */
	const char *ticket_id;
	const char *back; /* path of this site, where the visitor goes on */
	const char *photo_id;
	int photos;  /* of the ticket, now */
	bool is_new; /* or was it sent before? */
};

/* What the form of a ticket's photos carries as photo_token. -1 without a key:
 * then there are no photos. */
int photo_token(
    struct secret_mac *out, const char *ticket_id, struct problem *why);

/*
 * One photo of a multipart form, whose fields ticket_id and photo_token stand
 * before it. The same one sent again is answered like the first time, so a
 * visitor whose connection broke just repeats. *out is filled as far as it got,
 * also on failure. -1 with PROBLEM_FORBIDDEN,
 * PROBLEM_TICKET_UNKNOWN, PROBLEM_LINK_EXPIRED, PROBLEM_PHOTO_FULL,
 * PROBLEM_TOO_LARGE and those of photo_file.h.
 */
int photo_take(
    struct photo_taken *out, const struct request *req, struct problem *why);

/* The answer for a program. */
int photo_answer(struct response *res, const struct request *req,
    const struct photo_taken *taken);

#endif
