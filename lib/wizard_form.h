/*
 * wizard_form.h - the form of one way: its fields, their rules, and what a
 * visitor put into them
 *
 * The same table makes the page and checks what comes back from it.
 */
#ifndef LIB_WIZARD_FORM_H
#define LIB_WIZARD_FORM_H

#include <stdbool.h>
#include <stddef.h>

#include "fields.h"
#include "wizard_way.h"
#include "wizard_words.h"

struct cJSON;
struct problem;
struct request;
struct tenant;
struct ticket_request;

/* Which words of the consent the page shows: other words, another version. */
#define WIZARD_CONSENT_VERSION "2026-11"

enum wizard_kind {
	WIZARD_LINE,
	WIZARD_AREA,
	WIZARD_CHOICE
};

enum wizard_need {
	WIZARD_FREE,
	WIZARD_NEEDED,
	WIZARD_ONE_OF_THEM /* the telephone or the e-mail address */
};

struct wizard_item {
	enum field field;
	enum wizard_kind kind;
	enum wizard_need need;
	enum wizard_word label;
	enum wizard_word hint;    /* WIZARD_WORD_MAX: none */
	enum wizard_word missing; /* what is said where it is needed */
	const char *type;         /* of an <input>, or NULL */
	const char *autocomplete; /* or NULL */
};

#define WIZARD_ITEMS_MAX 6
#define WIZARD_STEPS_MAX 4

struct wizard_step {
	enum wizard_word title;
	struct wizard_item items[WIZARD_ITEMS_MAX];
	size_t count;
};

struct wizard_choice {
	const char *value;
	enum wizard_word label;
};

struct wizard_form {
	enum wizard_way way;
	enum language language; /* of the page on which it stands */
	const struct tenant *tenant;
	const struct cJSON *config; /* the tenant's */
	/* As it was typed, trimmed; NULL: nothing. */
	const char *value[FIELD_MAX];
	/* What is wrong with it, in words of the language, or NULL. */
	const char *error[FIELD_MAX];
};

/* The steps of the form's way, count of them; some may have no item for this
 * firm: ask wizard_form_has(). */
const struct wizard_step *wizard_form_steps(enum wizard_way way, size_t *count);
bool wizard_form_has(
    const struct wizard_form *w, const struct wizard_item *item);

/* The choices of a field that has the same for every firm; NULL: none. */
const struct wizard_choice *wizard_form_choices(
    enum field field, size_t *count);

/* Does it come from our page? */
bool wizard_form_is_sent(const struct fields *f);

/* Which way, and in which language of the firm. PROBLEM_FIELD_INVALID. */
int wizard_form_begin(struct wizard_form *out, const struct fields *f,
    const struct tenant *tenant, struct problem *why);

/*
 * What was typed into a form whose way, tenant, config and language are set:
 * every field that is wrong gets its error. -1 with PROBLEM_BAD_FORM only.
 */
int wizard_form_read(
    struct wizard_form *w, const struct fields *f, struct problem *why);

bool wizard_form_is_good(const struct wizard_form *w);

/*
 * The ticket that a good form asks for: its intent, its urgency, what was typed
 * as a summary in the firm's language and as metadata, the consent.
 */
int wizard_form_ticket(struct ticket_request *out, const struct wizard_form *w,
    const struct fields *f, const struct request *req, struct problem *why);

#endif
