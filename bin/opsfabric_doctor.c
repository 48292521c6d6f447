/*
 * opsfabric_doctor - looks at everything an installation stands on, and says
 * how to mend what is wrong
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "certificate.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "heartbeat.h"
#include "json.h"
#include "json_write.h"
#include "message.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "provider.h"
#include "roster.h"
#include "schema_version.h"
#include "secret.h"
#include "sender.h"
#include "spool.h"

/* Of a clock that decides when people are woken up. */
#define CLOCK_SKEW_WARN (2 * CLOCK_SECOND)
#define CLOCK_SKEW_FAIL (60 * CLOCK_SECOND)
/* The dispatcher looks every second. */
#define OVERDUE (2 * CLOCK_MINUTE)
#define POSTGRES_OLDEST 150000
/* Connections that should always be left for a person with a problem. */
#define CONNECTIONS_LEFT 5
/* certbot renews a month before the end, others three weeks. */
#define CERTIFICATE_DAYS 14
/* Where deploy/backup keeps them on a server. */
#define BACKUPS_USUAL "/var/backups/opsfabric"

enum level {
	LEVEL_OK,
	LEVEL_WARN,
	LEVEL_FAIL,
	LEVEL_MAX
};

static const char *const level_names[LEVEL_MAX] = {
	[LEVEL_OK] = "ok",
	[LEVEL_WARN] = "warn",
	[LEVEL_FAIL] = "FAIL",
};

struct doctor {
	struct command_run *run;
	struct buf json; /* an array */
	enum level worst;
	bool is_away;            /* a database could not be reached */
	bool is_backed_up;       /* or was meant to be, by deploy/backup */
	struct clock_time asked; /* when the server was asked for its time */
};

/* A finding: what is so, and unless it is well, how to mend it. */
__attribute__((format(printf, 5, 6))) static void
found(struct doctor *d, enum level level, const char *what, const char *mend,
    const char *fmt, ...)
{
	const char *detail;
	va_list ap;

	va_start(ap, fmt);
	detail = arena_vprintf(d->run->arena, fmt, ap);
	va_end(ap);
	if (level > d->worst)
		d->worst = level;
	if (!d->run->json) {
		(void)printf("%-4s  %-17s  %s%s%s\n", level_names[level], what,
		    detail, mend == NULL ? "" : "; ", mend == NULL ? "" : mend);
		(void)fflush(stdout);
		return;
	}
	json_obj_open(&d->json, NULL);
	json_str(&d->json, "level", level_names[level]);
	json_str(&d->json, "what", what);
	json_str(&d->json, "detail", detail);
	json_str(&d->json, "mend", mend);
	json_obj_close(&d->json);
}

struct role {
	const char *name;
	enum stmt_role role;
	enum config url;
};

static const struct role roles[] = {
	{ "opsfabric_web", STMT_ROLE_WEB, CONFIG_DATABASE_URL },
	{ "opsfabric_service", STMT_ROLE_SERVICE, CONFIG_DATABASE_SERVICE_URL },
	{ "opsfabric_owner", STMT_ROLE_OWNER, CONFIG_DATABASE_OWNER_URL },
};
#define ROLES (sizeof(roles) / sizeof(roles[0]))

/* Nobody's, for a look at the server only. */
#define NO_TENANT "00000000-0000-0000-0000-000000000000"

static const char *
state_text(struct doctor *d, struct db *db, const struct role *role)
{
	struct db_batch *b;
	const char *text;
	struct problem why;

	if (role->role == STMT_ROLE_OWNER)
		return db_script(db, d->run->arena,
			   stmt_sql(STMT_COMMAND_DOCTOR_DATABASE), &text,
			   &why) == 0
		           ? text
		           : NULL;
	b = db_batch(db, d->run->arena, NO_TENANT, NULL);
	db_queue(b, STMT_COMMAND_DOCTOR_DATABASE, NULL);
	return db_flush(b, &why) == 0 ? db_get(b, 0, 0, "state") : NULL;
}

