/*
 * site_view.h - what a firm's config says, as the pages of nginx/pages name it
 *
 * Everything is checked and made here, so that a page only chooses what it
 * shows: a list that is empty, a value that is missing or makes no sense is ""
 * or absent, and its has_... is false. docs/pages.md lists the names.
 */
#ifndef LIB_SITE_VIEW_H
#define LIB_SITE_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct cJSON;
struct request;
struct site;

/* The view that every page of a firm stands on. */
const struct cJSON *site_view(const struct site *s, const struct request *req);

/* config.logo_url where it is an https address of a plain host; else NULL. */
const char *site_logo(const struct site *s);

/* The address of the firm's colours: its prefix and "/farben-<hash>.css". */
const char *site_colours(struct arena *a, const struct site *s);

/* The style sheet that is found there. */
const char *site_colour_sheet(struct arena *a, const struct site *s);

/* The member of object as text, or "" for what is no text or blank. */
const char *site_text(const struct cJSON *object, const char *name);

/* The service of that slug in the config, or NULL. */
const struct cJSON *site_service(const struct site *s, const char *slug);

/*
 * What schema.org calls a firm whose services have such icons: nothing else in
 * a config says what trade it is.
 */
const char *site_trade(const struct site *s);

/* Is there a picture of that name? Else a page shows "default". */
bool site_has_icon(const char *name);

/* The whole number of stars next to a rating; 0 for what is none. */
int site_stars(const struct cJSON *rating);

/* Bytes that have a meaning in a URL as %XX. */
const char *site_url_encode(struct arena *a, const char *text);

/* At most max bytes of text, with "…" where some are left out. */
const char *site_cut(struct arena *a, const char *text, size_t max);

/* How much of a list a page shows. */
#define SITE_LIST_MAX 200

#endif
