/*
 * photo_page.h - what a visitor without JavaScript is told of a photo
 *
 * A page of the firm: whether the photo is there, in plain words why not, the
 * form for another one, and the way back.
 */
#ifndef LIB_PHOTO_PAGE_H
#define LIB_PHOTO_PAGE_H

#include <stdbool.h>

struct photo_taken;
struct problem;
struct request;
struct response;

/* Did a browser ask, and is it known whose page it would be? */
bool photo_page_is_wanted(
    const struct request *req, const struct photo_taken *taken);

/*
 * The page. failure is why it was not taken, or NULL. Returns 0; -1, with
 * *failure as it was, where the firm has no pages any more.
 */
int photo_page(struct response *res, const struct request *req,
    const struct photo_taken *taken, const struct problem *failure);

#endif
