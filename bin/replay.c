/*
 * replay - takes what waits in the spool when the database is back
 *
 * One at a time on each host: the others wait for its lock. It reads the roster
 * for those who put things into the spool, and empties one lane after the
 * other, so that each is soon done with, however much is coming in. A file goes
 * when what it tells is committed; killed in between, it is taken again and
 * found to be taken. What cannot be taken for another reason than the
 * database's (trial.h says how that is known) lies in failed/ and holds nobody
 * up. SIGTERM, SIGINT: finishes the one in hand and ends.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "arena.h"
#include "backlog.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "log.h"
#include "problem.h"
#include "provider.h"
#include "report.h"
#include "roster.h"
#include "route.h"
#include "signals.h"
#include "spool.h"
#include "trial.h"
#include "webhook.h"

/* As in route.c; and for the names of a lane. */
#define ARENA_CAP ((size_t)4 * 1024 * 1024)
#define NAMES_CAP ((size_t)64 * 1024 * 1024)

#define LOOK_MS 1000
#define FAILED_FOR (30 * CLOCK_DAY)

struct replay {
	struct db *web;
	struct db *service;
	struct arena *arena; /* of one request */
	int signals;
	int lock;
	bool is_stopping;
	bool is_behind; /* a line of the log has said that something waits */
	int64_t roster_at_us;
	unsigned long taken;
	unsigned long failed;
	struct trial *trial;
};

/* Wait so long for a signal; true once there was one. */
static bool
is_stopped(struct replay *r, int ms)
{
	struct pollfd fd = { .fd = r->signals, .events = POLLIN };

	if (!r->is_stopping && poll(&fd, 1, ms) > 0)
		r->is_stopping = true;
	return r->is_stopping;
}

static int
call_take(const struct request *req, struct response *res, struct problem *why)
{
	return webhook_receive(WEBHOOK_CALL, req, res, why);
}

static int
text_take(const struct request *req, struct response *res, struct problem *why)
{
	return webhook_receive(WEBHOOK_TEXT, req, res, why);
}

static const struct {
	const char *kind; /* behind "/api/webhook/" */
	int (*take)(const struct request *req, struct response *res,
	    struct problem *why);
} takers[] = {
	{ "missed-call", call_take },
	{ "sms-reply", text_take },
	{ "sms-status", report_receive },
};

static int
request_take(const struct request *req, struct problem *why)
{
	const char *kind = route_path_part(req, 2);
	struct response res = { .status = 200 };

	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		if (kind != NULL && strcmp(kind, takers[i].kind) == 0)
			return takers[i].take(req, &res, why);
	return problem(why, PROBLEM_FIELD_INVALID, NULL,
	    "Nobody here takes what it tells");
}

static int
file_take(struct replay *r, const struct spool_file *file, struct problem *why)
{
	struct request req;
	const char *key;

	if (backlog_read(&req, &key, file, r->arena, why) != 0)
		return -1;
	req.db = r->web;
	if (request_take(&req, why) == 0)
		return 0;
	if (why->code != PROBLEM_TENANT_UNKNOWN &&
	    why->code != PROBLEM_UNVERIFIED)
		return -1;
	/* Then it is in inbound_events, for an operator. */
	log_warn("%s: waited in the spool: %s", req.id, why->detail);
	return 0;
}

/* It holds nobody up any more: an operator decides. */
static int
file_fail(struct replay *r, const struct spool_file *file, const char *reason)
{
	struct problem ignored;

	if (spool_fail(file, &ignored) != 0)
		return -1;
	r->failed++;
	log_error("spool: %s cannot be taken and lies in failed/: %s; "
		  "opsfabric spool retry or discard",
	    file->name, reason);
	return 0;
}

/* *end becomes what came of it; -1: it stays. */
static int
file_try(struct replay *r, const struct spool_file *file, enum trial_end *end)
{
	struct problem why, ignored;
	int rc = file_take(r, file, &why);

	*end = TRIAL_FAILED;
	if (rc == 0) {
		r->taken++;
		rc = spool_remove(file, &ignored);
	} else if (why.code == PROBLEM_NOT_FOUND) {
		rc = 0;
	} else if (why.code != PROBLEM_TRY_AGAIN) {
		rc = file_fail(r, file, why.detail);
	} else if (db_is_lacking(r->web)) {
		*end = TRIAL_LACKING;
	}
	if (rc == 0)
		*end = TRIAL_DONE;
	return rc;
}

/* 0: it is out of the way; -1: it stays, and so does all behind it. */
static int
file_settle(struct replay *r, const struct spool_file *file)
{
	enum trial_end end = TRIAL_STOPPED;
	int rc;

	switch (trial_begin(r->trial, file, r->service, r->arena)) {
	case TRIAL_TAKE:
		rc = file_try(r, file, &end);
		break;
	case TRIAL_OVER:
		rc = file_fail(r, file, trial_story(r->trial, file, r->arena));
		if (rc == 0)
			end = TRIAL_DONE;
		break;
	case TRIAL_LATER:
	default:
		return -1;
	}
	trial_end(r->trial, file, end);
	return rc;
}

