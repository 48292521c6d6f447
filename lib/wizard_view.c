/*
 * wizard_view - what the wizard's pages show, as the values of their templates
 */
#include "wizard_view.h"

#include <assert.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "fields.h"
#include "form.h"
#include "json.h"
#include "json_write.h"
#include "message_text.h"
#include "phone.h"
#include "photo.h"
#include "problem.h"
#include "site_view.h"
#include "tenant.h"
#include "thanks.h"
#include "wizard_form.h"
#include "wizard_way.h"
#include "wizard_words.h"

/* What a search engine shows of a description. */
#define DESCRIPTION_MAX 300

/* "contact_phone": what a field is called in the form. */
static const char *
name_of(enum field field)
{
	return fields_pointer(field) + 1;
}

static const char *
word_or_empty(enum wizard_word word, enum language language)
{
	return word == WIZARD_WORD_MAX ? "" : wizard_word(word, language);
}

static void
view_open(struct buf *b, struct arena *a, const char *title,
    const char *description, enum language language)
{
	buf_init(b, a);
	json_obj_open(b, NULL);
	json_str(b, "title", title);
	json_str(b, "description", site_cut(a, description, DESCRIPTION_MAX));
	json_str(b, "language", language_name(language));
	json_bool(b, "is_wizard", true);
	wizard_words_write(b, language);
}

static const struct cJSON *
view_close(struct buf *b)
{
	const struct cJSON *out = NULL;
	struct problem why;
	int rc;

	json_obj_close(b);
	rc = json_parse_stored(&out, b->arena, b->text, &why);
	/* We wrote it. */
	assert(rc == 0);
	return out;
}

/* One of the choices of a field. */
struct wizard_option {
	const char *value;
	const char *label;
	const char *safety; /* or NULL */
};

/* An address of the wizard, with what links carry on. */
static const char *
link_to(const struct wizard_visit *visit, const char *flow)
{
	struct buf b;

	buf_init(&b, visit->arena);
	buf_printf(&b, "%s/anfrage?%s", visit->prefix, visit->query);
	if (flow != NULL)
		form_add(&b, "flow", flow);
	if (b.text[b.len - 1] == '?')
		b.text[b.len - 1] = '\0';
	return b.text;
}

const struct cJSON *
wizard_view_choose(const struct wizard_visit *visit, const struct cJSON *config,
    enum language language)
{
	struct buf b;

	view_open(&b, visit->arena,
	    wizard_word(WIZARD_WORD_CHOOSE_TITLE, language),
	    wizard_word(WIZARD_WORD_CHOOSE_LEAD, language), language);
	json_bool(&b, "has_called", visit->has_called);
	json_arr_open(&b, "ways");
	for (int i = 0; i < WIZARD_WAY_MAX; i++) {
		enum wizard_way way = (enum wizard_way)i;

		if (!wizard_way_is_there(way, config))
			continue;
		json_obj_open(&b, NULL);
		json_str(&b, "flow", wizard_way_name(way));
		json_str(&b, "href", link_to(visit, wizard_way_name(way)));
		json_str(&b, "label", wizard_way_label(way, config, language));
		json_str(&b, "text", wizard_way_text(way, config, language));
		json_bool(&b, "urgent", way == WIZARD_EMERGENCY);
		json_obj_close(&b);
	}
	json_arr_close(&b);
	return view_close(&b);
}

static void
choice_write(struct buf *b, const struct wizard_form *w, enum field field,
    int i, const struct wizard_option *option)
{
	const char *typed = w->value[field];

	json_obj_open(b, NULL);
	json_str(b, "id", arena_printf(b->arena, "f-%s-%d", name_of(field), i));
	json_str(b, "value", option->value);
	json_str(b, "label", option->label);
	json_bool(
	    b, "checked", typed != NULL && strcmp(typed, option->value) == 0);
	json_str(b, "safety", option->safety == NULL ? "" : option->safety);
	json_obj_close(b);
}

