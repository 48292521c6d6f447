/*
 * message_text - every text the house sends, in four languages
 */
#include "message_text.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "alphabet.h"
#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "json_write.h"
#include "log.h"
#include "problem.h"
#include "template.h"
#include "utf8.h"

#define SEGMENTS_MAX 2
#define CHECK_MEMORY ((size_t)64 * 1024)

/* A language: its texts, and the words by which it says a time. */
struct words {
	const char *text[TEXT_MAX];
	const char *promise[PROMISE_MAX];
	const char *appointment;
	const char *date;
	const char *first_of_month;
	const char *hour_mark;
	const char *anonymous;
	const char *weekday[7 + 1]; /* ISO: Monday is 1 */
	const char *month[12 + 1];
};

#define TEXT(name, words) .text[TEXT_##name] = (words),
#define PROMISE(kind, words) .promise[PROMISE_##kind] = (words),
#define APPOINTMENT(words) .appointment = (words),
#define DATE(words) .date = (words),
#define FIRST_OF_MONTH(word) .first_of_month = (word),
#define HOUR_MARK(mark) .hour_mark = (mark),
#define ANONYMOUS(word) .anonymous = (word),
#define WEEKDAY(n, word) .weekday[n] = (word),
#define MONTH(n, word) .month[n] = (word),
static const struct words languages[LANGUAGE_MAX] = {
	[LANGUAGE_DE] = {
#include "text_de.def"
	},
	[LANGUAGE_FR] = {
#include "text_fr.def"
	},
	[LANGUAGE_IT] = {
#include "text_it.def"
	},
	[LANGUAGE_EN] = {
#include "text_en.def"
	},
};
#undef TEXT
#undef PROMISE
#undef APPOINTMENT
#undef DATE
#undef FIRST_OF_MONTH
#undef HOUR_MARK
#undef ANONYMOUS
#undef WEEKDAY
#undef MONTH

/*
 * None may be missing in any language. That none stands twice, both compilers
 * see above.
 */
#define ENTRIES (TEXT_MAX + PROMISE_MAX + 5 + 7 + 12)
#define TEXT(name, words) 1,
#define PROMISE(kind, words) 1,
#define APPOINTMENT(words) 1,
#define DATE(words) 1,
#define FIRST_OF_MONTH(word) 1,
#define HOUR_MARK(mark) 1,
#define ANONYMOUS(word) 1,
#define WEEKDAY(n, word) 1,
#define MONTH(n, word) 1,
_Static_assert(sizeof((char[]){
#include "text_de.def"
	       }) == ENTRIES,
    "text_de.def is not complete");
_Static_assert(sizeof((char[]){
#include "text_fr.def"
	       }) == ENTRIES,
    "text_fr.def is not complete");
_Static_assert(sizeof((char[]){
#include "text_it.def"
	       }) == ENTRIES,
    "text_it.def is not complete");
_Static_assert(sizeof((char[]){
#include "text_en.def"
	       }) == ENTRIES,
    "text_en.def is not complete");

/* The variables, besides the firm's name, which every text has. */
enum variable {
	VARIABLE_LINK,
	VARIABLE_NUMBER,
	VARIABLE_UNTIL,
	VARIABLE_WHEN,
	VARIABLE_WHO,
	VARIABLE_WHAT,
	VARIABLE_MAX
};
#define LINK (1U << VARIABLE_LINK)
#define NUMBER (1U << VARIABLE_NUMBER)
#define UNTIL (1U << VARIABLE_UNTIL)
#define WHEN (1U << VARIABLE_WHEN)
#define WHO (1U << VARIABLE_WHO)
#define WHAT (1U << VARIABLE_WHAT)

static const char *const variables[VARIABLE_MAX] = {
	[VARIABLE_LINK] = "link",
	[VARIABLE_NUMBER] = "number",
	[VARIABLE_UNTIL] = "until",
	[VARIABLE_WHEN] = "when",
	[VARIABLE_WHO] = "who",
	[VARIABLE_WHAT] = "what",
};

