/*
 * provider - who carries messages: a table, one file per provider
 */
#include "provider.h"

#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "config.h"
#include "log.h"

const struct provider *const providers[PROVIDER_MAX] = {
	&provider_console,
	&provider_ecall,
	&provider_ecall_https,
	&provider_kannel,
	&provider_twilio,
};

const struct provider *
provider_find(const char *name)
{
	for (size_t i = 0; i < PROVIDER_MAX; i++)
		if (strcmp(providers[i]->name, name) == 0)
			return providers[i];
	return NULL;
}

const struct provider *
provider_configured(void)
{
	const char *name = config_get(CONFIG_SMS_PROVIDER);
	const struct provider *p = provider_find(name);

	if (p == NULL)
		log_error(
		    "SMS_PROVIDER is \"%s\", which nobody here knows", name);
	return p;
}

int
provider_ready(const struct provider *p, struct problem *why)
{
	static const struct account installation;

	return p->ready == NULL ? 0 : p->ready(&installation, why);
}

int
provider_code_read(struct outcome *out, struct arena *a,
    const struct provider_code *table, size_t count, int code,
    const char *prefix)
{
	for (size_t i = 0; i < count; i++) {
		const struct provider_code *row = &table[i];

		if (row->code != code)
			continue;
		out->kind = row->kind;
		out->is_our_fault = row->blame == BLAME_US;
		out->reason = arena_printf(
		    a, "%s%d %s: %s", prefix, code, row->what, row->next);
		return 0;
	}
	return -1;
}

bool
provider_clock_is_allowed(void)
{
	if (strcmp(config_get(CONFIG_SMS_PROVIDER), provider_console.name) ==
		0 ||
	    !clock_is_moved())
		return true;
	log_error("the clock is moved and SMS_PROVIDER is not console; "
		  "run opsfabric clock clear");
	return false;
}
