/*
 * opsfabric_tenant_check - what firms' documents still lack for good pages
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "json_write.h"
#include "opsfabric_tenant.h"
#include "tenant_advice.h"

#define FIRMS_MAX 200
#define PAGE "100"

static const struct command_option options[] = {
	{ "all", NULL, "every firm that is served" },
	{ 0 },
};

/* What all firms of one run have in common. */
struct checking {
	struct command_run *run;
	struct buf json;
	bool is_good;
	enum command_exit end; /* of what could not be looked at */
};

/*
 * By which addresses it is really found: kept in step with its columns by the
 * database, unless another firm had one before it.
 */
static enum command_exit
advise_addresses(struct tenant_advice *t, struct command_run *run,
    const struct db_batch *row)
{
	struct stmt_command_tenant_unreached params = {
		.id = db_get(row, 0, 0, "id"),
	};
	enum command_exit end = COMMAND_DONE;
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_UNREACHED, &params, &end);

	if (b == NULL)
		return end;
	for (int i = 0; i < db_rows(b, 0); i++)
		tenant_advice_add(t, TENANT_ADVICE_MISSING,
		    arena_printf(run->arena, "/%s", db_get(b, 0, i, "field")),
		    "%s does not lead to this firm: its row of "
		    "tenant_addresses is missing; set it again",
		    db_get(b, 0, i, "address"));
	return COMMAND_DONE;
}

static void
line_json(struct buf *b, const struct tenant_advice_line *line)
{
	json_obj_open(b, NULL);
	json_str(b, "severity", tenant_advice_kind_name(line->kind));
	json_str(b, "pointer", line->pointer);
	if (line->length < 0) {
		json_raw(b, "length", NULL);
		json_raw(b, "advised", NULL);
	} else {
		json_int(b, "length", line->length);
		json_int(b, "advised", line->good);
	}
	json_str(b, "text", line->text);
	json_obj_close(b);
}

static void
tell_json(struct checking *c, const char *slug, const struct tenant_advice *t)
{
	json_obj_open(&c->json, NULL);
	json_str(&c->json, "slug", slug);
	json_bool(&c->json, "good", tenant_advice_is_good(t));
	json_arr_open(&c->json, "advice");
	for (size_t i = 0; i < t->count; i++)
		line_json(&c->json, &t->list[i]);
	json_arr_close(&c->json);
	json_obj_close(&c->json);
}

static int
widest(const struct tenant_advice *t)
{
	size_t most = 0;

	for (size_t i = 0; i < t->count; i++)
		if (strlen(t->list[i].pointer) > most)
			most = strlen(t->list[i].pointer);
	return (int)most;
}

static void
tell(struct command_run *run, const char *slug, const struct tenant_advice *t)
{
	int width = widest(t);

	if (t->count == 0) {
		(void)printf("%s: nothing to say\n", slug);
		return;
	}
	(void)printf("%s:\n", slug);
	for (size_t i = 0; i < t->count; i++) {
		const struct tenant_advice_line *line = &t->list[i];

		(void)printf("  %-8s  %-*s  ",
		    tenant_advice_kind_name(line->kind), width,
		    command_plain(run->arena, line->pointer));
		if (line->length >= 0)
			(void)printf("%ld, good are at most %ld: ",
			    line->length, line->good);
		(void)printf("%s\n", command_plain(run->arena, line->text));
	}
}

static void
check_firm(struct checking *c, const char *slug)
{
	struct tenant_advice *t =
	    arena_alloc(c->run->arena, sizeof(struct tenant_advice));
	enum command_exit end = COMMAND_DONE;
	struct db_batch *row = tenant_row(c->run, slug, &end);

	if (row != NULL) {
		tenant_advice_read(
		    t, c->run->arena, tenant_row_json(c->run, row));
		end = advise_addresses(t, c->run, row);
	}
	if (end != COMMAND_DONE) {
		c->end = end;
		return;
	}
	c->is_good = c->is_good && tenant_advice_is_good(t);
	if (c->run->json)
		tell_json(c, slug, t);
	else
		tell(c->run, slug, t);
}

static void
check_all(struct checking *c)
{
	struct stmt_command_tenant_list params = { NULL, PAGE };
	struct db_batch *b;
	int rows;

	do {
		b = command_batch(
		    c->run, STMT_COMMAND_TENANT_LIST, &params, &c->end);
		rows = b == NULL ? 0 : db_rows(b, 0);
		for (int i = 0; i < rows; i++) {
			params.after = db_get(b, 0, i, "slug");
			if (*db_get(b, 0, i, "active") == 't')
				check_firm(c, params.after);
		}
	} while (rows > 0 && c->end == COMMAND_DONE);
}

static enum command_exit
check(struct command_run *run)
{
	bool all = command_value(run, "all") != NULL;
	struct checking c = { .run = run, .is_good = true };

	if (all == (run->operand_count > 0))
		return command_usage(run, "name firms, or give --all");
	buf_init(&c.json, run->arena);
	json_obj_open(&c.json, NULL);
	json_arr_open(&c.json, "firms");
	if (all)
		check_all(&c);
	for (int i = 0; i < run->operand_count; i++)
		check_firm(&c, run->operands[i]);
	json_arr_close(&c.json);
	json_bool(&c.json, "good", c.is_good);
	json_obj_close(&c.json);
	if (run->json)
		command_put(&c.json);
	if (c.end != COMMAND_DONE)
		return c.end;
	return c.is_good ? COMMAND_DONE : COMMAND_REFUSED;
}

const struct command commands_tenant_check[] = {
	{ "tenant check", "[SLUG...]",
	    "what is missing or too long for a good page", 0, FIRMS_MAX,
	    options, check },
	{ 0 },
};