/* What makes a text this text, whoever words it. */
static const struct rule {
	const char *name;
	unsigned may;        /* variables it may use */
	unsigned must;       /* and those it has to */
	const char *answers; /* digits it must offer */
	bool stop;           /* must say how to get no more */
	bool is_answered;    /* comes from the two-way number */
} rules[TEXT_MAX] = {
	[TEXT_MISSED_CALL] = { "missed_call", 0, 0, "123", true, true },
	[TEXT_MISSED_CALL_WEEKEND] = { "missed_call_weekend", 0, 0, "123", true,
	    true },
	[TEXT_MISSED_CALL_EMERGENCY] = { "missed_call_emergency", 0, 0, "1",
	    true, true },
	[TEXT_TICKET_CONFIRMATION] = { "ticket_confirmation", NUMBER | UNTIL, 0,
	    "", false, false },
	[TEXT_TICKET_CONFIRMATION_JOINED] = { "ticket_confirmation_joined",
	    NUMBER, 0, "", false, false },
	[TEXT_TICKET_CONFIRMATION_URGENT] = { "ticket_confirmation_urgent",
	    NUMBER, 0, "", false, false },
	[TEXT_REPLY_URGENT] = { "reply_urgent", UNTIL, 0, "", false, true },
	[TEXT_REPLY_URGENT_JOINED] = { "reply_urgent_joined", 0, 0, "", false,
	    true },
	[TEXT_REPLY_CALLBACK] = { "reply_callback", UNTIL, 0, "", false, true },
	[TEXT_REPLY_CALLBACK_JOINED] = { "reply_callback_joined", 0, 0, "",
	    false, true },
	[TEXT_REPLY_FORM] = { "reply_form", LINK, LINK, "", false, true },
	[TEXT_REPLY_TEXT] = { "reply_text", UNTIL, 0, "", false, true },
	[TEXT_REPLY_STOP] = { "reply_stop", 0, 0, "", false, true },
	[TEXT_REPLY_START] = { "reply_start", 0, 0, "", true, true },
	[TEXT_STATUS_SCHEDULED] = { "status_scheduled", WHEN, WHEN, "", false,
	    true },
	[TEXT_STATUS_IN_PROGRESS] = { "status_in_progress", 0, 0, "", false,
	    false },
	[TEXT_STATUS_DONE] = { "status_done", 0, 0, "", false, true },
	[TEXT_STATUS_NEEDS_CALLBACK] = { "status_needs_callback", 0, 0, "",
	    false, false },
	[TEXT_REVIEW_REQUEST] = { "review_request", LINK, LINK, "", true,
	    true },
	[TEXT_ALERT] = { "alert", NUMBER | WHO | WHAT | LINK,
	    NUMBER | WHO | LINK, "", false, true },
	[TEXT_ALERT_LAST] = { "alert_last", NUMBER | WHO | LINK, NUMBER, "",
	    false, true },
	[TEXT_ALERT_MISSED_CALL] = { "alert_missed_call", NUMBER | WHO | LINK,
	    WHO, "", false, true },
	[TEXT_ALERT_OVERDUE] = { "alert_overdue", NUMBER | WHO | WHAT | LINK,
	    NUMBER, "", false, true },
};

const char *
message_text_name(enum text_name name)
{
	assert(name < TEXT_MAX);
	return rules[name].name;
}

int
message_text_parse(enum text_name *out, const char *name)
{
	for (int i = 0; i < TEXT_MAX; i++) {
		if (strcmp(rules[i].name, name) == 0) {
			*out = (enum text_name)i;
			return 0;
		}
	}
	return -1;
}

bool
message_text_is_answered(enum text_name name)
{
	assert(name < TEXT_MAX);
	return rules[name].is_answered;
}

const char *
message_text_words(enum text_name name, enum language language)
{
	assert(name < TEXT_MAX && language < LANGUAGE_MAX);
	return languages[language].text[name];
}

