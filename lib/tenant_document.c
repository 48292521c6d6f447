/*
 * tenant_document - a firm's settings as the operator writes them
 */
#include "tenant_document.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "json.h"
#include "json_write.h"
#include "message_text.h"
#include "phone.h"
#include "provider.h"
#include "review.h"
#include "tenant.h"
#include "utf8.h"

#define NAME_MAX_CHARACTERS 120
#define SLUG_MAX 60
#define EMAIL_MAX 254
#define DOMAIN_MAX 253
#define LINK_MAX 500
#define LINK_FORM \
	"must be an address with https://, without spaces, of at most %d " \
	"characters"
#define LINE_MAX 200
#define REVIEW_DELAY_MAX 720
#define SEGMENTS_MAX 1000000
#define REGION "CH"
#define ON_CALL_NAME_MAX 60

struct check {
	struct arena *arena;
	struct tenant_problems *problems;
	struct tenant_document *out;
};

/* Checks a member that is there, and stores it. */
typedef void check_fn(
    struct check *c, enum tenant_field field, const struct cJSON *v);

static check_fn check_name, check_slug, check_phone, check_email, check_sender,
    check_domain, check_review_link, check_zone, check_quiet_start,
    check_quiet_end, check_number, check_plan, check_config, check_modules,
    check_active;

static const struct field {
	const char *name;
	const char *pointer;
	check_fn *check;
	int least;
	int most;
} fields[TENANT_FIELD_MAX] = {
	[TENANT_NAME] = { "name", "/name", check_name, 0, 0 },
	[TENANT_SLUG] = { "slug", "/slug", check_slug, 0, 0 },
	[TENANT_PHONE] = { "phone", "/phone", check_phone, 0, 0 },
	[TENANT_EMAIL] = { "email", "/email", check_email, 0, 0 },
	[TENANT_SMS_NUMBER] = { "sms_number", "/sms_number", check_sender, 0,
	    0 },
	[TENANT_WEBSITE_DOMAIN] = { "website_domain", "/website_domain",
	    check_domain, 0, 0 },
	[TENANT_GOOGLE_REVIEW_LINK] = { "google_review_link",
	    "/google_review_link", check_review_link, 0, 0 },
	[TENANT_TIMEZONE] = { "timezone", "/timezone", check_zone, 0, 0 },
	[TENANT_QUIET_HOURS_START] = { "quiet_hours_start",
	    "/quiet_hours_start", check_quiet_start, 0, 0 },
	[TENANT_QUIET_HOURS_END] = { "quiet_hours_end", "/quiet_hours_end",
	    check_quiet_end, 0, 0 },
	[TENANT_SLA_RESPONSE_MINUTES] = { "sla_response_minutes",
	    "/sla_response_minutes", check_number, 1, CALENDAR_SLA_MAX },
	[TENANT_REVIEW_DELAY_HOURS] = { "review_delay_hours",
	    "/review_delay_hours", check_number, 0, REVIEW_DELAY_MAX },
	[TENANT_DAILY_SEGMENTS] = { "daily_segments", "/daily_segments",
	    check_number, 0, SEGMENTS_MAX },
	[TENANT_PLAN] = { "plan", "/plan", check_plan, 0, 0 },
	[TENANT_CONFIG] = { "config", "/config", check_config, 0, 0 },
	[TENANT_MODULES] = { "modules", "/modules", check_modules, 0, 0 },
	[TENANT_ACTIVE] = { "active", "/active", check_active, 0, 0 },
};

static const char *const written_by_the_house[] = { "id", "created_at",
	"updated_at" };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

const char *
tenant_field_name(enum tenant_field field)
{
	return fields[field].name;
}

static void
add(struct check *c, const struct problem *why)
{
	if (c->problems->count < TENANT_PROBLEMS_MAX)
		c->problems->list[c->problems->count++] = *why;
}

__attribute__((format(printf, 3, 4))) static void
wrong(struct check *c, const char *pointer, const char *fmt, ...)
{
	struct problem why;
	va_list ap;

	va_start(ap, fmt);
	(void)problem(&why, PROBLEM_FIELD_INVALID, pointer, "%s",
	    arena_vprintf(c->arena, fmt, ap));
	va_end(ap);
	add(c, &why);
}

/* The text of a member; NULL, having said so, for any other value. */
static const char *
text_of(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL)
		wrong(c, pointer, "must be a text in quotes");
	return text;
}

