/*
 * site_schema - a firm's page for search engines: JSON-LD of schema.org
 */
#include "site_schema.h"

#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_write.h"
#include "route.h"
#include "site.h"
#include "site_view.h"
#include "tenant.h"

#define CONTEXT "https://schema.org"

/* A member that is left out where there is nothing to say. */
static void
maybe(struct buf *b, const char *name, const char *value)
{
	if (value != NULL && *value != '\0')
		json_str(b, name, value);
}

static void
thing_open(struct buf *b, const char *name, const char *type)
{
	json_obj_open(b, name);
	json_str(b, "@type", type);
}

static void
address_write(struct buf *b, const struct site *s)
{
	thing_open(b, "address", "PostalAddress");
	maybe(b, "streetAddress", site_text(s->config, "address"));
	maybe(b, "postalCode", site_text(s->config, "plz"));
	maybe(b, "addressLocality", site_text(s->config, "ort"));
	json_str(b, "addressCountry", s->tenant->region);
	json_obj_close(b);
}

/* Of a slot that ends at midnight the last minute: 24:00 is no time there. */
static const char *
time_text(struct arena *a, int minute)
{
	if (minute == 24 * 60)
		return "23:59";
	minute %= 24 * 60;
	return arena_printf(a, "%02d:%02d", minute / 60, minute % 60);
}

static void
hours_write(struct buf *b, const struct site *s, struct arena *a)
{
	static const char *const days[] = { "Monday", "Tuesday", "Wednesday",
		"Thursday", "Friday", "Saturday", "Sunday" };
	const struct calendar *cal = &s->tenant->calendar;

	if (cal->slots_len == 0)
		return;
	json_arr_open(b, "openingHoursSpecification");
	for (size_t i = 0; i < cal->slots_len; i++) {
		const struct calendar_slot *slot = &cal->slots[i];

		thing_open(b, NULL, "OpeningHoursSpecification");
		json_str(b, "dayOfWeek",
		    arena_printf(a, CONTEXT "/%s", days[slot->weekday - 1]));
		json_str(b, "opens", time_text(a, slot->from));
		json_str(b, "closes", time_text(a, slot->to));
		json_obj_close(b);
	}
	json_arr_close(b);
}

static void
rating_write(
    struct buf *b, const char *name, const char *type, const char *value)
{
	thing_open(b, name, type);
	json_raw(b, "ratingValue", value);
	json_int(b, "bestRating", 5);
	json_int(b, "worstRating", 1);
}

static void
ratings_write(struct buf *b, const struct site *s, struct arena *a)
{
	double value = json_double(json_member(s->config, "google_rating"), 0);
	int64_t count =
	    json_number(json_member(s->config, "google_review_count"), 0);

	if (!(value >= 1 && value <= 5) || count < 1)
		return;
	rating_write(b, "aggregateRating", "AggregateRating",
	    arena_printf(a, "%.1f", value));
	json_int(b, "reviewCount", count);
	json_obj_close(b);
}

static void
reviews_write(struct buf *b, const struct site *s, struct arena *a)
{
	const struct cJSON *list = json_member(s->config, "reviews");
	int count = 0;

	json_arr_open(b, "review");
	for (const struct cJSON *o = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     o != NULL && count < SITE_LIST_MAX; o = json_next(o)) {
		int stars = site_stars(json_member(o, "rating"));

		/* schema.org wants to know who says so, and how good it was. */
		if (*site_text(o, "text") == '\0' ||
		    *site_text(o, "author") == '\0' || stars == 0)
			continue;
		thing_open(b, NULL, "Review");
		thing_open(b, "author", "Person");
		json_str(b, "name", site_text(o, "author"));
		json_obj_close(b);
		json_str(b, "reviewBody", site_text(o, "text"));
		rating_write(
		    b, "reviewRating", "Rating", arena_printf(a, "%d", stars));
		json_obj_close(b);
		json_obj_close(b);
		count++;
	}
	json_arr_close(b);
}

