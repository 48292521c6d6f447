/*
 * message - the outbox: rows of sms_log on their way out
 */
#include "message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "array.h"
#include "buf.h"
#include "config.h"
#include "db.h"
#include "id.h"
#include "lineage.h"
#include "log.h"
#include "metrics.h"
#include "problem.h"

/* Rows that one sweep looks at; it is repeated while there are more. */
#define SWEEP_MOST 200

const char *
message_outcome_name(enum outcome_kind kind)
{
	static const char *const names[] = {
		[OUTCOME_SENT] = "sent",
		[OUTCOME_FAILED] = "failed",
		[OUTCOME_RETRY] = "retry",
		[OUTCOME_UNKNOWN] = "unknown",
	};

	return names[kind];
}

static const char *
now_text(struct arena *a, struct clock_time now)
{
	return arena_strdup(a, clock_text(now).text);
}

static const char *
text_or_empty(const char *text)
{
	return text == NULL ? "" : text;
}

/* Of the claim, the second statement of its pipeline. */
static void
message_read(
    struct message *out, struct arena *a, const struct db_batch *b, int row)
{
	struct problem why;

	out->id = db_get(b, 1, row, "id");
	out->attempt = (int)strtol(db_get(b, 1, row, "attempts"), NULL, 10);
	out->provider = provider_find(db_get(b, 1, row, "provider"));
	out->from = text_or_empty(db_get(b, 1, row, "from_number"));
	out->to = text_or_empty(db_get(b, 1, row, "to_number"));
	out->body = text_or_empty(db_get(b, 1, row, "body"));
	out->firm = db_get(b, 1, row, "slug");
	out->lives_us =
	    strtol(db_get(b, 1, row, "lives_s"), NULL, 10) * CLOCK_SECOND;
	if (account_open(&out->account, a, db_get(b, 1, row, "customer_id"),
		db_get(b, 1, row, "boxes"), &why) != 0)
		out->account_error = arena_strdup(a, why.detail);
}

/* What the guard of a claim said: if this is not the database whose messages we
 * carry, the claim took nothing. Its own claim counts. */
static int
guard_end(const struct outbox *o, struct arena *a, const struct db_batch *b,
    int claimed, struct problem *why)
{
	const char *restored = db_get(b, 0, 0, "why");
	const char *epoch = db_get(b, 0, 0, "epoch");
	long claims = strtol(db_get(b, 0, 0, "claims"), NULL, 10);

	if (restored != NULL)
		return lineage_restored(o->db, a, epoch, restored, why);
	lineage_note(o->lineage, epoch, claimed > 0 ? claims + 1 : claims);
	return 0;
}

int
message_claim(struct message_batch *out, const struct outbox *o,
    struct arena *a, const struct message_wanted *wanted, struct problem *why)
{
	struct clock_time now = clock_now();
	struct stmt_message_guard guard = {
		.epoch = *o->lineage->epoch.text == '\0'
		             ? NULL
		             : o->lineage->epoch.text,
		.claims = arena_printf(a, "%ld", o->lineage->claims),
	};
	struct stmt_message_claim p = {
		.claimed_by = o->self,
		.now = now_text(a, now),
		.claimed_until = now_text(a, clock_add(now, MESSAGE_LEASE)),
		.host = o->host,
	};
	struct db_batch *b = db_batch_service(o->db, a);
	struct buf names, slots;
	struct message *m;

	buf_init(&names, a);
	buf_init(&slots, a);
	for (int i = 0; i < PROVIDER_MAX; i++) {
		if (wanted->slots[i] == 0)
			continue;
		array_add(&names, providers[i]->name);
		array_add(&slots, arena_printf(a, "%d", wanted->slots[i]));
	}
	p.providers = array_end(&names);
	p.slots = array_end(&slots);
	db_queue(b, STMT_MESSAGE_GUARD, &guard);
	db_queue(b, STMT_MESSAGE_CLAIM, &p);
	/* A second run would claim others and forget these. */
	if (db_flush_once(b, why) != 0)
		return -1;
	memset(out, 0, sizeof(*out));
	m = arena_alloc(a, (size_t)(db_rows(b, 1) + 1) * sizeof(*m));
	for (int i = 0; i < db_rows(b, 1); i++) {
		message_read(&m[out->count], a, b, i);
		for (int k = 0; k < PROVIDER_MAX; k++)
			out->looked_at[k] +=
			    providers[k] == m[out->count].provider;
		if (strcmp(db_get(b, 1, i, "status"), "sending") == 0)
			out->count++;
	}
	out->messages = m;
	return guard_end(o, a, b, out->count, why);
}

/* The row's error: our words, then the provider's. */
static const char *
error_text(struct arena *a, const struct outcome *o)
{
	if (o->reason == NULL || o->said == NULL)
		return o->reason == NULL ? o->said : o->reason;
	return arena_printf(a, "%s: %s", o->reason, o->said);
}

