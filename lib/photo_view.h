/*
 * photo_view.h - photos, shown to those who may see them
 *
 * Always as a file to save, in no page's name: whatever is in it, no browser
 * runs it.
 */
#ifndef LIB_PHOTO_VIEW_H
#define LIB_PHOTO_VIEW_H

#include <stdbool.h>

struct photo_name;
struct problem;
struct request;
struct response;

/*
 * For the firm whose token is sent: the photo "id" of the query (its thumbnail
 * with "size=thumb"), or the list of those of "ticket_id". -1 with
 * PROBLEM_UNAUTHORIZED, PROBLEM_NOT_FOUND for another firm's photo.
 */
int photo_view(
    struct response *res, const struct request *req, struct problem *why);

/* Answer with the file of a photo that the caller has made sure of. */
int photo_view_file(struct response *res, const struct request *req,
    const struct photo_name *name, bool thumb, struct problem *why);

#endif
