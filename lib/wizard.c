/*
 * wizard - the request wizard: by which way a visitor asks a firm, the form of
 * that way, and what is said after it was sent
 */
#include "wizard.h"

#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "fields.h"
#include "form.h"
#include "page.h"
#include "problem.h"
#include "route.h"
#include "site.h"
#include "site_words.h"
#include "tenant.h"
#include "thanks.h"
#include "ticket.h"
#include "visitor.h"
#include "wizard_form.h"
#include "wizard_view.h"
#include "wizard_way.h"

#define PAGE "anfrage"
#define PAGE_THANKS "anfrage/danke"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What the address says: how somebody came, and what is known already. */
struct asked {
	const char *flow;
	const char *intent;
	const char *ref;
	const char *phone;
};

/* What cannot be read is ignored: who follows a link has not written it. */
static void
asked_read(struct asked *out, const struct request *req)
{
	const struct {
		const char **out;
		enum field field;
	} parts[] = {
		{ &out->flow, FIELD_FLOW },
		{ &out->intent, FIELD_INTENT },
		{ &out->ref, FIELD_REF },
		{ &out->phone, FIELD_KNOWN_PHONE },
	};
	const struct fields *f;
	struct problem ignored;

	*out = (struct asked){ 0 };
	if (fields_read_windows_1252(&f, req, &ignored) != 0)
		return;
	for (size_t i = 0; i < COUNT(parts); i++) {
		const char *text;

		if (fields_told(&text, f, parts[i].field, &ignored) == 0 &&
		    text != NULL)
			*parts[i].out = fields_cut(f, parts[i].field, text);
	}
}

static void
visit_begin(struct wizard_visit *out, const struct site *s,
    const struct request *req, const struct asked *asked)
{
	struct buf b;

	*out = (struct wizard_visit){
		.arena = req->arena, .prefix = s->prefix, .here = req->uri
	};
	buf_init(&b, req->arena);
	/* Without its question mark: more may come. */
	if (*s->query != '\0')
		buf_str(&b, s->query + 1);
	if (asked != NULL && asked->ref != NULL)
		form_add(&b, "ref", asked->ref);
	if (asked != NULL && asked->phone != NULL)
		form_add(&b, "phone", asked->phone);
	out->query = b.text;
	out->has_called = asked != NULL && asked->ref != NULL &&
	                  strcmp(asked->ref, "missed_call") == 0;
}

/* The way that is asked for, or the only one there is; -1: to be chosen. */
static int
way_find(enum wizard_way *out, const struct site *s, const struct asked *asked)
{
	const struct cJSON *intent =
	    wizard_intent_find(s->config, asked->intent);
	int count = 0;

	if (intent != NULL && wizard_intent_way(out, intent) == 0)
		return 0;
	if (wizard_way_parse(out, asked->flow) == 0 &&
	    wizard_way_is_there(*out, s->config))
		return 0;
	for (int i = 0; i < WIZARD_WAY_MAX; i++)
		if (wizard_way_is_there((enum wizard_way)i, s->config)) {
			*out = (enum wizard_way)i;
			count++;
		}
	return count == 1 ? 0 : -1;
}

static int
form_answer(struct response *res, const struct site *s,
    const struct request *req, const struct wizard_visit *visit,
    const struct wizard_form *w)
{
	const char *slug = s->tenant->slug;
	const char *token = w->value[FIELD_FORM_TOKEN];

	/* Who corrects a form has filled it in since it was first shown. */
	if (token == NULL ||
	    !visitor_token_is_good(req->arena, token, slug, req->now))
		token = visitor_token(req->arena, slug, req->now);
	(void)site_answer(res, s, req, "wizard_form",
	    wizard_view_form(visit, w, token),
	    wizard_form_is_good(w) ? 200 : 422);
	/* Its token says when it was shown, so it is nobody else's. */
	res->cache = NULL;
	return 0;
}

static int
ask(struct response *res, const struct site *s, const struct request *req)
{
	struct wizard_form w = { .tenant = s->tenant,
		.config = s->config,
		.language = s->language };
	struct wizard_visit visit;
	struct asked asked;

	asked_read(&asked, req);
	visit_begin(&visit, s, req, &asked);
	if (way_find(&w.way, s, &asked) != 0)
		return site_answer(res, s, req, "wizard_choose",
		    wizard_view_choose(&visit, s->config, s->language), 200);
	w.value[FIELD_INTENT] = asked.intent;
	w.value[FIELD_CONTACT_PHONE] = asked.phone;
	return form_answer(res, s, req, &visit, &w);
}

static int
thank(struct response *res, const struct site *s, const struct request *req)
{
	struct wizard_visit visit;
	struct thanks thanks;
	bool is_ours =
	    thanks_read(&thanks, req->arena, s->tenant->slug, req->query);

	visit_begin(&visit, s, req, NULL);
	return site_answer(res, s, req, "wizard_thanks",
	    wizard_view_thanks(&visit, s->tenant, s->config, s->language,
		is_ours ? &thanks : NULL, req->now),
	    200);
}

int
wizard_show(
    struct response *res, const struct request *req, struct problem *why)
{
	struct site s;

	if (site_of(&s, req, why) != 0)
		return site_unknown(res, req, why);
	if (strcmp(s.page, PAGE) == 0)
		return ask(res, &s, req);
	if (strcmp(s.page, PAGE_THANKS) == 0)
		return thank(res, &s, req);
	/* On a firm's domain there are no slugs. */
	return site_page(res, &s, req);
}

