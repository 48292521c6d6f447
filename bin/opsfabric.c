/*
 * opsfabric - the operator's command: one table of commands, one file for each
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "db.h"
#include "log.h"
#include "opsfabric_command.h"

/* A page of 1,000 messages with their texts, several times. */
#define ARENA_CAP ((size_t)256 * 1024 * 1024)

static const struct command *const tables[] = {
	commands_migrate,
	commands_restored,
	commands_rehearsal,
	commands_tenant,
	commands_tenant_check,
	commands_tenant_file,
	commands_token,
	commands_secret,
	commands_ticket,
	commands_message,
	commands_inbound,
	commands_contact,
	commands_spool,
	commands_text,
	commands_domain,
	commands_clock,
	commands_doctor,
};
#define TABLES (sizeof(tables) / sizeof(tables[0]))

static const char exits[] =
    "Exit status: 0 done, 1 failed or refused, 2 wrong command line, 3 not\n"
    "found, 4 the database cannot be reached, 5 it is newer than this program.\n";

static void
help(void)
{
	(void)fputs("Usage: opsfabric COMMAND [OPTION...] [OPERAND...]\n"
		    "\nThe operator's command of OpsFabric. Commands:\n\n",
	    stdout);
	for (size_t t = 0; t < TABLES; t++)
		for (const struct command *c = tables[t]; c->name != NULL; c++)
			(void)printf("  %-20s %s\n", c->name, c->purpose);
	(void)fputs("\nEvery command has --help, and --json for programs. The\n"
		    "environment says which installation: "
		    "DATABASE_SERVICE_URL, OPSFABRIC_STATE\n"
		    "and others, see opsfabric(1).\n\n",
	    stdout);
	(void)fputs(exits, stdout);
}

static void
help_command(const struct command *command)
{
	const struct command_option *o = command->options;

	(void)printf("Usage: opsfabric %s [OPTION...]%s%s\n\n%s\n\n",
	    command->name, *command->operands == '\0' ? "" : " ",
	    command->operands, command->purpose);
	for (; o != NULL && o->name != NULL; o++) {
		char text[48];

		(void)snprintf(text, sizeof(text), "--%s%s%s", o->name,
		    o->value == NULL ? "" : " ",
		    o->value == NULL ? "" : o->value);
		(void)printf("  %-28s %s\n", text, o->meaning);
	}
	(void)printf("  %-28s %s\n", "--json", "answer in JSON");
	(void)printf("  %-28s %s\n\n", "--help", "show this");
	(void)fputs(exits, stdout);
}

/* How many of the arguments are the words of name; 0: others are. */
static int
words_of(const char *name, int argc, char **argv)
{
	int n = 0;

	while (n + 1 < argc) {
		size_t len = strcspn(name, " ");

		n++;
		if (strlen(argv[n]) != len || strncmp(argv[n], name, len) != 0)
			return 0;
		if (name[len] == '\0')
			return n;
		name += len + 1;
	}
	return 0;
}

/* The command whose words the arguments begin with; *words is their number. */
static const struct command *
command_find(int argc, char **argv, int *words)
{
	for (size_t t = 0; t < TABLES; t++)
		for (const struct command *c = tables[t]; c->name != NULL;
		     c++) {
			*words = words_of(c->name, argc, argv);
			if (*words > 0)
				return c;
		}
	return NULL;
}

/* "opsfabric tenant": which there are, wrong unless that was the question. */
static enum command_exit
command_unknown(const char *first, bool is_asked)
{
	FILE *out = is_asked ? stdout : stderr;
	size_t len = strlen(first);
	bool found = false;

	for (size_t t = 0; t < TABLES; t++)
		for (const struct command *c = tables[t]; c->name != NULL;
		     c++) {
			if (strncmp(c->name, first, len) != 0 ||
			    c->name[len] != ' ')
				continue;
			if (!found && !is_asked)
				command_error("%s needs one of:", first);
			found = true;
			(void)fprintf(out, "  %-20s %s\n", c->name, c->purpose);
		}
	if (!found)
		command_error(
		    "there is no command %s; see opsfabric --help", first);
	return found && is_asked ? COMMAND_DONE : COMMAND_USAGE;
}