/* What nobody decided about ends like a raw request: retention.def. */
static void
failed_expire(struct replay *r)
{
	struct arena *a = arena_new(NAMES_CAP);
	struct spool_names names;
	struct problem ignored;
	/* Of the system's clock, like the names. */
	int64_t before_us = (int64_t)time(NULL) * CLOCK_SECOND - FAILED_FOR;

	spool_list_failed(&names, a);
	for (size_t i = 0; i < names.count && !is_stopped(r, 0); i++) {
		struct spool_file file = { SPOOL_FAILED, 0, names.name[i] };

		if (spool_came_us(file.name) < before_us &&
		    spool_remove(&file, &ignored) == 0)
			log_warn("spool: %s lay in failed/ for 30 days and is "
				 "removed",
			    file.name);
	}
	arena_free(a);
}

static void
roster_read(struct replay *r)
{
	struct problem why;

	if (clock_ticks_us() < r->roster_at_us)
		return;
	r->roster_at_us = clock_ticks_us() + ROSTER_EVERY;
	/* The database's log line has said it. */
	if (roster_refresh(r->service, &why) != 0)
		return;
	spool_sweep();
	failed_expire(r);
}

/* What comes behind meanwhile as well. -1: the lane is not empty. */
static int
lane_take(struct replay *r, int lane)
{
	struct arena *a = arena_new(NAMES_CAP);
	struct spool_names names;
	int rc = 0;

	spool_list(&names, a, lane);
	for (size_t i = 0; rc == 0 && i < names.count; i++) {
		struct spool_file file = { SPOOL_WAIT, lane, names.name[i] };

		rc = is_stopped(r, 0) ? -1 : file_settle(r, &file);
		arena_reset(r->arena);
		roster_read(r);
		if (i + 1 == names.count && rc == 0) {
			arena_reset(a);
			spool_list(&names, a, lane);
			i = (size_t)-1;
		}
	}
	arena_free(a);
	return rc;
}

static void
behind_say(struct replay *r, const struct spool_count *waiting)
{
	if (waiting->count > 0 && !r->is_behind)
		log_warn("spool: %zu wait for the database", waiting->count);
	if (waiting->count == 0 && r->is_behind)
		log_info("spool: empty again: %lu taken, %lu failed", r->taken,
		    r->failed);
	if (waiting->count == 0)
		r->failed = 0;
	r->is_behind = waiting->count > 0;
}

/* True if something waits and nothing of it could be taken. */
static bool
spool_take(struct replay *r)
{
	struct spool_count waiting = spool_count(SPOOL_WAIT);
	unsigned long taken = r->taken;
	struct problem why;

	behind_say(r, &waiting);
	if (waiting.count == 0 || db_connect(r->web, &why) != 0)
		return true;
	for (int lane = 0; lane < SPOOL_LANES && !is_stopped(r, 0); lane++) {
		(void)lane_take(r, lane);
		if (db_is_wrong(r->web) || db_connect(r->web, &why) != 0)
			return true;
	}
	return r->taken == taken;
}

/* Only one takes them: what two took at once could change its order. */
static bool
is_locked(struct replay *r)
{
	if (r->lock < 0)
		r->lock = open(spool_path(r->arena, "replay.lock"),
		    O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return r->lock >= 0 && flock(r->lock, LOCK_EX | LOCK_NB) == 0;
}

static int
run(struct replay *r)
{
	bool is_idle = false;

	while (!is_stopped(r, is_idle ? LOOK_MS : 0)) {
		is_idle = true;
		if (!provider_clock_is_allowed())
			return EXIT_FAILURE;
		if (!spool_is_on() || !is_locked(r))
			continue;
		roster_read(r);
		is_idle = spool_take(r);
		if (db_is_wrong(r->web) || db_is_wrong(r->service))
			return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}

static int
may_start(struct replay *r)
{
	struct problem why;

	if (provider_configured() == NULL || !provider_clock_is_allowed())
		return -1;
	if (!spool_is_on()) {
		log_info("SPOOL_DIR is off: nothing is done here");
	} else if (spool_open(&why) != 0 || trial_open(&r->trial, &why) != 0) {
		log_error("not started: %s", why.detail);
		return -1;
	}
	r->signals = signals_open();
	return r->signals < 0 ? -1 : 0;
}

int
main(void)
{
	struct replay r = { .lock = -1 };
	struct problem why;
	int status;

	log_open("replay");
	if (may_start(&r) != 0)
		return EXIT_FAILURE;
	webhook_prepare();
	r.arena = arena_new(ARENA_CAP);
	r.web = db_new(STMT_ROLE_WEB, "replay");
	r.service = db_new(STMT_ROLE_SERVICE, "replay");
	/* A wrong role is said now, not in the first outage. */
	(void)db_connect(r.web, &why);
	status = run(&r);
	db_free(r.web);
	db_free(r.service);
	trial_free(r.trial);
	arena_free(r.arena);
	if (r.lock >= 0)
		(void)close(r.lock);
	log_info("ended");
	return status;
}