/* Words of our own, filled in with values that are always there. */
static char *
say(struct arena *a, const char *words, const struct template_value *values,
    size_t n)
{
	struct problem why;
	char *out = NULL;
	int rc = template_render(&out, a, words, values, n, &why);

	assert(rc == 0);
	return out;
}

static char *
say_date(
    struct arena *a, const struct words *w, const struct calendar_promise *p)
{
	const struct template_value date[] = {
		{ "day", p->day == 1 ? w->first_of_month
				     : arena_printf(a, "%d", p->day) },
		{ "month", w->month[p->month] },
	};

	return say(a, w->date, date, 2);
}

/* "16:00", "16 h 00" */
static const char *
say_hour(
    struct arena *a, const struct words *w, const struct calendar_promise *p)
{
	bool known = *p->time != '\0';
	struct buf b;

	buf_init(&b, a);
	if (known)
		buf_add(&b, p->time, 2);
	else
		buf_str(&b, MESSAGE_TEXT_HOUR);
	buf_str(&b, w->hour_mark);
	buf_str(&b, known ? p->time + 3 : MESSAGE_TEXT_MINUTE);
	return b.text;
}

/* A time in words: which of a language's forms is the caller's to choose. */
static char *
say_time(struct arena *a, const struct words *w, const char *form,
    const struct calendar_promise *p)
{
	const struct template_value values[] = {
		{ "time", say_hour(a, w, p) },
		{ "weekday", w->weekday[p->weekday] },
		/* Most forms have none. */
		{ "date",
		    strstr(form, "date") == NULL ? "" : say_date(a, w, p) },
	};

	return say(a, form, values, 3);
}

char *
message_text_until(
    struct arena *a, enum language language, const struct calendar_promise *p)
{
	const struct words *w = &languages[language];

	return say_time(a, w, w->promise[p->kind], p);
}

/* One wording of a text, the house's or a firm's. */
struct wording {
	enum text_name name;
	enum language language;
	const char *text;
};

static int
fill_in(char **out, struct arena *a, const struct wording *wording,
    const struct text_values *v, struct problem *why)
{
	const struct words *w = &languages[wording->language];
	const struct rule *rule = &rules[wording->name];
	struct template_value values[VARIABLE_MAX + 1];
	const char *value[VARIABLE_MAX] = {
		[VARIABLE_LINK] = v->link,
		[VARIABLE_NUMBER] =
		    v->number == NULL ? MESSAGE_TEXT_NUMBER : v->number,
		[VARIABLE_WHO] = v->who == NULL ? w->anonymous : v->who,
		[VARIABLE_WHAT] = v->what,
	};

	if ((rule->may & UNTIL) != 0 && v->until != NULL)
		value[VARIABLE_UNTIL] =
		    say_time(a, w, w->promise[v->until->kind], v->until);
	if ((rule->may & WHEN) != 0 && v->when != NULL)
		value[VARIABLE_WHEN] = say_time(a, w, w->appointment, v->when);
	for (int i = 0; i < VARIABLE_MAX; i++) {
		values[i].name = variables[i];
		values[i].value = (rule->may & 1U << i) == 0 ? NULL : value[i];
	}
	values[VARIABLE_MAX].name = "firm";
	values[VARIABLE_MAX].value = v->firm;
	return template_render(
	    out, a, wording->text, values, VARIABLE_MAX + 1, why);
}