static bool
is_one_of(const char *text, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		if (((unsigned char)*text & 0xc0U) != 0x80)
			n++;
	return n;
}

static bool
has_control(const char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return true;
	return false;
}

/* Does it begin with the calling code of a country or a service? */
static bool
is_country(const char *text)
{
	/* ITU-T E.164: +1 and +7; then these; all others have three digits, and
	 * none begins as one of these. */
	static const char two[] = "20 27 30 31 32 33 34 36 39 40 41 43 44 45 "
				  "46 47 48 49 51 52 53 54 55 56 57 58 60 61 "
				  "62 63 64 65 66 81 82 84 86 90 91 92 93 94 "
				  "95 98";
	static const char three[] = "21 22 23 24 25 26 29 35 37 38 42 50 59 67 "
				    "68 69 80 85 87 88 96 97 99";
	char zone[3] = "";
	size_t len = text == NULL ? 0 : strlen(text);

	if (len < 2 || len > 4 || text[0] != '+' ||
	    strspn(text + 1, "0123456789") != len - 1)
		return false;
	if (len == 2)
		return text[1] == '1' || text[1] == '7';
	memcpy(zone, text + 1, 2);
	return strstr(len == 3 ? two : three, zone) != NULL;
}

static void
check_name(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *name = text_of(c, fields[field].pointer, v);

	if (name == NULL)
		return;
	if (name[strspn(name, " ")] == '\0' ||
	    characters(name) > NAME_MAX_CHARACTERS || has_control(name))
		wrong(c, fields[field].pointer,
		    "must be one line of 1 to %d characters, not only spaces",
		    NAME_MAX_CHARACTERS);
	c->out->value[field] = name;
}

