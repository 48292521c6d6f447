/*
 * site_view - what a firm's config says, as the pages of nginx/pages name it
 */
#include "site_view.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "colour.h"
#include "digest.h"
#include "json.h"
#include "json_write.h"
#include "phone.h"
#include "problem.h"
#include "route.h"
#include "site.h"
#include "site_words.h"
#include "tenant.h"
#include "utf8.h"

#define HASH_DIGITS 8
#define HOST_LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-"
#define GENERATION_MAX 5
#define YEAR_MIN 1500
/* Of a young firm nobody says how young. */
#define YEARS_SAID 5
/* Of the days on which a firm is closed, the next ones. */
#define HOLIDAYS_MAX 6
#define STARS 5

#define CRAFTS "HomeAndConstructionBusiness"
#define BEAUTY "HealthAndBeautyBusiness"
#define FOOD "FoodEstablishment"

/* Those of icons.mustache, and whose they are; NULL: of any trade. */
static const struct {
	const char *name;
	const char *trade;
} icons[] = {
	{ "bath", CRAFTS },
	{ "bolt", CRAFTS },
	{ "brush", CRAFTS },
	{ "calendar", NULL },
	{ "chat", NULL },
	{ "default", NULL },
	{ "drop", CRAFTS },
	{ "flame", CRAFTS },
	{ "fork", FOOD },
	{ "key", CRAFTS },
	{ "leaf", CRAFTS },
	{ "palette", BEAUTY },
	{ "scissors", BEAUTY },
	{ "siren", CRAFTS },
	{ "sparkles", NULL },
	{ "sun", NULL },
	{ "tools", CRAFTS },
	{ "wrench", CRAFTS },
};
#define ICONS (sizeof(icons) / sizeof(icons[0]))

/* What one view is made from. */
struct maker {
	struct arena *arena;
	struct buf *b;
	const struct site *s;
	struct clock_time now;
};

static const char *
word(const struct maker *m, enum site_word w)
{
	return site_word(m->s->language, w);
}

static bool
is_blank(const char *text)
{
	return text == NULL || text[strspn(text, " \t\r\n")] == '\0';
}

const char *
site_text(const struct cJSON *object, const char *name)
{
	const char *text = json_text(json_member(object, name));

	return is_blank(text) ? "" : text;
}

const char *
site_url_encode(struct arena *a, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~@";
	struct buf b;

	buf_init(&b, a);
	for (; *text != '\0'; text++) {
		if (strchr(plain, *text) != NULL)
			buf_char(&b, *text);
		else
			buf_printf(
			    &b, "%%%02X", (unsigned)(unsigned char)*text);
	}
	return b.text;
}

const char *
site_cut(struct arena *a, const char *text, size_t max)
{
	size_t len = utf8_prefix(text, max);

	if (text[len] == '\0')
		return text;
	/* Not in the middle of a word, unless that is very long. */
	for (size_t i = len; i > max / 2; i--)
		if (text[i] == ' ') {
			len = i;
			break;
		}
	return arena_printf(a, "%.*s…", (int)len, text);
}

const char *
site_logo(const struct site *s)
{
	static const char scheme[] = "https://";
	const char *logo = site_text(s->config, "logo_url");
	size_t host;

	if (strncmp(logo, scheme, strlen(scheme)) != 0)
		return NULL;
	host = strspn(logo + strlen(scheme), HOST_LETTERS);
	if (host == 0 || strchr("/:", logo[strlen(scheme) + host]) == NULL)
		return NULL;
	logo += strlen(scheme) + host;
	if (*logo == ':')
		logo += 1 + strspn(logo + 1, "0123456789");
	return *logo == '/' ? site_text(s->config, "logo_url") : NULL;
}

const char *
site_colour_sheet(struct arena *a, const struct site *s)
{
	struct buf b;

	buf_init(&b, a);
	colour_sheet(&b, json_text(json_member(s->config, "primary_color")),
	    json_text(json_member(s->config, "accent_color")));
	return b.text;
}

const char *
site_colours(struct arena *a, const struct site *s)
{
	const char *sheet = site_colour_sheet(a, s);

	return arena_printf(a, "%s/farben-%.*s.css", s->prefix, HASH_DIGITS,
	    digest_sha256(sheet, strlen(sheet)).text);
}

const struct cJSON *
site_service(const struct site *s, const char *slug)
{
	const struct cJSON *services = json_member(s->config, "services");

	for (const struct cJSON *o = json_first(services); o != NULL;
	     o = json_next(o))
		if (*site_text(o, "name") != '\0' &&
		    strcmp(site_text(o, "slug"), slug) == 0)
			return o;
	return NULL;
}

