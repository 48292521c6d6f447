/*
 * tenant_advice - what a firm's document still lacks for good pages
 */
#include "tenant_advice.h"

#include <stdarg.h>
#include <string.h>

#include "arena.h"
#include "colour.h"
#include "json.h"
#include "language.h"
#include "phone.h"
#include "site_view.h"
#include "tenant.h"
#include "tenant_document.h"
#include "tenant_member.h"
#include "tenant_value.h"

/* Of the name, which stands in titles and in the head of every page. */
#define NAME_GOOD 40
/* A description shorter than this is the short one again. */
#define DESCRIPTION_LEAST 60
#define BENEFITS_LEAST 2

static const char *const kinds[TENANT_ADVICE_MAX] = {
	[TENANT_ADVICE_WRONG] = "wrong",
	[TENANT_ADVICE_MISSING] = "missing",
	[TENANT_ADVICE_TOO_LONG] = "too long",
	[TENANT_ADVICE_WEAK] = "weak",
};

const char *
tenant_advice_kind_name(enum tenant_advice_kind kind)
{
	return kinds[kind];
}

static struct tenant_advice_line *
line_new(struct tenant_advice *t, enum tenant_advice_kind kind,
    const char *pointer, const char *text)
{
	static struct tenant_advice_line lost;
	struct tenant_advice_line *line =
	    t->count < TENANT_ADVICE_LINES_MAX ? &t->list[t->count++] : &lost;

	*line = (struct tenant_advice_line){ kind,
		arena_strdup(t->arena, pointer), -1, 0, text };
	return line;
}

void
tenant_advice_add(struct tenant_advice *t, enum tenant_advice_kind kind,
    const char *pointer, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)line_new(t, kind, pointer, arena_vprintf(t->arena, fmt, ap));
	va_end(ap);
}

static void
add_length(struct tenant_advice *t, const char *pointer, size_t length,
    int good, const char *what)
{
	struct tenant_advice_line *line = line_new(
	    t, TENANT_ADVICE_TOO_LONG, pointer, arena_strdup(t->arena, what));

	line->length = (long)length;
	line->good = good;
}

bool
tenant_advice_is_good(const struct tenant_advice *t)
{
	for (size_t i = 0; i < t->count; i++)
		if (t->list[i].kind != TENANT_ADVICE_WEAK)
			return false;
	return true;
}

static int
count_of(const struct cJSON *list)
{
	int n = 0;

	for (const struct cJSON *e = json_first(list); e != NULL;
	     e = json_next(e))
		n++;
	return n;
}

/* Would a page show nothing of it? */
static bool
is_absent(const struct cJSON *v)
{
	if (v == NULL || json_is_null(v))
		return true;
	if (json_text(v) != NULL)
		return tenant_value_is_blank(json_text(v));
	return (json_is_array(v) || json_is_object(v)) && json_first(v) == NULL;
}

static const struct cJSON *
member_of(const struct cJSON *o, const char *name)
{
	const struct cJSON *v = json_member(o, name);

	return is_absent(v) ? NULL : v;
}

static void advise(struct tenant_advice *t, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v);

static void
advise_object(struct tenant_advice *t, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const struct tenant_member *child = NULL;

	while ((child = tenant_member_next(m, child)) != NULL) {
		const char *name = tenant_member_name(child);

		advise(t, arena_printf(t->arena, "%s/%s", pointer, name), child,
		    member_of(v, name));
	}
}

static void
advise_list(struct tenant_advice *t, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	const struct tenant_member *element = tenant_member_child(m, "*");
	int n = 0;

	if (m->good > 0 && count_of(v) > m->good)
		add_length(
		    t, pointer, (size_t)count_of(v), m->good, m->purpose);
	for (const struct cJSON *e = json_first(v); e != NULL; e = json_next(e))
		advise(t, arena_printf(t->arena, "%s/%d", pointer, n++),
		    element, e);
}

