/*
 * opsfabric_clock - moves the clock of all programs, for tests
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "config.h"
#include "json_write.h"
#include "opsfabric_command.h"
#include "problem.h"
#include "provider.h"

/* Programs that would really send end when the clock is moved (provider.h). */
static bool
is_allowed(void)
{
	const char *name = config_get(CONFIG_SMS_PROVIDER);

	if (provider_find(name) == &provider_console)
		return true;
	command_error("the clock is moved for tests only, with "
		      "SMS_PROVIDER=console; programs that would really send "
		      "end when it is moved");
	return false;
}

static enum command_exit
show(struct command_run *run)
{
	struct clock_time now = clock_now(), system = { clock_system_us() };
	int64_t ahead_s;
	struct buf b;

	ahead_s = (now.us - system.us +
		      (now.us < system.us ? -1 : 1) * CLOCK_SECOND / 2) /
	          CLOCK_SECOND;
	if (!run->json) {
		(void)printf("%s\n", clock_text(now).text);
		if (clock_is_moved())
			(void)printf("moved by %" PRId64
				     " s; the system's clock shows %s\n",
			    ahead_s, clock_text(system).text);
		return COMMAND_DONE;
	}
	buf_init(&b, run->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "now", clock_text(now).text);
	json_str(&b, "system", clock_text(system).text);
	json_bool(&b, "moved", clock_is_moved());
	json_int(&b, "offset_seconds", ahead_s);
	json_obj_close(&b);
	command_put(&b);
	return COMMAND_DONE;
}

static enum command_exit
set(struct command_run *run)
{
	struct clock_time t;
	struct problem why;

	if (clock_parse(&t, run->operands[0]) != 0)
		return command_usage(run,
		    "clock set takes an instant with its zone, as in "
		    "2026-11-29T02:30:00+01:00");
	if (!is_allowed())
		return COMMAND_REFUSED;
	if (clock_set(t, &why) != 0)
		return command_failed(&why, NULL);
	return show(run);
}

static enum command_exit
clear(struct command_run *run)
{
	struct problem why;

	if (clock_clear(&why) != 0)
		return command_failed(&why, NULL);
	return show(run);
}

const struct command commands_clock[] = {
	{ "clock set", "INSTANT",
	    "move the clock of all programs, which runs on from there", 1, 1,
	    NULL, set },
	{ "clock clear", "", "go back to the system's clock", 0, 0, NULL,
	    clear },
	{ "clock show", "", "show what time it is for the programs", 0, 0, NULL,
	    show },
	{ 0 },
};