static void
copy(const struct maker *m, const struct cJSON *object, const char *name)
{
	json_str(m->b, name, site_text(object, name));
}

static bool
has_text(const struct cJSON *list)
{
	for (const struct cJSON *v = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     v != NULL; v = json_next(v))
		if (!is_blank(json_text(v)))
			return true;
	return false;
}

/* The texts of a list, and whether there is one: {"has_area":true,"area":[…]}
 */
static void
list_write(const struct maker *m, const char *name, const struct cJSON *list)
{
	int count = 0;

	json_arr_open(m->b, name);
	for (const struct cJSON *v = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     v != NULL && count < SITE_LIST_MAX; v = json_next(v)) {
		if (is_blank(json_text(v)))
			continue;
		json_str(m->b, NULL, json_text(v));
		count++;
	}
	json_arr_close(m->b);
	json_bool(m->b, arena_printf(m->arena, "has_%s", name), has_text(list));
}

/* ---- the firm ---- */

static void
phone_write(const struct maker *m, const char *name, const char *e164)
{
	char shown[PHONE_SHOWN_SIZE];

	if (e164 == NULL)
		return;
	phone_show(shown, e164);
	json_obj_open(m->b, name);
	json_str(m->b, "href", arena_printf(m->arena, "tel:%s", e164));
	json_str(m->b, "text", shown);
	json_obj_close(m->b);
}

static void
email_write(const struct maker *m, const char *email)
{
	if (email == NULL || *email == '\0')
		return;
	json_obj_open(m->b, "email");
	json_str(m->b, "href",
	    arena_printf(
		m->arena, "mailto:%s", site_url_encode(m->arena, email)));
	json_str(m->b, "text", email);
	json_obj_close(m->b);
}

static void
address_write(const struct maker *m)
{
	const struct cJSON *c = m->s->config;
	const char *street = site_text(c, "address");
	const char *plz = site_text(c, "plz"), *ort = site_text(c, "ort");
	const char *whole = arena_printf(
	    m->arena, "%s, %s, %s %s", m->s->tenant->name, street, plz, ort);

	json_str(m->b, "ort", ort);
	json_bool(m->b, "has_address", *street != '\0' || *ort != '\0');
	json_obj_open(m->b, "address");
	json_str(m->b, "street", street);
	json_str(m->b, "plz", plz);
	json_str(m->b, "ort", ort);
	json_str(m->b, "map",
	    *street == '\0' || *ort == '\0'
		? ""
		: arena_printf(m->arena,
		      "https://www.google.com/maps/search/?api=1&query=%s",
		      site_url_encode(m->arena, whole)));
	json_obj_close(m->b);
}

/* The first letter of the firm's name, large; "" where that means something in
 * a picture's text. */
static const char *
letter_of(const struct maker *m)
{
	const char *name = m->s->tenant->name;
	size_t len = utf8_char(name, strlen(name), NULL);
	char *letter = arena_strndup(m->arena, name, len);

	if (*letter >= 'a' && *letter <= 'z')
		*letter = (char)(*letter - 'a' + 'A');
	return strchr("<>&\"'", *letter) != NULL ? "" : letter;
}

/* A picture for the browser's tab: the first letter on the firm's colour. */
static void
icon_write(const struct maker *m)
{
	struct colour_pair pair = colour_primary(
	    json_text(json_member(m->s->config, "primary_color")));

	json_str(m->b, "icon",
	    arena_printf(m->arena, "data:image/svg+xml,%s",
		site_url_encode(m->arena,
		    arena_printf(m->arena,
			"<svg xmlns='http://www.w3.org/2000/svg' "
			"viewBox='0 0 32 32'><rect width='32' height='32' "
			"rx='8' fill='#%02x%02x%02x'/><text x='16' y='23' "
			"font-family='sans-serif' font-size='20' "
			"font-weight='700' text-anchor='middle' "
			"fill='#%02x%02x%02x'>%s</text></svg>",
			pair.ground.red, pair.ground.green, pair.ground.blue,
			pair.text.red, pair.text.green, pair.text.blue,
			letter_of(m)))));
	json_str(m->b, "theme",
	    arena_printf(m->arena, "#%02x%02x%02x", pair.ground.red,
		pair.ground.green, pair.ground.blue));
}

/* ---- languages ---- */