/* One of the three connections; NULL unless it is as it should be. */
static const struct cJSON *
role_look(struct doctor *d, struct db *db, const struct role *role)
{
	const struct cJSON *state;
	const char *text, *is;
	struct problem why;

	if (db_connect(db, &why) != 0) {
		d->is_away = d->is_away || !db_is_wrong(db);
		found(d, LEVEL_FAIL, role->name,
		    db_is_wrong(db) ? "what to mend is said above"
				    : "look at the address and at Postgres",
		    "%s %s", config_name(role->url),
		    db_is_wrong(db) ? "was refused by this program"
				    : "cannot be reached");
		return NULL;
	}
	d->asked.us = clock_system_us();
	text = state_text(d, db, role);
	if (text == NULL ||
	    json_parse_stored(&state, d->run->arena, text, &why) != 0) {
		found(d, LEVEL_FAIL, role->name, "look at Postgres's log",
		    "the server did not answer");
		return NULL;
	}
	is = json_text(json_member(state, "role"));
	if (is == NULL || strcmp(is, role->name) != 0) {
		found(d, LEVEL_FAIL, role->name, "put the right role into it",
		    "%s connects as %s", config_name(role->url), is);
		return NULL;
	}
	found(d, LEVEL_OK, role->name, NULL, "%s connects",
	    config_name(role->url));
	return state;
}

static void
clock_look(struct doctor *d)
{
	bool is_console =
	    provider_find(config_get(CONFIG_SMS_PROVIDER)) == &provider_console;

	if (!clock_is_moved())
		found(d, LEVEL_OK, "clock", NULL, "it is the system's");
	else
		found(d, is_console ? LEVEL_WARN : LEVEL_FAIL, "clock",
		    "run opsfabric clock clear", "it is moved: %s",
		    clock_text(clock_now()).text);
}

static void
skew_look(struct doctor *d, const struct cJSON *state)
{
	int64_t skew_us =
	    llabs(json_number(json_member(state, "now_us"), 0) - d->asked.us);

	found(d,
	    skew_us > CLOCK_SKEW_FAIL   ? LEVEL_FAIL
	    : skew_us > CLOCK_SKEW_WARN ? LEVEL_WARN
					: LEVEL_OK,
	    "clock",
	    skew_us > CLOCK_SKEW_WARN ? "let both hosts follow NTP" : NULL,
	    "this host and the database differ by %" PRId64 " ms",
	    skew_us / 1000);
}

static void
server_look(struct doctor *d, const struct cJSON *state)
{
	int64_t left = json_number(json_member(state, "most"), 0) -
	               json_number(json_member(state, "used"), 0);
	int64_t version = json_number(json_member(state, "version_num"), 0);
	bool is_old = version < POSTGRES_OLDEST;

	found(d, is_old ? LEVEL_FAIL : LEVEL_OK, "postgres",
	    is_old ? "OpsFabric needs 15 or newer" : NULL, "version %s",
	    json_text(json_member(state, "version")));
	if (json_is_true(json_member(state, "standby")))
		found(d, LEVEL_FAIL, "postgres",
		    "add target_session_attrs=read-write to the addresses",
		    "this server is a standby, which takes no writes");
	found(d,
	    left <= 0                 ? LEVEL_FAIL
	    : left < CONNECTIONS_LEFT ? LEVEL_WARN
				      : LEVEL_OK,
	    "connections",
	    left < CONNECTIONS_LEFT
		? "raise max_connections or run fewer workers"
		: NULL,
	    "%" PRId64 " left of %" PRId64, left > 0 ? left : 0,
	    json_number(json_member(state, "most"), 0));
}

/* What Postgres is told about power cuts. */
static void
durability_look(struct doctor *d, const struct cJSON *state)
{
	const char *commit =
	    json_text(json_member(state, "synchronous_commit"));
	static const char *const needed[] = { "fsync", "full_page_writes" };
	bool is_safe = true;

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		const char *value = json_text(json_member(state, needed[i]));

		if (value != NULL && strcmp(value, "on") == 0)
			continue;
		is_safe = false;
		found(d, LEVEL_FAIL, needed[i], "switch it on",
		    "it is off: a power cut may destroy the database");
	}
	if (commit == NULL || strcmp(commit, "off") == 0) {
		is_safe = false;
		found(d, LEVEL_WARN, "durability",
		    "set synchronous_commit = on",
		    "synchronous_commit is off: a power cut loses what was "
		    "answered last, and messages may go twice");
	}
	if (is_safe)
		found(d, LEVEL_OK, "durability", NULL,
		    "commits are on disk (synchronous_commit %s)", commit);
}

