/*
 * opsfabric_tenant_save - firms as documents, and documents as firms
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "id.h"
#include "json_write.h"
#include "opsfabric_tenant.h"
#include "problem.h"
#include "tenant_document.h"

/* Of a file, which may have been laid out for people. */
#define FILE_MAX (2 * TENANT_DOCUMENT_MAX)

const struct command_column tenant_columns[] = {
	{ "id", "id", CELL_TEXT },
	{ "slug", "slug", CELL_TEXT },
	{ "name", "name", CELL_TEXT },
	{ "phone", "phone", CELL_TEXT },
	{ "email", "email", CELL_TEXT },
	{ "sms_number", "sms_number", CELL_TEXT },
	{ "website_domain", "website_domain", CELL_TEXT },
	{ "google_review_link", "google_review_link", CELL_TEXT },
	{ "timezone", "timezone", CELL_TEXT },
	{ "quiet_hours_start", "quiet_hours_start", CELL_TEXT },
	{ "quiet_hours_end", "quiet_hours_end", CELL_TEXT },
	{ "sla_response_minutes", "sla_response_minutes", CELL_NUMBER },
	{ "review_delay_hours", "review_delay_hours", CELL_NUMBER },
	{ "daily_segments", "daily_segments", CELL_NUMBER },
	{ "plan", "plan", CELL_TEXT },
	{ "config", "config", CELL_JSON },
	{ "modules", "modules", CELL_JSON },
	{ "active", "active", CELL_BOOL },
	{ "created_at", "created_at", CELL_TEXT },
	{ "updated_at", "updated_at", CELL_TEXT },
	{ 0 },
};

struct db_batch *
tenant_row(struct command_run *run, const char *slug, enum command_exit *end)
{
	struct stmt_command_tenant_show params = { .slug = slug };
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_SHOW, &params, end);

	if (b != NULL && db_rows(b, 0) == 0) {
		*end = command_no_tenant(run, slug);
		return NULL;
	}
	return b;
}

const char *
tenant_row_json(struct command_run *run, const struct db_batch *row)
{
	struct command_rows rows = {
		.batch = row,
		.count = 1,
		.columns = tenant_columns,
	};
	struct buf b;

	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	command_json_row(&b, &rows, 0);
	json_obj_close(&b);
	return b.text;
}

void
tenant_row_document(struct tenant_document *out, const struct db_batch *row)
{
	for (enum tenant_field f = 0; f < TENANT_FIELD_MAX; f++)
		out->value[f] = db_get(row, 0, 0, tenant_field_name(f));
	if (out->value[TENANT_ACTIVE] != NULL)
		out->value[TENANT_ACTIVE] =
		    *out->value[TENANT_ACTIVE] == 't' ? "true" : "false";
}

const char *
tenant_file_read(struct command_run *run, const char *path)
{
	char *text = arena_alloc(run->arena, FILE_MAX + 1);
	bool is_stdin = strcmp(path, "-") == 0;
	FILE *f = is_stdin ? stdin : fopen(path, "re");
	size_t len;
	int failed;

	if (f == NULL) {
		command_error("%s: %s", path, strerror(errno));
		return NULL;
	}
	len = fread(text, 1, FILE_MAX + 1, f);
	failed = ferror(f) != 0 ? errno : 0;
	if (!is_stdin)
		(void)fclose(f);
	if (failed != 0) {
		command_error("%s: %s", path, strerror(failed));
		return NULL;
	}
	if (len > FILE_MAX || memchr(text, '\0', len) != NULL) {
		command_error("%s is no document of at most %zu KB", path,
		    FILE_MAX / 1024);
		return NULL;
	}
	return text;
}

int
tenant_check(
    struct command_run *run, struct tenant_document *out, const char *text)
{
	struct tenant_problems problems;

	if (tenant_document_read(out, run->arena, text, &problems) == 0)
		return 0;
	for (size_t i = 0; i < problems.count; i++) {
		const struct problem *p = &problems.list[i];

		command_error("%s%s%s",
		    p->field == NULL ? "" : command_plain(run->arena, p->field),
		    p->field == NULL ? "" : ": ",
		    command_plain(run->arena, p->detail));
	}
	command_error("nothing was changed");
	return -1;
}

bool
tenant_is_taken(struct command_run *run, const char *id,
    const struct tenant_document *d, enum command_exit *end)
{
	struct stmt_command_tenant_taken params = {
		.id = id,
		.slug = d->value[TENANT_SLUG],
		.phone = d->value[TENANT_PHONE],
		.sms_number = d->value[TENANT_SMS_NUMBER],
		.email = d->value[TENANT_EMAIL],
		.website_domain = d->value[TENANT_WEBSITE_DOMAIN],
		.config = d->value[TENANT_CONFIG],
	};
	struct db_batch *b =
	    command_batch(run, STMT_COMMAND_TENANT_TAKEN, &params, end);

	if (b == NULL)
		return true;
	for (int row = 0; row < db_rows(b, 0); row++)
		command_error("/%s: %s belongs to the firm %s already",
		    db_get(b, 0, row, "field"), db_get(b, 0, row, "address"),
		    db_get(b, 0, row, "by"));
	if (db_rows(b, 0) == 0)
		return false;
	*end = COMMAND_REFUSED;
	return true;
}

enum command_exit
tenant_save(struct command_run *run, const char *id,
    const struct tenant_document *d, const char *seen_at)
{
	struct clock_text now = clock_text(clock_now());
	enum command_exit end = COMMAND_DONE;
	struct stmt_command_tenant_save params;
	struct db_batch *b;

	if (tenant_is_taken(run, id, d, &end))
		return end;
	params = (struct stmt_command_tenant_save){
		.id = id,
		.name = d->value[TENANT_NAME],
		.slug = d->value[TENANT_SLUG],
		.phone = d->value[TENANT_PHONE],
		.email = d->value[TENANT_EMAIL],
		.sms_number = d->value[TENANT_SMS_NUMBER],
		.website_domain = d->value[TENANT_WEBSITE_DOMAIN],
		.google_review_link = d->value[TENANT_GOOGLE_REVIEW_LINK],
		.timezone = d->value[TENANT_TIMEZONE],
		.quiet_hours_start = d->value[TENANT_QUIET_HOURS_START],
		.quiet_hours_end = d->value[TENANT_QUIET_HOURS_END],
		.sla_response_minutes = d->value[TENANT_SLA_RESPONSE_MINUTES],
		.review_delay_hours = d->value[TENANT_REVIEW_DELAY_HOURS],
		.daily_segments = d->value[TENANT_DAILY_SEGMENTS],
		.plan = d->value[TENANT_PLAN],
		.config = d->value[TENANT_CONFIG],
		.modules = d->value[TENANT_MODULES],
		.active = d->value[TENANT_ACTIVE],
		.now = now.text,
		.seen_at = seen_at,
	};
	b = command_batch(run, STMT_COMMAND_TENANT_SAVE, &params, &end);
	if (b == NULL)
		return end;
	if (db_rows(b, 0) == 0) {
		command_error("somebody else changed the firm at the same "
			      "moment; nothing was changed, run it again");
		return COMMAND_REFUSED;
	}
	return COMMAND_DONE;
}