/* Small letters, digits, and single hyphens between them. */
static bool
is_slug(const char *s)
{
	size_t len = strlen(s);

	if (len < 2 || len > SLUG_MAX || s[0] == '-' || s[len - 1] == '-' ||
	    strstr(s, "--") != NULL)
		return false;
	return strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

/*
 * APP_BASE_URL/<slug> is the firm's page: what a route's path begins with, and
 * what a site has beside its pages, is no firm's.
 */
static bool
is_reserved(const char *slug)
{
	static const char *const words[] = { "admin", "anfrage", "assets",
		"danke", "favicon", "login", "robots", "static", "well-known",
		"www" };
	static const char *const paths[] = {
#define ROUTE(name, methods, path, caller, role) path,
#include "routes.def"
#undef ROUTE
	};

	for (size_t i = 0; i < COUNT(paths); i++) {
		const char *first = strchr(paths[i], '/') + 1;

		if (strcspn(first, "/") == strlen(slug) &&
		    strncmp(first, slug, strlen(slug)) == 0)
			return true;
	}
	return is_one_of(slug, words, COUNT(words));
}

static void
check_slug(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *slug = text_of(c, fields[field].pointer, v);

	if (slug == NULL)
		return;
	if (!is_slug(slug))
		wrong(c, fields[field].pointer,
		    "must be 2 to %d of a-z, 0-9 and single hyphens between "
		    "them, as in muster-ag",
		    SLUG_MAX);
	else if (is_reserved(slug))
		wrong(c, fields[field].pointer,
		    "%s is a path of OpsFabric itself", slug);
	c->out->value[field] = slug;
}

static int
number_read(struct phone *out, struct check *c, enum tenant_field field,
    const struct cJSON *v)
{
	const char *text = text_of(c, fields[field].pointer, v);
	struct problem why;

	if (text == NULL)
		return -1;
	if (phone_parse(out, text, REGION, fields[field].pointer, &why) != 0) {
		add(c, &why);
		return -1;
	}
	c->out->value[field] = arena_strdup(c->arena, out->e164);
	return 0;
}

static void
check_phone(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	struct phone phone;

	(void)number_read(&phone, c, field, v);
}

static void
check_sender(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	struct phone phone;

	if (number_read(&phone, c, field, v) == 0 && !phone_takes_sms(&phone))
		wrong(c, fields[field].pointer,
		    "%s is a number of the kind %s; SMS are sent from and "
		    "answered to a mobile number",
		    phone.e164, phone_kind_name(phone.kind));
}

static char *
lower(struct arena *a, const char *text)
{
	char *out = arena_strdup(a, text);

	for (char *p = out; *p != '\0'; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p - 'A' + 'a');
	return out;
}

/* Labels of letters, digits and inner hyphens, at least two. */
static bool
is_domain(const char *s)
{
	size_t labels = 0;

	if (strlen(s) > DOMAIN_MAX)
		return false;
	for (;; s++) {
		size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-");

		if (len == 0 || len > 63 || s[0] == '-' || s[len - 1] == '-')
			return false;
		labels++;
		s += len;
		if (*s == '\0')
			return labels >= 2;
		if (*s != '.')
			return false;
	}
}

static void
check_domain(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *domain = text_of(c, fields[field].pointer, v);

	if (domain == NULL)
		return;
	domain = lower(c->arena, domain);
	if (!is_domain(domain))
		wrong(c, fields[field].pointer,
		    "must be a domain as in www.example.ch, without https:// "
		    "and path; one with umlauts in its xn-- form");
	c->out->value[field] = domain;
}

static void
check_email(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *email = text_of(c, fields[field].pointer, v);
	const char *at;

	if (email == NULL)
		return;
	email = lower(c->arena, email);
	at = strchr(email, '@');
	if (at == NULL || at == email || !is_domain(at + 1) ||
	    strlen(email) > EMAIL_MAX || strpbrk(email, " \t,;<>") != NULL ||
	    has_control(email))
		wrong(c, fields[field].pointer,
		    "must be one address as in info@example.ch");
	c->out->value[field] = email;
}

static bool
is_https(const char *link)
{
	static const char scheme[] = "https://";

	return strncmp(link, scheme, strlen(scheme)) == 0 &&
	       !has_control(link) && strpbrk(link, " \"<>\\") == NULL &&
	       strlen(link) <= LINK_MAX;
}

/* Google's, and nobody else's: /r/<code> redirects there. */
static void
check_review_link(
    struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *link = text_of(c, fields[field].pointer, v);

	if (link == NULL)
		return;
	c->out->value[field] = link;
	if (!is_https(link))
		wrong(c, fields[field].pointer, LINK_FORM, LINK_MAX);
	else if (!review_link_is_allowed(link))
		wrong(c, fields[field].pointer, "must lead to " REVIEW_HOSTS);
}

static void
check_zone(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *zone = text_of(c, fields[field].pointer, v);
	struct calendar calendar;
	struct problem why;

	if (zone == NULL)
		return;
	if (calendar_init(&calendar, zone, NULL, NULL, -1, &why) != 0)
		wrong(c, fields[field].pointer,
		    "%.60s is no time zone as in Europe/Zurich", zone);
	c->out->value[field] = zone;
}

/* Which of the two is wrong tells whoever is asked about it alone. */
static void
check_quiet(struct check *c, enum tenant_field field, const char *start,
    const char *end)
{
	struct calendar calendar;
	struct problem why;

	if (calendar_init(&calendar, NULL, start, end, -1, &why) != 0)
		wrong(c, fields[field].pointer,
		    "must be a time of the day as in 21:00");
	c->out->value[field] = start != NULL ? start : end;
}

static void
check_quiet_start(
    struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *start = text_of(c, fields[field].pointer, v);

	if (start != NULL)
		check_quiet(c, field, start, NULL);
}

static void
check_quiet_end(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *end = text_of(c, fields[field].pointer, v);

	if (end != NULL)
		check_quiet(c, field, NULL, end);
}

static void
check_number(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const struct field *f = &fields[field];
	int64_t number = json_number(v, INT64_MIN);

	if (number < f->least || number > f->most)
		wrong(c, f->pointer, "must be a whole number from %d to %d",
		    f->least, f->most);
	else
		c->out->value[field] =
		    arena_printf(c->arena, "%d", (int)number);
}

static void
check_plan(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	static const char *const plans[] = { "pilot", "starter", "pro",
		"premium" };
	const char *plan = text_of(c, fields[field].pointer, v);

	if (plan == NULL)
		return;
	if (!is_one_of(plan, plans, COUNT(plans)))
		wrong(c, fields[field].pointer,
		    "must be pilot, starter, pro or premium");
	c->out->value[field] = plan;
}

static void
check_active(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	if (!json_is_bool(v))
		wrong(c, fields[field].pointer, "must be true or false");
	c->out->value[field] = json_is_true(v) ? "true" : "false";
}

/* A language by its two letters, and not by another spelling of it. */
static int
language_read(enum language *out, const char *text)
{
	enum language language;

	if (text == NULL || language_parse(&language, text) != 0 ||
	    strcmp(language_name(language), text) != 0)
		return -1;
	*out = language;
	return 0;
}

static void
config_language(struct check *c, const char *pointer, const struct cJSON *v)
{
	enum language language;

	if (language_read(&language, json_text(v)) != 0)
		wrong(c, pointer,
		    "must be one of \"de\", \"fr\", \"it\", \"en\"");
}

static void
config_languages(struct check *c, const char *pointer, const struct cJSON *v)
{
	enum language language;
	bool good = json_is_array(v) && json_first(v) != NULL;

	for (const struct cJSON *l = json_first(v); good && l != NULL;
	     l = json_next(l))
		good = language_read(&language, json_text(l)) == 0;
	if (!good)
		wrong(c, pointer,
		    "must be a list of \"de\", \"fr\", \"it\", \"en\"");
}

static void
config_sms_name(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *name = text_of(c, pointer, v);
	struct problem why;

	if (name != NULL && message_text_firm_check(name, &why) != 0)
		add(c, &why);
}

static void
config_countries(struct check *c, const char *pointer, const struct cJSON *v)
{
	bool good = json_is_array(v);
	int n = 0;

	for (const struct cJSON *l = json_first(v); good && l != NULL;
	     l = json_next(l))
		good = is_country(json_text(l)) && ++n <= TENANT_COUNTRIES_MAX;
	if (!good)
		wrong(c, pointer,
		    "must be a list of at most %d country codes as in "
		    "[\"+41\", \"+423\"]",
		    TENANT_COUNTRIES_MAX);
}

static void
config_segments(struct check *c, const char *pointer, const struct cJSON *v)
{
	int64_t number = json_number(v, -1);

	if (number < 0 || number > SEGMENTS_MAX)
		wrong(c, pointer, "must be a whole number from 0 to %d",
		    SEGMENTS_MAX);
}

static void
config_text_back(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL ||
	    (strcmp(text, "defer") != 0 && strcmp(text, "emergency") != 0))
		wrong(c, pointer, "must be \"defer\" or \"emergency\"");
}

