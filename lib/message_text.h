/*
 * message_text.h - every text the house sends, in four languages
 *
 * The words are text_<language>.def; a firm may have its own. docs/texts.md is
 * for those who write them.
 */
#ifndef LIB_MESSAGE_TEXT_H
#define LIB_MESSAGE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "language.h"

struct arena;
struct calendar_promise;
struct problem;

/* After each: the variables it may use besides {{firm}}; * are obligatory. */
enum text_name {
	TEXT_MISSED_CALL,
	TEXT_MISSED_CALL_WEEKEND,
	TEXT_MISSED_CALL_EMERGENCY, /* quiet hours, text_back "emergency" */
	TEXT_TICKET_CONFIRMATION,   /* number until */
	TEXT_TICKET_CONFIRMATION_JOINED, /* number */
	TEXT_TICKET_CONFIRMATION_URGENT, /* number */
	TEXT_REPLY_URGENT,               /* until */
	TEXT_REPLY_URGENT_JOINED,
	TEXT_REPLY_CALLBACK, /* until */
	TEXT_REPLY_CALLBACK_JOINED,
	TEXT_REPLY_FORM, /* link* */
	TEXT_REPLY_TEXT, /* until */
	TEXT_REPLY_STOP,
	TEXT_REPLY_START,
	TEXT_STATUS_SCHEDULED, /* when* */
	TEXT_STATUS_IN_PROGRESS,
	TEXT_STATUS_DONE,
	TEXT_STATUS_NEEDS_CALLBACK,
	TEXT_REVIEW_REQUEST, /* link* */
	/* To the firm: */
	TEXT_ALERT,             /* number* who* what link* */
	TEXT_ALERT_LAST,        /* number* who link: before a silence */
	TEXT_ALERT_MISSED_CALL, /* number who* link */
	TEXT_ALERT_OVERDUE,     /* number* who what link */
	TEXT_MAX
};

/* "missed_call": under this a firm has its own, and sms_log its template. */
const char *message_text_name(enum text_name name);

/* The text of that name; -1 if there is none. */
int message_text_parse(enum text_name *out, const char *name);

/* Does it ask for an answer, or say how to get no more? Then it comes from a
 * number that can be answered. */
bool message_text_is_answered(enum text_name name);

/* The house's wording, with its variables: what a firm's own starts from. */
const char *message_text_words(enum text_name name, enum language language);

/* What a statement knows first: it puts the value in the marker's place. */
#define MESSAGE_TEXT_NUMBER "{number}"
#define MESSAGE_TEXT_CODE "{code}"
#define MESSAGE_TEXT_HOUR "{h}"
#define MESSAGE_TEXT_MINUTE "{m}"

/* Characters that are reserved for them when segments are counted. */
#define MESSAGE_TEXT_NUMBER_LEN 6
#define MESSAGE_TEXT_CODE_LEN 12
#define MESSAGE_TEXT_TIME_LEN 2

/* Longest {{link}} for which a checked text keeps within two segments. */
#define MESSAGE_TEXT_LINK_MAX 100

/* Longest firm's name in septets. */
#define MESSAGE_TEXT_FIRM_MAX 40

/* Longest {{who}} and {{what}} in septets. */
#define MESSAGE_TEXT_WHO_MAX 41
#define MESSAGE_TEXT_WHAT_MAX 48

/*
 * A promise in words, as {{until}} becomes: "bis 16:00", "morgen bis 10:00".
 */
char *message_text_until(
    struct arena *a, enum language language, const struct calendar_promise *p);

/* What a text does not use may be NULL. */
struct text_values {
	const char *firm;   /* past message_text_firm_check() */
	const char *link;   /* may hold MESSAGE_TEXT_CODE */
	const char *number; /* NULL: MESSAGE_TEXT_NUMBER */
	/* Of the contact and theirs: past alphabet_words(). NULL: nobody knows
	 * who it is, as the language says it. */
	const char *who;
	const char *what;
	/* As said when the message leaves: a "tomorrow" that was put off until
	 * the end of quiet hours would be a day late. A time that is "" becomes
	 * MESSAGE_TEXT_HOUR and MESSAGE_TEXT_MINUTE. */
	const struct calendar_promise *until;
	/* The appointment: always with weekday and date, whatever its kind. */
	const struct calendar_promise *when;
};

/* A firm's own wording of a text by name, or NULL. */
typedef const char *text_lookup(
    const void *tenant, enum language language, const char *name);

struct text_source {
	text_lookup *own; /* or NULL: the house's texts */
	const void *tenant;
	unsigned languages; /* bit 1 << enum language; at least one */
};

struct text_body {
	const char *body;
	int segments;
};

/*
 * Never fails: a firm's own wording that cannot be filled in, or that costs
 * more than a checked one can, gives way to the house's, with a warning in the
 * log; a caller that leaves out a value which
 * the house's text needs has a bug. Of from->languages nothing is asked here.
 */
void message_text_render(struct text_body *out, struct arena *a,
    const struct text_source *from, enum text_name name, enum language language,
    const struct text_values *v);

/* {"de":{"body":"...","segments":1},...}: where SQL knows the language. */
char *message_text_candidates(struct arena *a, const struct text_source *from,
    enum text_name name, const struct text_values *v);

/* One of several texts, under the name by which the statement picks it. */
struct text_kind {
	const char *kind;
	enum text_name name;
	const struct calendar_promise *until; /* NULL: that of the values */
};

/* {"de":{"new":{"body":"...","segments":1},"joined":{...}},...} */
char *message_text_candidates_by_kind(struct arena *a,
    const struct text_source *from, const struct text_kind *kinds, size_t n,
    const struct text_values *v);

/*
 * Is this a wording that a firm may use: can it be filled in, has it what the
 * text is for, only letters of GSM 7-bit, at most two segments with long
 * values? PROBLEM_FIELD_INVALID at /config/texts, naming text and place.
 */
int message_text_check(enum language language, enum text_name name,
    const char *text, const char *firm, struct problem *why);

/*
 * The wording filled in with values as long as they get, which is what it is
 * measured by. NULL if it cannot be filled in.
 */
char *message_text_longest(struct arena *a, enum language language,
    enum text_name name, const char *text, const char *firm,
    struct problem *why);

/*
 * Is this a firm's name as messages can carry it: 2 to 40 characters of GSM
 * 7-bit, no braces, on one line? PROBLEM_FIELD_INVALID at /config/sms_name.
 */
int message_text_firm_check(const char *sms_name, struct problem *why);

/*
 * A firm's name as messages carry it, whatever stands in its row: what of the
 * name is good, else the slug.
 */
const char *message_text_firm(
    struct arena *a, const char *name, const char *slug);

#endif
