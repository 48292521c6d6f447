/*
 * opsfabric_domain - the names that nginx is to serve, and where it finds the
 * certificate of each
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "config.h"
#include "db.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "tenant_value.h"

static const struct command_option listing[] = {
	{ "limit", "N", "rows of a page, 50 unless told" },
	{ "after", "NAME", "begin behind this one" },
	{ 0 },
};

static const struct command_option writing[] = {
	{ "certificates", "DIR",
	    "where nginx finds NAME.pem, " OPSFABRIC_TLS_DIR " unless told" },
	{ 0 },
};

/* The host of APP_BASE_URL; NULL, having said so, if that is no domain. */
static const char *
base_name(const struct command_run *run)
{
	const char *base = config_get(CONFIG_APP_BASE_URL);
	const char *at = strstr(base, "://");
	const char *name;

	at = at == NULL ? base : at + 3;
	name = tenant_value_lower(run->arena,
	    arena_printf(run->arena, "%.*s", (int)strcspn(at, ":/"), at));
	if (tenant_value_is_domain(name))
		return name;
	command_error("APP_BASE_URL is %s, which has no domain: set it", base);
	return NULL;
}

static enum command_exit
list(struct command_run *run)
{
	static const struct command_column columns[] = {
		{ "name", "NAME", CELL_TEXT },
		{ "slug", "FIRM", CELL_TEXT },
		{ 0 },
	};
	struct stmt_command_domain_list params;
	struct command_rows rows = { .columns = columns };
	enum command_exit end = COMMAND_DONE;
	struct command_page page;

	if (command_page(&page, run) != 0)
		return COMMAND_USAGE;
	params.after = page.after;
	params.limit = page.limit;
	rows.batch =
	    command_batch(run, STMT_COMMAND_DOMAIN_LIST, &params, &end);
	if (rows.batch == NULL)
		return end;
	rows.count = db_rows(rows.batch, 0);
	command_print_page(run, &rows, &page, "name");
	return COMMAND_DONE;
}

/* Lines of nginx's map: a name, the file of its certificate. */
static void
name_add(struct buf *b, const char *directory, const char *name)
{
	buf_printf(b, "%s %s/%s.pem;\n", name, directory, name);
}

/*
 * The file that path leads to. NULL, having said so, where it leads to
 * something else: a device that a file takes the place of is gone for the whole
 * host.
 */
static const char *
file_behind(const struct command_run *run, const char *path)
{
	char *whole = realpath(path, NULL);
	const char *file =
	    whole == NULL ? path : arena_strdup(run->arena, whole);
	struct stat is;

	free(whole);
	if (stat(file, &is) != 0 || S_ISREG(is.st_mode))
		return file;
	command_error("%s is no file that can be replaced", path);
	return NULL;
}

/* nginx never reads half a list, also if it is reloaded right now. */
static int
file_write(const struct command_run *run, const char *path, const char *text)
{
	const char *temporary = arena_printf(run->arena, "%s.new", path);
	FILE *f = fopen(temporary, "we");
	int rc = f == NULL ? -1 : fputs(text, f);

	if (f != NULL && (fflush(f) != 0 || fsync(fileno(f)) != 0))
		rc = -1;
	if (f != NULL && fclose(f) != 0)
		rc = -1;
	if (rc >= 0 && rename(temporary, path) == 0)
		return 0;
	command_error("%s cannot be written: %s", path, strerror(errno));
	return -1;
}

static void
written_tell(const struct command_run *run, const char *path, int names)
{
	struct buf b;

	if (!run->json) {
		(void)printf("%s is written; now nginx -t && systemctl reload "
			     "nginx\n",
		    path);
		return;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "file", path);
	json_int(&b, "names", names);
	json_obj_close(&b);
	command_put(&b);
}

/* Whom a browser could not believe yet. */
static void
missing_say(
    const struct command_run *run, const char *directory, const char *name)
{
	if (access(arena_printf(run->arena, "%s/%s.pem", directory, name),
		F_OK) != 0)
		command_error("%s has no certificate yet", name);
}

static enum command_exit
write_hosts(struct command_run *run)
{
	const char *path =
	    run->operand_count > 0 ? run->operands[0] : OPSFABRIC_HOSTS_FILE;
	const char *directory = command_value(run, "certificates");
	const char *base = base_name(run);
	const struct stmt_command_domain_list all = { 0 };
	enum command_exit end = COMMAND_DONE;
	struct db_batch *rows;
	const char *file;
	int names = 1; /* base */
	struct buf b;

	if (directory == NULL)
		directory = OPSFABRIC_TLS_DIR;
	if (base == NULL)
		return COMMAND_REFUSED;
	file = file_behind(run, path);
	if (file == NULL)
		return COMMAND_REFUSED;
	rows = command_batch(run, STMT_COMMAND_DOMAIN_LIST, &all, &end);
	if (rows == NULL)
		return end;
	buf_init(&b, run->arena);
	buf_str(&b, "# Written by \"opsfabric domain write\": the names that "
		    "are served, and the file with certificate\n"
		    "# and key of each.\n");
	name_add(&b, directory, base);
	missing_say(run, directory, base);
	for (int i = 0; i < db_rows(rows, 0); i++) {
		const char *name = db_get(rows, 0, i, "name");

		/* nginx refuses a name that stands there twice. */
		if (strcmp(name, base) == 0)
			continue;
		name_add(&b, directory, name);
		missing_say(run, directory, name);
		names++;
	}
	if (file_write(run, file, b.text) != 0)
		return COMMAND_REFUSED;
	written_tell(run, path, names);
	return COMMAND_DONE;
}

const struct command commands_domain[] = {
	{ "domain list", "", "list the domains of active firms", 0, 0, listing,
	    list },
	{ "domain write", "[FILE]",
	    "write for nginx which names it serves: " OPSFABRIC_HOSTS_FILE, 0,
	    1, writing, write_hosts },
	{ 0 },
};
