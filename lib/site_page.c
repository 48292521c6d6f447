/*
 * site_page - which page an address is, and what only that page has
 */
#include "site.h"

#include <assert.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_write.h"
#include "page.h"
#include "problem.h"
#include "route.h"
#include "site_schema.h"
#include "site_view.h"
#include "site_words.h"
#include "tenant.h"

/* What a search engine shows of a description. */
#define DESCRIPTION_MAX 300
#define TITLE_MAX 120
#define CACHE_FOREVER "public, max-age=31536000, immutable"
#define CACHE_LIST "public, max-age=60"
#define COLOURS "farben-"
#define SERVICE "leistungen/"
/* Of an address to which somebody may be sent on. */
#define PAGE_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-/"

/* A page in the making: who asks, and the view that only it has. */
struct making {
	struct response *res;
	const struct site *s;
	const struct request *req;
	struct buf view;
};

static void
title_write(struct making *m, const char *of, const char *description)
{
	struct arena *a = m->req->arena;
	const char *name = m->s->tenant->name;
	const char *ort = site_text(m->s->config, "ort");

	if (of == NULL)
		of = *ort == '\0' ? name : arena_printf(a, "%s, %s", name, ort);
	else
		of = arena_printf(a, "%s – %s", of, name);
	json_str(&m->view, "title", site_cut(a, of, TITLE_MAX));
	json_str(
	    &m->view, "description", site_cut(a, description, DESCRIPTION_MAX));
}

static void
begin(struct making *m, struct response *res, const struct site *s,
    const struct request *req)
{
	*m = (struct making){ .res = res, .s = s, .req = req };
	buf_init(&m->view, req->arena);
	json_obj_open(&m->view, NULL);
}

static int
answer(struct making *m, const char *page, int status)
{
	const struct cJSON *view = NULL;
	struct problem why;
	int rc;

	json_obj_close(&m->view);
	rc = json_parse_stored(&view, m->req->arena, m->view.text, &why);
	assert(rc == 0);
	return site_answer(m->res, m->s, m->req, page, view, status);
}

/* "Notdienst, Reparaturen, Badumbau": what the firm does, in a line. */
static const char *
services_line(const struct making *m)
{
	const struct cJSON *list = json_member(m->s->config, "services");
	struct buf b;

	buf_init(&b, m->req->arena);
	for (const struct cJSON *o = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     o != NULL && b.len < DESCRIPTION_MAX; o = json_next(o))
		if (*site_text(o, "name") != '\0')
			buf_printf(&b, "%s%s", b.len > 0 ? ", " : "",
			    site_text(o, "name"));
	return b.text;
}

/* "Dörfler AG, Horgen: Notdienst, Badumbau" */
static const char *
firm_line(const struct making *m)
{
	struct arena *a = m->req->arena;
	const char *ort = site_text(m->s->config, "ort");
	const char *services = services_line(m);

	return arena_printf(a, "%s%s%s%s%s", m->s->tenant->name,
	    *ort == '\0' ? "" : ", ", ort, *services == '\0' ? "" : ": ",
	    services);
}

static int
home(struct making *m)
{
	const struct cJSON *hero = json_member(m->s->config, "hero");
	const char *subclaim = site_text(hero, "subclaim");

	title_write(m, NULL, *subclaim != '\0' ? subclaim : firm_line(m));
	json_str(&m->view, "schema", site_schema_firm(m->req, m->s));
	json_bool(&m->view, "is_home", true);
	return answer(
	    m, m->s->tenant->modules[MODULE_WEBSITE] ? "home" : "card", 200);
}

static int
services(struct making *m)
{
	title_write(m, site_word(m->s->language, WORD_services), firm_line(m));
	json_bool(&m->view, "is_services", true);
	return answer(m, "services", 200);
}

static int
contact(struct making *m)
{
	title_write(m, site_word(m->s->language, WORD_contact), firm_line(m));
	json_str(&m->view, "schema", site_schema_firm(m->req, m->s));
	json_bool(&m->view, "is_contact", true);
	return answer(m, "contact", 200);
}