/* v is NULL where it is absent. */
static void
advise(struct tenant_advice *t, const char *pointer,
    const struct tenant_member *m, const struct cJSON *v)
{
	size_t length;

	if (v == NULL && m->need == TENANT_NEED_WANTED)
		tenant_advice_add(
		    t, TENANT_ADVICE_MISSING, pointer, "%s", m->purpose);
	if (v == NULL && m->need == TENANT_NEED_USEFUL)
		tenant_advice_add(t, TENANT_ADVICE_WEAK, pointer,
		    "there is none: %s", m->purpose);
	/* What an absent object lacks, its members tell. */
	if (m->kind == TENANT_KIND_OBJECT)
		advise_object(t, pointer, m, v);
	if (v != NULL && m->kind == TENANT_KIND_LIST)
		advise_list(t, pointer, m, v);
	if (m->good == 0 || json_text(v) == NULL)
		return;
	length = tenant_value_characters(json_text(v));
	if (length > (size_t)m->good)
		add_length(t, pointer, length, m->good, m->purpose);
}

/* A document, taken apart. */
struct firm {
	struct tenant_advice *to;
	const struct cJSON *document;
	const struct cJSON *config;
};

static const char *
text_of(const struct cJSON *o, const char *name)
{
	return json_text(member_of(o, name));
}

static bool
has_module(const struct firm *f, enum module module)
{
	const struct cJSON *on = json_member(
	    json_member(f->document, "modules"), tenant_module_name(module));

	return !json_is_bool(on) || json_is_true(on);
}

static void
advise_name(const struct firm *f)
{
	const char *name = text_of(f->document, "name");
	size_t length = name == NULL ? 0 : tenant_value_characters(name);

	if (length > NAME_GOOD)
		add_length(f->to, "/name", length, NAME_GOOD,
		    "it stands in every title");
}

static void
advise_numbers(const struct firm *f)
{
	if (text_of(f->document, "phone") == NULL)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING, "/phone",
		    "the pages have no button to call");
	if (text_of(f->document, "sms_number") == NULL &&
	    (has_module(f, MODULE_MISSED_CALL) ||
		has_module(f, MODULE_SMS_REPLY)))
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING, "/sms_number",
		    "nobody can answer the firm's texts, so those that ask for "
		    "an answer do not leave");
}

/* tenant.h: without a list it is the firm's own telephone, if a mobile. */
static void
advise_on_call(const struct firm *f)
{
	const char *own = text_of(f->document, "phone");
	const char *sender = text_of(f->document, "sms_number");
	struct phone phone;
	struct problem ignored;

	if (member_of(f->config, "on_call") != NULL ||
	    (own != NULL &&
		phone_parse(&phone, own, TENANT_VALUE_REGION, NULL, &ignored) ==
		    0 &&
		phone_takes_sms(&phone) &&
		(sender == NULL || strcmp(sender, own) != 0)))
		return;
	tenant_advice_add(f->to, TENANT_ADVICE_MISSING, "/config/on_call",
	    "nobody is told of an emergency: name a mobile number, other than "
	    "sms_number");
}

static void
advise_hours(const struct firm *f)
{
	const struct cJSON *hours = member_of(f->config, "hours");

	for (const struct cJSON *day = json_first(hours); day != NULL;
	     day = json_next(day))
		if (!is_absent(day))
			return;
	if (hours != NULL)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING, "/config/hours",
		    "the firm is never open");
}

/*
 * Federal Act against Unfair Competition (UWG), article 3 paragraph 1 letter s:
 * whoever offers something on the internet gives his name, his address and a
 * mail address. And a site of its own has nobody else who did.
 */
static void
advise_impressum(const struct firm *f)
{
	const struct cJSON *impressum = member_of(f->config, "impressum");
	bool has_address = text_of(impressum, "address") != NULL ||
	                   (text_of(f->config, "address") != NULL &&
			       text_of(f->config, "plz") != NULL &&
			       text_of(f->config, "ort") != NULL);

	if (!has_address)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING,
		    "/config/impressum/address",
		    "the law asks for the firm's address (UWG article 3 s): "
		    "here, or as address, plz and ort");
	if (text_of(impressum, "email") == NULL &&
	    text_of(f->document, "email") == NULL)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING, "/email",
		    "the law asks for a mail address (UWG article 3 s): here "
		    "or in impressum");
	if (text_of(impressum, "company") == NULL)
		tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
		    "/config/impressum/company",
		    "there is none: the name stands in for it, which is right "
		    "where it is the one of the register");
	if (text_of(f->document, "website_domain") != NULL && !has_address)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING,
		    "/website_domain",
		    "a site of its own, and no address on it");
}

