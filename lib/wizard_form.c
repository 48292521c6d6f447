/*
 * wizard_form - the form of one way: its fields, their rules, and what a
 * visitor put into them
 */
#include "wizard_form.h"

#include <assert.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "contact.h"
#include "event.h"
#include "json_write.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"
#include "ticket.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define NO_WORD WIZARD_WORD_MAX

#define INTENT \
	{ \
		FIELD_INTENT, WIZARD_CHOICE, WIZARD_NEEDED, \
		    WIZARD_WORD_INTENT, NO_WORD, WIZARD_WORD_ERROR_INTENT, \
		    NULL, NULL \
	}
#define SUMMARY(need, label, hint) \
	{ \
		FIELD_SUMMARY, WIZARD_AREA, need, WIZARD_WORD_##label, hint, \
		    WIZARD_WORD_ERROR_SUMMARY, NULL, NULL \
	}
#define NAME \
	{ \
		FIELD_CONTACT_NAME, WIZARD_LINE, WIZARD_NEEDED, \
		    WIZARD_WORD_NAME, NO_WORD, WIZARD_WORD_ERROR_NAME, "text", \
		    "name" \
	}
#define PHONE(need, hint, missing) \
	{ \
		FIELD_CONTACT_PHONE, WIZARD_LINE, need, WIZARD_WORD_PHONE, \
		    WIZARD_WORD_##hint, WIZARD_WORD_##missing, "tel", "tel" \
	}
#define EMAIL(need, missing) \
	{ \
		FIELD_CONTACT_EMAIL, WIZARD_LINE, need, WIZARD_WORD_EMAIL, \
		    NO_WORD, WIZARD_WORD_##missing, "email", "email" \
	}
#define STREET \
	{ \
		FIELD_STREET, WIZARD_LINE, WIZARD_FREE, WIZARD_WORD_STREET, \
		    NO_WORD, NO_WORD, "text", "address-line1" \
	}
#define POSTCODE \
	{ \
		FIELD_POSTCODE, WIZARD_LINE, WIZARD_FREE, \
		    WIZARD_WORD_POSTCODE, NO_WORD, NO_WORD, "text", \
		    "postal-code" \
	}
#define PLACE(need) \
	{ \
		FIELD_PLACE, WIZARD_LINE, need, WIZARD_WORD_PLACE, NO_WORD, \
		    WIZARD_WORD_ERROR_PLACE, "text", "address-level2" \
	}
#define CHOICE(field) \
	{ \
		FIELD_##field, WIZARD_CHOICE, WIZARD_FREE, \
		    WIZARD_WORD_##field, NO_WORD, NO_WORD, NULL, NULL \
	}
#define LINE(field) \
	{ \
		FIELD_##field, WIZARD_LINE, WIZARD_FREE, WIZARD_WORD_##field, \
		    WIZARD_WORD_##field##_HINT, NO_WORD, "text", "off" \
	}

/* In an emergency nothing is asked that can be asked on the telephone. */
static const struct wizard_step steps[WIZARD_WAY_MAX][WIZARD_STEPS_MAX] = {
	[WIZARD_EMERGENCY] = {
		{ WIZARD_WORD_STEP_INCIDENT,
		    { INTENT,
			SUMMARY(WIZARD_FREE, SUMMARY_EMERGENCY, NO_WORD) },
		    2 },
		{ WIZARD_WORD_STEP_CONTACT,
		    { NAME, PHONE(WIZARD_NEEDED, PHONE_HINT, ERROR_PHONE) },
		    2 },
		{ WIZARD_WORD_STEP_ADDRESS,
		    { STREET, POSTCODE, PLACE(WIZARD_FREE) }, 3 },
	},
	[WIZARD_REQUEST] = {
		{ WIZARD_WORD_STEP_TOPIC, { INTENT }, 1 },
		{ WIZARD_WORD_STEP_TEXT,
		    { SUMMARY(WIZARD_NEEDED, SUMMARY,
			WIZARD_WORD_SUMMARY_HINT) },
		    1 },
		{ WIZARD_WORD_STEP_CONTACT,
		    { NAME,
			PHONE(WIZARD_ONE_OF_THEM, PHONE_OR_EMAIL_HINT,
			    ERROR_REACH),
			EMAIL(WIZARD_ONE_OF_THEM, ERROR_REACH) },
		    3 },
		{ WIZARD_WORD_STEP_WHEN,
		    { POSTCODE, PLACE(WIZARD_FREE), CHOICE(TIME_WISH),
			LINE(TIME_NOTE) },
		    4 },
	},
	[WIZARD_OFFER] = {
		{ WIZARD_WORD_STEP_PROJECT, { INTENT }, 1 },
		{ WIZARD_WORD_STEP_DETAILS,
		    { SUMMARY(WIZARD_NEEDED, SUMMARY,
			WIZARD_WORD_SUMMARY_OFFER_HINT) },
		    1 },
		{ WIZARD_WORD_STEP_CONTACT,
		    { NAME, PHONE(WIZARD_NEEDED, PHONE_HINT, ERROR_PHONE),
			EMAIL(WIZARD_NEEDED, ERROR_EMAIL), STREET, POSTCODE,
			PLACE(WIZARD_NEEDED) },
		    6 },
		{ WIZARD_WORD_STEP_FRAME, { CHOICE(TIME_FRAME), LINE(BUDGET) },
		    2 },
	},
};

