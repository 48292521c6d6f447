/*
 * alert_link - the page behind the link of an alert, with its one button
 */
#include "alert_link.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "alert.h"
#include "arena.h"
#include "asset.h"
#include "buf.h"
#include "calendar.h"
#include "clock.h"
#include "db.h"
#include "digest.h"
#include "id.h"
#include "json.h"
#include "json_write.h"
#include "language.h"
#include "page.h"
#include "photo_file.h"
#include "photo_view.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"

#define VALID_US CLOCK_DAY

static const struct words {
	const char *kind[ALERT_KIND_MAX];
	const char *number;
	const char *unknown; /* who called */
	const char *button;
	const char *hint;
	const char *taken; /* by whom, and when */
	const char *photo;
} languages[LANGUAGE_MAX] = {
	[LANGUAGE_DE] = { { "Notfall", "Verpasster Anruf",
			      "Wartet noch auf Antwort" },
	    "Nr.", "Unbekannt", "Ich übernehme",
	    "Danach wird niemand mehr benachrichtigt.", "Übernommen:", "Foto" },
	[LANGUAGE_FR] = { { "Urgence", "Appel manqué",
			      "Attend toujours une réponse" },
	    "nº", "Inconnu", "Je m’en charge",
	    "Ensuite, plus personne ne sera averti.",
	    "Pris en charge :", "Photo" },
	[LANGUAGE_IT] = { { "Emergenza", "Chiamata persa",
			      "Aspetta ancora una risposta" },
	    "n.", "Sconosciuto", "Me ne occupo io",
	    "Dopo nessun altro sarà avvisato.", "Preso in carico:", "Foto" },
	[LANGUAGE_EN] = { { "Emergency", "Missed call",
			      "Still waits for an answer" },
	    "no.", "Unknown", "I take it", "After that nobody else is told.",
	    "Taken:", "Photo" },
};

/* The alert of a link, with the ticket as it is now. */
struct view {
	const struct tenant *tenant;
	const struct db_batch *batch;
	enum language language;
	struct digest_hex hash;
};

static const char *
value(const struct view *v, const char *column)
{
	const char *text = db_get(v->batch, 0, 0, column);

	return text == NULL ? "" : text;
}

static struct clock_time
instant(const struct view *v, const char *column)
{
	struct clock_time t = { .us = strtoll(value(v, column), NULL, 10) *
		                      CLOCK_SECOND };

	return t;
}

/* Whose link it is, whatever became of the alert. */
static int
firm_read(struct view *v, const struct request *req, struct problem *why)
{
	struct stmt_alert_tenant params = { .code_hash = v->hash.text };
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);
	const char *slug = NULL;

	db_queue(b, STMT_ALERT_TENANT, &params);
	if (db_flush(b, why) != 0)
		return -1;
	if (db_rows(b, 0) > 0)
		slug = db_get(b, 0, 0, "slug");
	if (slug != NULL &&
	    tenant_by_slug(&v->tenant, req, slug, NULL, why) == 0)
		return 0;
	/* A firm that is not served any more has no pages. */
	if (slug != NULL && why->code != PROBLEM_TENANT_UNKNOWN)
		return -1;
	return problem(why, PROBLEM_NOT_FOUND, NULL, "This link leads nowhere");
}

static int
view_read(struct view *v, const struct request *req, struct problem *why)
{
	const char *code = route_path_part(req, 1);
	struct stmt_alert_show params = { .code_hash = v->hash.text };
	struct stmt_alert_photos photos = { .code_hash = v->hash.text };
	struct db_batch *b;

	v->hash = digest_sha256(code, strlen(code));
	if (firm_read(v, req, why) != 0)
		return -1;
	b = db_batch(req->db, req->arena, v->tenant->id, v->hash.text);
	db_queue(b, STMT_ALERT_SHOW, &params);
	db_queue(b, STMT_ALERT_PHOTOS, &photos);
	if (db_flush(b, why) != 0)
		return -1;
	v->batch = b;
	v->language = v->tenant->language;
	for (size_t i = 0; i < v->tenant->on_call_count; i++)
		if (strcmp(v->tenant->on_call[i].phone, value(v, "told")) == 0)
			v->language = v->tenant->on_call[i].language;
	if (clock_add(instant(v, "told_at"), VALID_US).us <= req->now.us)
		return problem(
		    why, PROBLEM_LINK_EXPIRED, NULL, "It was good for a day");
	return 0;
}

/* "8.7.2026 23:41", which four languages read. */
static const char *
time_text(const struct view *v, const char *column, const struct request *req)
{
	struct calendar_promise p = calendar_promise(
	    &v->tenant->calendar, req->now, instant(v, column));

	return arena_printf(
	    req->arena, "%d.%d.%d %s", p.day, p.month, p.year, p.time);
}

static const char *
title_of(const struct view *v, struct arena *a)
{
	const struct words *w = &languages[v->language];
	enum alert_kind kind = ALERT_EMERGENCY;

	(void)alert_kind_parse(&kind, value(v, "kind"));
	return arena_printf(
	    a, "%s, %s %s", w->kind[kind], w->number, value(v, "number"));
}

