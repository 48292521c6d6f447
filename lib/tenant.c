/*
 * tenant - the firm a request is for, with its settings as types
 */
#include "tenant.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "db.h"
#include "digest.h"
#include "json.h"
#include "log.h"
#include "phone.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "token.h"

/*
 * What may be old, and how much of it is kept: an arena takes 16 KB for each
 * firm, in every worker, and few firms are asked for within five seconds.
 */
#define CACHE_AGE_US (5 * CLOCK_SECOND)
#define CACHE_SLOTS 64
/* Far above what json_parse_stored() makes of the largest config. */
#define CACHE_ARENA ((size_t)16 * 1024 * 1024)
/* A domain has up to 253 characters. Who is looked for by more is nobody. */
#define KEY_SIZE 264

/* Where SMS may go unless the firm says otherwise. */
static const char *const default_countries[] = { "+41", "+423", "+49", "+43",
	"+33", "+39" };

static const char *const module_names[MODULE_MAX] = {
	[MODULE_MISSED_CALL] = "missed_call",
	[MODULE_SMS_REPLY] = "sms_reply",
	[MODULE_REVIEWS] = "reviews",
	[MODULE_WEBSITE] = "website",
};

static struct slot {
	char key[KEY_SIZE]; /* "slug:doerfler-ag", "call:+41434435200" */
	int64_t read_at_us;
	struct arena *arena;
	struct tenant tenant;
} cache[CACHE_SLOTS];

const char *
tenant_module_name(enum module module)
{
	return module_names[module];
}

static const char *
setting(const struct tenant_row *row, const char *column)
{
	const char *value = row->value(row->source, column);

	return value == NULL ? "" : value;
}

/* A string of the config, or NULL. Not validated here: `tenant set` did. */
static const char *
config_text(const struct cJSON *config, const char *group, const char *name)
{
	if (group != NULL)
		config = json_member(config, group);
	return json_text(json_member(config, name));
}

static void
languages_read(struct tenant *t, const struct cJSON *config)
{
	const char *own = config_text(config, NULL, "language");
	const struct cJSON *list = json_member(config, "languages");
	enum language language;

	t->language = LANGUAGE_DE;
	if (own != NULL)
		(void)language_parse(&t->language, own);
	t->languages = 1U << t->language;
	for (const struct cJSON *l = json_first(list); l != NULL;
	     l = json_next(l))
		if (json_text(l) != NULL &&
		    language_parse(&language, json_text(l)) == 0)
			t->languages |= 1U << language;
}

static void
countries_read(struct tenant *t, struct arena *a, const struct cJSON *config)
{
	const struct cJSON *list =
	    json_member(json_member(config, "sms"), "countries");

	t->country_count = 0;
	if (!json_is_array(list)) {
		t->country_count =
		    sizeof(default_countries) / sizeof(default_countries[0]);
		memcpy(
		    t->countries, default_countries, sizeof(default_countries));
		return;
	}
	for (const struct cJSON *c = json_first(list);
	     c != NULL && t->country_count < TENANT_COUNTRIES_MAX;
	     c = json_next(c))
		if (json_text(c) != NULL)
			t->countries[t->country_count++] =
			    arena_strdup(a, json_text(c));
}

/*
 * Opening hours and holidays; what `tenant set` would refuse is not there, and
 * what is there all the same must not take the firm's calls away.
 */
static void
hours_read(struct tenant *t, const struct cJSON *config)
{
	static const char *const weekdays[] = { "monday", "tuesday",
		"wednesday", "thursday", "friday", "saturday", "sunday" };
	const struct cJSON *hours = json_member(config, "hours");
	struct problem why;

	for (int day = 0; day < 7; day++)
		for (const struct cJSON *slot =
			 json_first(json_member(hours, weekdays[day]));
		     slot != NULL; slot = json_next(slot)) {
			const char *from = json_text(json_member(slot, "from"));
			const char *to = json_text(json_member(slot, "to"));

			if (from != NULL && to != NULL &&
			    calendar_add_slot(
				&t->calendar, day + 1, from, to, &why) != 0)
				log_warn("tenant %s: hours: %s", t->slug,
				    why.detail);
		}
	for (const struct cJSON *day =
		 json_first(json_member(config, "holidays"));
	     day != NULL; day = json_next(day))
		if (json_text(day) != NULL && calendar_add_holiday(&t->calendar,
						  json_text(day), &why) != 0)
			log_warn(
			    "tenant %s: holidays: %s", t->slug, why.detail);
}

