/*
 * delivery - the work of a dispatcher: claim, hand over, conclude
 */
#include "delivery.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "db.h"
#include "digest.h"
#include "http.h"
#include "id.h"
#include "inquiry.h"
#include "lineage.h"
#include "log.h"
#include "message.h"
#include "metrics.h"
#include "problem.h"
#include "provider.h"

#define SECOND_US INT64_C(1000000)
/*
 * Rows are claimed and concluded in batches, this long after the last one: one
 * by one they would cost the database as much as the requests that queued them.
 */
#define GATHER_US INT64_C(20000)
/* The database did not answer: meanwhile transfers proceed. */
#define PAUSE_US SECOND_US
/* Longer than the role's statement_timeout: a claim whose commit we did not see
 * has happened by then, or never will. */
#define DOUBT_US (20 * SECOND_US)
#define BACKOFF_MIN (2 * CLOCK_SECOND)
#define BACKOFF_MAX (5 * CLOCK_MINUTE)
#define RETRY_AFTER_MAX CLOCK_HOUR
/* So many connections in a row that fail: the provider is away. */
#define REFUSED_MOST 10
#define CLOSED_MAX (15 * SECOND_US)
/* A row is begun with half of its lease left, so it ends within it. */
#define TRANSFER_US (MESSAGE_LEASE / 2)
/* Of a claimed batch or a written one: rows times the longest text. */
#define WORK_CAP ((size_t)64 * 1024 * 1024)
/* One message and its answer. */
#define SLOT_CAP ((size_t)4 * 1024 * 1024)

enum slot_state {
	SLOT_FREE,
	SLOT_SENDING, /* with the provider */
	SLOT_ENDED    /* its outcome is not written yet */
};

/* One provider's messages: none is held up by another's. */
struct lane {
	struct delivery *delivery;
	const struct provider *provider;
	int counts[SLOT_ENDED + 1]; /* slots in each state */
	bool hungry;                /* there may be more that is due */
	/* Connections that failed since the last one that did not. */
	int refused;
	int64_t closed_us; /* how long it is left alone this time */
	int64_t closed_until_us;
};

struct slot {
	struct lane *lane;
	enum slot_state state;
	struct arena *arena; /* what the outcome points to */
	struct id id;
	struct masked to;
	const char *firm;
	int64_t begun_us;
	struct message_result result;
};

struct delivery {
	struct db *db;
	struct http *http;
	struct inquirer *inquirer;
	struct arena *work;
	struct id self;
	char host[HOST_NAME_MAX + 1];
	struct lineage lineage;
	struct outbox outbox;
	struct lane lanes[PROVIDER_MAX]; /* in the order of providers[] */
	struct slot *slots;              /* of all lanes, one after the other */
	int slot_count;
	int counts[SLOT_ENDED + 1]; /* slots in each state */
	bool stopping;
	int64_t gather_until_us; /* next batch */
	int64_t sweep_us;        /* next look at the whole outbox */
	int64_t pause_until_us;  /* the database is away */
	int64_t doubt_until_us; /* rows may be claimed that we do not know of */
	bool doubt;             /* and were not yet given back */
};

static void
lane_open(struct delivery *d, int i, int first)
{
	struct lane *lane = &d->lanes[i];

	lane->delivery = d;
	lane->provider = providers[i];
	lane->hungry = true;
	lane->counts[SLOT_FREE] = lane->provider->parallel;
	for (int n = first; n < first + lane->provider->parallel; n++) {
		d->slots[n].lane = lane;
		d->slots[n].arena = arena_new(SLOT_CAP);
	}
}

struct delivery *
delivery_new(struct db *db, struct metrics *metrics)
{
	struct delivery *d = calloc(1, sizeof(*d));
	int first = 0;

	if (d == NULL)
		abort();
	d->db = db;
	for (int i = 0; i < PROVIDER_MAX; i++)
		d->slot_count += providers[i]->parallel;
	d->http = http_new(d->slot_count + INQUIRY_PARALLEL);
	d->work = arena_new(WORK_CAP);
	d->self = id_new();
	d->outbox.db = db;
	d->outbox.self = d->self.text;
	d->outbox.metrics = metrics;
	(void)gethostname(d->host, sizeof(d->host) - 1);
	d->outbox.host = d->host;
	lineage_open(&d->lineage);
	d->outbox.lineage = &d->lineage;
	d->inquirer = inquirer_new(&d->outbox, d->http);
	d->slots = calloc((size_t)d->slot_count, sizeof(*d->slots));
	if (d->slots == NULL)
		abort();
	for (int i = 0; i < PROVIDER_MAX; i++) {
		lane_open(d, i, first);
		first += providers[i]->parallel;
	}
	d->counts[SLOT_FREE] = d->slot_count;
	return d;
}