/* Who called, and a number to tap, unless it is of a kind that costs. */
static void
contact_write(struct buf *b, const struct view *v)
{
	const char *name = value(v, "contact_name");
	const char *phone = value(v, "contact_phone");

	json_str(
	    b, "who", *name != '\0' ? name : languages[v->language].unknown);
	json_str(b, "phone", phone);
	json_bool(b, "taps",
	    alert_may_call(v->tenant, phone, value(v, "phone_kind")));
	json_str(b, "email", value(v, "contact_email"));
	json_str(b, "summary", value(v, "summary"));
}

/* Small ones, each leading to the photo itself. */
static void
photos_write(struct buf *b, const struct view *v, const struct request *req)
{
	json_arr_open(b, "photos");
	for (int i = 0; i < db_rows(v->batch, 1); i++) {
		const char *href = arena_printf(req->arena, "%s/photo/%s",
		    req->path, db_get(v->batch, 1, i, "id"));

		json_obj_open(b, NULL);
		json_str(b, "href", href);
		json_str(b, "alt",
		    arena_printf(req->arena, "%s %d",
			languages[v->language].photo, i + 1));
		json_obj_close(b);
	}
	json_arr_close(b);
	json_bool(b, "has_photos", db_rows(v->batch, 1) > 0);
}

static void
words_write(struct buf *b, const struct words *w)
{
	json_obj_open(b, "t");
	json_str(b, "button", w->button);
	json_str(b, "hint", w->hint);
	json_str(b, "taken", w->taken);
	json_obj_close(b);
}

/* What nginx/pages/alert.mustache shows. */
static const char *
view_json(const struct view *v, const struct request *req)
{
	struct buf b;

	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "lang", language_name(v->language));
	json_str(&b, "firm", v->tenant->sms_name);
	json_str(&b, "title", title_of(v, req->arena));
	json_str(&b, "told_at", time_text(v, "told_at", req));
	contact_write(&b, v);
	photos_write(&b, v, req);
	if (*value(v, "answered_by") != '\0') {
		json_obj_open(&b, "taken");
		json_str(&b, "by", value(v, "answered_by"));
		json_str(&b, "at", time_text(v, "answered_at", req));
		json_obj_close(&b);
	}
	words_write(&b, &languages[v->language]);
	asset_list(&b, "assets");
	json_obj_close(&b);
	return b.text;
}

static int
page_write(struct response *res, const struct view *v,
    const struct request *req, struct problem *why)
{
	const struct cJSON *view;

	if (json_parse_stored(&view, req->arena, view_json(v, req), why) != 0)
		return -1;
	res->type = "text/html; charset=utf-8";
	res->policy =
	    "default-src 'none'; style-src 'self'; img-src 'self'; "
	    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
	res->body = page_render(req->arena, "alert", &view, 1);
	return 0;
}

/* One of this alert's ticket and of no other. */
static int
photo_show(struct response *res, const struct view *v,
    const struct request *req, struct problem *why)
{
	struct photo_name name = { .customer_id = v->tenant->id };
	const char *wanted = route_path_part(req, 3);

	for (int i = 0; i < db_rows(v->batch, 1); i++)
		if (strcmp(db_get(v->batch, 1, i, "id"), wanted) == 0)
			name.photo_id = db_get(v->batch, 1, i, "id");
	if (name.photo_id == NULL)
		return problem(
		    why, PROBLEM_NOT_FOUND, NULL, "There is no such photo");
	return photo_view_file(
	    res, req, &name, route_path_part(req, 4) != NULL, why);
}

int
alert_link_show(
    struct response *res, const struct request *req, struct problem *why)
{
	struct view v = { 0 };

	if (view_read(&v, req, why) != 0)
		return -1;
	if (route_path_part(req, 2) != NULL)
		return photo_show(res, &v, req, why);
	return page_write(res, &v, req, why);
}

int
alert_link_answer(
    struct response *res, const struct request *req, struct problem *why)
{
	struct clock_text now = clock_text(req->now);
	struct view v = { 0 };
	struct stmt_alert_lock lock = { .code_hash = v.hash.text };
	struct stmt_alert_answer answer = {
		.code_hash = v.hash.text,
		.now = now.text,
		.event_id = id_new_in(req->arena),
	};
	struct db_batch *b;

	if (route_path_part(req, 2) != NULL)
		return problem(
		    why, PROBLEM_NOT_FOUND, NULL, "A photo has no button");
	if (view_read(&v, req, why) != 0)
		return -1;
	b = db_batch(req->db, req->arena, v.tenant->id, v.hash.text);
	db_queue(b, STMT_ALERT_LOCK, &lock);
	db_queue(b, STMT_ALERT_ANSWER, &answer);
	if (db_flush(b, why) != 0)
		return -1;
	res->status = 303;
	res->location = req->path;
	return 0;
}