static void
choices_write(struct buf *b, const struct wizard_form *w, enum field field)
{
	const struct cJSON *intent = NULL;
	size_t count;
	const struct wizard_choice *choices =
	    wizard_form_choices(field, &count);
	int n = 0;

	json_arr_open(b, "choices");
	while (field == FIELD_INTENT && (intent = wizard_intent_next(w->way,
					     w->config, intent)) != NULL) {
		const struct wizard_option option = {
			wizard_intent_value(intent),
			wizard_intent_label(intent),
			wizard_intent_safety(intent),
		};

		choice_write(b, w, field, n++, &option);
	}
	for (size_t i = 0; i < count; i++) {
		const struct wizard_option option = {
			choices[i].value,
			wizard_word(choices[i].label, w->language),
			NULL,
		};

		choice_write(b, w, field, n++, &option);
	}
	json_arr_close(b);
}

/* What the page's script says of a value that cannot be right. */
static const char *
wrong_of(enum field field, enum language language)
{
	if (field == FIELD_CONTACT_PHONE)
		return wizard_word(WIZARD_WORD_ERROR_PHONE_WRONG, language);
	if (field == FIELD_CONTACT_EMAIL)
		return wizard_word(WIZARD_WORD_ERROR_EMAIL_WRONG, language);
	return "";
}

/* The ids of the hint and of the error, which the field is described by. */
static const char *
described_by(struct arena *a, const char *name, bool has_hint, bool has_error)
{
	return arena_printf(a, "%s%s%s%s%s", has_hint ? "h-" : "",
	    has_hint ? name : "", has_hint && has_error ? " " : "",
	    has_error ? "e-" : "", has_error ? name : "");
}

static void
item_write(
    struct buf *b, const struct wizard_form *w, const struct wizard_item *item)
{
	enum field field = item->field;
	const char *name = name_of(field);
	const char *value = w->value[field];
	const char *error = w->error[field];
	const char *hint = word_or_empty(item->hint, w->language);

	json_obj_open(b, NULL);
	json_bool(b, "is_line", item->kind == WIZARD_LINE);
	json_bool(b, "is_area", item->kind == WIZARD_AREA);
	json_bool(b, "is_choice", item->kind == WIZARD_CHOICE);
	json_str(b, "name", name);
	json_str(b, "label", wizard_word(item->label, w->language));
	json_str(b, "hint", hint);
	json_str(b, "value", value == NULL ? "" : value);
	json_str(b, "error", error == NULL ? "" : error);
	json_str(b, "described",
	    described_by(b->arena, name, *hint != '\0', error != NULL));
	json_bool(b, "needed", item->need == WIZARD_NEEDED);
	json_bool(b, "one_of", item->need == WIZARD_ONE_OF_THEM);
	json_bool(b, "free", item->need == WIZARD_FREE);
	json_str(b, "missing", word_or_empty(item->missing, w->language));
	json_str(b, "wrong", wrong_of(field, w->language));
	json_str(b, "type", item->type == NULL ? "" : item->type);
	json_str(b, "autocomplete",
	    item->autocomplete == NULL ? "" : item->autocomplete);
	json_int(b, "max", (int64_t)fields_max(field));
	choices_write(b, w, field);
	json_obj_close(b);
}

static bool
step_is_there(const struct wizard_form *w, const struct wizard_step *step)
{
	for (size_t i = 0; i < step->count; i++)
		if (wizard_form_has(w, &step->items[i]))
			return true;
	return false;
}

/* Where something is described there may be pictures of it. */
static bool
has_summary(const struct wizard_form *w, const struct wizard_step *step)
{
	for (size_t i = 0; i < step->count; i++)
		if (step->items[i].field == FIELD_SUMMARY)
			return wizard_form_has(w, &step->items[i]);
	return false;
}

