/*
 * retention - personal data has an end: what is done is closed, what was kept
 * long enough is forgotten
 */
#include "retention.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "array.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "heartbeat.h"
#include "id.h"
#include "json_write.h"
#include "photo_file.h"
#include "problem.h"
#include "route.h"

/* Small, so that the locks of a batch are held for moments. */
#define BATCH 200
#define BATCH_TEXT "200"
/* Contacts that are looked at at a time; most of them are not due. */
#define PAGE "2000"
/* A run that finds more leaves it to the next: the caller waits for us. */
#define RUN_US INT64_C(10000000)
/* Of that the last step, which looks at everybody, has so much for itself. */
#define LAST_US INT64_C(2000000)
#define BATCH_ARENA ((size_t)4 * 1024 * 1024)
/* Before every id. */
#define NULL_ID "00000000-0000-0000-0000-000000000000"

/* One step of a run. */
struct work {
	struct request req; /* with an arena of a batch */
	struct clock_text now;
	struct clock_text before; /* what is older is due */
	struct clock_time before_time;
	struct id after; /* contacts: where the next page begins */
	long done;
	bool more;
};

static long
number(const struct db_batch *b, int i, const char *column)
{
	return strtol(db_get(b, i, 0, column), NULL, 10);
}

/* One statement that finds and forgets. */
static int
plain_run(
    struct work *w, enum stmt stmt, const void *params, struct problem *why)
{
	struct db_batch *b = db_batch_service(w->req.db, w->req.arena);

	db_queue(b, stmt, params);
	if (db_flush(b, why) != 0)
		return -1;
	w->done = number(b, 0, "done");
	w->more = w->done == BATCH;
	return 0;
}

/* One that locks what is due, and one that reads it again and acts. */
static int
locked_run(struct work *w, const enum stmt *stmts, const void *lock,
    const void *act, struct problem *why)
{
	struct db_batch *b = db_batch_service(w->req.db, w->req.arena);

	db_queue(b, stmts[0], lock);
	db_queue(b, stmts[1], act);
	if (db_flush_once(b, why) != 0)
		return -1;
	w->done = number(b, 1, "done");
	w->more = number(b, 0, "locked") > 0;
	return 0;
}

static int
close_step(struct work *w, struct problem *why)
{
	static const enum stmt stmts[] = { STMT_RETENTION_CLOSE_LOCK,
		STMT_RETENTION_CLOSE };
	struct stmt_retention_close_lock lock = { .before = w->before.text,
		.most = BATCH_TEXT };
	struct stmt_retention_close act = { .before = w->before.text,
		.now = w->now.text,
		.event_ids = id_array(w->req.arena, BATCH) };

	return locked_run(w, stmts, &lock, &act, why);
}

static int
keys_step(struct work *w, struct problem *why)
{
	struct stmt_retention_keys p = { .before = w->before.text,
		.most = BATCH_TEXT };

	return plain_run(w, STMT_RETENTION_KEYS, &p, why);
}

static int
inbound_step(struct work *w, struct problem *why)
{
	struct stmt_retention_inbound p = { .before = w->before.text,
		.most = BATCH_TEXT };

	return plain_run(w, STMT_RETENTION_INBOUND, &p, why);
}

static int
quarantine_step(struct work *w, struct problem *why)
{
	struct stmt_retention_quarantine p = { .before = w->before.text,
		.most = BATCH_TEXT };

	return plain_run(w, STMT_RETENTION_QUARANTINE, &p, why);
}

/* The files of photos first: a row without a file is found again, a file
 * without a row never. "{...}" of those that are gone. */
static const char *
files_remove(const struct db_batch *b, struct arena *a, int *removed)
{
	struct buf ids;

	*removed = 0;
	buf_init(&ids, a);
	for (int row = 0; row < db_rows(b, 0); row++) {
		struct photo_name name = {
			.customer_id = db_get(b, 0, row, "customer_id"),
			.photo_id = db_get(b, 0, row, "id"),
		};

		if (photo_file_remove(&name, a) != 0)
			continue;
		array_add(&ids, name.photo_id);
		(*removed)++;
	}
	return array_end(&ids);
}

static int
photos_step(struct work *w, struct problem *why)
{
	struct stmt_retention_photos_due due = { .before = w->before.text,
		.most = BATCH_TEXT };
	struct db_batch *b = db_batch_service(w->req.db, w->req.arena);
	struct stmt_retention_photos gone;
	int removed;

	db_queue(b, STMT_RETENTION_PHOTOS_DUE, &due);
	if (db_flush(b, why) != 0)
		return -1;
	gone.ids = files_remove(b, w->req.arena, &removed);
	if (removed > 0 && plain_run(w, STMT_RETENTION_PHOTOS, &gone, why) != 0)
		return -1;
	if (removed < db_rows(b, 0))
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "A photo's file cannot be deleted; the log names it");
	return 0;
}

