/*
 * photo - the photos of a ticket: taken from a visitor, shown to the firm
 */
#include "photo.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "digest.h"
#include "fields.h"
#include "form.h"
#include "id.h"
#include "json_write.h"
#include "log.h"
#include "multipart.h"
#include "photo_convert.h"
#include "photo_file.h"
#include "problem.h"
#include "route.h"
#include "utf8.h"

#define PURPOSE "photo"
#define TAKEN_FOR_US CLOCK_DAY
#define TEXTS_MAX 16
#define TEXT_MAX ((size_t)1024)
#define SWEEP_EVERY_US CLOCK_HOUR
#define SWEEP_MOST 100

/* One request of a visitor. */
struct upload {
	const struct request *req;
	struct photo_taken *taken;
	struct form_pair texts[TEXTS_MAX];
	struct form form;
	const char *ticket_id;
	struct photo_name name;
	bool has_file;
	int fd;
	size_t size;
	struct digest_hex hash;
	struct photo_made made;
};

int
photo_token(struct secret_mac *out, const char *ticket_id, struct problem *why)
{
	return secret_sign(out, PURPOSE, ticket_id, why);
}

/* A field that is no file. Those that nobody asked for are not looked at. */
static int
text_read(struct upload *u, const char *name, struct multipart *m,
    struct problem *why)
{
	struct buf text;
	const char *bytes;
	long n;

	buf_init(&text, u->req->arena);
	while ((n = multipart_data(&bytes, m, why)) > 0) {
		if (text.len + (size_t)n > TEXT_MAX)
			return problem(why, PROBLEM_BAD_FORM, NULL,
			    "A field is longer than any here");
		buf_add(&text, bytes, (size_t)n);
	}
	if (n < 0)
		return -1;
	if (strlen(text.text) != text.len ||
	    !utf8_is_text(text.text, text.len) ||
	    !utf8_is_text(name, strlen(name)))
		return problem(why, PROBLEM_BAD_TEXT, NULL, "A field");
	if (u->form.count == TEXTS_MAX)
		return problem(why, PROBLEM_BAD_FORM, NULL, "Too many fields");
	u->texts[u->form.count].name = name;
	u->texts[u->form.count].value = text.text;
	u->form.count++;
	return 0;
}

/* An address of this site and of no other: "//example.org" is another. */
static bool
is_path_here(const char *path)
{
	return path[0] == '/' && path[1] != '/' &&
	       strspn(path,
		   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		   "0123456789-._~/?=&%+") == strlen(path);
}

static int
fields_take(struct upload *u, struct problem *why)
{
	const struct fields *f;
	const char *token, *back;

	u->form.pairs = u->texts;
	f = fields_of_form(u->req->arena, &u->form);
	if (fields_text(&back, f, FIELD_PHOTO_BACK, why) != 0)
		return -1;
	if (back != NULL && !is_path_here(back))
		return problem(why, PROBLEM_FIELD_INVALID,
		    fields_pointer(FIELD_PHOTO_BACK), "A path of this site");
	u->taken->back = back;
	if (fields_need(&u->ticket_id, f, FIELD_TICKET_ID, why) != 0 ||
	    fields_need(&token, f, FIELD_PHOTO_TOKEN, why) != 0)
		return -1;
	if (*config_get(CONFIG_SECRETS_KEY) == '\0')
		return problem(why, PROBLEM_FORBIDDEN, NULL,
		    "This installation takes no photos");
	if (!id_is_valid(u->ticket_id) ||
	    !secret_is_signed(token, PURPOSE, u->ticket_id))
		return problem(why, PROBLEM_FORBIDDEN, NULL,
		    "photo_token is not that of this ticket");
	return 0;
}

