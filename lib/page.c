/*
 * page - HTML: the templates of nginx/pages, filled in
 */
#include "page.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "log.h"
#include "mustache.h"
#include "problem.h"

/* What the templates become when they are parsed is about three times their
 * size. */
#define PARSED_MAX ((size_t)4 * 1024 * 1024)
#define CHECK_MEMORY ((size_t)1024 * 1024)

struct page {
	const char *name;
	const unsigned char *text;
};

#include "pages.inc"

#define PAGES (sizeof(pages) / sizeof(pages[0]))

/* What this process has parsed; it stays until its end. */
static struct arena *arena;
static struct mustache *parsed[PAGES];

static int
page_compare(const void *name, const void *page)
{
	return strcmp(name, ((const struct page *)page)->name);
}

static const struct page *
page_find(const char *name)
{
	return bsearch(name, pages, PAGES, sizeof(pages[0]), page_compare);
}

static int
page_parse(struct mustache **out, struct arena *a, const struct page *page,
    struct problem *why)
{
	const char *text = (const char *)page->text;
	struct mustache_reader r;
	size_t line = 1;

	mustache_read(&r, MUSTACHE_HTML, text, strlen(text));
	if (mustache_parse(out, a, &r) == 0)
		return 0;
	for (const char *p = text; p < r.at; p++)
		line += *p == '\n';
	return problem(why, PROBLEM_INTERNAL, NULL, "%s.mustache, line %zu: %s",
	    page->name, line, r.wrong);
}

/* The page or partial of that name; NULL if there is none. */
static const struct mustache *
page_parsed(const char *name)
{
	const struct page *page = page_find(name);
	struct mustache **slot;
	struct problem why;
	int rc = 0;

	if (page == NULL)
		return NULL;
	slot = &parsed[page - pages];
	if (arena == NULL)
		arena = arena_new(PARSED_MAX);
	if (*slot == NULL)
		rc = page_parse(slot, arena, page, &why);
	/* A test parses all of them. */
	assert(rc == 0);
	return *slot;
}

char *
page_render(struct arena *a, const char *name, const struct cJSON *const *views,
    size_t n)
{
	const struct mustache *m = page_parsed(name);
	const struct mustache_view view = {
		.views = views,
		.count = n,
		.partial = page_parsed,
		.max = PAGE_MAX,
	};
	struct buf b;

	assert(m != NULL);
	buf_init(&b, a);
	if (mustache_render(&b, m, &view) == MUSTACHE_CUT)
		log_error("page %s: what does not fit into %zu bytes is left "
			  "out",
		    name, PAGE_MAX);
	return b.text;
}

int
page_check_text(const char *name, const char *text, struct problem *why)
{
	const struct page page = { name, (const unsigned char *)text };
	struct arena *a = arena_new(CHECK_MEMORY);
	struct mustache *m = NULL;
	const char *missing;
	int rc;

	rc = page_parse(&m, a, &page, why);
	if (rc == 0) {
		missing = mustache_missing(m, page_parsed);
		if (missing != NULL)
			rc = problem(why, PROBLEM_INTERNAL, NULL,
			    "%s.mustache: there is no partial %s", name,
			    missing);
	}
	arena_free(a);
	return rc;
}

int
page_check(struct problem *why)
{
	for (size_t i = 0; i < PAGES; i++)
		if (page_check_text(
			pages[i].name, (const char *)pages[i].text, why) != 0)
			return -1;
	return 0;
}
