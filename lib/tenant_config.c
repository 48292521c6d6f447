/*
 * tenant_config - what the members of a firm's config may hold
 */
#include "tenant_config.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "json.h"
#include "language.h"
#include "message_text.h"
#include "phone.h"
#include "provider.h"
#include "tenant_member.h"
#include "tenant_problem.h"
#include "tenant_value.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Says what is wrong with a value that is there and not null, at pointer. */
typedef void check_fn(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v);

/* One for each kind. */
#define KIND(code, check, is_text, words) static check_fn check_##check;
#include "tenant_kind.def"
#undef KIND

static check_fn *const checks[TENANT_KIND_MAX] = {
#define KIND(code, check, is_text, words) [TENANT_KIND_##code] = check_##check,
#include "tenant_kind.def"
#undef KIND
};

static void
say_unknown(struct tenant_check *c, const char *pointer,
    const struct tenant_member *around, const char *name)
{
	const struct tenant_member *meant = tenant_member_like(around, name);

	if (meant == NULL)
		tenant_problem_say(
		    c, pointer, "is no setting that OpsFabric knows");
	else
		tenant_problem_say(c, pointer,
		    "is no setting that OpsFabric knows; did you mean %s?",
		    tenant_member_name(meant));
}

/* Of an object: what must be there and is not. */
static void
say_missing(struct tenant_check *c, const char *pointer,
    const struct tenant_member *around, const struct cJSON *v)
{
	const struct tenant_member *m = NULL;

	while ((m = tenant_member_next(around, m)) != NULL) {
		const struct cJSON *value =
		    json_member(v, tenant_member_name(m));

		if (m->need >= TENANT_NEED_REQUIRED &&
		    (value == NULL || json_is_null(value)))
			tenant_problem_say(c,
			    tenant_problem_at(
				c->arena, pointer, tenant_member_name(m)),
			    "is missing: %s", m->purpose);
	}
}

/* null is the same as absent. */
static void
check_object(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	if (!json_is_object(v)) {
		tenant_problem_say(c, pointer, "must be an object");
		return;
	}
	for (const struct cJSON *value = json_first(v); value != NULL;
	     value = json_next(value)) {
		const char *at =
		    tenant_problem_at(c->arena, pointer, json_name(value));
		const struct tenant_member *known =
		    tenant_member_child(m, json_name(value));

		if (known == NULL)
			say_unknown(c, at, m, json_name(value));
		else if (!json_is_null(value))
			checks[known->kind](c, at, known, value);
	}
	say_missing(c, pointer, m, v);
}

/* What it holds: tenant_config_check_together(), which knows the firm. */
static void
check_texts(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	(void)m;
	if (!json_is_object(v))
		tenant_problem_say(
		    c, pointer, "must be an object of languages");
}

/* Does one of the elements before element say the same under name? */
static bool
stands_before(
    const struct cJSON *list, const struct cJSON *element, const char *name)
{
	const char *text = json_text(json_member(element, name));

	for (const struct cJSON *e = json_first(list); e != element;
	     e = json_next(e)) {
		const char *other = json_text(json_member(e, name));

		if (text != NULL && other != NULL && strcmp(text, other) == 0)
			return true;
	}
	return false;
}

static void
check_keys(struct tenant_check *c, const char *pointer,
    const struct tenant_member *element, const struct cJSON *list)
{
	const struct tenant_member *m = NULL;
	int n;

	while ((m = tenant_member_next(element, m)) != NULL) {
		const char *name = tenant_member_name(m);

		n = 0;
		for (const struct cJSON *e = json_first(list);
		     m->need == TENANT_NEED_KEY && e != NULL;
		     e = json_next(e), n++)
			if (stands_before(list, e, name))
				tenant_problem_say(c,
				    arena_printf(
					c->arena, "%s/%d/%s", pointer, n, name),
				    "stands twice: %.60s",
				    json_text(json_member(e, name)));
	}
}

static void
check_list(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const struct tenant_member *element = tenant_member_child(m, "*");
	int n = 0;

	for (const struct cJSON *e = json_first(v);
	     json_is_array(v) && e != NULL; e = json_next(e))
		checks[element->kind](c,
		    arena_printf(c->arena, "%s/%d", pointer, n++), element, e);
	if (!json_is_array(v) || n > m->most)
		tenant_problem_say(c, pointer,
		    "must be a list of at most %d: %s", m->most, m->purpose);
	else
		check_keys(c, pointer, element, v);
}

/* May a text be empty? Not where it is all that there is. */
static bool
must_say_something(const struct tenant_member *m)
{
	return m->need >= TENANT_NEED_REQUIRED ||
	       strcmp(tenant_member_name(m), "*") == 0;
}

/* Nothing where something must stand, or spaces, which nobody means. */
static bool
says_nothing(const struct tenant_member *m, const char *text)
{
	return tenant_value_is_blank(text) &&
	       (*text != '\0' || must_say_something(m));
}

