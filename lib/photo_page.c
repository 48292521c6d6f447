/*
 * photo_page - what a visitor without JavaScript is told of a photo
 */
#include "photo_page.h"

#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "json.h"
#include "json_write.h"
#include "photo.h"
#include "problem.h"
#include "route.h"
#include "site.h"
#include "site_words.h"
#include "tenant.h"

/* What went wrong, as the visitor is told; and whether another may do better.
 */
static const struct failure {
	enum problem_code code;
	enum site_word word;
	bool is_over;
} failures[] = {
	{ PROBLEM_TOO_LARGE, WORD_photo_large, false },
	{ PROBLEM_PHOTO_UNREADABLE, WORD_photo_kind, false },
	{ PROBLEM_PHOTO_PIXELS, WORD_photo_pixels, false },
	{ PROBLEM_FIELD_MISSING, WORD_photo_empty, false },
	{ PROBLEM_PHOTO_FULL, WORD_photo_many, true },
	{ PROBLEM_LINK_EXPIRED, WORD_photo_late, true },
};

static struct failure
failure_of(const struct problem *why)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].code == why->code)
			return failures[i];
	return (struct failure){ why->code, WORD_photo_failed, false };
}

bool
photo_page_is_wanted(const struct request *req, const struct photo_taken *taken)
{
	return taken->slug != NULL && strstr(req->accept, "text/html") != NULL;
}

static void
outcome_write(struct buf *b, enum language l, const struct photo_taken *taken,
    const struct problem *failure)
{
	if (failure != NULL) {
		json_str(b, "title", site_word(l, WORD_photo_lost));
		json_str(b, "message", site_word(l, failure_of(failure).word));
		return;
	}
	json_str(b, "title", site_word(l, WORD_photo_thanks_one));
	json_str(b, "message",
	    site_word_fill(b->arena, site_word(l, WORD_photo_count), "n",
		arena_printf(b->arena, "%d", taken->photos)));
}

/* What nginx/pages/photo.mustache shows. */
static const char *
view_json(const struct site *s, const struct request *req,
    const struct photo_taken *taken, const struct problem *failure)
{
	bool is_over = failure == NULL ? taken->photos >= PHOTO_MAX
	                               : failure_of(failure).is_over;
	struct secret_mac token;
	struct problem ignored;
	struct buf b;

	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	outcome_write(&b, s->language, taken, failure);
	json_bool(&b, "is_lost", true); /* of no interest to search engines */
	json_str(&b, "description", "");
	json_str(&b, "photo_back", taken->back != NULL ? taken->back : s->home);
	if (!is_over && photo_token(&token, taken->ticket_id, &ignored) == 0) {
		json_str(&b, "photo_ticket_id", taken->ticket_id);
		json_str(&b, "photo_token", token.text);
	}
	json_obj_close(&b);
	return b.text;
}

int
photo_page(struct response *res, const struct request *req,
    const struct photo_taken *taken, const struct problem *failure)
{
	const struct tenant *tenant;
	const struct cJSON *view;
	struct problem ignored;
	struct site site;
	int status = taken->is_new ? 201 : 200;

	if (tenant_by_slug(&tenant, req, taken->slug, NULL, &ignored) != 0)
		return -1;
	site_for(&site, req, tenant, "anfrage", taken->language);
	if (json_parse_stored(&view, req->arena,
		view_json(&site, req, taken, failure), &ignored) != 0)
		return -1;
	if (failure != NULL)
		status = problem_status(failure->code);
	return site_answer(res, &site, req, "photo", view, status);
}
