/*
 * tenant_config.h - the members of a firm's config: which there are, and what
 * each may hold
 *
 * Everything here is about the document of an operator (tenant_document.h);
 * programs that serve a firm read what was checked (tenant.h).
 */
#ifndef LIB_TENANT_CONFIG_H
#define LIB_TENANT_CONFIG_H

#include <stdbool.h>

struct cJSON;
struct tenant_check;

/* Each member by itself; what the house does not know is refused. */
void tenant_config_check(
    struct tenant_check *c, const char *pointer, const struct cJSON *config);

/*
 * What its members have to do with each other and with other settings: the
 * firm's own texts are measured with its name in messages, firm; alerts do not
 * go to where they come from, sms_number, which may be NULL; a button asks for
 * an intent that there is.
 */
void tenant_config_check_together(struct tenant_check *c,
    const struct cJSON *config, const char *firm, const char *sms_number);

/* Is there an intent of that value? */
bool tenant_config_has_intent(const struct cJSON *config, const char *value);

/*
 * Is the value at this path, "texts.de.missed_call", a text even where it looks
 * like JSON?
 */
bool tenant_config_is_text(const char *path);

#endif