static void
check_line(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	if (text != NULL &&
	    (tenant_value_characters(text) > (size_t)m->most ||
		tenant_value_has_control(text) || says_nothing(m, text)))
		tenant_problem_say(c, pointer,
		    "must be one line of %d to %d characters, not only "
		    "spaces",
		    must_say_something(m) ? 1 : 0, m->most);
}

static void
check_text(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);
	char *line;

	if (text == NULL)
		return;
	/* Line breaks are all that a text may have and a line may not. */
	line = arena_strdup(c->arena, text);
	for (char *p = line; *p != '\0'; p++)
		if (*p == '\n')
			*p = ' ';
	if (tenant_value_characters(text) > (size_t)m->most ||
	    tenant_value_has_control(line) || says_nothing(m, text))
		tenant_problem_say(c, pointer,
		    "must be a text of %d to %d characters, not only spaces, "
		    "without controls but line breaks",
		    must_say_something(m) ? 1 : 0, m->most);
}

static void
check_slug(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	if (text != NULL && !tenant_value_is_slug(text))
		tenant_problem_say(c, pointer,
		    "must be 2 to %d of a-z, 0-9 and single hyphens between "
		    "them, as in heizung-aus",
		    m->most);
}

static void
check_email(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	(void)m;
	if (text != NULL &&
	    !tenant_value_is_email(tenant_value_lower(c->arena, text)))
		tenant_problem_say(
		    c, pointer, "must be one address as in info@example.ch");
}

static void
check_telephone(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);
	struct phone phone;
	struct problem why;

	(void)m;
	if (text != NULL &&
	    phone_parse(&phone, text, TENANT_VALUE_REGION, pointer, &why) != 0)
		tenant_problem_add(c, &why);
}

static void
check_number(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	int64_t number = json_number(v, INT64_MIN);

	if (number < m->least || number > m->most)
		tenant_problem_say(c, pointer,
		    "must be a whole number from %d to %d", m->least, m->most);
}

static void
check_rating(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	(void)m;
	if (!json_number_is_within(v, 1, 5))
		tenant_problem_say(
		    c, pointer, "must be a number from 1 to 5, as in 4.8");
}

/* One of a few words. */
static void
check_word(struct tenant_check *c, const char *pointer, const struct cJSON *v,
    const char *const *words, size_t n)
{
	const char *text = json_text(v);
	struct buf list;

	if (text != NULL && tenant_value_is_one_of(text, words, n))
		return;
	buf_init(&list, c->arena);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s\"%s\"",
		    i == 0       ? ""
		    : i + 1 == n ? " or "
				 : ", ",
		    words[i]);
	tenant_problem_say(c, pointer, "must be %s", list.text);
}

static void
check_category(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	static const char *const words[] = { "emergency", "request", "offer" };

	(void)m;
	check_word(c, pointer, v, words, COUNT(words));
}

static void
check_urgency(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	static const char *const words[] = { "HIGH", "MED", "LOW" };

	(void)m;
	check_word(c, pointer, v, words, COUNT(words));
}

static void
check_safety(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	static const char *const words[] = { "gas", "water" };

	(void)m;
	check_word(c, pointer, v, words, COUNT(words));
}

static void
check_text_back(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	static const char *const words[] = { "defer", "emergency" };

	(void)m;
	check_word(c, pointer, v, words, COUNT(words));
}

static void
check_language(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	enum language language;

	(void)m;
	if (tenant_value_language(&language, json_text(v)) != 0)
		tenant_problem_say(c, pointer,
		    "must be one of \"de\", \"fr\", \"it\", \"en\"");
}

static void
check_languages(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	enum language language;
	bool good = json_is_array(v) && json_first(v) != NULL;

	(void)m;
	for (const struct cJSON *l = json_first(v); good && l != NULL;
	     l = json_next(l))
		good = tenant_value_language(&language, json_text(l)) == 0;
	if (!good)
		tenant_problem_say(c, pointer,
		    "must be a list of \"de\", \"fr\", \"it\", \"en\"");
}

static void
check_sms_name(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *name = tenant_problem_text(c, pointer, v);
	struct problem why;

	(void)m;
	if (name != NULL && message_text_firm_check(name, &why) != 0)
		tenant_problem_add(c, &why);
}

static void
check_countries(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	bool good = json_is_array(v);
	int n = 0;

	for (const struct cJSON *l = json_first(v); good && l != NULL;
	     l = json_next(l))
		good = tenant_value_is_country(json_text(l)) && ++n <= m->most;
	if (!good)
		tenant_problem_say(c, pointer,
		    "must be a list of at most %d country codes as in "
		    "[\"+41\", \"+423\"]",
		    m->most);
}

static void
check_flag(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	(void)m;
	if (!json_is_bool(v))
		tenant_problem_say(c, pointer, "must be true or false");
}

static void
check_color(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = json_text(v);

	(void)m;
	if (text == NULL || !tenant_value_is_color(text))
		tenant_problem_say(
		    c, pointer, "must be a colour as in \"#14508c\"");
}