/* Of a firm that names nobody, whoever carries its mobile. */
static void
on_call_default(struct tenant *t)
{
	struct phone phone;
	struct problem ignored;

	if (t->phone == NULL ||
	    (t->sms_number != NULL && strcmp(t->phone, t->sms_number) == 0) ||
	    phone_parse(&phone, t->phone, NULL, NULL, &ignored) != 0 ||
	    !phone_takes_sms(&phone))
		return;
	t->on_call[t->on_call_count++] =
	    (struct on_call){ t->phone, NULL, t->language };
}

static void
alerts_read(struct tenant *t, struct arena *a, const struct cJSON *config)
{
	const struct cJSON *alerts = json_member(config, "alerts");

	t->alerts_missed_calls =
	    json_is_true(json_member(alerts, "missed_call"));
	t->repeat_minutes = (int)json_number(
	    json_member(alerts, "repeat_minutes"), TENANT_REPEAT_MINUTES);
	for (const struct cJSON *o = json_first(json_member(config, "on_call"));
	     o != NULL && t->on_call_count < TENANT_ON_CALL_MAX;
	     o = json_next(o)) {
		struct on_call *to = &t->on_call[t->on_call_count];
		const char *phone = config_text(o, NULL, "phone");
		const char *name = config_text(o, NULL, "name");
		const char *language = config_text(o, NULL, "language");

		if (phone == NULL)
			continue;
		to->phone = arena_strdup(a, phone);
		to->name = name == NULL ? NULL : arena_strdup(a, name);
		to->language = t->language;
		if (language != NULL)
			(void)language_parse(&to->language, language);
		t->on_call_count++;
	}
	if (t->on_call_count == 0)
		on_call_default(t);
}

/*
 * A setting that cannot be read must not take the firm's calls away: the
 * defaults hold, and the log says so.
 */
static const struct cJSON *
stored_read(const struct tenant *t, struct arena *a,
    const struct tenant_row *row, const char *column)
{
	const struct cJSON *out;
	struct problem why;

	if (json_parse_stored(
		&out, a, arena_strdup(a, setting(row, column)), &why) == 0)
		return out;
	log_error("tenant %s: its %s cannot be read: %s", t->slug, column,
	    why.detail);
	return NULL;
}

/* The firm's own texts are all of the tree that a request may still need. */
static void
texts_keep(struct tenant *t, struct arena *a, struct arena *scratch,
    const struct cJSON *config)
{
	const struct cJSON *texts = json_member(config, "texts");
	struct problem why;

	if (json_is_object(texts))
		(void)json_parse_stored(&t->texts, a,
		    arena_strdup(a, json_print(scratch, texts)), &why);
}

static const char *
text_or_null(struct arena *a, const char *text)
{
	return *text == '\0' ? NULL : arena_strdup(a, text);
}

/*
 * Who carries the firm's messages, and as whose. The installation's sender is
 * for its own account: a firm that names a provider names its sender too.
 */
static void
provider_read(struct tenant *t, struct arena *a, const struct cJSON *config)
{
	const char *name = config_text(config, "sms", "provider");
	const char *sender = config_text(config, "sms", "sender");

	t->provider = name == NULL ? NULL : provider_find(name);
	if (name != NULL && t->provider == NULL)
		log_error("tenant %s: nobody here knows its provider \"%s\"",
		    t->slug, name);
	if (t->provider == NULL) {
		t->provider = provider_configured();
		if (sender == NULL && t->provider != NULL &&
		    t->provider->sender != CONFIG_MAX)
			sender = config_get(t->provider->sender);
	}
	t->sms_sender = sender == NULL ? NULL : text_or_null(a, sender);
}

/* One that would make every message twice as dear is as `tenant set` would
 * have it. */
static void
sms_name_read(struct tenant *t, struct arena *a, const char *name)
{
	struct problem why;

	t->sms_name = arena_strdup(a, name);
	if (message_text_firm_check(name, &why) == 0)
		return;
	t->sms_name_problem = arena_strdup(a, why.detail);
	t->sms_name = message_text_firm(a, name, t->slug);
	log_warn("tenant %s: its name in messages is \"%s\" until it has a "
		 "good config.sms_name: %s",
	    t->slug, t->sms_name, why.detail);
}