static void
config_bool(struct check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_bool(v))
		wrong(c, pointer, "must be true or false");
}

static void
config_line(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = text_of(c, pointer, v);

	if (text != NULL && (characters(text) > LINE_MAX || has_control(text)))
		wrong(c, pointer, "must be one line of at most %d characters",
		    LINE_MAX);
}

static void
config_number(struct check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_number(v))
		wrong(c, pointer, "must be a number");
}

static void
config_object(struct check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_object(v))
		wrong(c, pointer, "must be an object");
}

static void
config_lines(struct check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_array(v)) {
		wrong(c, pointer, "must be a list of texts");
		return;
	}
	for (const struct cJSON *l = json_first(v); l != NULL; l = json_next(l))
		config_line(c, pointer, l);
}

static void
config_objects(struct check *c, const char *pointer, const struct cJSON *v)
{
	bool good = json_is_array(v);

	for (const struct cJSON *o = json_first(v); good && o != NULL;
	     o = json_next(o))
		good = json_is_object(o);
	if (!good)
		wrong(c, pointer, "must be a list of objects");
}

/* It goes into a style sheet. */
static void
config_color(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL || text[0] != '#' || strlen(text) != 7 ||
	    strspn(text + 1, "0123456789abcdefABCDEF") != 6)
		wrong(c, pointer, "must be a colour as in \"#14508c\"");
}

static void
config_https(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *link = text_of(c, pointer, v);

	if (link != NULL && !is_https(link))
		wrong(c, pointer, LINK_FORM, LINK_MAX);
}

static void
hours_of_day(struct check *c, const char *pointer, struct calendar *calendar,
    int weekday, const struct cJSON *day)
{
	bool good = json_is_array(day);

	for (const struct cJSON *slot = json_first(day); good && slot != NULL;
	     slot = json_next(slot)) {
		const char *from = json_text(json_member(slot, "from"));
		const char *to = json_text(json_member(slot, "to"));
		struct problem why;

		good =
		    from != NULL && to != NULL &&
		    calendar_add_slot(calendar, weekday, from, to, &why) == 0;
	}
	if (!good)
		wrong(c, pointer,
		    "must be a list, which may be empty, as in "
		    "[{\"from\": \"07:00\", \"to\": \"12:00\"}]");
}