void
delivery_free(struct delivery *d)
{
	if (d == NULL)
		return;
	http_free(d->http);
	inquirer_free(d->inquirer);
	for (int i = 0; i < d->slot_count; i++)
		arena_free(d->slots[i].arena);
	free(d->slots);
	arena_free(d->work);
	lineage_close(&d->lineage);
	free(d);
}

void
delivery_wake(struct delivery *d)
{
	for (int i = 0; i < PROVIDER_MAX; i++)
		d->lanes[i].hungry = true;
}

void
delivery_stop(struct delivery *d)
{
	d->stopping = true;
}

bool
delivery_is_done(const struct delivery *d)
{
	return d->stopping && d->counts[SLOT_SENDING] == 0 &&
	       d->counts[SLOT_ENDED] == 0 && !d->doubt;
}

static void
slot_move(struct delivery *d, struct slot *s, enum slot_state to)
{
	d->counts[s->state]--;
	s->lane->counts[s->state]--;
	d->counts[to]++;
	s->lane->counts[to]++;
	s->state = to;
}

/* Twice as long each time, up to the limit, and half of it by chance: messages
 * that failed together do not come back together. */
static int64_t
backoff_us(int attempt)
{
	int64_t whole = BACKOFF_MIN;
	uint32_t chance;

	for (int i = 1; i < attempt && whole < BACKOFF_MAX; i++)
		whole *= 2;
	if (whole > BACKOFF_MAX)
		whole = BACKOFF_MAX;
	digest_random(&chance, sizeof(chance));
	return whole / 2 + whole / 2 * (int64_t)(chance >> 16) / 65536;
}

static void
log_outcome(const struct slot *s)
{
	const struct outcome *o = &s->result.outcome;
	enum log_level level = o->is_our_fault           ? LOG_LEVEL_ERROR
	                       : o->kind == OUTCOME_SENT ? LOG_LEVEL_INFO
	                                                 : LOG_LEVEL_WARNING;

	/* No text, no full number: not what the provider said either. */
	log_at(level,
	    "message %s: %s %s attempt %d %s %s in %" PRId64 " us%s%s",
	    s->id.text, s->lane->provider->name, message_outcome_name(o->kind),
	    s->result.attempt, s->firm, s->to.text,
	    clock_ticks_us() - s->begun_us, o->reason == NULL ? "" : ": ",
	    o->reason == NULL ? "" : o->reason);
}

static struct clock_time
retry_at(const struct outcome *o, int attempt)
{
	int64_t wait = backoff_us(attempt), after = o->retry_after_us;

	if (after == 0)
		return clock_add(clock_now(), wait);
	if (after > RETRY_AFTER_MAX)
		after = RETRY_AFTER_MAX;
	/* Not before the provider wants it, nor all at that instant. */
	return clock_add(clock_now(), after + wait / 8);
}

static void
slot_end(struct delivery *d, struct slot *s, struct outcome outcome)
{
	static const enum metrics_outcome counted[] = {
		[OUTCOME_SENT] = METRICS_SENT,
		[OUTCOME_FAILED] = METRICS_FAILED,
		[OUTCOME_RETRY] = METRICS_RETRY,
		[OUTCOME_UNKNOWN] = METRICS_UNKNOWN,
	};

	s->result.outcome = outcome;
	if (outcome.kind == OUTCOME_RETRY)
		s->result.retry_at = retry_at(&outcome, s->result.attempt);
	slot_move(d, s, SLOT_ENDED);
	metrics_add_message(
	    d->outbox.metrics, s->lane->provider, counted[outcome.kind]);
	log_outcome(s);
}

/*
 * Not begun, because the clock moved: back to the head of the queue. It was due
 * already, and stays so wherever the clock goes next.
 */
static void
slot_return(struct delivery *d, struct slot *s)
{
	struct outcome o = {
		.kind = OUTCOME_RETRY,
		.reason = "held for too long before it was begun",
	};

	slot_end(d, s, o);
	s->result.retry_at.us = 0;
}

/* What has no clear answer is unknown, whatever the provider. */
static struct outcome
answer_outcome(
    const struct slot *s, const struct http_answer *answer, struct arena *a)
{
	struct outcome o = { .kind = OUTCOME_UNKNOWN };

	if (answer->end == HTTP_ANSWERED)
		return s->lane->provider->outcome(answer, a);
	if (answer->end == HTTP_NOT_SENT)
		o.kind = OUTCOME_RETRY;
	if (answer->status > 0)
		o.reason = arena_printf(
		    a, "HTTP %d, then %s", answer->status, answer->error);
	else
		o.reason = arena_strdup(a, answer->error);
	return o;
}

