/*
 * photo_view - photos, shown to those who may see them
 */
#include "photo_view.h"

#include <string.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "form.h"
#include "id.h"
#include "json_write.h"
#include "photo_file.h"
#include "problem.h"
#include "route.h"
#include "tenant.h"

/* Opened as a page by whoever insists, it may do nothing there. */
#define POLICY "default-src 'none'; sandbox"

int
photo_view_file(struct response *res, const struct request *req,
    const struct photo_name *name, bool thumb, struct problem *why)
{
	struct response_file *file = arena_alloc(req->arena, sizeof(*file));

	if (photo_file_open(file, name, thumb, req->arena, why) != 0)
		return -1;
	res->type = "image/jpeg";
	res->policy = POLICY;
	res->file = file;
	return 0;
}

static int
one(struct response *res, const struct request *req,
    const struct tenant *tenant, const struct form *query, struct problem *why)
{
	const char *size = form_value(query, "size");
	struct photo_name name = {
		.customer_id = tenant->id,
		.photo_id = form_value(query, "id"),
	};
	struct stmt_photo_show params = { .photo_id = name.photo_id };
	struct db_batch *b = db_batch(req->db, req->arena, tenant->id, NULL);

	if (size != NULL && strcmp(size, "thumb") != 0)
		return problem(why, PROBLEM_FIELD_INVALID, "/size",
		    "thumb, or nothing for the photo itself");
	if (!id_is_valid(name.photo_id))
		return problem(why, PROBLEM_FIELD_INVALID, "/id", "A UUID");
	db_queue(b, STMT_PHOTO_SHOW, &params);
	if (db_flush(b, why) != 0)
		return -1;
	if (db_rows(b, 0) == 0)
		return problem(why, PROBLEM_NOT_FOUND, NULL,
		    "This firm has no such photo");
	/* As the database writes it: it becomes a part of a path. */
	name.photo_id = db_get(b, 0, 0, "id");
	return photo_view_file(res, req, &name, size != NULL, why);
}

static void
photo_write(struct buf *b, const struct db_batch *rows, int i)
{
	json_obj_open(b, NULL);
	json_str(b, "photo_id", db_get(rows, 0, i, "photo_id"));
	json_raw(b, "width", db_get(rows, 0, i, "width"));
	json_raw(b, "height", db_get(rows, 0, i, "height"));
	json_raw(b, "bytes", db_get(rows, 0, i, "bytes"));
	json_str(b, "created_at", db_get(rows, 0, i, "created_at"));
	json_obj_close(b);
}

static int
list(struct response *res, const struct request *req,
    const struct tenant *tenant, const char *ticket_id, struct problem *why)
{
	struct stmt_photo_list params = { .ticket_id = ticket_id };
	struct db_batch *rows = db_batch(req->db, req->arena, tenant->id, NULL);
	struct buf b;

	if (!id_is_valid(ticket_id))
		return problem(
		    why, PROBLEM_FIELD_INVALID, "/ticket_id", "A UUID");
	db_queue(rows, STMT_PHOTO_LIST, &params);
	if (db_flush(rows, why) != 0)
		return -1;
	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_arr_open(&b, "photos");
	for (int i = 0; i < db_rows(rows, 0); i++)
		photo_write(&b, rows, i);
	json_arr_close(&b);
	json_obj_close(&b);
	res->body = b.text;
	return 0;
}

int
photo_view(struct response *res, const struct request *req, struct problem *why)
{
	const struct tenant *tenant;
	struct form query;

	if (tenant_by_token(&tenant, req, why) != 0 ||
	    form_parse(
		&query, req->arena, req->query, strlen(req->query), why) != 0)
		return -1;
	if (form_value(&query, "id") != NULL)
		return one(res, req, tenant, &query, why);
	if (form_value(&query, "ticket_id") != NULL)
		return list(
		    res, req, tenant, form_value(&query, "ticket_id"), why);
	return problem(why, PROBLEM_FIELD_MISSING, "/id",
	    "id of a photo, or ticket_id for the list of its photos");
}
