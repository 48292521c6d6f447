/*
 * message.h - the outbox: rows of sms_log on their way out
 *
 * A row is claimed, committed as `sending`, before its first byte leaves; its
 * outcome carries the attempt it belongs to, so that one that comes late or
 * twice does no harm. Which moves there are: docs/architecture.md.
 */
#ifndef LIB_MESSAGE_H
#define LIB_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "clock.h"
#include "provider.h"

struct arena;
struct db;
struct metrics;
struct problem;

/*
 * How long a claimed row belongs to its dispatcher: half of it for the
 * transfer, the rest to write what became of it.
 */
#define MESSAGE_LEASE (60 * CLOCK_SECOND)

/* One dispatcher's share of the outbox. */
struct outbox {
	struct db *db;
	const char *self;        /* id of this dispatcher, new at every start */
	struct metrics *metrics; /* that expired and lost ones are counted in */
	const char *host;        /* where it runs */
	struct lineage *lineage;
};

/* How many messages of each provider may be begun; 0: none are asked for. */
struct message_wanted {
	int slots[PROVIDER_MAX]; /* in the order of providers[] */
};

struct message_batch {
	const struct message *messages;
	int count;
	/* Rows that were looked at, those that may not be sent with them: as
	 * many as were wanted means that there may be more. */
	int looked_at[PROVIDER_MAX];
};

/*
 * Claim as many messages that are due as are wanted; *out lives in a. After -1
 * it is not known whether rows were claimed: message_unclaim() gives them back.
 */
int message_claim(struct message_batch *out, const struct outbox *o,
    struct arena *a, const struct message_wanted *wanted, struct problem *why);

/* What became of one attempt. */
struct message_result {
	const char *id;
	int attempt;
	struct outcome outcome;
	struct clock_time retry_at; /* with OUTCOME_RETRY */
};

/* Write outcomes. After -1 run it again: a second time changes nothing. */
int message_conclude(const struct outbox *o, struct arena *a,
    const struct message_result *results, int count, struct problem *why);

/*
 * Rows of dispatchers that are gone become unknown, rows that waited too long
 * expired; a line in the log for each. *more: there may be more of them.
 */
int message_sweep(
    bool *more, const struct outbox *o, struct arena *a, struct problem *why);

/* Put back what was claimed but is none of these: it was never begun. */
int message_unclaim(const struct outbox *o, struct arena *a,
    const char *const *begun, int count, struct problem *why);

/*
 * Take at most `most` unknown messages to be asked about now, each into an
 * arena of its own.
 */
int message_ask(struct inquiry *out, int *count, const struct outbox *o,
    struct arena *const *arenas, int most, struct problem *why);

/* What was told about one attempt. */
struct message_told {
	const char *id;
	int attempt;
	const char *said;        /* sent, delivered, failed or absent */
	const char *provider_id; /* or NULL */
	const char *reason;      /* or NULL */
};

/* Write it. After -1 run it again: a second time changes nothing. */
int message_resolve(const struct outbox *o, struct arena *a,
    const struct message_told *told, int count, struct problem *why);

/* "sent", "failed", "retry", "unknown" */
const char *message_outcome_name(enum outcome_kind kind);

/*
 * Tell this host's dispatcher that something is due. For after the commit:
 * never waits, and may get lost; the dispatcher also looks every second.
 */
void message_wake(void);

/* Where it listens: $OPSFABRIC_STATE/run/dispatcher.sock. */
void message_wake_path(char *out, size_t size);

#endif
