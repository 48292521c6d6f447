/*
 * site.h - a firm's pages: whose, in which language, and how one is answered
 *
 * A page is a file of nginx/pages, filled in from views (page.h): the words of
 * the language (site_words.h), what the firm's config says (site_view.h), and
 * what only this page has. The firm's own domain shows the same pages as
 * APP_BASE_URL/<slug>, without the slug.
 */
#ifndef LIB_SITE_H
#define LIB_SITE_H

#include <stdbool.h>

#include "language.h"

struct cJSON;
struct problem;
struct request;
struct response;
struct tenant;

/* Lives as long as the request. */
struct site {
	const struct tenant *tenant;
	const struct cJSON *config; /* NULL where it cannot be read */
	enum language language;
	const char *home;   /* "/doerfler-ag", or "/" on its own domain */
	const char *prefix; /* of every address: "/doerfler-ag", or "" */
	/* Where everybody should find it: "https://www.doerfler.ch", or
	 * APP_BASE_URL/<slug>; without a slash at its end. */
	const char *base;
	const char *page;  /* behind the prefix: "", "leistungen/bad" */
	const char *query; /* what keeps the language: "" or "?lang=fr" */
};

/*
 * The site of a request: by its host, else by the first part of its path. -1
 * with PROBLEM_TENANT_UNKNOWN or PROBLEM_TRY_AGAIN.
 */
int site_of(struct site *out, const struct request *req, struct problem *why);

/*
 * The same where the firm is known, for page of that firm, in the language that
 * lang names ("fr"; NULL or what the firm does not speak: its own).
 */
void site_for(struct site *out, const struct request *req,
    const struct tenant *tenant, const char *page, const char *lang);

/* The value of a parameter in the query, as it stands there; NULL: none. */
const char *site_query(const struct request *req, const char *name);

/*
 * Answer with nginx/pages/<page>.mustache and that status. view has what only
 * this page has: at least "title" and "description", see head.mustache. It is
 * kept by nginx and browsers for some seconds if it is the answer to a GET that
 * asks for nothing but a language. Returns 0.
 */
int site_answer(struct response *res, const struct site *s,
    const struct request *req, const char *page, const struct cJSON *view,
    int status);

/*
 * What there is to say where site_of() found nobody: a page in four languages,
 * 404. -1 for any other reason, which stays in *why.
 */
int site_unknown(
    struct response *res, const struct request *req, struct problem *why);

/*
 * A page that stands on no firm: of one that the database, which is away, could
 * not tell. Kept by nobody. Returns 0.
 */
int site_plain(struct response *res, const struct request *req,
    const char *page, const struct cJSON *view, enum language language,
    int status);

/* Answer with the page of the firm that s->page names, or its 404. Returns 0.
 */
int site_page(
    struct response *res, const struct site *s, const struct request *req);

#endif