/* Whose it is, and whether it still takes photos. */
static int
ticket_read(struct upload *u, struct problem *why)
{
	const struct request *req = u->req;
	struct stmt_photo_ticket params = { .ticket_id = u->ticket_id };
	struct db_batch *b = db_batch_untenanted(req->db, req->arena);
	int64_t created_us;

	db_queue(b, STMT_PHOTO_TICKET, &params);
	if (db_flush(b, why) != 0)
		return -1;
	if (db_rows(b, 0) == 0)
		return problem(why, PROBLEM_TICKET_UNKNOWN,
		    fields_pointer(FIELD_TICKET_ID), "There is no such ticket");
	u->name.customer_id = db_get(b, 0, 0, "customer_id");
	u->taken->slug = db_get(b, 0, 0, "slug");
	route_note_firm(req, u->taken->slug);
	u->taken->language = db_get(b, 0, 0, "language");
	u->taken->ticket_id = u->ticket_id;
	created_us =
	    strtoll(db_get(b, 0, 0, "created_at"), NULL, 10) * CLOCK_SECOND;
	if (strcmp(db_get(b, 0, 0, "status"), "CLOSED") == 0)
		return problem(
		    why, PROBLEM_LINK_EXPIRED, NULL, "The ticket is closed");
	if (req->now.us > created_us + TAKEN_FOR_US)
		return problem(why, PROBLEM_LINK_EXPIRED, NULL,
		    "Photos can be added for a day");
	return 0;
}

/* Nobody without a ticket gets to write to the disk. */
static int
file_read(struct upload *u, struct multipart *m, struct problem *why)
{
	const char *bytes;
	long n;

	if (u->has_file)
		return problem(why, PROBLEM_FIELD_INVALID, "/photo",
		    "One photo at a time");
	if (fields_take(u, why) != 0 || ticket_read(u, why) != 0 ||
	    photo_file_incoming(&u->fd, u->req->arena, why) != 0)
		return -1;
	u->has_file = true;
	while ((n = multipart_data(&bytes, m, why)) > 0) {
		u->size += (size_t)n;
		if (u->size > PHOTO_BYTES_MAX)
			return problem(why, PROBLEM_TOO_LARGE, "/photo",
			    "A photo has at most 10 MB");
		if (photo_file_add(u->fd, bytes, (size_t)n, why) != 0)
			return -1;
	}
	return n < 0 ? -1 : 0;
}

static long
body_read(void *arg, char *bytes, size_t size)
{
	const struct upload *u = arg;

	return route_body_part(u->req, bytes, size);
}

static int
form_read(struct upload *u, struct problem *why)
{
	struct multipart_source source = { body_read, u };
	struct multipart_part part;
	struct multipart *m;
	int more;

	if (multipart_open(
		&m, u->req->arena, u->req->content_type, source, why) != 0)
		return -1;
	while ((more = multipart_next(&part, m, why)) == 1) {
		bool is_photo = part.is_file && strcmp(part.name, "photo") == 0;

		if (is_photo ? file_read(u, m, why) != 0
			     : text_read(u, part.name, m, why) != 0)
			return -1;
	}
	if (more != 0 || (!u->has_file && fields_take(u, why) != 0))
		return -1;
	/* What a browser sends where none was chosen, too. */
	if (u->size == 0)
		return problem(why, PROBLEM_FIELD_MISSING, "/photo",
		    "No photo was chosen, or its file is empty");
	return 0;
}

static void
taken_set(struct upload *u, const char *photo_id, const char *photos)
{
	u->taken->photo_id = photo_id;
	u->taken->photos = (int)strtol(photos, NULL, 10);
}

/* Sent before? 1: then there is nothing more to do. */
static int
known_find(struct upload *u, struct problem *why)
{
	const struct request *req = u->req;
	struct stmt_photo_known params = {
		.ticket_id = u->ticket_id,
		.hash = u->hash.text,
	};
	struct db_batch *b =
	    db_batch(req->db, req->arena, u->name.customer_id, u->ticket_id);
	const char *photos;

	db_queue(b, STMT_PHOTO_KNOWN, &params);
	if (db_flush(b, why) != 0)
		return -1;
	photos = db_get(b, 0, 0, "photos");
	if (db_get(b, 0, 0, "photo_id") != NULL) {
		taken_set(u, db_get(b, 0, 0, "photo_id"), photos);
		return 1;
	}
	if (strtol(photos, NULL, 10) >= PHOTO_MAX)
		return problem(why, PROBLEM_PHOTO_FULL, NULL,
		    "At most %d photos", PHOTO_MAX);
	return 0;
}