static struct db_batch *
service_rows(
    struct doctor *d, struct db *db, enum stmt stmt, const void *params)
{
	struct db_batch *b = db_batch_service(db, d->run->arena);
	struct problem why;

	db_queue(b, stmt, params);
	if (db_flush(b, &why) == 0)
		return b;
	found(d, LEVEL_FAIL, stmt_name(stmt), "see above", "%s", why.detail);
	return NULL;
}

static long
count_of(const struct db_batch *b, int row, const char *column)
{
	const char *value = db_get(b, 0, row, column);

	return value == NULL ? 0 : strtol(value, NULL, 10);
}

static void
schema_look(struct doctor *d, struct db *db)
{
	struct db_batch *b =
	    service_rows(d, db, STMT_COMMAND_DOCTOR_SCHEMA, NULL);
	long version;

	if (b == NULL)
		return;
	version = count_of(b, 0, "version");
	/* An older one is refused when connecting. */
	found(d, version > SCHEMA_VERSION ? LEVEL_WARN : LEVEL_OK, "schema",
	    version > SCHEMA_VERSION
		? "finish the upgrade of this host, or of its rollback"
		: NULL,
	    "version %ld, this program needs %d", version, SCHEMA_VERSION);
	found(d, LEVEL_OK, "firms", NULL, "%ld, %ld of them active",
	    count_of(b, 0, "firms"), count_of(b, 0, "active"));
}

/*
 * Whether deploy/backup --setup was run: its directory is where that program
 * has it unless told otherwise, or Postgres archives with it (which it says
 * only once it was restarted).
 */
static bool
has_backups(struct doctor *d, const struct cJSON *state)
{
	const char *home = config_get(CONFIG_OPSFABRIC_STATE);
	const char *command = json_text(json_member(state, "archive_command"));
	const char *base = BACKUPS_USUAL "/base";
	struct stat st;

	if (stat(arena_printf(d->run->arena, "%s/postgres", home), &st) == 0)
		base = arena_printf(d->run->arena, "%s/backup/base", home);
	if (stat(base, &st) == 0 && S_ISDIR(st.st_mode))
		return true;
	command = command == NULL ? NULL : strstr(command, "/backup' --to ");
	return command != NULL && strstr(command, " --archive ") != NULL;
}

/* What this installation has to do in any case. */
static bool
is_expected(const struct doctor *d, const struct heartbeat_job *job)
{
	return job->kind == HEARTBEAT_CRON ||
	       (job->kind == HEARTBEAT_BACKUP && d->is_backed_up);
}

/* Nobody needs to poll eCall's cache whose texts come by its callback. */
static void
timer_look(
    struct doctor *d, const struct heartbeat_job *job, const struct db_batch *b)
{
	long age_s = heartbeat_age_s(b, 0, job->name);

	if (age_s > job->most_s)
		found(d, LEVEL_FAIL, "timers", "look at its timer and its log",
		    "%s last succeeded %ld min ago", job->name, age_s / 60);
	else if (age_s >= 0)
		found(d, LEVEL_OK, "timers", NULL,
		    "%s last succeeded %ld min ago", job->name, age_s / 60);
	else if (is_expected(d, job))
		found(d, LEVEL_WARN, "timers",
		    "see that its timer is installed", "%s has never succeeded",
		    job->name);
}

static void
timers_look(struct doctor *d, struct db *db)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_heartbeat_ages params = { .now = now.text };
	struct db_batch *b = service_rows(d, db, STMT_HEARTBEAT_AGES, &params);
	const struct heartbeat_job *job;

	if (b == NULL)
		return;
	for (job = heartbeat_jobs; job->name != NULL; job++)
		timer_look(d, job, b);
}

