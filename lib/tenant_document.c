/*
 * tenant_document - a firm's settings as the operator writes them
 */
#include "tenant_document.h"

#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "calendar.h"
#include "json.h"
#include "message_text.h"
#include "phone.h"
#include "review.h"
#include "tenant.h"
#include "tenant_config.h"
#include "tenant_member.h"
#include "tenant_value.h"

#define NAME_MAX_CHARACTERS 120
#define REVIEW_DELAY_MAX 720
#define SEGMENTS_MAX 1000000

struct check {
	struct tenant_check to;
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

bool
tenant_field_is_text(enum tenant_field field)
{
	check_fn *check = fields[field].check;

	return check != check_number && check != check_config &&
	       check != check_modules && check != check_active;
}

static void
check_name(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *name =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (name == NULL)
		return;
	if (name[strspn(name, " ")] == '\0' ||
	    tenant_value_characters(name) > NAME_MAX_CHARACTERS ||
	    tenant_value_has_control(name))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must be one line of 1 to %d characters, not only spaces",
		    NAME_MAX_CHARACTERS);
	c->out->value[field] = name;
}

/*
 * APP_BASE_URL/<slug> is the firm's page: what a route's path begins with, and
 * what a site has beside its pages, is no firm's.
 */
static bool
is_reserved(const char *slug)
{
	static const char *const words[] = { "admin", "anfrage", "assets",
		"danke", "datenschutz", "favicon", "impressum", "kontakt",
		"leistungen", "login", "robots", "sitemap", "static",
		"well-known", "www" };
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
	return tenant_value_is_one_of(slug, words, COUNT(words));
}

static void
check_slug(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *slug =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (slug == NULL)
		return;
	if (!tenant_value_is_slug(slug))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must be 2 to %d of a-z, 0-9 and single hyphens between "
		    "them, as in muster-ag",
		    TENANT_VALUE_SLUG_MAX);
	else if (is_reserved(slug))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "%s is a path of OpsFabric itself", slug);
	c->out->value[field] = slug;
}

static int
number_read(struct phone *out, struct check *c, enum tenant_field field,
    const struct cJSON *v)
{
	const char *text =
	    tenant_problem_text(&c->to, fields[field].pointer, v);
	struct problem why;

	if (text == NULL)
		return -1;
	if (phone_parse(out, text, TENANT_VALUE_REGION, fields[field].pointer,
		&why) != 0) {
		tenant_problem_add(&c->to, &why);
		return -1;
	}
	c->out->value[field] = arena_strdup(c->to.arena, out->e164);
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
		tenant_problem_say(&c->to, fields[field].pointer,
		    "%s is a number of the kind %s; SMS are sent from and "
		    "answered to a mobile number",
		    phone.e164, phone_kind_name(phone.kind));
}

static void
check_domain(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *domain =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (domain == NULL)
		return;
	domain = tenant_value_lower(c->to.arena, domain);
	if (!tenant_value_is_domain(domain))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must be a domain as in www.example.ch, without https:// "
		    "and path; one with umlauts in its xn-- form");
	c->out->value[field] = domain;
}

static void
check_email(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *email =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (email == NULL)
		return;
	email = tenant_value_lower(c->to.arena, email);
	if (!tenant_value_is_email(email))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must be one address as in info@example.ch");
	c->out->value[field] = email;
}

/* Google's, and nobody else's: /r/<code> redirects there. */
static void
check_review_link(
    struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *link =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (link == NULL)
		return;
	c->out->value[field] = link;
	if (!tenant_value_is_https(link))
		tenant_problem_say(&c->to, fields[field].pointer,
		    TENANT_VALUE_LINK_FORM, TENANT_VALUE_LINK_MAX);
	else if (!review_link_is_allowed(link))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must lead to " REVIEW_HOSTS);
}