/* The row, and with it the decision whether the files stay. */
static int
row_add(struct upload *u, struct problem *why)
{
	const struct request *req = u->req;
	struct clock_text now = clock_text(req->now);
	struct stmt_ticket_lock lock = { .ticket_id = u->ticket_id };
	struct stmt_photo_add params = {
		.ticket_id = u->ticket_id,
		.photo_id = u->name.photo_id,
		.hash = u->hash.text,
		.bytes = arena_printf(req->arena, "%ld", u->made.bytes),
		.width = arena_printf(req->arena, "%d", u->made.width),
		.height = arena_printf(req->arena, "%d", u->made.height),
		.event_id = id_new_in(req->arena),
		.now = now.text,
	};
	struct db_batch *b =
	    db_batch(req->db, req->arena, u->name.customer_id, u->ticket_id);
	const char *id;

	db_queue(b, STMT_TICKET_LOCK, &lock);
	db_queue(b, STMT_PHOTO_ADD, &params);
	/* It may have committed all the same: the sweep will know. */
	if (db_flush(b, why) != 0)
		return -1;
	id = db_get(b, 1, 0, "photo_id");
	photo_file_settle(&u->name,
	    id != NULL && strcmp(id, u->name.photo_id) == 0, req->arena);
	if (id == NULL)
		return problem(why, PROBLEM_PHOTO_FULL, NULL,
		    "At most %d photos, of a ticket that is not closed",
		    PHOTO_MAX);
	u->taken->is_new = true;
	taken_set(u, id, db_get(b, 1, 0, "photos"));
	return 0;
}

/*
 * What requests left that died between their files and their row. Once an hour
 * in each worker, of a directory in which there is hardly ever anything.
 */
static void
sweep(const struct request *req)
{
	static int64_t next_us;
	struct problem ignored;
	struct photo_name name;

	if (clock_ticks_us() < next_us)
		return;
	next_us = clock_ticks_us() + SWEEP_EVERY_US;
	for (int i = 0; i < SWEEP_MOST && photo_file_stale(&name, req->arena);
	     i++) {
		struct stmt_photo_show params = { .photo_id = name.photo_id };
		struct db_batch *b =
		    db_batch(req->db, req->arena, name.customer_id, NULL);

		db_queue(b, STMT_PHOTO_SHOW, &params);
		if (db_flush(b, &ignored) != 0)
			return;
		log_warn("photos: %s was left half done: it %s", name.photo_id,
		    db_rows(b, 0) > 0 ? "stays" : "goes");
		photo_file_settle(&name, db_rows(b, 0) > 0, req->arena);
	}
}

int
photo_take(
    struct photo_taken *out, const struct request *req, struct problem *why)
{
	struct upload u = { .req = req, .taken = out };
	int known;

	memset(out, 0, sizeof(*out));
	if (form_read(&u, why) != 0 ||
	    photo_file_hash(&u.hash, u.fd, u.size, why) != 0)
		return -1;
	known = known_find(&u, why);
	if (known != 0)
		return known < 0 ? -1 : 0;
	sweep(req);
	u.name.photo_id = id_new_in(req->arena);
	if (photo_file_make(&u.made, &u.name, u.fd, req->arena, why) != 0)
		return -1;
	return row_add(&u, why);
}

int
photo_answer(struct response *res, const struct request *req,
    const struct photo_taken *taken)
{
	struct buf b;

	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "ticket_id", taken->ticket_id);
	json_str(&b, "photo_id", taken->photo_id);
	json_int(&b, "photos", taken->photos);
	json_int(&b, "photos_max", PHOTO_MAX);
	json_obj_close(&b);
	res->status = taken->is_new ? 201 : 200;
	res->body = b.text;
	return 0;
}