int
message_conclude(const struct outbox *o, struct arena *a,
    const struct message_result *results, int count, struct problem *why)
{
	enum {
		IDS,
		ATTEMPTS,
		OUTCOMES,
		PROVIDER_IDS,
		ERRORS,
		RETRY_AT,
		MAX
	};
	struct stmt_message_outcome p = { 0 };
	struct buf column[MAX];
	struct db_batch *b = db_batch_service(o->db, a);

	for (int c = 0; c < MAX; c++)
		buf_init(&column[c], a);
	for (int i = 0; i < count; i++) {
		const struct message_result *r = &results[i];
		enum outcome_kind kind = r->outcome.kind;

		array_add(&column[IDS], r->id);
		array_add(&column[ATTEMPTS], arena_printf(a, "%d", r->attempt));
		array_add(&column[OUTCOMES], message_outcome_name(kind));
		array_add(&column[PROVIDER_IDS], r->outcome.provider_id);
		array_add(&column[ERRORS], error_text(a, &r->outcome));
		array_add(&column[RETRY_AT],
		    kind == OUTCOME_RETRY ? now_text(a, r->retry_at) : NULL);
	}
	p.ids = array_end(&column[IDS]);
	p.attempts = array_end(&column[ATTEMPTS]);
	p.outcomes = array_end(&column[OUTCOMES]);
	p.provider_ids = array_end(&column[PROVIDER_IDS]);
	p.errors = array_end(&column[ERRORS]);
	p.retry_at = array_end(&column[RETRY_AT]);
	p.event_ids = id_array(a, count);
	p.now = now_text(a, clock_now());
	db_queue(b, STMT_MESSAGE_OUTCOME, &p);
	return db_flush(b, why);
}

/* A row that this dispatcher never held. */
static void
sweep_count(
    const struct outbox *o, const char *provider, enum metrics_outcome outcome)
{
	const struct provider *p = provider_find(provider);

	/* Of a later version there may be one that we do not know. */
	if (p != NULL)
		metrics_add_message(o->metrics, p, outcome);
}

int
message_sweep(
    bool *more, const struct outbox *o, struct arena *a, struct problem *why)
{
	const char *now = now_text(a, clock_now());
	struct stmt_message_lost lost = {
		.now = now,
		.event_ids = id_array(a, SWEEP_MOST),
	};
	struct stmt_message_expire expire = {
		.now = now,
		.event_ids = id_array(a, SWEEP_MOST),
	};
	struct db_batch *b = db_batch_service(o->db, a);

	db_queue(b, STMT_MESSAGE_LOST, &lost);
	db_queue(b, STMT_MESSAGE_EXPIRE, &expire);
	if (db_flush_once(b, why) != 0)
		return -1;
	for (int i = 0; i < db_rows(b, 0); i++) {
		log_warn("message %s: %s unknown attempt %s %s: its dispatcher "
			 "was lost",
		    db_get(b, 0, i, "id"), db_get(b, 0, i, "provider"),
		    db_get(b, 0, i, "attempts"), db_get(b, 0, i, "slug"));
		sweep_count(o, db_get(b, 0, i, "provider"), METRICS_UNKNOWN);
	}
	for (int i = 0; i < db_rows(b, 1); i++) {
		log_warn("message %s: %s expired attempt %s %s",
		    db_get(b, 1, i, "id"), db_get(b, 1, i, "provider"),
		    db_get(b, 1, i, "attempts"), db_get(b, 1, i, "slug"));
		sweep_count(o, db_get(b, 1, i, "provider"), METRICS_EXPIRED);
	}
	*more = db_rows(b, 0) == SWEEP_MOST || db_rows(b, 1) == SWEEP_MOST;
	return 0;
}

static const char *
dup_or_null(struct arena *a, const char *text)
{
	return text == NULL ? NULL : arena_strdup(a, text);
}

static int64_t
seconds_us(const char *text)
{
	return strtol(text, NULL, 10) * CLOCK_SECOND;
}

static void
inquiry_read(
    struct inquiry *out, struct arena *a, const struct db_batch *b, int row)
{
	struct problem why;