static void
check_zone(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *zone =
	    tenant_problem_text(&c->to, fields[field].pointer, v);
	struct calendar calendar;
	struct problem why;

	if (zone == NULL)
		return;
	if (calendar_init(&calendar, zone, NULL, NULL, -1, &why) != 0)
		tenant_problem_say(&c->to, fields[field].pointer,
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
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must be a time of the day as in 21:00");
	c->out->value[field] = start != NULL ? start : end;
}

static void
check_quiet_start(
    struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *start =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (start != NULL)
		check_quiet(c, field, start, NULL);
}

static void
check_quiet_end(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *end = tenant_problem_text(&c->to, fields[field].pointer, v);

	if (end != NULL)
		check_quiet(c, field, NULL, end);
}

static void
check_number(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const struct field *f = &fields[field];
	int64_t number = json_number(v, INT64_MIN);

	if (number < f->least || number > f->most)
		tenant_problem_say(&c->to, f->pointer,
		    "must be a whole number from %d to %d", f->least, f->most);
	else
		c->out->value[field] =
		    arena_printf(c->to.arena, "%d", (int)number);
}

static void
check_plan(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	static const char *const plans[] = { "pilot", "starter", "pro",
		"premium" };
	const char *plan =
	    tenant_problem_text(&c->to, fields[field].pointer, v);

	if (plan == NULL)
		return;
	if (!tenant_value_is_one_of(plan, plans, COUNT(plans)))
		tenant_problem_say(&c->to, fields[field].pointer,
		    "must be pilot, starter, pro or premium");
	c->out->value[field] = plan;
}

static void
check_active(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	if (!json_is_bool(v))
		tenant_problem_say(
		    &c->to, fields[field].pointer, "must be true or false");
	c->out->value[field] = json_is_true(v) ? "true" : "false";
}

static void
check_config(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	tenant_config_check(&c->to, fields[field].pointer, v);
	c->out->value[field] = json_print(c->to.arena, v);
}

static void
check_modules(struct check *c, enum tenant_field field, const struct cJSON *v)
{
	const char *modules[MODULE_MAX];

	for (int m = 0; m < MODULE_MAX; m++)
		modules[m] = tenant_module_name((enum module)m);
	if (!json_is_object(v)) {
		tenant_problem_say(
		    &c->to, fields[field].pointer, "must be an object");
		return;
	}
	for (const struct cJSON *m = json_first(v); m != NULL;
	     m = json_next(m)) {
		const char *pointer =
		    tenant_problem_at(c->to.arena, "/modules", json_name(m));

		if (!tenant_value_is_one_of(json_name(m), modules, MODULE_MAX))
			tenant_problem_say(&c->to, pointer,
			    "is no module; there are missed_call, "
			    "sms_reply, reviews and website");
		else if (!json_is_bool(m) && !json_is_null(m))
			tenant_problem_say(
			    &c->to, pointer, "must be true or false");
	}
	c->out->value[field] = json_print(c->to.arena, v);
}

/* Each time may be right, and both together leave no hour to write in. */
static void
check_times(struct check *c)
{
	const char *const *value = c->out->value;
	struct calendar calendar;
	struct problem why;

	/* Whatever is wrong with one of them was said. */
	if (c->to.problems->count == 0 &&
	    calendar_init(&calendar, value[TENANT_TIMEZONE],
		value[TENANT_QUIET_HOURS_START], value[TENANT_QUIET_HOURS_END],
		-1, &why) != 0)
		tenant_problem_add(&c->to, &why);
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
			tenant_problem_say(&c->to, "/name",
			    "%s; give config.sms_name, the name for messages",
			    why.detail);
	}
	/* Without a good name the texts are measured with a short one. */
	if (firm == NULL || message_text_firm_check(firm, &why) != 0)
		firm = "AG";
	tenant_config_check_together(
	    &c->to, config, firm, c->out->value[TENANT_SMS_NUMBER]);
	check_times(c);
}

/* What somebody meant who wrote name: "phone", "config.address"; or NULL. */
static const char *
setting_like(struct arena *a, const char *name)
{
	const struct tenant_member *m =
	    tenant_member_child(tenant_member_root(), name);
	const char *nearest = NULL;
	size_t least = TENANT_VALUE_FAR;

	if (m != NULL)
		return arena_printf(a, "config.%s", name);
	for (enum tenant_field f = 0; f < TENANT_FIELD_MAX; f++) {
		size_t far = tenant_value_distance(fields[f].name, name);

		if (far < least) {
			least = far;
			nearest = fields[f].name;
		}
	}
	return nearest;
}

static void
check_unknown(struct check *c, const char *name)
{
	const char *pointer = tenant_problem_at(c->to.arena, "", name);
	const char *meant = setting_like(c->to.arena, name);

	if (meant == NULL)
		tenant_problem_say(
		    &c->to, pointer, "is no setting that OpsFabric knows");
	else
		tenant_problem_say(&c->to, pointer,
		    "is no setting that OpsFabric knows; did you mean %s?",
		    meant);
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
	if (!tenant_value_is_one_of(
		name, written_by_the_house, COUNT(written_by_the_house)))
		check_unknown(c, name);
}

int
tenant_document_read(struct tenant_document *out, struct arena *a,
    const char *text, struct tenant_problems *problems)
{
	struct check c = { { a, problems }, out };
	const struct cJSON *document;
	struct problem why;

	memset(out, 0, sizeof(*out));
	problems->count = 0;
	if (strlen(text) > TENANT_DOCUMENT_MAX) {
		tenant_problem_say(&c.to, NULL,
		    "the whole document must be of at most %d KB",
		    (int)(TENANT_DOCUMENT_MAX / 1024));
		return -1;
	}
	if (json_parse_document(&document, a, text, &why) != 0) {
		tenant_problem_add(&c.to, &why);
		return -1;
	}
	for (const struct cJSON *m = json_first(document); m != NULL;
	     m = json_next(m))
		check_member(&c, m);
	for (enum tenant_field f = TENANT_NAME; f <= TENANT_SLUG; f++)
		if (json_member(document, fields[f].name) == NULL ||
		    json_is_null(json_member(document, fields[f].name)))
			tenant_problem_say(
			    &c.to, fields[f].pointer, "is missing");
	check_together(&c, document);
	return problems->count == 0 ? 0 : -1;
}