/* scratch holds the trees, which are many times what is kept of them in a. */
static void
config_read(struct tenant *t, struct arena *a, struct arena *scratch,
    const struct tenant_row *row)
{
	const struct cJSON *config = stored_read(t, scratch, row, "config");
	const struct cJSON *modules = stored_read(t, scratch, row, "modules");
	const char *text_back, *sms_name;

	languages_read(t, config);
	countries_read(t, a, config);
	provider_read(t, a, config);
	hours_read(t, config);
	alerts_read(t, a, config);
	texts_keep(t, a, scratch, config);
	sms_name = config_text(config, NULL, "sms_name");
	sms_name_read(t, a, sms_name != NULL ? sms_name : setting(row, "name"));
	text_back = config_text(config, "quiet_hours", "text_back");
	t->text_back = text_back != NULL && strcmp(text_back, "emergency") == 0
	                   ? TEXT_BACK_EMERGENCY
	                   : TEXT_BACK_DEFER;
	t->status_messages =
	    json_is_true(json_member(config, "status_messages"));
	for (int m = 0; m < MODULE_MAX; m++) {
		const struct cJSON *on = json_member(modules, module_names[m]);

		t->modules[m] = !json_is_bool(on) || json_is_true(on);
	}
}

/* The same care as stored_read(): no setting may cost the firm a call. */
static int
calendar_read(
    struct tenant *t, const struct tenant_row *row, struct problem *why)
{
	struct problem unread;

	if (calendar_init(&t->calendar, setting(row, "timezone"),
		setting(row, "quiet_hours_start"),
		setting(row, "quiet_hours_end"),
		(int)strtol(setting(row, "sla_response_minutes"), NULL, 10),
		&unread) == 0)
		return 0;
	log_error("tenant %s: the defaults of time hold for it: %s", t->slug,
	    unread.detail);
	return calendar_init(&t->calendar, NULL, NULL, NULL, -1, why);
}

int
tenant_read(struct tenant *out, struct arena *a, const struct tenant_row *row,
    struct problem *why)
{
	const char *own_number = setting(row, "phone");
	struct arena *scratch;

	memset(out, 0, sizeof(*out));
	out->id = arena_strdup(a, setting(row, "customer_id"));
	out->slug = arena_strdup(a, setting(row, "slug"));
	out->name = arena_strdup(a, setting(row, "name"));
	out->phone = text_or_null(a, setting(row, "phone"));
	out->sms_number = text_or_null(a, setting(row, "sms_number"));
	out->review_link = text_or_null(a, setting(row, "google_review_link"));
	out->active = *setting(row, "active") == 't';
	out->review_delay_hours =
	    (int)strtol(setting(row, "review_delay_hours"), NULL, 10);
	if (*own_number == '\0')
		own_number = setting(row, "sms_number");
	if (*own_number == '\0' ||
	    phone_region_of(out->region, own_number) != 0)
		memcpy(out->region, "CH", sizeof(out->region));
	if (calendar_read(out, row, why) != 0)
		return -1;
	scratch = arena_new(CACHE_ARENA);
	config_read(out, a, scratch, row);
	arena_free(scratch);
	return 0;
}

const char *
tenant_text(const void *tenant, enum language language, const char *name)
{
	const struct tenant *t = tenant;

	return json_text(
	    json_member(json_member(t->texts, language_name(language)), name));
}

const char *
tenant_sender(const struct tenant *t, enum text_name text)
{
	if (message_text_is_answered(text) || t->sms_sender == NULL)
		return t->sms_number;
	return t->sms_sender;
}

static const char *
batch_value(const void *source, const char *column)
{
	return db_get(source, 0, 0, column);
}

/* The slot of that key, or the one that was read longest ago. */
static struct slot *
slot_find(const char *key)
{
	struct slot *oldest = &cache[0];

	for (int i = 0; i < CACHE_SLOTS; i++) {
		if (strcmp(cache[i].key, key) == 0)
			return &cache[i];
		if (cache[i].read_at_us < oldest->read_at_us)
			oldest = &cache[i];
	}
	return oldest;
}

/*
 * Firms that are not there are not kept: whoever adds one should see it at
 * once, and strangers who try names are nginx's to slow down.
 */
static int
slot_fill(struct slot *slot, const char *key, const struct db_batch *b,
    struct problem *why)
{
	struct tenant_row row = { batch_value, b };

	slot->key[0] = '\0';
	slot->read_at_us = 0;
	if (slot->arena == NULL)
		slot->arena = arena_new(CACHE_ARENA);
	arena_reset(slot->arena);
	if (tenant_read(&slot->tenant, slot->arena, &row, why) != 0) {
		log_error("tenant %s: its settings cannot be read: %s",
		    db_get(b, 0, 0, "slug"), why->detail);
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "This firm's settings cannot be read");
	}
	slot->tenant.email = text_or_null(slot->arena, setting(&row, "email"));
	slot->tenant.domain =
	    text_or_null(slot->arena, setting(&row, "website_domain"));
	slot->tenant.config =
	    arena_strdup(slot->arena, setting(&row, "config"));
	memcpy(slot->key, key, strlen(key) + 1);
	slot->read_at_us = clock_ticks_us();
	return 0;
}