static void
advise_reviews(const struct firm *f)
{
	bool has_rating = member_of(f->config, "google_rating") != NULL;
	bool has_count =
	    json_number(json_member(f->config, "google_review_count"), 0) > 0;

	if (has_rating && !has_count)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING,
		    "/config/google_review_count",
		    "a rating that does not say of how many reviews it is "
		    "convinces nobody");
	if (!has_rating &&
	    (has_count || member_of(f->config, "reviews") != NULL))
		tenant_advice_add(f->to,
		    has_count ? TENANT_ADVICE_MISSING : TENANT_ADVICE_WEAK,
		    "/config/google_rating",
		    "there are reviews, and no rating of them all");
	if (has_module(f, MODULE_REVIEWS) &&
	    text_of(f->document, "google_review_link") == NULL)
		tenant_advice_add(f->to, TENANT_ADVICE_MISSING,
		    "/google_review_link",
		    "modules.reviews is on, and nobody is asked for a review "
		    "without it");
}

static void
advise_website(const struct firm *f)
{
	if (!has_module(f, MODULE_WEBSITE) &&
	    text_of(f->document, "website_domain") != NULL)
		tenant_advice_add(f->to, TENANT_ADVICE_WEAK, "/modules/website",
		    "it is off, so the firm's own domain shows little more "
		    "than its telephone number");
}

static void
advise_hero(const struct firm *f)
{
	int n = count_of(member_of(json_member(f->config, "hero"), "benefits"));

	if (n > 0 && n < BENEFITS_LEAST)
		tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
		    "/config/hero/benefits", "one reason alone looks lost");
}

static void
advise_services(const struct firm *f)
{
	int n = 0;

	for (const struct cJSON *s =
		 json_first(member_of(f->config, "services"));
	     s != NULL; s = json_next(s), n++) {
		const char *text = text_of(s, "description");

		if (text != NULL &&
		    tenant_value_characters(text) < DESCRIPTION_LEAST)
			tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
			    arena_printf(f->to->arena,
				"/config/services/%d/description", n),
			    "a page of half a sentence: what is done, how "
			    "long it takes, what it costs");
	}
}

static void
advise_icons(const struct firm *f)
{
	int n = 0;

	for (const struct cJSON *s =
		 json_first(member_of(f->config, "services"));
	     s != NULL; s = json_next(s), n++) {
		const char *icon = text_of(s, "icon");

		if (icon != NULL && !site_has_icon(icon))
			tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
			    arena_printf(
				f->to->arena, "/config/services/%d/icon", n),
			    "there is no picture %.60s; another is shown",
			    icon);
	}
}

/* Not where black is written on it: that changes nothing of the colour. */
static void
advise_color(const struct firm *f, const char *name)
{
	static const struct colour white = { 255, 255, 255 };
	struct colour own;
	struct colour_pair shown;

	if (!colour_parse(&own, text_of(f->config, name)))
		return;
	shown = colour_pair(own);
	if (memcmp(&shown.ground, &own, sizeof(own)) != 0)
		tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
		    arena_printf(f->to->arena, "/config/%s", name),
		    "white on it has a contrast of %.1f and needs %.1f: pages "
		    "show #%02x%02x%02x instead",
		    colour_contrast(own, white), COLOUR_CONTRAST,
		    shown.ground.red, shown.ground.green, shown.ground.blue);
}

static bool
has_way(const struct firm *f, const char *way)
{
	for (const struct cJSON *i =
		 json_first(json_member(f->config, "intents"));
	     i != NULL; i = json_next(i)) {
		const char *category = text_of(i, "category");

		if (category != NULL && strcmp(category, way) == 0)
			return true;
	}
	return false;
}