/*
 * A provider that nobody reaches is not tried with every message that waits for
 * it: it is left alone for a while, then tried with one.
 */
static void
lane_note(struct lane *lane, bool is_reached)
{
	int64_t now_us = clock_ticks_us();

	if (is_reached) {
		if (lane->refused >= REFUSED_MOST)
			log_info("%s is reached again", lane->provider->name);
		lane->refused = 0;
		lane->closed_us = 0;
		lane->closed_until_us = 0;
		return;
	}
	lane->refused++;
	if (lane->refused < REFUSED_MOST || now_us < lane->closed_until_us)
		return;
	if (lane->closed_us == 0)
		log_warn("%s cannot be reached: its messages wait",
		    lane->provider->name);
	lane->closed_us = lane->closed_us == 0 ? SECOND_US
	                  : lane->closed_us < CLOSED_MAX / 2
	                      ? lane->closed_us * 2
	                      : CLOSED_MAX;
	lane->closed_until_us = now_us + lane->closed_us;
}

static void
slot_done(void *owner, const struct http_answer *answer)
{
	struct slot *s = owner;

	lane_note(s->lane, answer->end != HTTP_NOT_SENT);
	slot_end(s->lane->delivery, s, answer_outcome(s, answer, s->arena));
}

static void
slot_request(struct delivery *d, struct slot *s, const struct message *m)
{
	const struct provider *p = s->lane->provider;
	struct http_request r = { .done = slot_done, .owner = s };
	struct problem why;

	if (m->account_error != NULL)
		(void)problem(
		    &why, PROBLEM_INTERNAL, NULL, "%s", m->account_error);
	else if (p->ready(&m->account, &why) == 0 &&
		 p->request(&r, m, s->arena, &why) == 0) {
		r.timeout_us = TRANSFER_US;
		if (http_start(d->http, &r, &why) == 0)
			return;
	}
	slot_end(d, s,
	    (struct outcome){ .kind = OUTCOME_RETRY,
		.reason = arena_strdup(s->arena, why.detail),
		.is_our_fault = true });
}

/*
 * The claim is committed: begin. Half of the lease must be left, or somebody
 * else may believe us lost and decide about the row. A clock that went back
 * in between says nothing about that.
 */
static void
slot_begin(struct delivery *d, struct slot *s, const struct message *m,
    struct clock_time claimed)
{
	int64_t held = clock_now().us - claimed.us;

	arena_reset(s->arena);
	(void)snprintf(s->id.text, sizeof(s->id.text), "%s", m->id);
	s->to = log_masked(m->to);
	s->firm = arena_strdup(s->arena, m->firm);
	s->begun_us = clock_ticks_us();
	s->result.id = s->id.text;
	s->result.attempt = m->attempt;
	slot_move(d, s, SLOT_SENDING);
	if (held < 0 || held > MESSAGE_LEASE / 2)
		slot_return(d, s);
	else if (m->provider->accept != NULL)
		slot_end(d, s, m->provider->accept(m, s->arena));
	else
		slot_request(d, s, m);
}

static struct slot *
slot_next(struct delivery *d, enum slot_state state, int *from)
{
	while (*from < d->slot_count) {
		struct slot *s = &d->slots[(*from)++];

		if (s->state == state)
			return s;
	}
	return NULL;
}

/* A free one of that provider: no more are claimed than there are. */
static struct slot *
slot_of(struct delivery *d, const struct provider *p)
{
	struct slot *s;
	int from = 0;

	do
		s = slot_next(d, SLOT_FREE, &from);
	while (s != NULL && s->lane->provider != p);
	assert(s != NULL);
	return s;
}

/* -1: leave the database alone for a moment; it said why in the log. */
static int
database(struct delivery *d, int rc)
{
	arena_reset(d->work);
	if (rc != 0)
		d->pause_until_us = clock_ticks_us() + PAUSE_US;
	return rc;
}

static int
conclude(struct delivery *d)
{
	int count = 0, from = 0;
	struct message_result *results = arena_alloc(
	    d->work, (size_t)d->counts[SLOT_ENDED] * sizeof(*results));
	struct problem why;
	struct slot *s;

	while ((s = slot_next(d, SLOT_ENDED, &from)) != NULL)
		results[count++] = s->result;
	if (database(d, message_conclude(
			    &d->outbox, d->work, results, count, &why)) != 0)
		return -1;
	from = 0;
	while ((s = slot_next(d, SLOT_ENDED, &from)) != NULL) {
		arena_reset(s->arena);
		slot_move(d, s, SLOT_FREE);
	}
	return 0;
}

