/*
 * tenant_config - the members of a firm's config
 */
#include "tenant_config.h"

#include <string.h>

#include "arena.h"
#include "calendar.h"
#include "json.h"
#include "language.h"
#include "message_text.h"
#include "phone.h"
#include "provider.h"
#include "tenant.h"
#include "tenant_problem.h"
#include "tenant_value.h"

#define LINE_MAX 200
#define SEGMENTS_MAX 1000000
#define ON_CALL_NAME_MAX 60

static void
config_language(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	enum language language;

	if (tenant_value_language(&language, json_text(v)) != 0)
		tenant_problem_say(c, pointer,
		    "must be one of \"de\", \"fr\", \"it\", \"en\"");
}

static void
config_languages(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	enum language language;
	bool good = json_is_array(v) && json_first(v) != NULL;

	for (const struct cJSON *l = json_first(v); good && l != NULL;
	     l = json_next(l))
		good = tenant_value_language(&language, json_text(l)) == 0;
	if (!good)
		tenant_problem_say(c, pointer,
		    "must be a list of \"de\", \"fr\", \"it\", \"en\"");
}

static void
config_sms_name(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *name = tenant_problem_text(c, pointer, v);
	struct problem why;

	if (name != NULL && message_text_firm_check(name, &why) != 0)
		tenant_problem_add(c, &why);
}

static void
config_countries(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	bool good = json_is_array(v);
	int n = 0;

	for (const struct cJSON *l = json_first(v); good && l != NULL;
	     l = json_next(l))
		good = tenant_value_is_country(json_text(l)) &&
		       ++n <= TENANT_COUNTRIES_MAX;
	if (!good)
		tenant_problem_say(c, pointer,
		    "must be a list of at most %d country codes as in "
		    "[\"+41\", \"+423\"]",
		    TENANT_COUNTRIES_MAX);
}

static void
config_segments(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	int64_t number = json_number(v, -1);

	if (number < 0 || number > SEGMENTS_MAX)
		tenant_problem_say(c, pointer,
		    "must be a whole number from 0 to %d", SEGMENTS_MAX);
}

static void
config_text_back(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL ||
	    (strcmp(text, "defer") != 0 && strcmp(text, "emergency") != 0))
		tenant_problem_say(
		    c, pointer, "must be \"defer\" or \"emergency\"");
}

static void
config_bool(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_bool(v))
		tenant_problem_say(c, pointer, "must be true or false");
}

static void
config_line(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	if (text != NULL && (tenant_value_characters(text) > LINE_MAX ||
				tenant_value_has_control(text)))
		tenant_problem_say(c, pointer,
		    "must be one line of at most %d characters", LINE_MAX);
}

static void
config_number(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_number(v))
		tenant_problem_say(c, pointer, "must be a number");
}

static void
config_object(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_object(v))
		tenant_problem_say(c, pointer, "must be an object");
}

static void
config_lines(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	if (!json_is_array(v)) {
		tenant_problem_say(c, pointer, "must be a list of texts");
		return;
	}
	for (const struct cJSON *l = json_first(v); l != NULL; l = json_next(l))
		config_line(c, pointer, l);
}

static void
config_objects(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	bool good = json_is_array(v);

	for (const struct cJSON *o = json_first(v); good && o != NULL;
	     o = json_next(o))
		good = json_is_object(o);
	if (!good)
		tenant_problem_say(c, pointer, "must be a list of objects");
}

static void
config_color(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = json_text(v);

	if (text == NULL || !tenant_value_is_color(text))
		tenant_problem_say(
		    c, pointer, "must be a colour as in \"#14508c\"");
}

static void
config_https(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *link = tenant_problem_text(c, pointer, v);

	if (link != NULL && !tenant_value_is_https(link))
		tenant_problem_say(
		    c, pointer, TENANT_VALUE_LINK_FORM, TENANT_VALUE_LINK_MAX);
}

static void
hours_of_day(struct tenant_check *c, const char *pointer,
    struct calendar *calendar, int weekday, const struct cJSON *day)
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
		tenant_problem_say(c, pointer,
		    "must be a list, which may be empty, as in "
		    "[{\"from\": \"07:00\", \"to\": \"12:00\"}]");
}

static void
config_hours(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	static const char *const weekdays[] = { "monday", "tuesday",
		"wednesday", "thursday", "friday", "saturday", "sunday" };
	struct calendar calendar;
	struct problem why;

	if (calendar_init(&calendar, NULL, NULL, NULL, -1, &why) != 0 ||
	    !json_is_object(v)) {
		tenant_problem_say(c, pointer, "must be an object of weekdays");
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
			tenant_problem_say(c, at, "is no weekday as in monday");
		else
			hours_of_day(c, at, &calendar, day + 1, d);
	}
}

static void
config_holidays(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
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
		tenant_problem_say(c, pointer,
		    "must be a list of at most %d dates as in \"2026-12-25\"",
		    CALENDAR_HOLIDAYS_MAX);
}

struct member {
	const char *name;
	void (*check)(
	    struct tenant_check *c, const char *pointer, const struct cJSON *v);
};

/* An object of members out of a list; null is the same as absent. */
static void
check_members(struct tenant_check *c, const char *pointer,
    const struct cJSON *v, const struct member *members)
{
	if (!json_is_object(v)) {
		tenant_problem_say(c, pointer, "must be an object");
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
			tenant_problem_say(
			    c, at, "is no setting that OpsFabric knows");
		else if (!json_is_null(m))
			known->check(c, at, m);
	}
}