static const struct wizard_choice time_wishes[] = {
	{ "soon", WIZARD_WORD_TIME_SOON },
	{ "this_week", WIZARD_WORD_TIME_THIS_WEEK },
	{ "next_week", WIZARD_WORD_TIME_NEXT_WEEK },
	{ "any", WIZARD_WORD_TIME_ANY },
};
static const struct wizard_choice time_frames[] = {
	{ "month", WIZARD_WORD_FRAME_MONTH },
	{ "quarter", WIZARD_WORD_FRAME_QUARTER },
	{ "year", WIZARD_WORD_FRAME_YEAR },
	{ "open", WIZARD_WORD_FRAME_OPEN },
};

const struct wizard_step *
wizard_form_steps(enum wizard_way way, size_t *count)
{
	assert(way < WIZARD_WAY_MAX);
	for (*count = 0; *count < WIZARD_STEPS_MAX; (*count)++)
		if (steps[way][*count].count == 0)
			break;
	return steps[way];
}

const struct wizard_choice *
wizard_form_choices(enum field field, size_t *count)
{
	switch ((int)field) {
	case FIELD_TIME_WISH:
		*count = COUNT(time_wishes);
		return time_wishes;
	case FIELD_TIME_FRAME:
		*count = COUNT(time_frames);
		return time_frames;
	default:
		*count = 0;
		return NULL;
	}
}

bool
wizard_form_has(const struct wizard_form *w, const struct wizard_item *item)
{
	if (item->field == FIELD_INTENT)
		return wizard_intent_next(w->way, w->config, NULL) != NULL;
	if (item->field == FIELD_STREET || item->field == FIELD_POSTCODE ||
	    item->field == FIELD_PLACE)
		return wizard_asks_address(w->config);
	return true;
}

bool
wizard_form_is_sent(const struct fields *f)
{
	return fields_is_form(f) &&
	       fields_has(f, fields_pointer(FIELD_FLOW) + 1);
}

int
wizard_form_begin(struct wizard_form *out, const struct fields *f,
    const struct tenant *tenant, struct problem *why)
{
	const char *flow, *language;
	enum language asked;

	memset(out, 0, sizeof(*out));
	out->tenant = tenant;
	if (fields_text(&flow, f, FIELD_FLOW, why) != 0 ||
	    fields_text(&language, f, FIELD_LANGUAGE, why) != 0)
		return -1;
	if (wizard_way_parse(&out->way, flow) != 0)
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_FLOW), "emergency, request or offer");
	out->language = tenant->language;
	if (language != NULL && language_parse(&asked, language) == 0 &&
	    (tenant->languages & 1U << asked) != 0)
		out->language = asked;
	return 0;
}

static void
wrong(struct wizard_form *w, enum field field, enum wizard_word word)
{
	/* What is wrong first is said. */
	if (w->error[field] == NULL)
		w->error[field] = wizard_word(word, w->language);
}