static int
messages_step(struct work *w, struct problem *why)
{
	struct stmt_retention_messages p = {
		.before = w->before.text, .most = BATCH_TEXT, .now = w->now.text
	};

	return plain_run(w, STMT_RETENTION_MESSAGES, &p, why);
}

static int
tickets_step(struct work *w, struct problem *why)
{
	static const enum stmt stmts[] = { STMT_RETENTION_TICKETS_LOCK,
		STMT_RETENTION_TICKETS };
	struct stmt_retention_tickets_lock lock = { .before = w->before.text,
		.most = BATCH_TEXT };
	struct stmt_retention_tickets act = { .before = w->before.text,
		.now = w->now.text };

	return locked_run(w, stmts, &lock, &act, why);
}

/* Page by page through those who have been known for so long. */
static int
contacts_step(struct work *w, struct problem *why)
{
	struct id bound = id_floor(w->before_time.us);
	struct stmt_retention_contacts_lock lock = { .before = w->before.text,
		.most = PAGE,
		.after = w->after.text,
		.bound = bound.text };
	struct stmt_retention_contacts act = { .before = w->before.text,
		.now = w->now.text };
	struct db_batch *b = db_batch_service(w->req.db, w->req.arena);
	const char *last;

	db_queue(b, STMT_RETENTION_CONTACTS_LOCK, &lock);
	db_queue(b, STMT_RETENTION_CONTACTS, &act);
	if (db_flush_once(b, why) != 0)
		return -1;
	w->done = number(b, 1, "done");
	last = db_get(b, 0, 0, "last");
	w->more = last != NULL;
	if (last != NULL)
		memcpy(w->after.text, last, sizeof(w->after.text));
	return 0;
}

static const struct {
	const char *name; /* in the answer */
	int (*run)(struct work *w, struct problem *why);
} steps[RETENTION_MAX] = {
	[RETENTION_CLOSE] = { "closed", close_step },
	[RETENTION_KEYS] = { "keys", keys_step },
	[RETENTION_INBOUND] = { "inbound", inbound_step },
	[RETENTION_QUARANTINE] = { "quarantine", quarantine_step },
	[RETENTION_PHOTOS] = { "photos", photos_step },
	[RETENTION_MESSAGES] = { "messages", messages_step },
	[RETENTION_TICKETS] = { "tickets", tickets_step },
	[RETENTION_CONTACTS] = { "contacts", contacts_step },
};

static const int days[RETENTION_MAX] = {
#define RETENTION(step, days, words, what) [RETENTION_##step] = (days),
#include "retention.def"
#undef RETENTION
};

static int
step_run(struct retention_run *out, enum retention_step step,
    const struct request *req, int64_t until_us, struct problem *why)
{
	struct work w = { .req = *req,
		.now = clock_text(req->now),
		.before_time = clock_add(req->now, -days[step] * CLOCK_DAY),
		.after.text = NULL_ID,
		.more = true };
	int rc = 0;

	w.before = clock_text(w.before_time);
	w.req.arena = arena_new(BATCH_ARENA);
	while (rc == 0 && w.more && clock_ticks_us() < until_us) {
		w.done = 0;
		w.more = false;
		rc = steps[step].run(&w, why);
		out->done[step] += w.done;
		arena_reset(w.req.arena);
	}
	arena_free(w.req.arena);
	if (w.more)
		out->finished = false;
	return rc;
}

int
retention_run(
    struct retention_run *out, const struct request *req, struct problem *why)
{
	int64_t until_us = clock_ticks_us() + RUN_US - LAST_US;
	int rc = 0;

	memset(out, 0, sizeof(*out));
	out->finished = true;
	/* A file that cannot be deleted must not keep all else. */
	for (int step = 0; step < RETENTION_MAX; step++) {
		if (step == RETENTION_MAX - 1)
			until_us += LAST_US;
		if (step_run(out, (enum retention_step)step, req, until_us,
			why) != 0) {
			if (why->code != PROBLEM_INTERNAL)
				return -1;
			rc = -1;
		}
	}
	return rc == 0 ? heartbeat_write("retention", req, why) : -1;
}

char *
retention_run_json(struct arena *a, const struct retention_run *run)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	for (int step = 0; step < RETENTION_MAX; step++)
		json_int(&b, steps[step].name, run->done[step]);
	json_bool(&b, "finished", run->finished);
	json_obj_close(&b);
	return b.text;
}