static void
config_provider(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	if (text != NULL && provider_find(text) == NULL)
		tenant_problem_say(c, pointer,
		    "must be console, ecall, ecall_https, kannel or twilio");
}

/* Eleven characters as phones show them, a number, or what Twilio calls a
 * messaging service. */
static void
config_sender(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	const char *text = tenant_problem_text(c, pointer, v);
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
		tenant_problem_say(c, pointer,
		    "must be at most 11 letters, digits and signs of ASCII "
		    "with a letter among them, or a number as +41790000001");
}

static void
config_sms(struct tenant_check *c, const char *pointer, const struct cJSON *v)
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
config_quiet_hours(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	static const struct member members[] = {
		{ "text_back", config_text_back },
		{ NULL, NULL },
	};

	check_members(c, pointer, v, members);
}

/* Members of one on call; a function for each, as check_members() asks. */
static void
on_call_phone(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);
	struct phone phone;
	struct problem why;

	if (text == NULL)
		return;
	if (phone_parse(&phone, text, TENANT_VALUE_REGION, pointer, &why) != 0)
		tenant_problem_add(c, &why);
	else if (!phone_takes_sms(&phone))
		tenant_problem_say(c, pointer,
		    "%s is a number of the kind %s; alerts go to mobile "
		    "numbers",
		    phone.e164, phone_kind_name(phone.kind));
	else if (strcmp(phone.e164, text) != 0)
		tenant_problem_say(
		    c, pointer, "must be written %s", phone.e164);
}

static void
on_call_name(struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	if (text == NULL)
		return;
	if (text[strspn(text, " ")] == '\0' ||
	    tenant_value_characters(text) > ON_CALL_NAME_MAX ||
	    tenant_value_has_control(text))
		tenant_problem_say(c, pointer,
		    "must be one line of 1 to %d characters", ON_CALL_NAME_MAX);
}

static void
config_on_call(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
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
			tenant_problem_say(c,
			    arena_printf(c->arena, "%s/phone", at),
			    "is missing");
	}
	if (!json_is_array(v) || n > TENANT_ON_CALL_MAX)
		tenant_problem_say(c, pointer,
		    "must be a list of at most %d, as in "
		    "[{\"phone\": \"+41791234567\", \"name\": \"Reto\"}]",
		    TENANT_ON_CALL_MAX);
}

static void
config_repeat(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
{
	int64_t minutes = json_number(v, 0);

	if (minutes < 1 || minutes > TENANT_REPEAT_MINUTES_MAX)
		tenant_problem_say(c, pointer,
		    "must be a whole number from 1 to %d",
		    TENANT_REPEAT_MINUTES_MAX);
}

static void
config_alerts(
    struct tenant_check *c, const char *pointer, const struct cJSON *v)
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

void
tenant_config_check(
    struct tenant_check *c, const char *pointer, const struct cJSON *config)
{
	check_members(c, pointer, config, config_members);
}

static void
check_text(struct tenant_check *c, enum language language,
    const struct cJSON *v, const char *firm)
{
	const char *pointer = arena_printf(c->arena, "/config/texts/%s/%.60s",
	    language_name(language), json_name(v));
	const char *text;
	enum text_name name;
	struct problem why;

	if (json_is_null(v))
		return;
	if (message_text_parse(&name, json_name(v)) != 0) {
		tenant_problem_say(
		    c, pointer, "is no text that OpsFabric sends");
		return;
	}
	text = tenant_problem_text(c, pointer, v);
	if (text == NULL ||
	    message_text_check(language, name, text, firm, &why) == 0)
		return;
	why.field = pointer;
	tenant_problem_add(c, &why);
}

static void
check_texts(struct tenant_check *c, const struct cJSON *texts, const char *firm)
{
	for (const struct cJSON *l = json_first(texts); l != NULL;
	     l = json_next(l)) {
		const char *pointer =
		    arena_printf(c->arena, "/config/texts/%.60s", json_name(l));
		enum language language;

		if (tenant_value_language(&language, json_name(l)) != 0)
			tenant_problem_say(c, pointer,
			    "is no language; there are de, fr, it and en");
		else if (!json_is_object(l))
			tenant_problem_say(
			    c, pointer, "must be an object of texts");
		else
			for (const struct cJSON *t = json_first(l); t != NULL;
			     t = json_next(t))
				check_text(c, language, t, firm);
	}
}

/* An alert to the number it comes from would come back as a contact's text. */
static void
check_on_call(
    struct tenant_check *c, const struct cJSON *on_call, const char *sender)
{
	int n = 0;

	for (const struct cJSON *o = json_first(on_call); o != NULL;
	     o = json_next(o), n++) {
		const char *phone = json_text(json_member(o, "phone"));

		if (sender != NULL && phone != NULL &&
		    strcmp(sender, phone) == 0)
			tenant_problem_say(c,
			    arena_printf(
				c->arena, "/config/on_call/%d/phone", n),
			    "is the firm's sms_number, from which alerts come");
	}
}

void
tenant_config_check_together(struct tenant_check *c, const struct cJSON *config,
    const char *firm, const char *sms_number)
{
	check_texts(c, json_member(config, "texts"), firm);
	check_on_call(c, json_member(config, "on_call"), sms_number);
}

bool
tenant_config_is_text(const char *path)
{
	static const char texts[] = "texts.";

	if (strncmp(path, texts, strlen(texts)) == 0)
		return true;
	for (const struct member *m = config_members; m->name != NULL; m++)
		if (strcmp(m->name, path) == 0)
			return m->check == config_line;
	return false;
}