/* "Das ist zu lang: höchstens 120 Zeichen." */
static const char *
too_long(struct arena *a, enum field field, enum language language)
{
	const char *text = wizard_word(WIZARD_WORD_ERROR_LONG, language);
	const char *at = strstr(text, "{n}");

	assert(at != NULL);
	return arena_printf(a, "%.*s%zu%s", (int)(at - text), text,
	    fields_max(field), at + strlen("{n}"));
}

static bool
is_choice(const struct wizard_form *w, enum field field)
{
	const char *value = w->value[field];
	const struct wizard_choice *choices;
	const struct cJSON *intent;
	enum wizard_way way;
	size_t count;

	if (field == FIELD_INTENT) {
		intent = wizard_intent_find(w->config, value);
		return intent != NULL && wizard_intent_way(&way, intent) == 0 &&
		       way == w->way;
	}
	choices = wizard_form_choices(field, &count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(choices[i].value, value) == 0)
			return true;
	return false;
}

static int
item_read(struct wizard_form *w, const struct wizard_item *item,
    const struct fields *f, struct problem *why)
{
	enum field field = item->field;
	struct problem its;

	if (fields_text(&w->value[field], f, field, &its) != 0) {
		/* A field that stands twice is no page of ours. */
		if (its.code != PROBLEM_FIELD_TOO_LONG) {
			*why = its;
			return -1;
		}
		w->error[field] = too_long(fields_arena(f), field, w->language);
	}
	if (w->value[field] == NULL) {
		if (item->need == WIZARD_NEEDED)
			wrong(w, field, item->missing);
		return 0;
	}
	if (item->kind == WIZARD_CHOICE && !is_choice(w, field))
		wrong(w, field,
		    field == FIELD_INTENT ? WIZARD_WORD_ERROR_INTENT
					  : WIZARD_WORD_ERROR_CHOICE);
	return 0;
}

/* A number and an address that can be reached, and at least one of them. */
static void
contact_check(struct wizard_form *w, struct arena *a)
{
	const char *phone = w->value[FIELD_CONTACT_PHONE];
	const char *email = w->value[FIELD_CONTACT_EMAIL];
	struct contact contact;
	struct problem its;

	if (phone == NULL && email == NULL)
		wrong(w, FIELD_CONTACT_PHONE, WIZARD_WORD_ERROR_REACH);
	if (phone != NULL &&
	    contact_read(&contact, a, w->tenant, phone, NULL, &its) != 0)
		wrong(w, FIELD_CONTACT_PHONE, WIZARD_WORD_ERROR_PHONE_WRONG);
	if (email != NULL &&
	    contact_read(&contact, a, w->tenant, NULL, email, &its) != 0)
		wrong(w, FIELD_CONTACT_EMAIL, WIZARD_WORD_ERROR_EMAIL_WRONG);
}

int
wizard_form_read(
    struct wizard_form *w, const struct fields *f, struct problem *why)
{
	size_t count;
	const struct wizard_step *step = wizard_form_steps(w->way, &count);

	for (; count > 0; count--, step++)
		for (size_t i = 0; i < step->count; i++)
			if (wizard_form_has(w, &step->items[i]) &&
			    item_read(w, &step->items[i], f, why) != 0)
				return -1;
	contact_check(w, fields_arena(f));
	if (fields_told(&w->value[FIELD_CONSENT], f, FIELD_CONSENT, why) != 0 ||
	    fields_told(
		&w->value[FIELD_FORM_TOKEN], f, FIELD_FORM_TOKEN, why) != 0 ||
	    fields_told(&w->value[FIELD_WEBSITE], f, FIELD_WEBSITE, why) != 0)
		return -1;
	/* Who agreed to other words is asked again. */
	if (w->value[FIELD_CONSENT] != NULL &&
	    strcmp(w->value[FIELD_CONSENT], WIZARD_CONSENT_VERSION) != 0)
		w->value[FIELD_CONSENT] = NULL;
	if (w->value[FIELD_CONSENT] == NULL)
		wrong(w, FIELD_CONSENT, WIZARD_WORD_ERROR_CONSENT);
	return 0;
}

bool
wizard_form_is_good(const struct wizard_form *w)
{
	for (int i = 0; i < FIELD_MAX; i++)
		if (w->error[i] != NULL)
			return false;
	return true;
}