static void
config_hours(struct check *c, const char *pointer, const struct cJSON *v)
{
	static const char *const weekdays[] = { "monday", "tuesday",
		"wednesday", "thursday", "friday", "saturday", "sunday" };
	struct calendar calendar;
	struct problem why;

	if (calendar_init(&calendar, NULL, NULL, NULL, -1, &why) != 0 ||
	    !json_is_object(v)) {
		wrong(c, pointer, "must be an object of weekdays");
		return;
	}
	for (const struct cJSON *d = json_first(v); d != NULL;
	     d = json_next(d)) {
		const char *at =
		    arena_printf(c->arena, "%s/%.60s", pointer, json_name(d));
		int day = 0;

		while (day < 7 && strcmp(weekdays[day], json_name(d)) != 0)
			day++;
		if (day == 7)
			wrong(c, at, "is no weekday as in monday");
		else
			hours_of_day(c, at, &calendar, day + 1, d);
	}
}

static void
config_holidays(struct check *c, const char *pointer, const struct cJSON *v)
{
	struct calendar calendar;
	struct problem why;
	bool good = json_is_array(v) &&
	            calendar_init(&calendar, NULL, NULL, NULL, -1, &why) == 0;

	for (const struct cJSON *d = json_first(v); good && d != NULL;
	     d = json_next(d))
		good = json_text(d) != NULL &&
		       calendar_add_holiday(&calendar, json_text(d), &why) == 0;
	if (!good)
		wrong(c, pointer,
		    "must be a list of at most %d dates as in \"2026-12-25\"",
		    CALENDAR_HOLIDAYS_MAX);
}

struct member {
	const char *name;
	void (*check)(
	    struct check *c, const char *pointer, const struct cJSON *v);
};

/* An object of members out of a list; null is the same as absent. */
static void
check_members(struct check *c, const char *pointer, const struct cJSON *v,
    const struct member *members)
{
	if (!json_is_object(v)) {
		wrong(c, pointer, "must be an object");
		return;
	}
	for (const struct cJSON *m = json_first(v); m != NULL;
	     m = json_next(m)) {
		const char *at =
		    arena_printf(c->arena, "%s/%.60s", pointer, json_name(m));
		const struct member *known = members;

		while (known->name != NULL &&
		       strcmp(known->name, json_name(m)) != 0)
			known++;
		if (known->name == NULL)
			wrong(c, at, "is no setting that OpsFabric knows");
		else if (!json_is_null(m))
			known->check(c, at, m);
	}
}

static void
config_provider(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = text_of(c, pointer, v);

	if (text != NULL && provider_find(text) == NULL)
		wrong(c, pointer,
		    "must be console, ecall, ecall_https, kannel or twilio");
}

/* Eleven characters as phones show them, a number, or what Twilio calls a
 * messaging service. */
static void
config_sender(struct check *c, const char *pointer, const struct cJSON *v)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	const char *text = text_of(c, pointer, v);
	size_t len = text == NULL ? 0 : strlen(text);
	bool good = len <= 11 || (len == 34 && strncmp(text, "MG", 2) == 0);

	if (text == NULL)
		return;
	for (size_t i = 0; i < len; i++)
		good = good && text[i] >= ' ' && text[i] <= '~';
	if (strpbrk(text, letters) == NULL)
		good = *text == '+' && len >= 8 && len <= 16 &&
		       strspn(text + 1, "0123456789") == len - 1;
	if (!good || *text == ' ' || (len > 0 && text[len - 1] == ' '))
		wrong(c, pointer,
		    "must be at most 11 letters, digits and signs of ASCII "
		    "with a letter among them, or a number as +41790000001");
}

static void
config_sms(struct check *c, const char *pointer, const struct cJSON *v)
{
	static const struct member members[] = {
		{ "countries", config_countries },
		{ "provider", config_provider },
		{ "sender", config_sender },
		{ "first_per_hour", config_segments },
		{ "first_per_day", config_segments },
		{ NULL, NULL },
	};

	check_members(c, pointer, v, members);
}

static void
config_quiet_hours(struct check *c, const char *pointer, const struct cJSON *v)
{
	static const struct member members[] = {
		{ "text_back", config_text_back },
		{ NULL, NULL },
	};

	check_members(c, pointer, v, members);
}