/* How a firm is found, and which field of the request said so. */
struct lookup {
	enum stmt stmt;
	const void *params;
	const char *key; /* in the cache */
	const char *field;
};

static int
tenant_find(const struct tenant **out, const struct request *req,
    const struct lookup *by, struct problem *why)
{
	struct slot *slot = slot_find(by->key);
	bool is_fresh = strcmp(slot->key, by->key) == 0 &&
	                clock_ticks_us() - slot->read_at_us < CACHE_AGE_US;
	struct db_batch *b;

	if (strlen(by->key) >= KEY_SIZE)
		return problem(why, PROBLEM_TENANT_UNKNOWN, by->field,
		    "No firm is known by this");
	if (!is_fresh) {
		b = db_batch_untenanted(req->db, req->arena);
		db_queue(b, by->stmt, by->params);
		if (db_flush(b, why) != 0)
			return -1;
		if (db_rows(b, 0) == 0)
			return problem(why, PROBLEM_TENANT_UNKNOWN, by->field,
			    "No firm is known by this");
		if (slot_fill(slot, by->key, b, why) != 0)
			return -1;
	}
	if (!slot->tenant.active)
		return problem(why, PROBLEM_TENANT_UNKNOWN, by->field,
		    "No firm is known by this");
	*out = &slot->tenant;
	route_note_firm(req, slot->tenant.slug);
	return 0;
}

int
tenant_by_slug(const struct tenant **out, const struct request *req,
    const char *slug, const char *field, struct problem *why)
{
	struct stmt_tenant_by_slug params = { .slug = slug };
	struct lookup by = {
		.stmt = STMT_TENANT_BY_SLUG,
		.params = &params,
		.key = arena_printf(req->arena, "slug:%s", slug),
		.field = field,
	};

	return tenant_find(out, req, &by, why);
}

int
tenant_by_number(const struct tenant **out, const struct request *req,
    const char *channel, const char *e164, const char *field,
    struct problem *why)
{
	struct stmt_tenant_by_address params = { .channel = channel,
		.address = e164 };
	struct lookup by = {
		.stmt = STMT_TENANT_BY_ADDRESS,
		.params = &params,
		.key = arena_printf(req->arena, "%s:%s", channel, e164),
		.field = field,
	};

	return tenant_find(out, req, &by, why);
}

int
tenant_by_domain(const struct tenant **out, const struct request *req,
    const char *domain, struct problem *why)
{
	return tenant_by_number(out, req, "domain", domain, NULL, why);
}

int
tenant_by_token(
    const struct tenant **out, const struct request *req, struct problem *why)
{
	const char *token = route_bearer(req);
	struct clock_text now = clock_text(req->now);
	struct stmt_token_tenant params = { .now = now.text };
	struct digest_hex hash;
	struct db_batch *b;

	if (token == NULL)
		return problem(why, PROBLEM_UNAUTHORIZED, NULL,
		    "Send Authorization: Bearer with the firm's token");
	hash = digest_sha256(token, strlen(token));
	params.hash = hash.text;
	b = db_batch_untenanted(req->db, req->arena);
	db_queue(b, STMT_TOKEN_TENANT, &params);
	if (db_flush(b, why) != 0)
		return -1;
	/* Another scope is for something else than these routes. */
	if (db_rows(b, 0) == 0 ||
	    strcmp(db_get(b, 0, 0, "scope"), TOKEN_SCOPE_API) != 0)
		return problem(why, PROBLEM_UNAUTHORIZED, NULL,
		    "This token is unknown or revoked");
	if (tenant_by_slug(out, req,
		arena_strdup(req->arena, db_get(b, 0, 0, "slug")), NULL,
		why) == 0)
		return 0;
	if (why->code != PROBLEM_TENANT_UNKNOWN)
		return -1;
	return problem(why, PROBLEM_UNAUTHORIZED, NULL,
	    "This token's firm is not served any more");
}

const char *
tenant_default_link(struct arena *a)
{
	const char *slug = config_get(CONFIG_DEFAULT_CUSTOMER_SLUG);

	return *slug == '\0' ? NULL
	                     : arena_printf(a, "%s/%s",
				   config_get(CONFIG_APP_BASE_URL), slug);
}