/* What was chosen, in words. */
static const char *
choice_label(
    const struct wizard_form *w, enum field field, enum language language)
{
	size_t count;
	const struct wizard_choice *choices =
	    wizard_form_choices(field, &count);

	for (size_t i = 0; w->value[field] != NULL && i < count; i++)
		if (strcmp(choices[i].value, w->value[field]) == 0)
			return wizard_word(choices[i].label, language);
	return NULL;
}

/* "Adresse: " before the first part of a line, separator before others. */
static void
part_write(
    struct buf *b, const char **before, const char *separator, const char *text)
{
	if (text == NULL)
		return;
	buf_printf(b, "%s%s", *before, text);
	*before = separator;
}

static const char *
line_begin(struct arena *a, enum wizard_word label, enum language language)
{
	return arena_printf(a, "\n%s: ", wizard_word(label, language));
}

/* What staff read, so in the firm's language. */
static const char *
summary_of(const struct wizard_form *w, struct arena *a)
{
	const struct cJSON *intent =
	    wizard_intent_find(w->config, w->value[FIELD_INTENT]);
	enum language language = w->tenant->language;
	const char *before = "";
	struct buf b;

	buf_init(&b, a);
	if (intent != NULL)
		part_write(&b, &before, "\n", wizard_intent_label(intent));
	part_write(&b, &before, "\n", w->value[FIELD_SUMMARY]);
	before = line_begin(a, WIZARD_WORD_ADDRESS, language);
	part_write(&b, &before, ", ", w->value[FIELD_STREET]);
	part_write(&b, &before, " ", w->value[FIELD_POSTCODE]);
	part_write(&b, &before, "", w->value[FIELD_PLACE]);
	before = line_begin(a, WIZARD_WORD_TIME_WISH, language);
	part_write(
	    &b, &before, ", ", choice_label(w, FIELD_TIME_WISH, language));
	part_write(&b, &before, "", w->value[FIELD_TIME_NOTE]);
	before = line_begin(a, WIZARD_WORD_FRAME, language);
	part_write(
	    &b, &before, "", choice_label(w, FIELD_TIME_FRAME, language));
	before = line_begin(a, WIZARD_WORD_BUDGET, language);
	part_write(&b, &before, "", w->value[FIELD_BUDGET]);
	return b.text;
}

static const char *
metadata_of(const struct wizard_form *w, struct arena *a)
{
	static const enum field kept[] = { FIELD_STREET, FIELD_POSTCODE,
		FIELD_PLACE, FIELD_TIME_WISH, FIELD_TIME_NOTE, FIELD_TIME_FRAME,
		FIELD_BUDGET };
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, fields_pointer(FIELD_FLOW) + 1, wizard_way_name(w->way));
	for (size_t i = 0; i < COUNT(kept); i++)
		if (w->value[kept[i]] != NULL)
			json_str(
			    &b, fields_pointer(kept[i]) + 1, w->value[kept[i]]);
	json_obj_close(&b);
	return b.text;
}

static const char *
consent_of(const struct wizard_form *w, struct arena *a)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_str(&b, "version", WIZARD_CONSENT_VERSION);
	json_str(&b, "language", language_name(w->language));
	json_obj_close(&b);
	return b.text;
}

int
wizard_form_ticket(struct ticket_request *out, const struct wizard_form *w,
    const struct fields *f, const struct request *req, struct problem *why)
{
	const char *intent = w->value[FIELD_INTENT];

	memset(out, 0, sizeof(*out));
	out->slug = w->tenant->slug;
	out->intent = intent;
	out->urgency =
	    wizard_urgency(w->way, wizard_intent_find(w->config, intent));
	out->name = w->value[FIELD_CONTACT_NAME];
	out->phone = w->value[FIELD_CONTACT_PHONE];
	out->email = w->value[FIELD_CONTACT_EMAIL];
	out->summary = summary_of(w, req->arena);
	out->metadata = metadata_of(w, req->arena);
	out->language = language_name(w->language);
	out->website = w->value[FIELD_WEBSITE];
	out->form_token = w->value[FIELD_FORM_TOKEN];
	out->consent = consent_of(w, req->arena);
	return event_of_form(
	    &out->event, req, f, w->value[FIELD_FORM_TOKEN] != NULL, why);
}