static void
advise_ways(const struct firm *f)
{
	static const char *const ways[] = { "emergency", "request", "offer" };
	const struct cJSON *own =
	    json_member(json_member(f->config, "wizard"), "ways");

	/* Of none at all the table tells. */
	if (member_of(f->config, "intents") == NULL)
		return;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (has_way(f, ways[i]))
			continue;
		if (member_of(own, ways[i]) != NULL)
			tenant_advice_add(f->to, TENANT_ADVICE_MISSING,
			    arena_printf(f->to->arena, "/config/wizard/ways/%s",
				ways[i]),
			    "no intent has this category, so the form does "
			    "not show this way");
		else
			tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
			    "/config/intents",
			    "none of the category %s, so the form has no such "
			    "way",
			    ways[i]);
	}
}

/* Is there a wording of the firm's own in any language? Which one, else NULL.
 */
static const char *
language_of_text(const struct cJSON *texts, const char *name)
{
	for (const struct cJSON *l = json_first(texts); l != NULL;
	     l = json_next(l))
		if (text_of(l, name) != NULL)
			return json_name(l);
	return NULL;
}

/* In the languages that the firm writes, one of which it is in. */
static void
advise_wording(
    const struct firm *f, const struct cJSON *texts, const char *name)
{
	const struct cJSON *languages = member_of(f->config, "languages");
	const char *there = language_of_text(texts, name);

	for (const struct cJSON *l = json_first(languages); l != NULL;
	     l = json_next(l)) {
		const char *language = json_text(l);

		if (language == NULL ||
		    text_of(json_member(texts, language), name) != NULL)
			continue;
		tenant_advice_add(f->to, TENANT_ADVICE_WEAK,
		    arena_printf(f->to->arena, "/config/texts/%.8s/%.60s",
			language, name),
		    "the firm's own words are there in %.8s, and the house's "
		    "are sent in this language",
		    there);
	}
}

static void
advise_wordings(const struct firm *f)
{
	const struct cJSON *texts = member_of(f->config, "texts");

	for (const struct cJSON *l = json_first(texts);
	     json_is_object(texts) && l != NULL; l = json_next(l))
		for (const struct cJSON *t = json_first(l);
		     json_is_object(l) && t != NULL; t = json_next(t)) {
			const char *first =
			    language_of_text(texts, json_name(t));

			if (first != NULL && strcmp(first, json_name(l)) == 0)
				advise_wording(f, texts, json_name(t));
		}
}

static void
add_problems(struct tenant_advice *t, const struct tenant_problems *problems)
{
	for (size_t i = 0; i < problems->count; i++)
		tenant_advice_add(t, TENANT_ADVICE_WRONG,
		    problems->list[i].field == NULL ? ""
						    : problems->list[i].field,
		    "%s", problems->list[i].detail);
}

/* What weighs most first; within that, in the order of the document. */
static void
sort(struct tenant_advice *t)
{
	for (size_t i = 1; i < t->count; i++) {
		struct tenant_advice_line line = t->list[i];
		size_t to = i;

		for (; to > 0 && t->list[to - 1].kind > line.kind; to--)
			t->list[to] = t->list[to - 1];
		t->list[to] = line;
	}
}

void
tenant_advice_read(
    struct tenant_advice *out, struct arena *a, const char *document)
{
	struct tenant_document ignored;
	struct tenant_problems problems;
	struct firm f = { .to = out };
	struct problem why;

	out->arena = a;
	out->count = 0;
	if (tenant_document_read(&ignored, a, document, &problems) != 0)
		add_problems(out, &problems);
	if (json_parse_document(&f.document, a, document, &why) != 0)
		return;
	f.config = json_member(f.document, "config");
	advise_name(&f);
	advise_numbers(&f);
	advise_on_call(&f);
	advise(out, "/config", tenant_member_root(), f.config);
	advise_hours(&f);
	advise_website(&f);
	advise_hero(&f);
	advise_services(&f);
	advise_icons(&f);
	advise_color(&f, "primary_color");
	advise_color(&f, "accent_color");
	advise_ways(&f);
	advise_reviews(&f);
	advise_impressum(&f);
	advise_wordings(&f);
	sort(out);
}