	memset(out, 0, sizeof(*out));
	out->id = arena_strdup(a, db_get(b, 0, row, "id"));
	out->attempt = (int)strtol(db_get(b, 0, row, "attempts"), NULL, 10);
	out->provider = provider_find(db_get(b, 0, row, "provider"));
	out->provider_id = dup_or_null(a, db_get(b, 0, row, "provider_id"));
	out->from =
	    arena_strdup(a, text_or_empty(db_get(b, 0, row, "from_number")));
	out->to =
	    arena_strdup(a, text_or_empty(db_get(b, 0, row, "to_number")));
	out->body = arena_strdup(a, text_or_empty(db_get(b, 0, row, "body")));
	out->asks = (int)strtol(db_get(b, 0, row, "asks"), NULL, 10);
	out->written_us = seconds_us(db_get(b, 0, row, "created_s"));
	out->lost_us = seconds_us(db_get(b, 0, row, "status_s"));
	if (account_open(&out->account, a, db_get(b, 0, row, "customer_id"),
		db_get(b, 0, row, "boxes"), &why) != 0)
		out->account_error = arena_strdup(a, why.detail);
}

int
message_ask(struct inquiry *out, int *count, const struct outbox *o,
    struct arena *const *arenas, int most, struct problem *why)
{
	struct arena *a = arenas[0];
	struct clock_time now = clock_now();
	struct stmt_message_ask p = {
		.now = now_text(a, now),
		.most = arena_printf(a, "%d", most),
	};
	struct db_batch *b = db_batch_service(o->db, a);
	struct buf names, since, by_id;

	buf_init(&names, a);
	buf_init(&since, a);
	buf_init(&by_id, a);
	for (int i = 0; i < PROVIDER_MAX; i++) {
		/* Its last attempt is over for good, and its provider has
		 * had the time it needs. */
		int64_t over = MESSAGE_LEASE + MESSAGE_LEASE / 2 +
		               providers[i]->ask_delay_us;

		if (providers[i]->ask == NULL ||
		    *config_get(providers[i]->ask_setting) == '\0')
			continue;
		array_add(&names, providers[i]->name);
		array_add(
		    &by_id, providers[i]->asks_by_its_id ? "true" : "false");
		array_add(&since, now_text(a, clock_add(now, -over)));
	}
	p.providers = array_end(&names);
	p.since = array_end(&since);
	p.by_id = array_end(&by_id);
	db_queue(b, STMT_MESSAGE_ASK, &p);
	/* A second run would ask about others and forget these for a while. */
	if (db_flush_once(b, why) != 0)
		return -1;
	*count = db_rows(b, 0);
	for (int i = 0; i < *count; i++)
		inquiry_read(&out[i], arenas[i], b, i);
	return 0;
}

int
message_resolve(const struct outbox *o, struct arena *a,
    const struct message_told *told, int count, struct problem *why)
{
	enum {
		IDS,
		ATTEMPTS,
		SAID,
		PROVIDER_IDS,
		ERRORS,
		MAX
	};
	struct stmt_message_resolve p = { 0 };
	struct db_batch *b = db_batch_service(o->db, a);
	struct buf column[MAX];

	for (int c = 0; c < MAX; c++)
		buf_init(&column[c], a);
	for (int i = 0; i < count; i++) {
		array_add(&column[IDS], told[i].id);
		array_add(
		    &column[ATTEMPTS], arena_printf(a, "%d", told[i].attempt));
		array_add(&column[SAID], told[i].said);
		array_add(&column[PROVIDER_IDS], told[i].provider_id);
		array_add(&column[ERRORS], told[i].reason);
	}
	p.ids = array_end(&column[IDS]);
	p.attempts = array_end(&column[ATTEMPTS]);
	p.said = array_end(&column[SAID]);
	p.provider_ids = array_end(&column[PROVIDER_IDS]);
	p.errors = array_end(&column[ERRORS]);
	p.event_ids = id_array(a, count);
	p.now = now_text(a, clock_now());
	db_queue(b, STMT_MESSAGE_RESOLVE, &p);
	return db_flush(b, why);
}

int
message_unclaim(const struct outbox *o, struct arena *a,
    const char *const *begun, int count, struct problem *why)
{
	struct stmt_message_unclaim p = {
		.claimed_by = o->self,
		.now = now_text(a, clock_now()),
	};
	struct db_batch *b = db_batch_service(o->db, a);
	struct buf ids;

	buf_init(&ids, a);
	for (int i = 0; i < count; i++)
		array_add(&ids, begun[i]);
	p.started = array_end(&ids);
	db_queue(b, STMT_MESSAGE_UNCLAIM, &p);
	if (db_flush(b, why) != 0)
		return -1;
	for (int i = 0; i < db_rows(b, 0); i++)
		log_info("message %s: queued again, it was never begun",
		    db_get(b, 0, i, "id"));
	return 0;
}

void
message_wake_path(char *out, size_t size)
{
	(void)snprintf(out, size, "%s/run/dispatcher.sock",
	    config_get(CONFIG_OPSFABRIC_STATE));
}

void
message_wake(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	message_wake_path(to.sun_path, sizeof(to.sun_path));
	/* Nobody there, or a full queue: it will look by itself. */
	(void)sendto(fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL,
	    (const struct sockaddr *)&to, sizeof(to));
	(void)close(fd);
}