static const char *
address_in(const struct maker *m, const char *of, enum language language)
{
	const char *slash =
	    *m->s->page == '\0' || of[strlen(of) - 1] == '/' ? "" : "/";

	return arena_printf(m->arena, "%s%s%s%s%s", of, slash, m->s->page,
	    language == m->s->tenant->language ? "" : "?lang=",
	    language == m->s->tenant->language ? "" : language_name(language));
}

static void
languages_write(const struct maker *m)
{
	static const char *const own_names[LANGUAGE_MAX] = {
		[LANGUAGE_DE] = "Deutsch",
		[LANGUAGE_FR] = "Français",
		[LANGUAGE_IT] = "Italiano",
		[LANGUAGE_EN] = "English",
	};
	unsigned spoken = m->s->tenant->languages;
	const char *base = *m->s->page == '\0' && m->s->tenant->domain != NULL
	                       ? arena_printf(m->arena, "%s/", m->s->base)
	                       : m->s->base;

	json_bool(m->b, "has_languages", (spoken & (spoken - 1)) != 0);
	json_arr_open(m->b, "languages");
	for (int l = 0; l < LANGUAGE_MAX; l++) {
		enum language language = (enum language)l;

		if ((spoken & 1U << l) == 0)
			continue;
		json_obj_open(m->b, NULL);
		json_str(m->b, "code", language_name(language));
		json_str(m->b, "own_name", own_names[l]);
		json_str(m->b, "href", address_in(m, m->s->home, language));
		json_str(m->b, "absolute", address_in(m, base, language));
		json_bool(m->b, "is_current", language == m->s->language);
		json_obj_close(m->b);
	}
	json_arr_close(m->b);
	json_str(m->b, "canonical", address_in(m, base, m->s->language));
	json_str(m->b, "canonical_default",
	    address_in(m, base, m->s->tenant->language));
}

/* ---- what it does ---- */

bool
site_has_icon(const char *name)
{
	for (size_t i = 0; i < ICONS; i++)
		if (strcmp(icons[i].name, name) == 0)
			return true;
	return false;
}

static const char *
icon_name(const char *name)
{
	return site_has_icon(name) ? name : "default";
}

const char *
site_trade(const struct site *s)
{
	const struct cJSON *list = json_member(s->config, "services");

	for (const struct cJSON *o = json_first(list); o != NULL;
	     o = json_next(o))
		for (size_t i = 0; i < ICONS; i++)
			if (icons[i].trade != NULL &&
			    strcmp(icons[i].name, site_text(o, "icon")) == 0)
				return icons[i].trade;
	return "LocalBusiness";
}

static void
service_write(const struct maker *m, const struct cJSON *o)
{
	const struct site *s = m->s;
	const char *slug = site_text(o, "slug");
	const char *intent = site_text(o, "cta_intent");
	const char *lang = *s->query == '\0' ? "" : s->query + 1;
	const char *of = *intent == '\0' ? "" : "intent=";
	const char *cta = site_text(o, "cta_text");

	json_obj_open(m->b, NULL);
	copy(m, o, "slug");
	copy(m, o, "name");
	copy(m, o, "short_description");
	json_str(m->b, "text", site_text(o, "description"));
	json_str(m->b, "icon", icon_name(site_text(o, "icon")));
	json_str(m->b, "href",
	    arena_printf(m->arena, "%s/leistungen/%s%s", s->prefix,
		site_url_encode(m->arena, slug), s->query));
	json_str(m->b, "absolute",
	    arena_printf(m->arena, "%s/leistungen/%s", s->base,
		site_url_encode(m->arena, slug)));
	json_str(m->b, "cta_href",
	    arena_printf(m->arena, "%s/anfrage%s%s%s%s%s", s->prefix,
		*intent != '\0' || *lang != '\0' ? "?" : "", of,
		site_url_encode(m->arena, intent),
		*intent != '\0' && *lang != '\0' ? "&" : "", lang));
	json_str(m->b, "cta_text", *cta != '\0' ? cta : word(m, WORD_request));
	json_bool(m->b, "is_here",
	    strcmp(s->page, arena_printf(m->arena, "leistungen/%s", slug)) ==
		0);
	list_write(m, "features", json_member(o, "features"));
	json_obj_close(m->b);
}

/* A service without an address or a name has no page, so nobody is led there.
 */