static void
services_write(struct buf *b, const struct site *s, struct arena *a)
{
	const struct cJSON *list = json_member(s->config, "services");
	int count = 0;

	thing_open(b, "hasOfferCatalog", "OfferCatalog");
	json_str(b, "name", s->tenant->name);
	json_arr_open(b, "itemListElement");
	for (const struct cJSON *o = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     o != NULL && count < SITE_LIST_MAX; o = json_next(o)) {
		const char *slug = site_text(o, "slug");

		if (site_service(s, slug) != o)
			continue;
		thing_open(b, NULL, "Offer");
		thing_open(b, "itemOffered", "Service");
		json_str(b, "name", site_text(o, "name"));
		maybe(b, "description", site_text(o, "short_description"));
		json_str(b, "url",
		    arena_printf(a, "%s/leistungen/%s", s->base,
			site_url_encode(a, slug)));
		json_obj_close(b);
		json_obj_close(b);
		count++;
	}
	json_arr_close(b);
	json_obj_close(b);
}

static void
area_write(struct buf *b, const struct site *s)
{
	const struct cJSON *list = json_member(s->config, "service_area");

	json_arr_open(b, "areaServed");
	for (const struct cJSON *v = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     v != NULL; v = json_next(v))
		maybe(b, NULL, json_text(v));
	json_arr_close(b);
}

/* Who it is, in whatever it stands. */
static void
firm_write(struct buf *b, const struct site *s, struct arena *a)
{
	json_str(b, "@id", arena_printf(a, "%s#firm", s->base));
	json_str(b, "name", s->tenant->name);
	json_str(b, "url", s->base);
	maybe(b, "telephone", s->tenant->phone);
	maybe(b, "email", s->tenant->email);
	maybe(b, "image", site_logo(s));
	address_write(b, s);
}

/* Nothing that ends a script, begins a comment in one, or ends a line of it. */
static const char *
in_script(struct arena *a, const char *json)
{
	struct buf b;

	buf_init(&b, a);
	for (; *json != '\0'; json++) {
		if (strchr("<>&", *json) != NULL)
			buf_printf(&b, "\\u%04x", (unsigned)*json);
		else if (strncmp(json, "\xe2\x80\xa8", 3) == 0 ||
			 strncmp(json, "\xe2\x80\xa9", 3) == 0) {
			buf_str(&b, json[2] == '\xa8' ? "\\u2028" : "\\u2029");
			json += 2;
		} else
			buf_char(&b, *json);
	}
	return b.text;
}

const char *
site_schema_firm(const struct request *req, const struct site *s)
{
	struct arena *a = req->arena;
	int64_t year = json_number(json_member(s->config, "founded_year"), 0);
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "@context", CONTEXT);
	json_str(&b, "@type", site_trade(s));
	firm_write(&b, s, a);
	hours_write(&b, s, a);
	if (year > 0 && year <= 9999)
		json_str(
		    &b, "foundingDate", arena_printf(a, "%04d", (int)year));
	area_write(&b, s);
	services_write(&b, s, a);
	ratings_write(&b, s, a);
	reviews_write(&b, s, a);
	json_obj_close(&b);
	return in_script(a, b.text);
}

const char *
site_schema_service(const struct request *req, const struct site *s,
    const struct cJSON *service)
{
	struct arena *a = req->arena;
	const char *text = site_text(service, "description");
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "@context", CONTEXT);
	json_str(&b, "@type", "Service");
	json_str(&b, "name", site_text(service, "name"));
	maybe(&b, "description",
	    *text != '\0' ? text : site_text(service, "short_description"));
	json_str(&b, "url",
	    arena_printf(a, "%s/leistungen/%s", s->base,
		site_url_encode(a, site_text(service, "slug"))));
	area_write(&b, s);
	thing_open(&b, "provider", site_trade(s));
	firm_write(&b, s, a);
	json_obj_close(&b);
	json_obj_close(&b);
	return in_script(a, b.text);
}
