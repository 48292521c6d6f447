/*
 * wizard_view.h - what the wizard's pages show, as the values of their
 * templates
 *
 * One function for each of nginx/pages/wizard_*.mustache. Words are the member
 * w. A member that a template asks for is always there, be it "" or false: one
 * that is not would be looked for further out.
 */
#ifndef LIB_WIZARD_VIEW_H
#define LIB_WIZARD_VIEW_H

#include <stdbool.h>

#include "clock.h"
#include "language.h"

struct arena;
struct cJSON;
struct fields;
struct tenant;
struct thanks;
struct wizard_form;

/* What the pages of a visit have in common. */
struct wizard_visit {
	struct arena *arena;
	const char *prefix; /* of the firm's pages: "/<slug>", or "" */
	/* What links carry on: "lang=fr&phone=...", or "". */
	const char *query;
	bool has_called;  /* and was not answered */
	const char *here; /* this page, for a form that comes back to it */
};

/* The ways of the firm, to choose from. */
const struct cJSON *wizard_view_choose(const struct wizard_visit *visit,
    const struct cJSON *config, enum language language);

/* The form, with what was typed and what is wrong with it. token: visitor.h, or
 * NULL. */
const struct cJSON *wizard_view_form(const struct wizard_visit *visit,
    const struct wizard_form *w, const char *token);

/* What happens next; thanks is NULL where the page's address says nothing. */
const struct cJSON *wizard_view_thanks(const struct wizard_visit *visit,
    const struct tenant *tenant, const struct cJSON *config,
    enum language language, const struct thanks *thanks, struct clock_time now);

/* What was sent and could not be taken, to be sent again. */
const struct cJSON *wizard_view_retry(
    struct arena *a, const struct fields *f, enum language language);

#endif