static void
services_write(const struct maker *m)
{
	const struct cJSON *list = json_member(m->s->config, "services");
	int count = 0;

	json_arr_open(m->b, "services");
	for (const struct cJSON *o = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     o != NULL && count < SITE_LIST_MAX; o = json_next(o)) {
		if (site_service(m->s, site_text(o, "slug")) != o)
			continue;
		service_write(m, o);
		count++;
	}
	json_arr_close(m->b);
	json_bool(m->b, "has_services", count > 0);
	json_bool(m->b, "has_other_services", count > 1);
}

/*
 * The button for what cannot wait, where the firm has a way for that: under the
 * name that it gave it, for at a hairdresser's it is no emergency.
 */
static bool
takes_emergencies(const struct site *s)
{
	for (const struct cJSON *o =
		 json_first(json_member(s->config, "intents"));
	     o != NULL; o = json_next(o))
		if (strcmp(site_text(o, "category"), "emergency") == 0)
			return true;
	return false;
}

/* ---- what speaks for it ---- */

/* As many stars as there are, the first n of them full. */
static void
stars_write(const struct maker *m, int n)
{
	json_arr_open(m->b, "stars");
	for (int i = 0; i < STARS; i++) {
		json_obj_open(m->b, NULL);
		json_bool(m->b, "is_full", i < n);
		json_obj_close(m->b);
	}
	json_arr_close(m->b);
}

static bool
is_rating(double value)
{
	return value >= 1 && value <= STARS;
}

int
site_stars(const struct cJSON *rating)
{
	double value = json_double(rating, 0);

	return is_rating(value) ? (int)lround(value) : 0;
}

static void
rating_write(const struct maker *m)
{
	const struct cJSON *rating = json_member(m->s->config, "google_rating");
	int64_t count =
	    json_number(json_member(m->s->config, "google_review_count"), 0);
	double value = json_double(rating, 0);
	char *text = arena_printf(m->arena, "%.1f", value);

	if (!is_rating(value))
		return;
	if (m->s->language == LANGUAGE_FR || m->s->language == LANGUAGE_IT)
		text[strcspn(text, ".")] = ',';
	json_obj_open(m->b, "rating");
	json_str(m->b, "value", text);
	json_str(m->b, "label",
	    site_word_fill(m->arena, word(m, WORD_stars), "n", text));
	stars_write(m, (int)lround(value));
	json_str(m->b, "count",
	    count < 1
		? word(m, WORD_rating_google)
		: site_word_fill(m->arena, word(m, WORD_rating_count), "n",
		      arena_printf(m->arena, "%lld", (long long)count)));
	json_obj_close(m->b);
}

static int
this_year(const struct maker *m)
{
	return calendar_promise_in(&m->s->tenant->calendar, m->now, 0).year;
}

/* 0 for none that can be. */
static int
founded_year(const struct maker *m)
{
	int64_t year =
	    json_number(json_member(m->s->config, "founded_year"), 0);

	return year >= YEAR_MIN && year <= this_year(m) ? (int)year : 0;
}

/* From the second on; 0 for any other. */
static int
generation(const struct maker *m)
{
	int64_t n = json_number(json_member(m->s->config, "generation"), 0);

	return n >= 2 && n <= GENERATION_MAX ? (int)n : 0;
}

static void
heritage_write(const struct maker *m)
{
	int year = founded_year(m), of = generation(m);
	const char *text = arena_printf(m->arena, "%d", year);

	if (year > 0) {
		json_obj_open(m->b, "founded");
		json_str(m->b, "year", text);
		json_str(m->b, "since",
		    site_word_fill(
			m->arena, word(m, WORD_since), "year", text));
		json_str(m->b, "title",
		    site_word_fill(
			m->arena, word(m, WORD_since_title), "year", text));
		if (this_year(m) - year >= YEARS_SAID)
			json_int(m->b, "years", this_year(m) - year);
		json_obj_close(m->b);
	}
	if (of > 0)
		json_str(m->b, "generation",
		    word(m, (enum site_word)(WORD_generation_2 + of - 2)));
}

static void
reviews_write(const struct maker *m)
{
	const struct cJSON *list = json_member(m->s->config, "reviews");
	int count = 0;

	json_arr_open(m->b, "reviews");
	for (const struct cJSON *o = json_is_array(list) ? json_first(list)
	                                                 : NULL;
	     o != NULL && count < SITE_LIST_MAX; o = json_next(o)) {
		int stars = site_stars(json_member(o, "rating"));

		if (*site_text(o, "text") == '\0')
			continue;
		json_obj_open(m->b, NULL);
		copy(m, o, "author");
		copy(m, o, "ort");
		copy(m, o, "text");
		json_bool(m->b, "has_stars", stars > 0);
		json_str(m->b, "label",
		    site_word_fill(m->arena, word(m, WORD_stars), "n",
			arena_printf(m->arena, "%d", stars)));
		stars_write(m, stars);
		json_obj_close(m->b);
		count++;
	}
	json_arr_close(m->b);
	json_bool(m->b, "has_reviews", count > 0);
}

