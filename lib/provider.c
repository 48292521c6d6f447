/*
 * provider - who carries messages: a table, one file per provider
 */
#include "provider.h"

#include <stddef.h>
#include <string.h>

#include "clock.h"
#include "config.h"
#include "log.h"

static const struct provider *const providers[] = {
	&provider_console,
	&provider_ecall,
};

const struct provider *
provider_find(const char *name)
{
	for (size_t i = 0; i < sizeof(providers) / sizeof(providers[0]); i++)
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
