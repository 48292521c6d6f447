/*
 * page.h - HTML: the templates of nginx/pages, filled in
 *
 * nginx/pages/<name>.mustache is the page or partial <name>; the build puts all
 * of them into the programs. What a template may hold says mustache.h. A
 * worker parses what it renders once, and a test parses all.
 */
#ifndef LIB_PAGE_H
#define LIB_PAGE_H

#include <stddef.h>

struct arena;
struct cJSON;
struct problem;

/* Bytes of a page. */
#define PAGE_MAX ((size_t)256 * 1024)

/*
 * Renders page name over a stack of views, lowest first; a name is looked up
 * from the last to the first, and one that none has is empty. Whatever a view
 * says stays text, but for {{{x}}} and {{&x}}. name is one of ours: another one
 * is a bug. What does not fit into PAGE_MAX is left out, with an error in the
 * log: a value, or an element of an array; the page remains one.
 */
char *page_render(struct arena *a, const char *name,
    const struct cJSON *const *views, size_t n);

/*
 * Could text be the template of that name? -1 with PROBLEM_INTERNAL, which says
 * where it is wrong, or which partial of it does not exist.
 */
int page_check_text(const char *name, const char *text, struct problem *why);

/* The same for all there are. */
int page_check(struct problem *why);

#endif