/* What the text will cost when the statement has filled in its markers. */
static struct text_cost
cost_of(struct arena *a, const char *body)
{
	static const char digits[] = "000000000000";
	static const struct {
		const char *text;
		size_t len;
		size_t shown;
	} markers[] = {
#define MARKER(text, shown) { text, sizeof(text) - 1, shown }
		MARKER(MESSAGE_TEXT_NUMBER, MESSAGE_TEXT_NUMBER_LEN),
		MARKER(MESSAGE_TEXT_CODE, MESSAGE_TEXT_CODE_LEN),
		MARKER(MESSAGE_TEXT_HOUR, MESSAGE_TEXT_TIME_LEN),
		MARKER(MESSAGE_TEXT_MINUTE, MESSAGE_TEXT_TIME_LEN),
#undef MARKER
	};
	const size_t count = sizeof(markers) / sizeof(markers[0]);
	const char *brace;
	struct buf b;

	_Static_assert(sizeof(digits) > MESSAGE_TEXT_CODE_LEN,
	    "as many as the longest marker stands for");
	buf_init(&b, a);
	while ((brace = strchr(body, '{')) != NULL) {
		size_t i = 0;

		buf_add(&b, body, (size_t)(brace - body));
		while (i < count &&
		       strncmp(brace, markers[i].text, markers[i].len) != 0)
			i++;
		/* Another brace is a letter like others. */
		if (i == count)
			buf_char(&b, '{');
		else
			buf_add(&b, digits, markers[i].shown);
		body = brace + (i == count ? 1 : markers[i].len);
	}
	buf_str(&b, body);
	return alphabet_cost(b.text);
}

/*
 * A firm's own wording. Nothing checked it if it was written past `tenant set`:
 * it must not be what makes every message twice as dear.
 */
static int
fill_in_own(char **out, struct text_cost *cost, struct arena *a,
    const struct wording *wording, const struct text_values *v)
{
	struct problem why;
	int rc = fill_in(out, a, wording, v, &why);

	if (rc == 0) {
		*cost = cost_of(a, *out);
		if (cost->culprit != 0 || cost->segments > SEGMENTS_MAX)
			rc = problem(&why, PROBLEM_FIELD_INVALID, NULL,
			    "it would cost more than a checked one; see "
			    "opsfabric text check");
	}
	if (rc != 0)
		log_warn("own text %s.%s of \"%s\": %s",
		    language_name(wording->language), rules[wording->name].name,
		    v->firm, why.detail);
	return rc;
}

void
message_text_render(struct text_body *out, struct arena *a,
    const struct text_source *from, enum text_name name, enum language language,
    const struct text_values *v)
{
	struct wording wording = { name, language, NULL };
	struct text_cost cost = { 0 };
	struct problem why;
	char *body = NULL;
	int rc = -1;

	assert(name < TEXT_MAX && language < LANGUAGE_MAX);
	if (from->own != NULL)
		wording.text =
		    from->own(from->tenant, language, rules[name].name);
	if (wording.text != NULL)
		rc = fill_in_own(&body, &cost, a, &wording, v);
	if (rc != 0) {
		wording.text = message_text_words(name, language);
		rc = fill_in(&body, a, &wording, v, &why);
		assert(rc == 0);
		cost = cost_of(a, body);
	}
	out->body = body;
	out->segments = cost.segments;
}

static void
candidate_write(struct buf *b, const char *member, const struct text_body *body)
{
	json_obj_open(b, member);
	json_str(b, "body", body->body);
	json_int(b, "segments", body->segments);
	json_obj_close(b);
}

char *
message_text_candidates(struct arena *a, const struct text_source *from,
    enum text_name name, const struct text_values *v)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	for (int i = 0; i < LANGUAGE_MAX; i++) {
		struct text_body body;

		if ((from->languages & 1U << i) == 0)
			continue;
		message_text_render(&body, a, from, name, (enum language)i, v);
		candidate_write(&b, language_name((enum language)i), &body);
	}
	json_obj_close(&b);
	return b.text;
}

char *
message_text_candidates_by_kind(struct arena *a, const struct text_source *from,
    const struct text_kind *kinds, size_t n, const struct text_values *v)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	for (int i = 0; i < LANGUAGE_MAX; i++) {
		if ((from->languages & 1U << i) == 0)
			continue;
		json_obj_open(&b, language_name((enum language)i));
		for (size_t k = 0; k < n; k++) {
			struct text_values values = *v;
			struct text_body body;

			if (kinds[k].until != NULL)
				values.until = kinds[k].until;
			message_text_render(&body, a, from, kinds[k].name,
			    (enum language)i, &values);
			candidate_write(&b, kinds[k].kind, &body);
		}
		json_obj_close(&b);
	}
	json_obj_close(&b);
	return b.text;
}