/* Members of one on call; a function for each, as check_members() asks. */
static void
on_call_phone(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = text_of(c, pointer, v);
	struct phone phone;
	struct problem why;

	if (text == NULL)
		return;
	if (phone_parse(&phone, text, REGION, pointer, &why) != 0)
		add(c, &why);
	else if (!phone_takes_sms(&phone))
		wrong(c, pointer,
		    "%s is a number of the kind %s; alerts go to mobile "
		    "numbers",
		    phone.e164, phone_kind_name(phone.kind));
	else if (strcmp(phone.e164, text) != 0)
		wrong(c, pointer, "must be written %s", phone.e164);
}

static void
on_call_name(struct check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = text_of(c, pointer, v);

	if (text == NULL)
		return;
	if (text[strspn(text, " ")] == '\0' ||
	    characters(text) > ON_CALL_NAME_MAX || has_control(text))
		wrong(c, pointer, "must be one line of 1 to %d characters",
		    ON_CALL_NAME_MAX);
}

static void
config_on_call(struct check *c, const char *pointer, const struct cJSON *v)
{
	static const struct member members[] = {
		{ "phone", on_call_phone },
		{ "name", on_call_name },
		{ "language", config_language },
		{ NULL, NULL },
	};
	int n = 0;

	for (const struct cJSON *o = json_first(v);
	     json_is_array(v) && o != NULL; o = json_next(o)) {
		const char *at = arena_printf(c->arena, "%s/%d", pointer, n++);

		check_members(c, at, o, members);
		if (json_is_object(o) &&
		    (json_member(o, "phone") == NULL ||
			json_is_null(json_member(o, "phone"))))
			wrong(c, arena_printf(c->arena, "%s/phone", at),
			    "is missing");
	}
	if (!json_is_array(v) || n > TENANT_ON_CALL_MAX)
		wrong(c, pointer,
		    "must be a list of at most %d, as in "
		    "[{\"phone\": \"+41791234567\", \"name\": \"Reto\"}]",
		    TENANT_ON_CALL_MAX);
}

static void
config_repeat(struct check *c, const char *pointer, const struct cJSON *v)
{
	int64_t minutes = json_number(v, 0);

	if (minutes < 1 || minutes > TENANT_REPEAT_MINUTES_MAX)
		wrong(c, pointer, "must be a whole number from 1 to %d",
		    TENANT_REPEAT_MINUTES_MAX);
}

static void
config_alerts(struct check *c, const char *pointer, const struct cJSON *v)
{
	static const struct member members[] = {
		{ "missed_call", config_bool },
		{ "repeat_minutes", config_repeat },
		{ NULL, NULL },
	};

	check_members(c, pointer, v, members);
}

/*
 * texts is looked at again in check_together(): their length depends on the
 * firm's name. What the firm's pages show is read by their templates, so only
 * its form matters here.
 */
static const struct member config_members[] = {
	{ "language", config_language },
	{ "languages", config_languages },
	{ "sms_name", config_sms_name },
	{ "sms", config_sms },
	{ "quiet_hours", config_quiet_hours },
	{ "status_messages", config_bool },
	{ "on_call", config_on_call },
	{ "alerts", config_alerts },
	{ "texts", config_object },
	{ "hours", config_hours },
	{ "holidays", config_holidays },
	{ "address", config_line },
	{ "plz", config_line },
	{ "ort", config_line },
	{ "contact_person", config_line },
	{ "logo_url", config_https },
	{ "primary_color", config_color },
	{ "accent_color", config_color },
	{ "founded_year", config_number },
	{ "generation", config_number },
	{ "certifications", config_lines },
	{ "google_rating", config_number },
	{ "google_review_count", config_number },
	{ "hero", config_object },
	{ "services", config_objects },
	{ "intents", config_objects },
	{ "service_area", config_lines },
	{ "reviews", config_objects },
	{ "impressum", config_object },
	{ NULL, NULL },
};

static void
check_config(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	check_members(c, fields[field].pointer, v, config_members);
	c->out->value[field] = json_print(c->arena, v);
}

static void
check_modules(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *modules[MODULE_MAX];

	for (int m = 0; m < MODULE_MAX; m++)
		modules[m] = tenant_module_name((enum module)m);
	if (!json_is_object(v)) {
		wrong(c, fields[field].pointer, "must be an object");
		return;
	}
	for (const struct cJSON *m = json_first(v); m != NULL;
	     m = json_next(m)) {
		const char *pointer =
		    arena_printf(c->arena, "/modules/%.60s", json_name(m));

		if (!is_one_of(json_name(m), modules, MODULE_MAX))
			wrong(c, pointer,
			    "is no module; there are missed_call, sms_reply "
			    "and reviews");
		else if (!json_is_bool(m) && !json_is_null(m))
			wrong(c, pointer, "must be true or false");
	}
	c->out->value[field] = json_print(c->arena, v);
}

