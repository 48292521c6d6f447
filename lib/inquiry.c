/*
 * inquiry - what became of unknown messages, asked of those who can tell
 */
#include "inquiry.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "arena.h"
#include "clock.h"
#include "http.h"
#include "id.h"
#include "log.h"
#include "message.h"
#include "problem.h"
#include "provider.h"

#define PAUSE_US (2 * CLOCK_SECOND)
#define TRANSFER_US (30 * CLOCK_SECOND)
#define SLOT_CAP ((size_t)4 * 1024 * 1024)
#define WORK_CAP ((size_t)16 * 1024 * 1024)

/* A provider that says it never had a message says so twice, a minute apart,
 * before the message is sent again. */
#define ABSENT_ASKS 2

enum slot_state {
	SLOT_FREE,
	SLOT_ASKING,
	SLOT_TOLD
};

struct slot {
	enum slot_state state;
	struct arena *arena; /* what the inquiry and its answer point to */
	struct inquiry inquiry;
	struct verdict verdict;
};

struct inquirer {
	const struct outbox *outbox;
	struct http *http;
	struct arena *work;
	struct slot slots[INQUIRY_PARALLEL];
	int64_t next_us;
};

struct inquirer *
inquirer_new(const struct outbox *o, struct http *h)
{
	struct inquirer *q = calloc(1, sizeof(*q));

	if (q == NULL)
		abort();
	q->outbox = o;
	q->http = h;
	q->work = arena_new(WORK_CAP);
	for (int i = 0; i < INQUIRY_PARALLEL; i++)
		q->slots[i].arena = arena_new(SLOT_CAP);
	return q;
}

void
inquirer_free(struct inquirer *q)
{
	if (q == NULL)
		return;
	for (int i = 0; i < INQUIRY_PARALLEL; i++)
		arena_free(q->slots[i].arena);
	arena_free(q->work);
	free(q);
}

static const char *
verdict_word(enum verdict_kind kind)
{
	static const char *const words[] = {
		[VERDICT_NONE] = "nothing",
		[VERDICT_SENT] = "sent",
		[VERDICT_DELIVERED] = "delivered",
		[VERDICT_FAILED] = "failed",
		[VERDICT_ABSENT] = "absent",
	};

	return words[kind];
}

static void
slot_told(void *owner, const struct http_answer *answer)
{
	struct slot *s = owner;
	const struct inquiry *q = &s->inquiry;
	struct verdict v = { .kind = VERDICT_NONE };

	if (answer->end == HTTP_ANSWERED)
		v = q->provider->verdict(answer, q, s->arena);
	if (v.kind == VERDICT_NONE)
		log_warn("message %s: %s asked %d times, HTTP %d: %s", q->id,
		    q->provider->name, q->asks, answer->status,
		    v.reason != NULL ? v.reason : "no clear answer");
	if (v.kind == VERDICT_ABSENT && q->asks < ABSENT_ASKS)
		v.kind = VERDICT_NONE;
	s->verdict = v;
	s->state = v.kind == VERDICT_NONE ? SLOT_FREE : SLOT_TOLD;
}

static void
slot_ask(struct inquirer *q, struct slot *s)
{
	const struct inquiry *about = &s->inquiry;
	const struct provider *p = about->provider;
	struct http_request r = {
		.timeout_us = TRANSFER_US,
		.done = slot_told,
		.owner = s,
	};
	struct problem why;

	if (about->account_error != NULL)
		(void)problem(
		    &why, PROBLEM_INTERNAL, NULL, "%s", about->account_error);
	else if (p->ready(&about->account, &why) == 0 &&
		 p->ask(&r, about, s->arena, &why) == 0 &&
		 http_start(q->http, &r, &why) == 0) {
		s->state = SLOT_ASKING;
		return;
	}
	log_error("message %s: %s cannot be asked: %s", about->id, p->name,
	    why.detail);
}

static int
count_of(const struct inquirer *q, enum slot_state state)
{
	int count = 0;

	for (int i = 0; i < INQUIRY_PARALLEL; i++)
		count += q->slots[i].state == state;
	return count;
}

static int
resolve(struct inquirer *q)
{
	struct message_told told[INQUIRY_PARALLEL];
	struct problem why;
	int count = 0;

	for (int i = 0; i < INQUIRY_PARALLEL; i++) {
		const struct slot *s = &q->slots[i];

		if (s->state == SLOT_TOLD)
			told[count++] = (struct message_told){
				.id = s->inquiry.id,
				.attempt = s->inquiry.attempt,
				.said = verdict_word(s->verdict.kind),
				.provider_id = s->verdict.provider_id,
				.reason = s->verdict.reason,
			};
	}
	if (message_resolve(q->outbox, q->work, told, count, &why) != 0)
		return -1;
	for (int i = 0; i < INQUIRY_PARALLEL; i++)
		if (q->slots[i].state == SLOT_TOLD) {
			q->slots[i].state = SLOT_FREE;
			log_info("message %s: %s says %s",
			    q->slots[i].inquiry.id,
			    q->slots[i].inquiry.provider->name,
			    verdict_word(q->slots[i].verdict.kind));
		}
	return 0;
}

/* As many as there are places for; what an inquiry points to lives in its own.
 */
static int
ask(struct inquirer *q)
{
	struct inquiry due[INQUIRY_PARALLEL];
	struct arena *arenas[INQUIRY_PARALLEL];
	struct slot *free_slots[INQUIRY_PARALLEL];
	struct problem why;
	int most = 0, count;

	for (int i = 0; i < INQUIRY_PARALLEL; i++)
		if (q->slots[i].state == SLOT_FREE) {
			arena_reset(q->slots[i].arena);
			arenas[most] = q->slots[i].arena;
			free_slots[most++] = &q->slots[i];
		}
	if (message_ask(due, &count, q->outbox, arenas, most, &why) != 0)
		return -1;
	for (int i = 0; i < count; i++) {
		free_slots[i]->inquiry = due[i];
		slot_ask(q, free_slots[i]);
	}
	/* More of them may wait. */
	if (count == most && count > 0)
		q->next_us = 0;
	return 0;
}

int
inquirer_step(struct inquirer *q)
{
	int64_t now_us = clock_ticks_us();
	int rc = 0;

	if (count_of(q, SLOT_TOLD) > 0)
		rc = resolve(q);
	if (rc == 0 && now_us >= q->next_us && count_of(q, SLOT_FREE) > 0 &&
	    !clock_is_moved()) {
		q->next_us = now_us + PAUSE_US;
		rc = ask(q);
	}
	arena_reset(q->work);
	return rc;
}