static bool
has_safety(const struct wizard_form *w, const char *kind)
{
	const struct cJSON *intent = NULL;
	const char *safety;

	while (
	    (intent = wizard_intent_next(w->way, w->config, intent)) != NULL) {
		safety = wizard_intent_safety(intent);
		if (safety != NULL && strcmp(safety, kind) == 0)
			return true;
	}
	return false;
}

/* "gas water": what the page of what could not be sent shall advise. */
static const char *
advice_of(const struct wizard_form *w, struct arena *a)
{
	return arena_printf(a, "%s%s", has_safety(w, "gas") ? "gas " : "",
	    has_safety(w, "water") ? "water" : "");
}

static void
steps_write(struct buf *b, const struct wizard_form *w)
{
	size_t count, last = 0;
	const struct wizard_step *steps = wizard_form_steps(w->way, &count);
	int n = 0;

	for (size_t s = 0; s < count; s++)
		if (step_is_there(w, &steps[s]))
			last = s;
	json_arr_open(b, "steps");
	for (size_t s = 0; s < count; s++) {
		if (!step_is_there(w, &steps[s]))
			continue;
		json_obj_open(b, NULL);
		json_int(b, "n", ++n);
		json_str(
		    b, "heading", wizard_word(steps[s].title, w->language));
		json_bool(b, "gas", n == 1 && has_safety(w, "gas"));
		json_bool(b, "water", n == 1 && has_safety(w, "water"));
		json_bool(b, "photos", has_summary(w, &steps[s]));
		json_bool(b, "last", s == last);
		json_arr_open(b, "items");
		for (size_t i = 0; i < steps[s].count; i++)
			if (wizard_form_has(w, &steps[s].items[i]))
				item_write(b, w, &steps[s].items[i]);
		json_arr_close(b);
		json_obj_close(b);
	}
	json_arr_close(b);
}

static void
error_write(struct buf *b, const char *anchor, const char *text)
{
	if (text == NULL)
		return;
	json_obj_open(b, NULL);
	json_str(b, "href", arena_printf(b->arena, "#f-%s", anchor));
	json_str(b, "text", text);
	json_obj_close(b);
}

/* In the order in which they stand on the page. */
static void
errors_write(struct buf *b, const struct wizard_form *w)
{
	size_t count;
	const struct wizard_step *step = wizard_form_steps(w->way, &count);

	json_bool(b, "has_errors", !wizard_form_is_good(w));
	json_arr_open(b, "errors");
	for (; count > 0; count--, step++)
		for (size_t i = 0; i < step->count; i++) {
			const struct wizard_item *item = &step->items[i];
			const char *name = name_of(item->field);

			/* Of a choice it leads to the first one. */
			error_write(b,
			    item->kind == WIZARD_CHOICE
				? arena_printf(b->arena, "%s-0", name)
				: name,
			    w->error[item->field]);
		}
	error_write(b, name_of(FIELD_CONSENT), w->error[FIELD_CONSENT]);
	json_arr_close(b);
}

static bool
has_other_way(const struct wizard_form *w)
{
	for (int i = 0; i < WIZARD_WAY_MAX; i++)
		if ((enum wizard_way)i != w->way &&
		    wizard_way_is_there((enum wizard_way)i, w->config))
			return true;
	return false;
}