/* A claim may have been committed without our knowing: what we hold is known,
 * so everything else in our name was never begun. */
static int
unclaim(struct delivery *d)
{
	const char **begun =
	    arena_alloc(d->work, (size_t)d->slot_count * sizeof(*begun));
	struct problem why;
	int count = 0;

	for (int i = 0; i < d->slot_count; i++)
		if (d->slots[i].state != SLOT_FREE)
			begun[count++] = d->slots[i].id.text;
	if (database(d,
		message_unclaim(&d->outbox, d->work, begun, count, &why)) != 0)
		return -1;
	d->doubt = false;
	return 0;
}

static int
sweep(struct delivery *d)
{
	int64_t now_us = clock_ticks_us();
	struct problem why;
	bool more;

	if ((d->doubt || now_us < d->doubt_until_us) && unclaim(d) != 0)
		return -1;
	if (database(d, message_sweep(&more, &d->outbox, d->work, &why)) != 0)
		return -1;
	d->sweep_us = more ? now_us : now_us + SECOND_US;
	delivery_wake(d);
	return 0;
}

/* How many messages of that provider may be begun now. */
static int
lane_wants(const struct lane *lane)
{
	if (!lane->hungry)
		return 0;
	/* While the clock is moved nothing leaves the house. */
	if (lane->provider != &provider_console && clock_is_moved())
		return 0;
	if (clock_ticks_us() < lane->closed_until_us)
		return 0;
	if (lane->refused >= REFUSED_MOST)
		return lane->counts[SLOT_SENDING] == 0 &&
		       lane->counts[SLOT_FREE] > 0;
	return lane->counts[SLOT_FREE];
}

static bool
wants_claim(const struct delivery *d)
{
	for (int i = 0; i < PROVIDER_MAX && !d->stopping; i++)
		if (lane_wants(&d->lanes[i]) > 0)
			return true;
	return false;
}

static int
claim(struct delivery *d)
{
	struct clock_time claimed = clock_now();
	struct message_wanted wanted;
	struct message_batch batch;
	struct problem why;

	/* What was never sent to the database cannot be in doubt. */
	if (db_connect(d->db, &why) != 0)
		return database(d, -1);
	for (int i = 0; i < PROVIDER_MAX; i++)
		wanted.slots[i] = lane_wants(&d->lanes[i]);
	if (message_claim(&batch, &d->outbox, d->work, &wanted, &why) != 0) {
		d->doubt = true;
		d->doubt_until_us = clock_ticks_us() + DOUBT_US;
		return database(d, -1);
	}
	for (int i = 0; i < batch.count; i++) {
		const struct message *m = &batch.messages[i];

		slot_begin(d, slot_of(d, m->provider), m, claimed);
	}
	/* Who got as many as were asked for may have more. */
	for (int i = 0; i < PROVIDER_MAX; i++)
		if (wanted.slots[i] > 0)
			d->lanes[i].hungry =
			    batch.looked_at[i] == wanted.slots[i];
	return database(d, 0);
}

void
delivery_step(struct delivery *d)
{
	int64_t now_us;
	bool is_due;

	http_finish(d->http);
	now_us = clock_ticks_us();
	is_due = now_us >= d->gather_until_us;
	if (now_us < d->pause_until_us || db_is_wrong(d->db))
		return;
	if (is_due && d->counts[SLOT_ENDED] > 0) {
		d->gather_until_us = now_us + GATHER_US;
		if (conclude(d) != 0)
			return;
	}
	if (d->stopping) {
		if (d->doubt)
			(void)unclaim(d);
		return;
	}
	if (now_us >= d->sweep_us && sweep(d) != 0)
		return;
	if (database(d, inquirer_step(d->inquirer)) != 0)
		return;
	if (is_due && wants_claim(d)) {
		d->gather_until_us = clock_ticks_us() + GATHER_US;
		(void)claim(d);
	}
}

/* When the next step has something to do, if nothing happens before. */
static int64_t
next_us(const struct delivery *d)
{
	int64_t next = d->sweep_us;

	if (d->counts[SLOT_ENDED] > 0 || wants_claim(d) ||
	    (d->stopping && d->doubt)) {
		next = d->gather_until_us;
	} else if (d->stopping) {
		next = INT64_MAX;
	}
	return next > d->pause_until_us ? next : d->pause_until_us;
}

void
delivery_wait(struct delivery *d, const int *fds, int count)
{
	int64_t wait_us = next_us(d) - clock_ticks_us();

	if (wait_us < 0)
		wait_us = 0;
	if (wait_us > SECOND_US)
		wait_us = SECOND_US;
	http_wait(d->http, fds, count, (int)((wait_us + 999) / 1000));
}