enum {
	OPTION_HELP = 1000,
	OPTION_JSON
};

/* The rows of the table as getopt_long() wants them. */
static void
options_make(struct option *out, const struct command *command)
{
	const struct command_option *o = command->options;
	int n = 0;

	for (; o != NULL && o[n].name != NULL; n++) {
		out[n].name = o[n].name;
		out[n].has_arg =
		    o[n].value == NULL ? no_argument : required_argument;
		out[n].val = n;
	}
	out[n].name = "help";
	out[n++].val = OPTION_HELP;
	out[n].name = "json";
	out[n++].val = OPTION_JSON;
}

/* 0 to go on, 1 after --help, -1 for a wrong command line. */
static int
options_read(struct command_run *run, int argc, char **argv)
{
	struct option options[COMMAND_OPTIONS_MAX + 3] = { 0 };
	int which;

	options_make(options, run->command);
	opterr = 0;
	while ((which = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (which == OPTION_HELP) {
			help_command(run->command);
			return 1;
		}
		if (which == OPTION_JSON) {
			run->json = true;
		} else if (which >= 0 && which < COMMAND_OPTIONS_MAX) {
			run->values[which] = optarg == NULL ? "" : optarg;
		} else {
			(void)command_usage(run,
			    which == ':' ? "%s needs a value"
					 : "there is no option %s",
			    argv[optind - 1]);
			return -1;
		}
	}
	run->operands = argv + optind;
	run->operand_count = argc - optind;
	return 0;
}

static enum command_exit
command_start(struct command_run *run, int argc, char **argv)
{
	const struct command *command = run->command;
	int rc = options_read(run, argc, argv);

	if (rc != 0)
		return rc > 0 ? COMMAND_DONE : COMMAND_USAGE;
	if (run->operand_count < command->least)
		return command_usage(
		    run, "%s needs %s", command->name, command->operands);
	if (run->operand_count > command->most)
		return command_usage(run, "%s is one operand too many",
		    run->operands[command->most]);
	return command->run(run);
}

/*
 * On a server the settings are in a file. Whoever names an installation in the
 * environment, by its state directory, means that one.
 */
static bool
is_of_server(void)
{
	static enum {
		UNKNOWN,
		SERVER,
		NAMED
	} is;

	if (is == UNKNOWN)
		is = config_is_set(CONFIG_OPSFABRIC_STATE) ? NAMED : SERVER;
	return is == SERVER;
}

static void
settings_read(const char *path)
{
	if (is_of_server() && config_read_file(path) != 0 && errno != ENOENT)
		command_error(
		    "%s: %s; is this for root?", path, strerror(errno));
}

static enum command_exit
run_command(int argc, char **argv)
{
	struct command_run run = { 0 };
	enum command_exit end;
	int words;

	run.command = command_find(argc, argv, &words);
	if (run.command == NULL)
		return command_unknown(
		    argv[1], strcmp(argv[argc - 1], "--help") == 0);
	settings_read(OPSFABRIC_CONF_DIR "/opsfabric.conf");
	if (run.command == commands_migrate)
		settings_read(OPSFABRIC_CONF_DIR "/owner.conf");
	run.arena = arena_new(ARENA_CAP);
	end = command_start(&run, argc - words, argv + words);
	arena_free(run.arena);
	db_free(run.db);
	return end;
}

int
main(int argc, char **argv)
{
	enum command_exit end = COMMAND_DONE;
	const char *lost = NULL;

	log_open("opsfabric");
	if (argc < 2) {
		command_error("which command? See opsfabric --help");
		return COMMAND_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)
		help();
	else if (strcmp(argv[1], "--version") == 0)
		(void)printf("opsfabric %s\n", OPSFABRIC_VERSION);
	else
		end = run_command(argc, argv);
	/*
	 * What did not reach a full disk or a closed pipe was not done. Of more
	 * than a buffer a part was refused before, and nothing is left to fail.
	 */
	if (fflush(stdout) != 0)
		lost = strerror(errno);
	else if (ferror(stdout) != 0)
		lost = "not all of it was written";
	if (lost != NULL) {
		command_error("standard output: %s", lost);
		if (end == COMMAND_DONE)
			end = COMMAND_REFUSED;
	}
	return (int)end;
}
