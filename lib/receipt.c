/*
 * receipt - what a provider says later about a message it accepted
 */
#include "receipt.h"

#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "log.h"
#include "problem.h"
#include "secret.h"

static const char purpose[] = "receipt";

/* Kannel sends nothing by itself: what it knows stands where its escapes are.
 */
static const char kannel_escapes[] = "&event=%d&said=%A&provider_id=%F";

const char *
receipt_link(struct arena *a, const char *dialect, const char *message_id)
{
	struct secret_mac mac;
	struct problem why;

	if (*config_get(CONFIG_SECRETS_KEY) == '\0')
		return NULL;
	if (secret_sign(&mac, purpose, message_id, &why) != 0) {
		log_error("%s", why.detail);
		return NULL;
	}
	return arena_printf(a, "%s/api/webhook/sms-status/%s/%s?id=%s%s",
	    config_get(CONFIG_APP_BASE_URL), dialect, mac.text, message_id,
	    strcmp(dialect, "kannel") == 0 ? kannel_escapes : "");
}

bool
receipt_verify(const char *mac, const char *message_id)
{
	return secret_is_signed(mac, purpose, message_id);
}