/* "1 = emergency" offers 1, "24 hours" offers neither 2 nor 4. */
static bool
offers(const char *text, char digit)
{
	for (const char *p = text; (p = strchr(p, digit)) != NULL; p++) {
		bool before = p > text && isalnum((unsigned char)p[-1]) != 0;

		if (!before && isalnum((unsigned char)p[1]) == 0)
			return true;
	}
	return false;
}

/* Which part of the text's purpose is missing, or NULL. */
static const char *
missing_part(struct arena *a, const struct rule *rule, const char *text)
{
	for (int i = 0; i < VARIABLE_MAX; i++) {
		if ((rule->must & 1U << i) != 0 &&
		    !template_uses(text, variables[i]))
			return arena_printf(a, "{{%s}}", variables[i]);
	}
	for (const char *p = rule->answers; *p != '\0'; p++) {
		if (!offers(text, *p))
			return arena_printf(a, "the answer %c", *p);
	}
	if (rule->stop && strcasestr(text, "stop") == NULL)
		return "the word STOP";
	return NULL;
}

/*
 * The first character that an SMS cannot carry cheaply, or NULL. One that is
 * not to be seen is named by its code only.
 */
static const char *
foreign_letter(struct arena *a, const char *text)
{
	struct text_cost cost = alphabet_cost(text);
	const char *at = text + cost.culprit_offset;

	if (cost.culprit == 0)
		return NULL;
	if (cost.culprit <= ' ')
		return arena_printf(a, "character %zu (U+%04X)",
		    cost.culprit_number, (unsigned)cost.culprit);
	return arena_printf(a, "character %zu, %.*s (U+%04X),",
	    cost.culprit_number, (int)utf8_char(at, strlen(at), NULL), at,
	    (unsigned)cost.culprit);
}

char *
message_text_longest(struct arena *a, enum language language,
    enum text_name name, const char *text, const char *firm,
    struct problem *why)
{
	const struct calendar_promise late = {
		.kind = PROMISE_DATE,
		.weekday = 3,
		.year = 2026,
		.month = 9,
		.day = 30,
		.time = "10:00",
	};
	const struct wording wording = { name, language, text };
	char *out = NULL;
	char link[MESSAGE_TEXT_LINK_MAX + 1];
	char number[MESSAGE_TEXT_NUMBER_LEN + 1];
	char who[MESSAGE_TEXT_WHO_MAX + 1];
	char what[MESSAGE_TEXT_WHAT_MAX + 1];
	const struct text_values v = {
		.firm = firm,
		.link = link,
		.number = number,
		.who = who,
		.what = what,
		.until = &late,
		.when = &late,
	};

	memset(who, 'w', sizeof(who) - 1);
	who[sizeof(who) - 1] = '\0';
	memset(what, 'w', sizeof(what) - 1);
	what[sizeof(what) - 1] = '\0';
	memset(link, 'x', sizeof(link) - 1);
	link[sizeof(link) - 1] = '\0';
	memset(number, '9', sizeof(number) - 1);
	number[sizeof(number) - 1] = '\0';
	return fill_in(&out, a, &wording, &v, why) == 0 ? out : NULL;
}

/* A phone takes what touches an address for a part of it. */
static bool
link_is_touched(const char *text)
{
	static const char joins[] = "/-_~%&=#?@+";

	for (const char *p = text; (p = strstr(p, "{{")) != NULL; p += 2) {
		const char *name = p + 2 + strspn(p + 2, " ");
		const char *end = strstr(p, "}}");
		unsigned char before = p > text ? (unsigned char)p[-1] : ' ';
		unsigned char after;

		if (end == NULL || strncmp(name, "link", 4) != 0)
			continue;
		after = (unsigned char)end[2];
		if (isalnum(before) != 0 || before >= 0x80 || before == '}' ||
		    before == '/' || isalnum(after) != 0 || after >= 0x80 ||
		    after == '{' ||
		    (after != '\0' && strchr(joins, after) != NULL))
			return true;
	}
	return false;
}

