/*
 * opsfabric_spool - what waits in the spool of this host, and what could not be
 * taken
 *
 * Needs no database. What waits is replay's business, but an operator may put
 * one aside or discard it; who decides about what lies aside is the operator.
 * Nobody touches what replay has in hand (trial.h).
 */
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "arena.h"
#include "backlog.h"
#include "buf.h"
#include "clock.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "route.h"
#include "spool.h"
#include "trial.h"

/* Names of a lane. */
#define NAMES_CAP ((size_t)64 * 1024 * 1024)

static const struct command_option listing[] = {
	{ "waiting", NULL, "name also what waits" },
	{ 0 },
};

static const struct command_option showing[] = {
	{ "full", NULL, "with what was sent, which is personal data" },
	{ 0 },
};

static const char *
came_text(struct arena *a, int64_t us)
{
	struct clock_text text = clock_text((struct clock_time){ us });

	return arena_strdup(a, text.text);
}

static enum command_exit
is_there(const struct command_run *run)
{
	struct problem why;

	(void)run;
	if (!spool_is_on()) {
		command_error("SPOOL_DIR is off");
		return COMMAND_REFUSED;
	}
	if (spool_check(&why) != 0) {
		command_error("%s", why.detail);
		return COMMAND_REFUSED;
	}
	return COMMAND_DONE;
}

/* One that waits: into the document, or on a line. */
static void
waiting_put(struct arena *a, struct buf *json, const char *name)
{
	if (json != NULL)
		json_str(json, NULL, name);
	else
		(void)printf("waits   %s  came %s\n", name,
		    came_text(a, spool_came_us(name)));
}

/* A lane after the other, each in its order. */
static void
waiting_list(struct buf *json)
{
	struct arena *a = arena_new(NAMES_CAP);
	struct spool_names names;

	for (int lane = 0; lane < SPOOL_LANES; lane++) {
		spool_list(&names, a, lane);
		for (size_t i = 0; i < names.count; i++)
			waiting_put(a, json, names.name[i]);
		arena_reset(a);
	}
	arena_free(a);
}

static void
list_json(struct command_run *run, const struct spool_count *waiting,
    const struct spool_names *failed)
{
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_int(&b, "waiting", (int64_t)waiting->count);
	json_str(&b, "oldest",
	    waiting->count == 0 ? NULL
				: came_text(run->arena, waiting->oldest_us));
	if (command_value(run, "waiting") != NULL) {
		json_arr_open(&b, "waits");
		waiting_list(&b);
		json_arr_close(&b);
	}
	json_arr_open(&b, "failed");
	for (size_t i = 0; i < failed->count; i++)
		json_str(&b, NULL, failed->name[i]);
	json_arr_close(&b);
	json_obj_close(&b);
	command_put(&b);
}

static void
list_print(struct command_run *run, const struct spool_count *waiting,
    const struct spool_names *failed)
{
	if (waiting->count > 0)
		(void)printf("%zu wait since %s\n", waiting->count,
		    came_text(run->arena, waiting->oldest_us));
	else
		(void)printf("Nothing waits\n");
	if (command_value(run, "waiting") != NULL)
		waiting_list(NULL);
	for (size_t i = 0; i < failed->count; i++)
		(void)printf("failed  %s  came %s\n", failed->name[i],
		    came_text(run->arena, spool_came_us(failed->name[i])));
}

static enum command_exit
list(struct command_run *run)
{
	struct spool_count waiting;
	struct spool_names failed;
	enum command_exit end = is_there(run);

	if (end != COMMAND_DONE)
		return end;
	waiting = spool_count(SPOOL_WAIT);
	spool_list_failed(&failed, run->arena);
	if (run->json)
		list_json(run, &waiting, &failed);
	else
		list_print(run, &waiting, &failed);
	return COMMAND_DONE;
}

/* One of that name, whether it waits or failed. */
static enum command_exit
find(struct spool_file *out, struct command_run *run)
{
	enum command_exit end = is_there(run);

	if (end != COMMAND_DONE)
		return end;
	if (spool_find(out, run->operands[0]))
		return COMMAND_DONE;
	command_error("there is no %s in spool list", run->operands[0]);
	return COMMAND_NOT_FOUND;
}

