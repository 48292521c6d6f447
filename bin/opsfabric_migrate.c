/*
 * opsfabric_migrate - brings the database's schema to this program's version
 */
#include <inttypes.h>
#include <stdio.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "json_write.h"
#include "migrate.h"
#include "opsfabric_command.h"
#include "problem.h"

static const struct command_option options[] = {
	{ "status", NULL, "only show what is applied and what is not" },
	{ 0 },
};

static void
status_json(struct arena *a, const struct migrate_plan *plan)
{
	struct buf b;

	buf_init(&b, a);
	json_obj_open(&b, NULL);
	json_int(&b, "version", plan->applied);
	json_int(&b, "needed", plan->count);
	json_arr_open(&b, "migrations");
	for (int i = 0; i < plan->count; i++) {
		json_obj_open(&b, NULL);
		json_int(&b, "version", plan->steps[i].version);
		json_str(&b, "name", plan->steps[i].name);
		json_str(&b, "applied_at", plan->steps[i].applied_at);
		json_obj_close(&b);
	}
	json_arr_close(&b);
	json_obj_close(&b);
	command_put(&b);
}

/* Pending migrations are an answer, not a failure: scripts ask with --json. */
static void
status(struct command_run *run, const struct migrate_plan *plan)
{
	if (run->json) {
		status_json(run->arena, plan);
		return;
	}
	for (int i = 0; i < plan->count; i++)
		(void)printf("%-30s %s\n", plan->steps[i].name,
		    plan->steps[i].applied_at == NULL
			? "not applied"
			: plan->steps[i].applied_at);
}

struct applied {
	struct buf json; /* an array */
	int count;
};

static int
apply_next(struct command_run *run, struct applied *applied,
    struct migrate_plan *plan, struct db *db, struct problem *why)
{
	const struct migrate_step *step = &plan->steps[plan->applied];
	int64_t begun_us = clock_ticks_us(), ms;

	if (migrate_next(plan, db, run->arena, why) != 0) {
		command_error(
		    "%s was not applied; nothing of it stays", step->name);
		return -1;
	}
	ms = (clock_ticks_us() - begun_us) / 1000;
	applied->count++;
	json_obj_open(&applied->json, NULL);
	json_int(&applied->json, "version", step->version);
	json_str(&applied->json, "name", step->name);
	json_int(&applied->json, "ms", ms);
	json_obj_close(&applied->json);
	if (!run->json) {
		(void)printf("applied %-30s %5" PRId64 " ms\n", step->name, ms);
		(void)fflush(stdout);
	}
	return 0;
}

static int
apply_all(struct command_run *run, struct migrate_plan *plan, struct db *db,
    struct problem *why)
{
	struct applied applied = { .count = 0 };
	struct buf b;

	buf_init(&applied.json, run->arena);
	json_arr_open(&applied.json, NULL);
	while (plan->applied < plan->count)
		if (apply_next(run, &applied, plan, db, why) != 0)
			return -1;
	json_arr_close(&applied.json);
	if (!run->json) {
		(void)printf("schema version %d%s\n", plan->applied,
		    applied.count == 0 ? ", nothing to do" : "");
		return 0;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_int(&b, "version", plan->applied);
	json_raw(&b, "applied", applied.json.text);
	json_obj_close(&b);
	command_put(&b);
	return 0;
}

static int
migrate_with(struct command_run *run, struct migrate_plan *plan, struct db *db,
    struct problem *why)
{
	if (command_value(run, "status") != NULL) {
		if (migrate_read(plan, db, run->arena, why) != 0)
			return -1;
		status(run, plan);
		return 0;
	}
	if (migrate_lock(db, run->arena, why) != 0 ||
	    migrate_read(plan, db, run->arena, why) != 0)
		return -1;
	return apply_all(run, plan, db, why);
}

static enum command_exit
migrate(struct command_run *run)
{
	struct db *db = db_new(STMT_ROLE_OWNER, "opsfabric migrate");
	enum command_exit end = COMMAND_DONE;
	struct migrate_plan plan = { .is_older = false };
	struct problem why;

	if (migrate_with(run, &plan, db, &why) != 0) {
		end = command_failed(&why, db);
		if (plan.is_older)
			end = COMMAND_NEWER;
	}
	db_free(db);
	return end;
}

const struct command commands_migrate[] = {
	{ "migrate", "",
	    "bring the database's schema to this program's version", 0, 0,
	    options, migrate },
	{ 0 },
};