static int
imprint(struct making *m)
{
	title_write(m, site_word(m->s->language, WORD_imprint), firm_line(m));
	return answer(m, "imprint", 200);
}

static int
privacy(struct making *m)
{
	title_write(m, site_word(m->s->language, WORD_privacy), firm_line(m));
	return answer(m,
	    arena_printf(
		m->req->arena, "privacy_%s", language_name(m->s->language)),
	    200);
}

static int
lost(struct making *m)
{
	title_write(m, site_word(m->s->language, WORD_lost_title), "");
	json_bool(&m->view, "is_lost", true);
	return answer(m, "lost", 404);
}

static int
service(struct making *m, const char *slug)
{
	const struct cJSON *o = site_service(m->s, slug);
	const char *line;

	if (o == NULL)
		return lost(m);
	line = site_text(o, "short_description");
	if (*line == '\0')
		line = site_text(o, "description");
	title_write(
	    m, site_text(o, "name"), *line != '\0' ? line : firm_line(m));
	json_str(&m->view, "schema", site_schema_service(m->req, m->s, o));
	json_bool(&m->view, "is_services", true);
	return answer(m, "service", 200);
}

/* Of another hash: the firm has changed its colours since that page was made,
 * and nobody is to keep these under that name. */
static int
colours(struct making *m)
{
	struct arena *a = m->req->arena;
	const char *own = site_colours(a, m->s);

	own = strrchr(own, '/') + 1;
	m->res->type = "text/css; charset=utf-8";
	m->res->body = site_colour_sheet(a, m->s);
	m->res->cache =
	    strcmp(own, m->s->page) == 0 ? CACHE_FOREVER : "public, max-age=5";
	return 0;
}

static int
plain(struct making *m, const char *type, const char *body)
{
	m->res->type = type;
	m->res->body = body;
	m->res->cache = CACHE_LIST;
	return 0;
}

static int
sitemap(struct making *m)
{
	const struct cJSON *views[] = { site_view(m->s, m->req) };

	return plain(m, "application/xml; charset=utf-8",
	    page_render(m->req->arena, "sitemap", views, 1));
}

/* Only asked for on the firm's own domain: robots look nowhere else. */
static int
robots(struct making *m)
{
	return plain(m, "text/plain; charset=utf-8",
	    arena_printf(m->req->arena,
		"User-agent: *\nDisallow: /api/\nSitemap: %s/sitemap.xml\n",
		m->s->base));
}

/* What stands behind the slug, and only where the firm has a website. */
static const struct {
	const char *name;
	int (*make)(struct making *m);
	bool of_website;
} pages[] = {
	{ "", home, false },
	{ "leistungen", services, true },
	{ "kontakt", contact, true },
	{ "impressum", imprint, false },
	{ "datenschutz", privacy, false },
	{ "sitemap.xml", sitemap, false },
	{ "robots.txt", robots, false },
};

static int
page_choose(struct making *m)
{
	const char *page = m->s->page;
	bool website = m->s->tenant->modules[MODULE_WEBSITE];

	for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++)
		if (strcmp(pages[i].name, page) == 0 &&
		    (website || !pages[i].of_website))
			return pages[i].make(m);
	if (website && strncmp(page, SERVICE, strlen(SERVICE)) == 0)
		return service(m, page + strlen(SERVICE));
	if (strncmp(page, COLOURS, strlen(COLOURS)) == 0)
		return colours(m);
	return lost(m);
}

int
site_page(struct response *res, const struct site *s, const struct request *req)
{
	size_t len = strlen(s->page);
	struct making m;

	/* "kontakt/" is typed by people and linked by others. */
	if (len > 1 && s->page[len - 1] == '/' && s->page[0] != '/' &&
	    strspn(s->page, PAGE_LETTERS) == len) {
		res->status = 301;
		res->location = arena_printf(req->arena, "%s/%.*s%s", s->prefix,
		    (int)(len - 1), s->page, s->query);
		res->cache = "public, max-age=5";
		return 0;
	}
	begin(&m, res, s, req);
	return page_choose(&m);
}