/* What is wrong with the wording, in words, or NULL. */
static const char *
fault_of(struct arena *a, const struct wording *wording, const char *firm)
{
	const char *text = wording->text;
	const char *part;
	struct problem why;
	struct text_cost cost;
	char *body;

	if (!utf8_is_text(text, strlen(text)))
		return "the text is not valid UTF-8";
	body = message_text_longest(
	    a, wording->language, wording->name, text, firm, &why);
	if (body == NULL)
		return arena_strdup(a, why.detail);
	/* One brace was meant as a variable, or would be taken for a marker. */
	if (strpbrk(body, "{}") != NULL)
		return "a variable has two braces on each side: {{firm}}";
	part = foreign_letter(a, text);
	if (part != NULL)
		return arena_printf(
		    a, "%s is not in the alphabet of SMS", part);
	if (strstr(body, firm) == NULL)
		return "{{firm}} is missing: who writes?";
	part = missing_part(a, &rules[wording->name], text);
	if (part != NULL)
		return arena_printf(a, "%s is missing", part);
	if (link_is_touched(text))
		return "{{link}} needs a space before and after it";
	cost = alphabet_cost(body);
	if (cost.segments > SEGMENTS_MAX)
		return arena_printf(a,
		    "with long values it has %d characters, which are %d "
		    "messages; at most %d are allowed",
		    cost.units, cost.segments, SEGMENTS_MAX);
	return NULL;
}

int
message_text_check(enum language language, enum text_name name,
    const char *text, const char *firm, struct problem *why)
{
	const struct wording wording = { name, language, text };
	struct arena *a;
	const char *fault;
	int rc = 0;

	assert(name < TEXT_MAX && language < LANGUAGE_MAX);
	a = arena_new(CHECK_MEMORY);
	fault = fault_of(a, &wording, firm);
	if (fault != NULL)
		rc = problem(why, PROBLEM_FIELD_INVALID, "/config/texts",
		    "%s.%s: %s", language_name(language), rules[name].name,
		    fault);
	arena_free(a);
	return rc;
}

int
message_text_firm_check(const char *sms_name, struct problem *why)
{
	static const char field[] = "/config/sms_name";
	struct text_cost cost = alphabet_cost(sms_name);
	struct arena *a;
	int rc;

	if (cost.culprit != 0) {
		a = arena_new(CHECK_MEMORY);
		rc = problem(why, PROBLEM_FIELD_INVALID, field,
		    "%s is not in the alphabet of SMS",
		    foreign_letter(a, sms_name));
		arena_free(a);
		return rc;
	}
	if (strpbrk(sms_name, "{}\r\n\f") != NULL)
		return problem(why, PROBLEM_FIELD_INVALID, field,
		    "a firm's name has no braces and no line break");
	if (sms_name[strspn(sms_name, " ")] == '\0' || cost.units < 2 ||
	    cost.units > MESSAGE_TEXT_FIRM_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, field,
		    "a firm's name in messages has 2 to %d characters",
		    MESSAGE_TEXT_FIRM_MAX);
	return 0;
}

const char *
message_text_firm(struct arena *a, const char *name, const char *slug)
{
	struct problem why;
	char *plain;
	size_t len;

	plain = alphabet_plain(a, name);
	for (char *p = plain; *p != '\0'; p++)
		if (strchr("{}\r\n\f", *p) != NULL)
			*p = ' ';
	/* No letter of the alphabet has more than three bytes. */
	len = utf8_prefix(plain, (size_t)3 * MESSAGE_TEXT_FIRM_MAX);
	plain[len] = '\0';
	while (len > 0 &&
	       (plain[len - 1] == ' ' ||
		   alphabet_cost(plain).units > MESSAGE_TEXT_FIRM_MAX)) {
		len = utf8_prefix(plain, len - 1);
		plain[len] = '\0';
	}
	if (message_text_firm_check(plain, &why) == 0)
		return plain;
	return arena_printf(a, "%.*s", MESSAGE_TEXT_FIRM_MAX, slug);
}