/* ---- when it is there ---- */

static bool
is_holiday(const struct calendar *cal, const struct calendar_promise *day)
{
	for (size_t i = 0; i < cal->holidays_len; i++)
		if (cal->holidays[i].year == day->year &&
		    cal->holidays[i].month == day->month &&
		    cal->holidays[i].day == day->day)
			return true;
	return false;
}

/*
 * "07:00–12:00" and "13:00–17:30", of which the first has more after it. A
 * list, so that a page breaks its lines between them only. How many there are.
 */
static int
slots_write(const struct maker *m, int weekday)
{
	const struct calendar *cal = &m->s->tenant->calendar;
	int count = 0, left = 0;

	for (size_t i = 0; i < cal->slots_len; i++)
		left += cal->slots[i].weekday == weekday;
	json_arr_open(m->b, "slots");
	for (size_t i = 0; i < cal->slots_len; i++) {
		const struct calendar_slot *slot = &cal->slots[i];
		int to = slot->to > 24 * 60 ? slot->to - 24 * 60 : slot->to;

		if (slot->weekday != weekday)
			continue;
		count++;
		json_obj_open(m->b, NULL);
		json_str(m->b, "text",
		    arena_printf(m->arena, "%02d:%02d–%02d:%02d",
			slot->from / 60, slot->from % 60, to / 60, to % 60));
		json_bool(m->b, "has_more", count < left);
		json_obj_close(m->b);
	}
	json_arr_close(m->b);
	return count;
}

/* A weekday's slots, as {"slots":[...],"is_closed":false}. */
static void
day_write(const struct maker *m, int weekday, bool holiday)
{
	json_bool(
	    m->b, "is_closed", slots_write(m, holiday ? 0 : weekday) == 0);
}

static void
hours_write(const struct maker *m)
{
	const struct calendar *cal = &m->s->tenant->calendar;
	struct calendar_promise today = calendar_promise_in(cal, m->now, 0);

	json_bool(m->b, "has_hours", cal->slots_len > 0);
	if (cal->slots_len == 0)
		return;
	json_obj_open(m->b, "today");
	day_write(m, today.weekday, is_holiday(cal, &today));
	json_obj_close(m->b);
	json_arr_open(m->b, "hours");
	for (int day = 1; day <= 7; day++) {
		json_obj_open(m->b, NULL);
		json_str(m->b, "day",
		    word(m, (enum site_word)(WORD_weekday_1 + day - 1)));
		json_bool(m->b, "is_today", day == today.weekday);
		day_write(m, day, false);
		json_obj_close(m->b);
	}
	json_arr_close(m->b);
}

/* A date as one number that grows with it. */
static int
date_order(int year, int month, int day)
{
	return (year * 16 + month) * 32 + day;
}

/* The first holiday whose date_order() is above after; NULL: there is none. */
static const struct calendar_date *
holiday_next(const struct calendar *cal, int after)
{
	const struct calendar_date *next = NULL;
	int best = 0;

	for (size_t i = 0; i < cal->holidays_len; i++) {
		const struct calendar_date *d = &cal->holidays[i];
		int order = date_order(d->year, d->month, d->day);

		if (order > after && (next == NULL || order < best)) {
			next = d;
			best = order;
		}
	}
	return next;
}

static void
holidays_write(const struct maker *m)
{
	const struct calendar *cal = &m->s->tenant->calendar;
	struct calendar_promise today = calendar_promise_in(cal, m->now, 0);
	int after = date_order(today.year, today.month, today.day) - 1;
	const struct calendar_date *d = holiday_next(cal, after);

	json_bool(m->b, "has_holidays", d != NULL);
	json_arr_open(m->b, "holidays");
	for (int i = 0; i < HOLIDAYS_MAX && d != NULL; i++) {
		const char *text =
		    word(m, d->day == 1 ? WORD_date_first : WORD_date);

		text = site_word_fill(m->arena, text, "day",
		    arena_printf(m->arena, "%d", d->day));
		text = site_word_fill(m->arena, text, "month",
		    word(m, (enum site_word)(WORD_month_1 + d->month - 1)));
		text = site_word_fill(m->arena, text, "year",
		    arena_printf(m->arena, "%d", d->year));
		json_str(m->b, NULL, text);
		d = holiday_next(cal, date_order(d->year, d->month, d->day));
	}
	json_arr_close(m->b);
}