static void
outbox_row_look(struct doctor *d, const struct db_batch *b, int row)
{
	const char *provider = db_get(b, 0, row, "provider");
	long overdue = count_of(b, row, "overdue");
	long unknown = count_of(b, row, "unknown");

	if (count_of(b, row, "queued") > 0 && provider_find(provider) == NULL)
		found(d, LEVEL_WARN, "outbox",
		    "run the version that knows it until they are sent",
		    "%ld messages wait for %s, which nobody here knows",
		    count_of(b, row, "queued"), provider);
	if (overdue > 0)
		found(d, LEVEL_FAIL, "outbox",
		    "see that a dispatcher runs, and its log",
		    "%ld messages for %s are overdue, the oldest by %ld min",
		    overdue, provider, count_of(b, row, "oldest_s") / 60);
	if (unknown > 0)
		found(d, LEVEL_WARN, "outbox",
		    "see opsfabric message list --status unknown",
		    "of %ld messages nobody knows whether %s accepted them",
		    unknown, provider);
}

static void
outbox_look(struct doctor *d, struct db *db)
{
	struct clock_time now = clock_now();
	struct clock_text now_text = clock_text(now);
	struct clock_text overdue = clock_text(clock_add(now, -OVERDUE));
	struct stmt_command_doctor_outbox params = {
		.now = now_text.text,
		.overdue = overdue.text,
	};
	struct db_batch *b =
	    service_rows(d, db, STMT_COMMAND_DOCTOR_OUTBOX, &params);
	long queued = 0;

	if (b == NULL)
		return;
	for (int row = 0; row < db_rows(b, 0); row++) {
		outbox_row_look(d, b, row);
		queued += count_of(b, row, "queued");
	}
	found(d, LEVEL_OK, "outbox", NULL, "%ld messages wait for their time",
	    queued);
}

static void
installation_look(struct doctor *d, struct db *db)
{
	struct db_batch *b =
	    service_rows(d, db, STMT_COMMAND_DOCTOR_INSTALLATION, NULL);

	if (b == NULL)
		return;
	if (!db_true(b, 0, 0, "ours"))
		found(d, LEVEL_FAIL, "database",
		    "run opsfabric restored; with --same after pg_upgrade",
		    "it is not where it was set up: a copy, or restored");
	else if (count_of(b, 0, "unknown") > 0)
		found(d, LEVEL_WARN, "database",
		    "see opsfabric message list --status unknown",
		    "it was restored (%s), and of %ld messages nobody knows "
		    "whether they had left",
		    db_get(b, 0, 0, "restored_at"), count_of(b, 0, "unknown"));
}

static void
inbound_look(struct doctor *d, struct db *db)
{
	struct clock_text now = clock_text(clock_now());
	struct stmt_command_doctor_inbound params = { .now = now.text };
	struct db_batch *b =
	    service_rows(d, db, STMT_COMMAND_DOCTOR_INBOUND, &params);

	if (b == NULL)
		return;
	if (!db_true(b, 0, 0, "has_room"))
		found(d, LEVEL_WARN, "inbound",
		    "see opsfabric inbound list, and discard what is forged",
		    "so many reports were not believed that no more are kept");
	found(d, LEVEL_OK, "inbound", NULL,
	    "%ld reports not believed, and %ld for nobody's number, wait",
	    count_of(b, 0, "unverified"), count_of(b, 0, "unmatched"));
}

static void
webhooks_look(struct doctor *d)
{
	struct problem why;

	if (sender_networks_check(&why) != 0)
		found(
		    d, LEVEL_FAIL, "webhooks", "correct it", "%s", why.detail);
}

static void
settings_look(struct doctor *d)
{
	const struct provider *p =
	    provider_find(config_get(CONFIG_SMS_PROVIDER));
	struct problem why;

	if (p == NULL)
		found(d, LEVEL_FAIL, "provider", "correct SMS_PROVIDER",
		    "nobody here knows \"%s\"",
		    config_get(CONFIG_SMS_PROVIDER));
	else if (provider_ready(p, &why) != 0)
		found(d, LEVEL_FAIL, "provider", "see docs/providers.md", "%s",
		    why.detail);
	else
		found(d, LEVEL_OK, "provider", NULL, "%s%s", p->name,
		    p == &provider_console
			? ", for development: no message leaves this host"
			: "");
	if (*config_get(CONFIG_CRON_SECRET) == '\0')
		found(d, LEVEL_WARN, "cron", "set it, and tell the timers",
		    "CRON_SECRET is not set: nobody may call the cron routes");
	/* Programs go on without it, and hardly say so. */
	if (secret_keys_check(&why) != 0)
		found(d, LEVEL_FAIL, "secrets",
		    "correct it: openssl rand -hex 32 makes one", "%s",
		    why.detail);
}