static void
check_picture(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *link = tenant_problem_text(c, pointer, v);

	if (link != NULL && !tenant_value_is_https(link))
		tenant_problem_say(c, pointer, TENANT_VALUE_LINK_FORM, m->most);
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
check_hours(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	static const char *const weekdays[] = { "monday", "tuesday",
		"wednesday", "thursday", "friday", "saturday", "sunday" };
	struct calendar calendar;
	struct problem why;

	(void)m;
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
check_holidays(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
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
		    m->most);
}

static void
check_provider(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);

	(void)m;
	if (text != NULL && provider_find(text) == NULL)
		tenant_problem_say(c, pointer,
		    "must be console, ecall, ecall_https, kannel or twilio");
}

/* Eleven characters as phones show them, a number, or what Twilio calls a
 * messaging service. */
static void
check_sender(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz";
	const char *text = tenant_problem_text(c, pointer, v);
	size_t len = text == NULL ? 0 : strlen(text);
	bool good = len <= 11 || (len == 34 && strncmp(text, "MG", 2) == 0);

	(void)m;
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
check_mobile(struct tenant_check *c, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const char *text = tenant_problem_text(c, pointer, v);
	struct phone phone;
	struct problem why;

	(void)m;
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

/* The text that somebody meant who wrote name, or NULL. */
static const char *
text_like(const char *name)
{
	const char *nearest = NULL;
	size_t least = TENANT_VALUE_FAR;

	for (enum text_name t = 0; t < TEXT_MAX; t++) {
		size_t far = tenant_value_distance(message_text_name(t), name);

		if (far < least) {
			least = far;
			nearest = message_text_name(t);
		}
	}
	return nearest;
}

static void
check_wording(struct tenant_check *c, enum language language,
    const struct cJSON *v, const char *firm)
{
	const char *pointer = tenant_problem_at(c->arena,
	    arena_printf(c->arena, "/config/texts/%s", language_name(language)),
	    json_name(v));
	const char *text, *meant;
	enum text_name name;
	struct problem why;

	if (json_is_null(v))
		return;
	if (message_text_parse(&name, json_name(v)) != 0) {
		meant = text_like(json_name(v));
		tenant_problem_say(c, pointer,
		    "is no text that OpsFabric sends%s%s%s",
		    meant == NULL ? "" : "; did you mean ",
		    meant == NULL ? "" : meant, meant == NULL ? "" : "?");
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
check_wordings(
    struct tenant_check *c, const struct cJSON *texts, const char *firm)
{
	for (const struct cJSON *l = json_first(texts);
	     json_is_object(texts) && l != NULL; l = json_next(l)) {
		const char *pointer =
		    tenant_problem_at(c->arena, "/config/texts", json_name(l));
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
				check_wording(c, language, t, firm);
	}
}

/* An alert to the number it comes from would come back as a contact's text. */
static void
check_senders(
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

bool
tenant_config_has_intent(const struct cJSON *config, const char *value)
{
	for (const struct cJSON *i = json_first(json_member(config, "intents"));
	     i != NULL; i = json_next(i)) {
		const char *there = json_text(json_member(i, "value"));

		if (there != NULL && strcmp(there, value) == 0)
			return true;
	}
	return false;
}

/* A button that asks for nothing the form knows would ask for nothing. */
static void
check_buttons(struct tenant_check *c, const struct cJSON *config)
{
	int n = 0;

	for (const struct cJSON *s =
		 json_first(json_member(config, "services"));
	     s != NULL; s = json_next(s), n++) {
		const char *intent = json_text(json_member(s, "cta_intent"));

		if (intent != NULL && !tenant_config_has_intent(config, intent))
			tenant_problem_say(c,
			    arena_printf(
				c->arena, "/config/services/%d/cta_intent", n),
			    "%.60s is the value of no intent in "
			    "/config/intents",
			    intent);
	}
}

void
tenant_config_check(
    struct tenant_check *c, const char *pointer, const struct cJSON *config)
{
	check_object(c, pointer, tenant_member_root(), config);
}

void
tenant_config_check_together(struct tenant_check *c, const struct cJSON *config,
    const char *firm, const char *sms_number)
{
	check_wordings(c, json_member(config, "texts"), firm);
	check_senders(c, json_member(config, "on_call"), sms_number);
	check_buttons(c, config);
}

bool
tenant_config_is_text(const char *path)
{
	const struct tenant_member *m = tenant_member_root();

	while (m != NULL && m->kind != TENANT_KIND_TEXTS && *path != '\0') {
		char name[64] = "";
		size_t len = strcspn(path, ".");

		if (len >= sizeof(name))
			return false;
		memcpy(name, path, len);
		m = tenant_member_child(m, name);
		path += len + (path[len] == '.' ? 1 : 0);
	}
	if (m == NULL)
		return false;
	return m->kind == TENANT_KIND_TEXTS ? *path != '\0'
	                                    : tenant_member_is_text(m);
}