static void
show_json(struct command_run *run, const struct request *req, const char *body)
{
	struct clock_text now = clock_text(req->now);
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "came", now.text);
	json_str(&b, "request", req->id);
	json_str(&b, "path", req->path);
	json_str(&b, "client", req->client);
	json_str(&b, "body", body);
	json_obj_close(&b);
	command_put(&b);
}

static enum command_exit
show(struct command_run *run)
{
	bool is_full = command_value(run, "full") != NULL;
	struct spool_file file;
	enum command_exit end = find(&file, run);
	const char *key, *body = NULL;
	struct clock_text now;
	struct request req;
	struct problem why;

	if (end != COMMAND_DONE)
		return end;
	if (backlog_read(&req, &key, &file, run->arena, &why) != 0)
		return command_failed(&why, NULL);
	if (is_full)
		body = command_plain(run->arena, req.body);
	if (run->json) {
		show_json(run, &req, body);
		return COMMAND_DONE;
	}
	now = clock_text(req.now);
	(void)printf("came     %s\nrequest  %s\npath     %s\nclient   %s\n",
	    now.text, command_plain(run->arena, req.id),
	    command_plain(run->arena, req.path),
	    command_plain(run->arena, req.client));
	if (body != NULL)
		(void)printf("body     %s\n", body);
	return COMMAND_DONE;
}

static enum command_exit
said(const struct command_run *run, const char *what)
{
	struct buf b;

	if (!run->json) {
		(void)printf("%s %s\n", run->operands[0], what);
		return COMMAND_DONE;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "name", run->operands[0]);
	json_str(&b, "is", what);
	json_obj_close(&b);
	command_put(&b);
	return COMMAND_DONE;
}

static enum command_exit
retry(struct command_run *run)
{
	struct spool_file file;
	enum command_exit end = find(&file, run);
	struct request req;
	struct problem why;
	const char *key;

	if (end != COMMAND_DONE)
		return end;
	if (file.place == SPOOL_WAIT)
		return said(run, "waits already");
	/* What is torn would only fail again. */
	if (backlog_read(&req, &key, &file, run->arena, &why) != 0 ||
	    spool_retry(file.name, spool_lane(key), &why) != 0)
		return command_failed(&why, NULL);
	return said(run, "waits again");
}

/*
 * One that waits, with its lane held: what replay has in hand is waited for,
 * and is not there any more then, or stays because it could not be taken. *held
 * is -1 for one that failed.
 */
static enum command_exit
find_held(struct spool_file *out, int *held, struct command_run *run)
{
	enum command_exit end = find(out, run);
	struct problem why;

	*held = -1;
	if (end != COMMAND_DONE || out->place == SPOOL_FAILED)
		return end;
	*held = trial_hold(out->lane, &why);
	if (*held < 0)
		return command_failed(&why, NULL);
	return find(out, run);
}

static enum command_exit
discard(struct command_run *run)
{
	struct spool_file file;
	int held;
	enum command_exit end = find_held(&file, &held, run);
	struct problem why;

	if (end == COMMAND_DONE && spool_remove(&file, &why) != 0)
		end = command_failed(&why, NULL);
	if (held >= 0)
		(void)close(held);
	return end == COMMAND_DONE ? said(run, "is discarded") : end;
}

static enum command_exit
aside(struct command_run *run)
{
	struct spool_file file;
	int held;
	enum command_exit end = find_held(&file, &held, run);
	struct problem why;

	if (end == COMMAND_DONE && file.place == SPOOL_WAIT &&
	    spool_fail(&file, &why) != 0)
		end = command_failed(&why, NULL);
	if (held >= 0)
		(void)close(held);
	return end == COMMAND_DONE ? said(run, "lies in failed/") : end;
}

const struct command commands_spool[] = {
	{ "spool list", "", "say what waits on this host, and what failed", 0,
	    0, listing, list },
	{ "spool show", "NAME", "show one that waits or failed", 1, 1, showing,
	    show },
	{ "spool aside", "NAME", "put one that waits to those that failed", 1,
	    1, NULL, aside },
	{ "spool retry", "NAME", "let one that failed be taken again", 1, 1,
	    NULL, retry },
	{ "spool discard", "NAME", "remove it", 1, 1, NULL, discard },
	{ 0 },
};