/* "https://host", and nothing at the end that would stand before a path. */
static bool
is_address(const char *base)
{
	const char *host = strncmp(base, "https://", 8) == 0  ? base + 8
	                   : strncmp(base, "http://", 7) == 0 ? base + 7
	                                                      : "";

	return *host != '\0' && strchr("/:", *host) == NULL &&
	       host[strcspn(host, "?# ")] == '\0' &&
	       host[strlen(host) - 1] != '/';
}

/*
 * Every link in a message and every signature of Twilio's begins with it: one
 * slash too many, and nobody of Twilio's is believed.
 */
static void
address_look(struct doctor *d)
{
	const char *base = config_get(CONFIG_APP_BASE_URL);

	if (is_address(base))
		found(d, LEVEL_OK, "address", NULL, "%s", base);
	else
		found(d, LEVEL_FAIL, "address", "correct it",
		    "APP_BASE_URL is \"%s\", not an address as in "
		    "https://opsfabric.example.ch, without a slash at its end",
		    base);
}

static void
state_look(struct doctor *d)
{
	const char *path = config_get(CONFIG_OPSFABRIC_STATE);
	struct stat st;

	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode))
		found(d, LEVEL_FAIL, "state", "make it, or correct the setting",
		    "OPSFABRIC_STATE is %s, which is no directory", path);
	else if (access(path, R_OK | W_OK | X_OK) != 0)
		found(d, LEVEL_WARN, "state", "run as the user of the programs",
		    "%s cannot be written by this user", path);
	else
		found(d, LEVEL_OK, "state", NULL, "%s", path);
}

/* A datagram socket that nobody holds any more refuses the connection. */
static void
dispatcher_look(struct doctor *d)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int rc;

	message_wake_path(address.sun_path, sizeof(address.sun_path));
	rc = fd < 0 ? -1
	            : connect(fd, (const struct sockaddr *)&address,
			  sizeof(address));
	if (rc == 0)
		found(d, LEVEL_OK, "dispatcher", NULL, "it listens on %s",
		    address.sun_path);
	else
		found(d, LEVEL_WARN, "dispatcher",
		    "start it, unless it runs on another host",
		    "none on this host (%s: %s)", address.sun_path,
		    strerror(errno));
	if (fd >= 0)
		(void)close(fd);
}

/* A line of nginx's list: a name and the file of its certificate. */
static void
certificate_look(struct doctor *d, const char *name, const char *path)
{
	struct problem why;
	int days;

	if (strcmp(name, "\"~.\"") == 0)
		found(d, LEVEL_WARN, "certificate",
		    "run opsfabric domain write",
		    "any name is served, with one that no browser believes");
	else if (access(path, R_OK) != 0 && errno == EACCES)
		found(d, LEVEL_WARN, "certificate", "run as root",
		    "%s cannot be read by this user", path);
	else if (certificate_days(&days, path, &why) != 0)
		found(d, LEVEL_FAIL, "certificate",
		    "get one, see docs/operations.md", "%s", why.detail);
	else if (days < 0)
		found(d, LEVEL_FAIL, "certificate", "renew it",
		    "that of %s has ended", name);
	else
		found(d, days < CERTIFICATE_DAYS ? LEVEL_WARN : LEVEL_OK,
		    "certificate",
		    days < CERTIFICATE_DAYS ? "see why it is not renewed"
					    : NULL,
		    "that of %s is good for %d days", name, days);
}

/* Only where nginx serves a site of ours. */
static void
certificates_look(struct doctor *d)
{
	const char *path = command_value(d->run, "hosts");
	char line[1024], name[300], file[700];
	FILE *f = fopen(path == NULL ? OPSFABRIC_HOSTS_FILE : path, "re");

	if (f == NULL)
		return;
	while (fgets(line, sizeof(line), f) != NULL)
		if (*line != '#' &&
		    sscanf(line, "%299s %699[^;\n]", name, file) == 2)
			certificate_look(d, name, file);
	(void)fclose(f);
}