static void
check_text(struct check *c, enum language language, const struct cJSON *v,
    const char *firm)
{
	const char *pointer = arena_printf(c->arena, "/config/texts/%s/%.60s",
	    language_name(language), json_name(v));
	const char *text;
	enum text_name name;
	struct problem why;

	if (json_is_null(v))
		return;
	if (message_text_parse(&name, json_name(v)) != 0) {
		wrong(c, pointer, "is no text that OpsFabric sends");
		return;
	}
	text = text_of(c, pointer, v);
	if (text == NULL ||
	    message_text_check(language, name, text, firm, &why) == 0)
		return;
	why.field = pointer;
	add(c, &why);
}

static void
check_texts(struct check *c, const struct cJSON *texts, const char *firm)
{
	for (const struct cJSON *l = json_first(texts); l != NULL;
	     l = json_next(l)) {
		const char *pointer =
		    arena_printf(c->arena, "/config/texts/%.60s", json_name(l));
		enum language language;

		if (language_read(&language, json_name(l)) != 0)
			wrong(c, pointer,
			    "is no language; there are de, fr, it and en");
		else if (!json_is_object(l))
			wrong(c, pointer, "must be an object of texts");
		else
			for (const struct cJSON *t = json_first(l); t != NULL;
			     t = json_next(t))
				check_text(c, language, t, firm);
	}
}

/* Each time may be right, and both together leave no hour to write in. */
static void
check_times(struct check *c)
{
	const char *const *value = c->out->value;
	struct calendar calendar;
	struct problem why;

	/* Whatever is wrong with one of them was said. */
	if (c->problems->count == 0 &&
	    calendar_init(&calendar, value[TENANT_TIMEZONE],
		value[TENANT_QUIET_HOURS_START], value[TENANT_QUIET_HOURS_END],
		-1, &why) != 0)
		add(c, &why);
}

/* An alert to the number it comes from would come back as a contact's text. */
static void
check_on_call(struct check *c, const struct cJSON *on_call)
{
	const char *sender = c->out->value[TENANT_SMS_NUMBER];
	int n = 0;

	for (const struct cJSON *o = json_first(on_call); o != NULL;
	     o = json_next(o), n++) {
		const char *phone = json_text(json_member(o, "phone"));

		if (sender != NULL && phone != NULL &&
		    strcmp(sender, phone) == 0)
			wrong(c,
			    arena_printf(
				c->arena, "/config/on_call/%d/phone", n),
			    "is the firm's sms_number, from which alerts come");
	}
}

/* What the members have to do with each other. */
static void
check_together(struct check *c, const struct cJSON *document)
{
	const struct cJSON *config = json_member(document, "config");
	const char *firm = json_text(json_member(config, "sms_name"));
	const char *name = c->out->value[TENANT_NAME];
	struct problem why;

	if (firm == NULL && name != NULL) {
		firm = name;
		if (message_text_firm_check(name, &why) != 0)
			wrong(c, "/name",
			    "%s; give config.sms_name, the name for messages",
			    why.detail);
	}
	/* Without a good name the texts are measured with a short one. */
	if (firm == NULL || message_text_firm_check(firm, &why) != 0)
		firm = "AG";
	check_texts(c, json_member(config, "texts"), firm);
	check_on_call(c, json_member(config, "on_call"));
	check_times(c);
}

static void
check_member(struct check *c, const struct cJSON *m)
{
	const char *name = json_name(m);

	for (enum tenant_field f = 0; f < TENANT_FIELD_MAX; f++)
		if (strcmp(fields[f].name, name) == 0) {
			if (!json_is_null(m))
				fields[f].check(c, f, m);
			return;
		}
	if (!is_one_of(name, written_by_the_house, COUNT(written_by_the_house)))
		wrong(c, arena_printf(c->arena, "/%.60s", name),
		    "is no setting that OpsFabric knows");
}

/* An object, or a problem. */
static int
object_read(const struct cJSON **out, struct arena *a, const char *text,
    struct problem *why)
{
	if (json_parse(out, a, text, strlen(text), why) != 0)
		return -1;
	if (!json_is_object(*out))
		return problem(
		    why, PROBLEM_BAD_JSON, NULL, "It must be a JSON object");
	return 0;
}