/* On to the page of thanks, which the address tells what to say. */
static int
go_on(struct response *res, const struct request *req,
    const struct ticket_answer *out, const char *intent, const char *language)
{
	struct thanks thanks = {
		.number = out->number,
		.ticket_id = out->ticket_id,
		.message = THANKS_NO_MESSAGE,
		.is_urgent = out->is_urgent,
		.intent = intent,
	};
	const char *query;
	struct site s;
	struct buf b;

	(void)clock_parse(&thanks.due, out->sla_due_at);
	if (out->confirmation_sent)
		thanks.message = THANKS_MESSAGE_NOW;
	else if (strcmp(out->confirmation, "deferred") == 0)
		thanks.message = THANKS_MESSAGE_LATER;
	site_for(&s, req, out->tenant, PAGE_THANKS, language);
	query = thanks_query(req->arena, out->tenant->slug, &thanks);
	buf_init(&b, req->arena);
	buf_printf(&b, "%s/%s", s.prefix, PAGE_THANKS);
	if (*query != '\0')
		buf_printf(&b, "?%s", query);
	if (*s.query != '\0')
		buf_printf(&b, "%c%s", *query != '\0' ? '&' : '?', s.query + 1);
	res->status = 303;
	res->location = b.text;
	return 0;
}

/*
 * What was typed, to be sent again. The firm may not be known: it is the
 * database that is away.
 */
static int
retry_answer(struct response *res, const struct request *req,
    const struct fields *f, const struct problem *why)
{
	enum language language = LANGUAGE_DE;
	const char *asked;
	struct problem ignored;

	if (fields_told(&asked, f, FIELD_LANGUAGE, &ignored) == 0 &&
	    asked != NULL)
		(void)language_parse(&language, asked);
	res->retry_after = problem_retry_after(why->code);
	return site_plain(res, req, "wizard_retry",
	    wizard_view_retry(req->arena, f, language), language,
	    problem_status(why->code));
}

/* Does asking again help? Then nobody shall have to type it again. */
static bool
is_passing(const struct problem *why)
{
	return why->code == PROBLEM_TRY_AGAIN ||
	       why->code == PROBLEM_KEY_IN_FLIGHT ||
	       why->code == PROBLEM_INTERNAL;
}

static int
own_form_take(struct response *res, const struct fields *f,
    const struct request *req, struct problem *why)
{
	const struct tenant *tenant;
	struct ticket_request in;
	struct ticket_answer out;
	struct wizard_visit visit;
	struct wizard_form w;
	const char *slug;
	struct site s;

	if (fields_need(&slug, f, FIELD_CUSTOMER_SLUG, why) != 0 ||
	    tenant_by_slug(&tenant, req, slug,
		fields_pointer(FIELD_CUSTOMER_SLUG), why) != 0 ||
	    wizard_form_begin(&w, f, tenant, why) != 0)
		return -1;
	site_for(&s, req, tenant, PAGE, language_name(w.language));
	w.config = s.config;
	if (wizard_form_read(&w, f, why) != 0)
		return -1;
	if (!wizard_form_is_good(&w)) {
		visit_begin(&visit, &s, req, NULL);
		return form_answer(res, &s, req, &visit, &w);
	}
	if (wizard_form_ticket(&in, &w, f, req, why) != 0 ||
	    ticket_open(&out, &in, req, why) != 0)
		return -1;
	return go_on(res, req, &out, in.intent, in.language);
}

/*
 * What no form of ours sends. A program gets the problem; a person, whose page
 * was perhaps left open for a year, a page from which to begin anew.
 */
static int
refusal_answer(struct response *res, const struct request *req,
    const struct fields *f, struct problem *why)
{
	const struct tenant *tenant;
	struct wizard_visit visit;
	struct problem ignored;
	const char *slug, *lang;
	struct site s;

	if (strstr(req->accept, "text/html") == NULL)
		return -1;
	if (why->code == PROBLEM_TENANT_UNKNOWN)
		return site_unknown(res, req, why);
	if ((why->code != PROBLEM_FIELD_INVALID &&
		why->code != PROBLEM_FIELD_TOO_LONG &&
		why->code != PROBLEM_BAD_FORM) ||
	    fields_need(&slug, f, FIELD_CUSTOMER_SLUG, &ignored) != 0 ||
	    tenant_by_slug(&tenant, req, slug, NULL, &ignored) != 0)
		return -1;
	if (fields_told(&lang, f, FIELD_LANGUAGE, &ignored) != 0)
		lang = NULL;
	site_for(&s, req, tenant, PAGE, lang);
	visit_begin(&visit, &s, req, NULL);
	return site_answer(res, &s, req, "wizard_choose",
	    wizard_view_choose(&visit, s.config, s.language), 422);
}

int
wizard_take(
    struct response *res, const struct request *req, struct problem *why)
{
	const struct fields *f;
	struct ticket_request in;
	struct ticket_answer out;
	int rc;

	if (fields_read_windows_1252(&f, req, why) != 0)
		return -1;
	if (route_bearer(req) == NULL && wizard_form_is_sent(f)) {
		rc = own_form_take(res, f, req, why);
		if (rc == 0)
			return 0;
		return is_passing(why) ? retry_answer(res, req, f, why)
		                       : refusal_answer(res, req, f, why);
	}
	if (ticket_request_read(&in, req, why) != 0 ||
	    ticket_open(&out, &in, req, why) != 0)
		return -1;
	return go_on(res, req, &out, in.intent, in.language);
}