const struct cJSON *
wizard_view_form(const struct wizard_visit *visit, const struct wizard_form *w,
    const char *token)
{
	bool urgent = w->way == WIZARD_EMERGENCY;
	const char *error = w->error[FIELD_CONSENT];
	struct buf b;

	view_open(&b, visit->arena,
	    wizard_way_label(w->way, w->config, w->language),
	    wizard_way_text(w->way, w->config, w->language), w->language);
	json_bool(&b, "has_called", visit->has_called);
	json_bool(&b, "urgent", urgent);
	json_str(&b, "flow", wizard_way_name(w->way));
	json_str(&b, "slug", w->tenant->slug);
	json_str(&b, "token", token == NULL ? "" : token);
	json_str(
	    &b, "firm_phone", w->tenant->phone == NULL ? "" : w->tenant->phone);
	json_str(&b, "advice", advice_of(w, visit->arena));
	json_str(
	    &b, "other_href", has_other_way(w) ? link_to(visit, NULL) : "");
	json_str(&b, "send",
	    wizard_word(urgent ? WIZARD_WORD_SEND_EMERGENCY : WIZARD_WORD_SEND,
		w->language));
	json_str(&b, "consent_version", WIZARD_CONSENT_VERSION);
	json_bool(&b, "consent_given", w->value[FIELD_CONSENT] != NULL);
	json_str(&b, "consent_error", error == NULL ? "" : error);
	errors_write(&b, w);
	steps_write(&b, w);
	return view_close(&b);
}

/* "Wir melden uns morgen bis 10:00.", as long as that lies ahead. */
static const char *
promise_of(const struct wizard_visit *visit, const struct tenant *tenant,
    enum language language, const struct thanks *thanks, struct clock_time now)
{
	static const char mark[] = "{until}";
	const char *text = wizard_word(WIZARD_WORD_THANKS_PROMISE, language);
	const char *at = strstr(text, mark);
	struct calendar_promise until;

	if (thanks != NULL && thanks->is_urgent)
		return wizard_word(WIZARD_WORD_THANKS_URGENT, language);
	if (thanks == NULL || thanks->due.us <= now.us)
		return wizard_word(WIZARD_WORD_THANKS_PLAIN, language);
	until = calendar_promise(&tenant->calendar, now, thanks->due);
	assert(at != NULL);
	return arena_printf(visit->arena, "%.*s%s%s", (int)(at - text), text,
	    message_text_until(visit->arena, language, &until),
	    at + strlen(mark));
}

/* For photos.mustache: who opened a ticket may add to it. */
static void
photos_write(struct buf *b, const struct wizard_visit *visit,
    const struct thanks *thanks)
{
	struct secret_mac token;
	struct problem ignored;

	if (thanks == NULL ||
	    photo_token(&token, thanks->ticket_id, &ignored) != 0)
		token.text[0] = '\0';
	json_str(b, "photo_token", token.text);
	json_str(b, "photo_ticket_id", thanks == NULL ? "" : thanks->ticket_id);
	json_str(b, "photo_back", visit->here);
}

const struct cJSON *
wizard_view_thanks(const struct wizard_visit *visit,
    const struct tenant *tenant, const struct cJSON *config,
    enum language language, const struct thanks *thanks, struct clock_time now)
{
	bool urgent = thanks != NULL && thanks->is_urgent;
	const char *safety =
	    thanks == NULL ? NULL
			   : wizard_intent_safety(
				 wizard_intent_find(config, thanks->intent));
	enum thanks_message message =
	    thanks == NULL ? THANKS_NO_MESSAGE : thanks->message;
	struct buf b;

	view_open(&b, visit->arena,
	    wizard_word(urgent ? WIZARD_WORD_THANKS_URGENT_TITLE
			       : WIZARD_WORD_THANKS_TITLE,
		language),
	    "", language);
	json_bool(&b, "urgent", urgent);
	/* For one visitor: no search engine shall have it. */
	json_bool(&b, "is_lost", true);
	json_bool(&b, "has_number", thanks != NULL);
	json_int(&b, "number", thanks == NULL ? 0 : thanks->number);
	json_str(
	    &b, "promise", promise_of(visit, tenant, language, thanks, now));
	json_bool(&b, "sms_now", message == THANKS_MESSAGE_NOW);
	json_bool(&b, "sms_later", message == THANKS_MESSAGE_LATER);
	json_bool(&b, "gas", safety != NULL && strcmp(safety, "gas") == 0);
	json_bool(&b, "water", safety != NULL && strcmp(safety, "water") == 0);
	json_str(&b, "more_href", link_to(visit, NULL));
	photos_write(&b, visit, thanks);
	return view_close(&b);
}