int
tenant_document_read(struct tenant_document *out, struct arena *a,
    const char *text, struct tenant_problems *problems)
{
	struct check c = { a, problems, out };
	const struct cJSON *document;
	struct problem why;

	memset(out, 0, sizeof(*out));
	problems->count = 0;
	if (object_read(&document, a, text, &why) != 0) {
		add(&c, &why);
		return -1;
	}
	for (const struct cJSON *m = json_first(document); m != NULL;
	     m = json_next(m))
		check_member(&c, m);
	for (enum tenant_field f = TENANT_NAME; f <= TENANT_SLUG; f++)
		if (json_member(document, fields[f].name) == NULL ||
		    json_is_null(json_member(document, fields[f].name)))
			wrong(&c, fields[f].pointer, "is missing");
	check_together(&c, document);
	return problems->count == 0 ? 0 : -1;
}

static void
merge(struct buf *b, const char *name, const struct cJSON *target,
    const struct cJSON *patch)
{
	if (!json_is_object(patch)) {
		json_raw(b, name, json_print(b->arena, patch));
		return;
	}
	if (!json_is_object(target))
		target = NULL;
	json_obj_open(b, name);
	for (const struct cJSON *m = json_first(target); m != NULL;
	     m = json_next(m)) {
		const struct cJSON *p = json_member(patch, json_name(m));

		if (p == NULL)
			json_raw(b, json_name(m), json_print(b->arena, m));
		else if (!json_is_null(p))
			merge(b, json_name(m), m, p);
	}
	for (const struct cJSON *p = json_first(patch); p != NULL;
	     p = json_next(p))
		if (json_member(target, json_name(p)) == NULL &&
		    !json_is_null(p))
			merge(b, json_name(p), NULL, p);
	json_obj_close(b);
}

char *
tenant_document_merge(
    struct arena *a, const char *text, const char *patch, struct problem *why)
{
	const struct cJSON *target, *changes;
	struct buf b;

	if (object_read(&target, a, text, why) != 0 ||
	    object_read(&changes, a, patch, why) != 0)
		return NULL;
	buf_init(&b, a);
	merge(&b, NULL, target, changes);
	return b.text;
}

/* Is the value of this setting a text, even where it looks like JSON? */
static bool
is_text_path(const char *path)
{
	static const char texts[] = "config.texts.", config[] = "config.";

	for (enum tenant_field f = 0; f < TENANT_FIELD_MAX; f++)
		if (strcmp(fields[f].name, path) == 0)
			return fields[f].check != check_number &&
			       fields[f].check != check_config &&
			       fields[f].check != check_modules &&
			       fields[f].check != check_active;
	if (strncmp(path, texts, strlen(texts)) == 0)
		return true;
	if (strncmp(path, config, strlen(config)) != 0)
		return false;
	for (const struct member *m = config_members; m->name != NULL; m++)
		if (strcmp(m->name, path + strlen(config)) == 0)
			return m->check == config_line;
	return false;
}

static void
assignment_value(
    struct buf *b, const char *name, const char *value, bool is_text)
{
	const struct cJSON *v;
	struct problem why;

	if (*value == '\0')
		json_str(b, name, NULL);
	else if (!is_text &&
		 json_parse(&v, b->arena, value, strlen(value), &why) == 0)
		json_raw(b, name, value);
	else
		json_str(b, name, value);
}

char *
tenant_document_assignment(
    struct arena *a, const char *text, struct problem *why)
{
	size_t len = strcspn(text, "=");
	char *path = arena_strndup(a, text, len);
	bool is_text = is_text_path(path);
	const char *name = path;
	int depth = 0;
	struct buf b;

	if (len == 0 || text[len] != '=' || !utf8_is_text(text, strlen(text))) {
		(void)problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "%.60s is not of the form NAME=VALUE", text);
		return NULL;
	}
	buf_init(&b, a);
	json_obj_open(&b, NULL);
	for (char *dot; (dot = strchr(name, '.')) != NULL; name = dot + 1) {
		*dot = '\0';
		json_obj_open(&b, name);
		depth++;
	}
	assignment_value(&b, name, text + len + 1, is_text);
	for (; depth >= 0; depth--)
		json_obj_close(&b);
	return b.text;
}