/* Younger than this it is about to be taken. */
#define WAITING_LONG (2 * CLOCK_MINUTE)
#define ROSTER_OLD (2 * CLOCK_MINUTE)

static void
spool_waiting_look(struct doctor *d)
{
	struct spool_count waiting = spool_count(SPOOL_WAIT);
	struct spool_count failed = spool_count(SPOOL_FAILED);
	int64_t age_us = clock_system_us() - waiting.oldest_us;
	bool is_late = waiting.count > 0 && age_us > WAITING_LONG;

	if (waiting.count == 0)
		found(d, LEVEL_OK, "spool", NULL, "no webhook waits in %s",
		    spool_path(d->run->arena, ""));
	else
		found(d, is_late ? LEVEL_FAIL : LEVEL_WARN, "spool",
		    "see that Postgres and replay run, and replay's log",
		    "%zu webhooks wait in %s since %" PRId64 " min",
		    waiting.count, spool_path(d->run->arena, ""),
		    age_us / CLOCK_MINUTE);
	if (failed.count > 0)
		found(d, LEVEL_FAIL, "spool", "see opsfabric spool list",
		    "%zu webhooks could not be taken", failed.count);
}

static void
spool_look(struct doctor *d)
{
	int64_t roster_us = roster_read_us();
	struct problem why;

	if (!spool_is_on()) {
		found(d, LEVEL_WARN, "spool", "unset SPOOL_DIR to have it",
		    "it is off: webhooks are told 503 while Postgres is away");
		return;
	}
	if (spool_check(&why) != 0) {
		found(d, LEVEL_FAIL, "spool",
		    "correct it, or run as the user of the programs", "%s",
		    why.detail);
		return;
	}
	spool_waiting_look(d);
	if (roster_us == 0 || clock_system_us() - roster_us > ROSTER_OLD)
		found(d, LEVEL_FAIL, "spool",
		    "see that replay runs, and its log",
		    "whom webhooks may reach was not read for minutes: "
		    "replay does it");
}

static void
database_look(struct doctor *d)
{
	for (size_t i = 0; i < ROLES; i++) {
		const struct role *role = &roles[i];
		const struct cJSON *state;
		struct db *db;

		if (role->role == STMT_ROLE_OWNER &&
		    *config_get(role->url) == '\0') {
			found(d, LEVEL_OK, role->name, NULL,
			    "%s is not set, which only migrate needs",
			    config_name(role->url));
			continue;
		}
		db = db_new(role->role, "opsfabric doctor");
		state = role_look(d, db, role);
		if (state != NULL && role->role == STMT_ROLE_SERVICE) {
			skew_look(d, state);
			server_look(d, state);
			durability_look(d, state);
			schema_look(d, db);
			installation_look(d, db);
			d->is_backed_up = has_backups(d, state);
			timers_look(d, db);
			outbox_look(d, db);
			inbound_look(d, db);
		}
		db_free(db);
	}
}

static enum command_exit
doctor(struct command_run *run)
{
	struct doctor d = { .run = run };
	struct buf b;

	buf_init(&d.json, run->arena);
	json_arr_open(&d.json, NULL);
	settings_look(&d);
	address_look(&d);
	webhooks_look(&d);
	clock_look(&d);
	state_look(&d);
	dispatcher_look(&d);
	certificates_look(&d);
	spool_look(&d);
	database_look(&d);
	json_arr_close(&d.json);
	if (run->json) {
		buf_init(&b, run->arena);
		json_obj_open(&b, NULL);
		json_bool(&b, "ok", d.worst < LEVEL_FAIL);
		json_raw(&b, "checks", d.json.text);
		json_obj_close(&b);
		command_put(&b);
	}
	if (d.worst < LEVEL_FAIL)
		return COMMAND_DONE;
	return d.is_away ? COMMAND_AWAY : COMMAND_REFUSED;
}

static const struct command_option looking[] = {
	{ "hosts", "FILE",
	    "nginx's list of names, " OPSFABRIC_HOSTS_FILE " unless told" },
	{ 0 },
};

const struct command commands_doctor[] = {
	{ "doctor", "", "look whether all is well, and say how to mend it", 0,
	    0, looking, doctor },
	{ 0 },
};