/* A form says who is to be called; it is a number, whoever wrote it. */
static void
call_write(struct buf *b, const struct fields *f)
{
	char shown[PHONE_SHOWN_SIZE];
	const char *phone;
	struct problem ignored;
	size_t digits;

	if (fields_told(&phone, f, FIELD_FIRM_PHONE, &ignored) != 0 ||
	    phone == NULL || *phone != '+')
		return;
	digits = strspn(phone + 1, "0123456789");
	if (digits < 7 || digits > 15 || phone[1 + digits] != '\0')
		return;
	phone_show(shown, phone);
	json_obj_open(b, "phone");
	json_str(b, "href", arena_printf(b->arena, "tel:%s", phone));
	json_str(b, "text", shown);
	json_obj_close(b);
}

static bool
advises(const struct fields *f, const char *kind)
{
	const char *advice;
	struct problem ignored;

	return fields_told(&advice, f, FIELD_ADVICE, &ignored) == 0 &&
	       advice != NULL && strstr(advice, kind) != NULL;
}

const struct cJSON *
wizard_view_retry(
    struct arena *a, const struct fields *f, enum language language)
{
	/* What is kept, and under which word it is shown, if it is. */
	static const struct {
		enum field field;
		enum wizard_word label;
	} kept[] = {
		{ FIELD_CUSTOMER_SLUG, WIZARD_WORD_MAX },
		{ FIELD_FLOW, WIZARD_WORD_MAX },
		{ FIELD_LANGUAGE, WIZARD_WORD_MAX },
		{ FIELD_ADVICE, WIZARD_WORD_MAX },
		{ FIELD_FIRM_PHONE, WIZARD_WORD_MAX },
		{ FIELD_FORM_TOKEN, WIZARD_WORD_MAX },
		{ FIELD_WEBSITE, WIZARD_WORD_MAX },
		{ FIELD_CONSENT, WIZARD_WORD_MAX },
		{ FIELD_INTENT, WIZARD_WORD_MAX },
		{ FIELD_SUMMARY, WIZARD_WORD_SUMMARY },
		{ FIELD_CONTACT_NAME, WIZARD_WORD_NAME },
		{ FIELD_CONTACT_PHONE, WIZARD_WORD_PHONE },
		{ FIELD_CONTACT_EMAIL, WIZARD_WORD_EMAIL },
		{ FIELD_STREET, WIZARD_WORD_STREET },
		{ FIELD_POSTCODE, WIZARD_WORD_POSTCODE },
		{ FIELD_PLACE, WIZARD_WORD_PLACE },
		{ FIELD_TIME_WISH, WIZARD_WORD_MAX },
		{ FIELD_TIME_NOTE, WIZARD_WORD_TIME_NOTE },
		{ FIELD_TIME_FRAME, WIZARD_WORD_MAX },
		{ FIELD_BUDGET, WIZARD_WORD_BUDGET },
	};
	struct problem ignored;
	const char *value;
	struct buf b;

	view_open(&b, a, wizard_word(WIZARD_WORD_RETRY_TITLE, language), "",
	    language);
	call_write(&b, f);
	json_bool(&b, "gas", advises(f, "gas"));
	json_bool(&b, "water", advises(f, "water"));
	json_arr_open(&b, "kept");
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (fields_told(&value, f, kept[i].field, &ignored) != 0 ||
		    value == NULL)
			continue;
		json_obj_open(&b, NULL);
		json_str(&b, "name", name_of(kept[i].field));
		json_str(&b, "value", value);
		json_str(&b, "label", word_or_empty(kept[i].label, language));
		json_obj_close(&b);
	}
	json_arr_close(&b);
	return view_close(&b);
}