/* ---- all of it ---- */

static void
imprint_write(const struct maker *m)
{
	static const char *const names[] = { "company", "legal_form", "uid",
		"register", "represented_by", "address", "email" };
	const struct cJSON *o = json_member(m->s->config, "impressum");
	const char *company = site_text(o, "company");
	struct phone phone;
	struct problem ignored;

	json_obj_open(m->b, "impressum");
	for (size_t i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		copy(m, o, names[i]);
	json_str(
	    m->b, names[0], *company != '\0' ? company : m->s->tenant->name);
	if (phone_parse(&phone, site_text(o, "phone"), m->s->tenant->region,
		NULL, &ignored) == 0)
		phone_write(m, "phone", phone.e164);
	json_obj_close(m->b);
}

static void
hero_write(const struct maker *m)
{
	const struct cJSON *hero = json_member(m->s->config, "hero");
	const char *claim = site_text(hero, "claim");

	json_obj_open(m->b, "hero");
	json_str(m->b, "claim", *claim != '\0' ? claim : m->s->tenant->name);
	copy(m, hero, "subclaim");
	list_write(m, "benefits", json_member(hero, "benefits"));
	json_obj_close(m->b);
}

/* Which parts of the home page have something in them. */
static void
parts_write(const struct maker *m)
{
	const struct cJSON *c = m->s->config;
	bool founded = founded_year(m) > 0;
	double rating = json_double(json_member(c, "google_rating"), 0);

	json_bool(m->b, "has_about",
	    founded || generation(m) > 0 ||
		*site_text(c, "contact_person") != '\0' ||
		has_text(json_member(c, "certifications")));
	json_bool(m->b, "has_trust",
	    founded || is_rating(rating) ||
		m->s->tenant->calendar.slots_len > 0);
}

static void
firm_write(const struct maker *m)
{
	const struct site *s = m->s;
	const char *logo = site_logo(s);
	const char *urgent = site_text(
	    json_member(json_member(json_member(s->config, "wizard"), "ways"),
		"emergency"),
	    "label");

	json_str(m->b, "lang", language_name(s->language));
	json_str(m->b, "name", s->tenant->name);
	json_str(m->b, "slug", s->tenant->slug);
	json_str(m->b, "prefix", s->prefix);
	json_str(m->b, "base", s->base);
	json_str(m->b, "home", s->home);
	json_str(m->b, "query", s->query);
	json_str(m->b, "query_and",
	    *s->query == '\0' ? ""
			      : arena_printf(m->arena, "&%s", s->query + 1));
	json_str(m->b, "colours", site_colours(m->arena, s));
	json_str(m->b, "logo", logo == NULL ? "" : logo);
	json_bool(m->b, "has_website", s->tenant->modules[MODULE_WEBSITE]);
	if (takes_emergencies(s)) {
		json_obj_open(m->b, "urgent");
		json_str(m->b, "text",
		    *urgent != '\0' ? urgent : word(m, WORD_emergency));
		json_str(m->b, "icon", *urgent != '\0' ? "clock" : "siren");
		json_obj_close(m->b);
	}
	phone_write(m, "phone", s->tenant->phone);
	email_write(m, s->tenant->email);
	copy(m, s->config, "contact_person");
	list_write(
	    m, "certifications", json_member(s->config, "certifications"));
	list_write(m, "area", json_member(s->config, "service_area"));
	parts_write(m);
}

const struct cJSON *
site_view(const struct site *s, const struct request *req)
{
	struct buf b;
	struct maker m = { req->arena, &b, s, req->now };
	const struct cJSON *out = NULL;
	struct problem why;
	int rc;

	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	firm_write(&m);
	icon_write(&m);
	address_write(&m);
	languages_write(&m);
	hero_write(&m);
	services_write(&m);
	rating_write(&m);
	heritage_write(&m);
	reviews_write(&m);
	hours_write(&m);
	holidays_write(&m);
	imprint_write(&m);
	json_obj_close(&b);
	rc = json_parse_stored(&out, req->arena, b.text, &why);
	/* Lists are short and levels few, whatever the config says. */
	assert(rc == 0);
	return out;
}
