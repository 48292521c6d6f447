/*
 * wizard_way.h - the ways by which a visitor asks a firm for something
 *
 * An emergency, a request, an offer: which of them a firm has follows from its
 * intents (config.intents), each of which belongs to one way, its category. A
 * firm without any has the request, and nothing to choose in it.
 */
#ifndef LIB_WIZARD_WAY_H
#define LIB_WIZARD_WAY_H

#include <stdbool.h>

#include "language.h"
#include "status.h"

struct cJSON;

enum wizard_way {
	WIZARD_EMERGENCY,
	WIZARD_REQUEST,
	WIZARD_OFFER,
	WIZARD_WAY_MAX
};

/* "emergency": the category of an intent, and ?flow= of the page. */
const char *wizard_way_name(enum wizard_way way);

/* -1 for NULL, or where there is no such way. */
int wizard_way_parse(enum wizard_way *out, const char *name);

/* Has the firm of that config this way? */
bool wizard_way_is_there(enum wizard_way way, const struct cJSON *config);

/* What the firm calls it (config.wizard.ways), else the house. */
const char *wizard_way_label(
    enum wizard_way way, const struct cJSON *config, enum language language);
const char *wizard_way_text(
    enum wizard_way way, const struct cJSON *config, enum language language);

/* Of the firm's intents, in order: the next of that way behind intent, or the
 * first behind NULL; NULL behind the last. */
const struct cJSON *wizard_intent_next(enum wizard_way way,
    const struct cJSON *config, const struct cJSON *intent);

/* The intent of that value, of any way, or NULL. */
const struct cJSON *wizard_intent_find(
    const struct cJSON *config, const char *value);

const char *wizard_intent_value(const struct cJSON *intent);
const char *wizard_intent_label(const struct cJSON *intent);

/* -1 if its category is no way. */
int wizard_intent_way(enum wizard_way *out, const struct cJSON *intent);

/* The advice that goes before all else: "gas", "water", or NULL. */
const char *wizard_intent_safety(const struct cJSON *intent);

/* The intent's urgency, but never weaker than the way says; intent may be NULL.
 */
enum urgency wizard_urgency(enum wizard_way way, const struct cJSON *intent);

/* Does this firm go to its customers (config.wizard.address)? Then it asks
 * where. */
bool wizard_asks_address(const struct cJSON *config);

#endif
