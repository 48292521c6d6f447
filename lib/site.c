/*
 * site - a firm's pages: whose, in which language, and how one is answered
 */
#include "site.h"

#include <ctype.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "json.h"
#include "page.h"
#include "problem.h"
#include "route.h"
#include "site_view.h"
#include "site_words.h"
#include "tenant.h"

/* nginx asks for no page more often, and shows the old one while it does. */
#define CACHE_PAGE "public, max-age=5, stale-while-revalidate=10"

#define SLUG_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"

/* Is this the host of APP_BASE_URL? Then nobody has to be asked. */
static bool
host_is_ours(const char *host)
{
	const char *at = strstr(config_get(CONFIG_APP_BASE_URL), "://");
	size_t len = strlen(host);

	return at != NULL && strcspn(at + 3, ":/") == len &&
	       strncasecmp(at + 3, host, len) == 0;
}

const char *
site_query(const struct request *req, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = req->query; at != NULL; at = strchr(at, '&')) {
		at += *at == '&' ? 1 : 0;
		if (strncmp(at, name, len) == 0 && at[len] == '=')
			return arena_strndup(req->arena, at + len + 1,
			    strcspn(at + len + 1, "&"));
	}
	return NULL;
}

void
site_for(struct site *out, const struct request *req,
    const struct tenant *tenant, const char *page, const char *lang)
{
	struct arena *a = req->arena;
	enum language language = tenant->language;
	bool own =
	    tenant->domain != NULL && strcmp(tenant->domain, req->host) == 0;
	struct problem ignored;

	*out = (struct site){ .tenant = tenant, .page = page, .query = "" };
	if (lang != NULL && language_parse(&language, lang) == 0 &&
	    (tenant->languages & 1U << language) == 0)
		language = tenant->language;
	out->language = language;
	if (language != tenant->language)
		out->query =
		    arena_printf(a, "?lang=%s", language_name(language));
	out->prefix = own ? "" : arena_printf(a, "/%s", tenant->slug);
	out->home = own ? "/" : out->prefix;
	out->base = tenant->domain != NULL
	                ? arena_printf(a, "https://%s", tenant->domain)
	                : arena_printf(a, "%s/%s",
			      config_get(CONFIG_APP_BASE_URL), tenant->slug);
	/* What cannot be read is in the log already (tenant.c). */
	if (json_parse_stored(&out->config, a, arena_strdup(a, tenant->config),
		&ignored) != 0)
		out->config = NULL;
}

/* The firm on whose domain the request arrived; *out stays NULL: on no firm's.
 */
static int
host_find(
    const struct tenant **out, const struct request *req, struct problem *why)
{
	struct problem missed;

	if (*req->host == '\0' || host_is_ours(req->host))
		return 0;
	if (tenant_by_domain(out, req, req->host, &missed) == 0 ||
	    missed.code == PROBLEM_TENANT_UNKNOWN)
		return 0;
	*why = missed;
	return -1;
}

int
site_of(struct site *out, const struct request *req, struct problem *why)
{
	const struct tenant *tenant = NULL;
	const char *rest = req->path + 1;
	size_t len = strcspn(rest, "/");

	if (host_find(&tenant, req, why) != 0)
		return -1;
	if (tenant == NULL) {
		if (len == 0 || strspn(rest, SLUG_LETTERS) != len)
			return problem(why, PROBLEM_TENANT_UNKNOWN, NULL,
			    "No firm is known by this");
		if (tenant_by_slug(&tenant, req,
			arena_strndup(req->arena, rest, len), NULL, why) != 0)
			return -1;
		rest += len + (rest[len] == '/' ? 1 : 0);
	}
	site_for(out, req, tenant, rest, site_query(req, "lang"));
	return 0;
}

/* Does the answer depend on the firm, the page and the language only? */
static bool
is_for_all(const struct request *req)
{
	const char *lang = site_query(req, "lang");
	enum language ignored;

	if (req->method != HTTP_GET)
		return false;
	return *req->query == '\0' ||
	       (lang != NULL && strlen(req->query) == strlen("lang=xx") &&
		   language_parse(&ignored, lang) == 0);
}

/* "https://host[:port]" of the logo, for the policy; "" for what is none. */
static const char *
logo_origin(struct arena *a, const struct site *s)
{
	const char *logo = site_logo(s);
	size_t scheme = strlen("https://");

	if (logo == NULL)
		return "";
	return arena_printf(
	    a, " %.*s", (int)(scheme + strcspn(logo + scheme, "/?#")), logo);
}

int
site_answer(struct response *res, const struct site *s,
    const struct request *req, const char *page, const struct cJSON *view,
    int status)
{
	const struct cJSON *views[] = { site_words(s->language),
		site_view(s, req), view };

	res->status = status;
	res->type = "text/html; charset=utf-8";
	res->body = page_render(
	    req->arena, page, views, sizeof(views) / sizeof(views[0]));
	/* Photos that a visitor looks at before they are sent are blobs. */
	res->policy = arena_printf(req->arena,
	    "default-src 'none'; style-src 'self'; script-src 'self'; "
	    "img-src 'self' data: blob:%s; connect-src 'self'; "
	    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
	    logo_origin(req->arena, s));
	/* There is no end of addresses at which there is nothing. */
	if (status == 200 && is_for_all(req))
		res->cache = CACHE_PAGE;
	return 0;
}

int
site_plain(struct response *res, const struct request *req, const char *page,
    const struct cJSON *view, enum language language, int status)
{
	const struct cJSON *views[] = { site_words(language), view };

	res->status = status;
	res->type = "text/html; charset=utf-8";
	res->body = page_render(
	    req->arena, page, views, sizeof(views) / sizeof(views[0]));
	res->policy = "default-src 'none'; style-src 'self'; base-uri 'none'; "
		      "form-action 'self'; frame-ancestors 'none'";
	return 0;
}

int
site_unknown(
    struct response *res, const struct request *req, struct problem *why)
{
	const struct cJSON *views[] = { site_words(LANGUAGE_DE) };

	if (why->code != PROBLEM_TENANT_UNKNOWN)
		return -1;
	*why = (struct problem){ 0 };
	res->status = 404;
	res->type = "text/html; charset=utf-8";
	res->body = page_render(req->arena, "unknown", views, 1);
	res->policy = "default-src 'none'; style-src 'self'; base-uri 'none'; "
		      "form-action 'none'; frame-ancestors 'none'";
	return 0;
}
