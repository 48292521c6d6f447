/*
 * wizard_way - the ways by which a visitor asks a firm for something
 */
#include "wizard_way.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "json.h"
#include "wizard_words.h"

static const struct {
	const char *name;
	enum urgency least;
	enum wizard_word label;
	enum wizard_word text;
} ways[WIZARD_WAY_MAX] = {
	[WIZARD_EMERGENCY] = { "emergency", URGENCY_HIGH,
	    WIZARD_WORD_WAY_EMERGENCY, WIZARD_WORD_WAY_EMERGENCY_TEXT },
	[WIZARD_REQUEST] = { "request", URGENCY_MED, WIZARD_WORD_WAY_REQUEST,
	    WIZARD_WORD_WAY_REQUEST_TEXT },
	[WIZARD_OFFER] = { "offer", URGENCY_LOW, WIZARD_WORD_WAY_OFFER,
	    WIZARD_WORD_WAY_OFFER_TEXT },
};

const char *
wizard_way_name(enum wizard_way way)
{
	assert(way < WIZARD_WAY_MAX);
	return ways[way].name;
}

int
wizard_way_parse(enum wizard_way *out, const char *name)
{
	for (int i = 0; name != NULL && i < WIZARD_WAY_MAX; i++)
		if (strcmp(ways[i].name, name) == 0) {
			*out = (enum wizard_way)i;
			return 0;
		}
	return -1;
}

/* What cannot be chosen and sent again is no intent. */
static bool
is_intent(const struct cJSON *v)
{
	const char *value = wizard_intent_value(v);

	return value != NULL && *value != '\0' &&
	       wizard_intent_label(v) != NULL;
}

const struct cJSON *
wizard_intent_next(
    enum wizard_way way, const struct cJSON *config, const struct cJSON *intent)
{
	const struct cJSON *v = intent == NULL
	                            ? json_first(json_member(config, "intents"))
	                            : json_next(intent);
	enum wizard_way its;

	for (; v != NULL; v = json_next(v))
		if (is_intent(v) && wizard_intent_way(&its, v) == 0 &&
		    its == way)
			return v;
	return NULL;
}

bool
wizard_way_is_there(enum wizard_way way, const struct cJSON *config)
{
	bool has_any = false;

	for (int i = 0; i < WIZARD_WAY_MAX; i++)
		if (wizard_intent_next((enum wizard_way)i, config, NULL) !=
		    NULL)
			has_any = true;
	if (!has_any)
		return way == WIZARD_REQUEST;
	return wizard_intent_next(way, config, NULL) != NULL;
}

static const char *
own_word(enum wizard_way way, const struct cJSON *config, const char *name)
{
	const struct cJSON *own =
	    json_member(json_member(config, "wizard"), "ways");

	return json_text(json_member(json_member(own, ways[way].name), name));
}

const char *
wizard_way_label(
    enum wizard_way way, const struct cJSON *config, enum language language)
{
	const char *own = own_word(way, config, "label");

	return own != NULL ? own : wizard_word(ways[way].label, language);
}

const char *
wizard_way_text(
    enum wizard_way way, const struct cJSON *config, enum language language)
{
	const char *own = own_word(way, config, "text");

	return own != NULL ? own : wizard_word(ways[way].text, language);
}

const struct cJSON *
wizard_intent_find(const struct cJSON *config, const char *value)
{
	const struct cJSON *v;

	for (v = json_first(json_member(config, "intents"));
	     value != NULL && v != NULL; v = json_next(v))
		if (is_intent(v) && strcmp(wizard_intent_value(v), value) == 0)
			return v;
	return NULL;
}

const char *
wizard_intent_value(const struct cJSON *intent)
{
	return json_text(json_member(intent, "value"));
}

const char *
wizard_intent_label(const struct cJSON *intent)
{
	return json_text(json_member(intent, "label"));
}

int
wizard_intent_way(enum wizard_way *out, const struct cJSON *intent)
{
	return wizard_way_parse(
	    out, json_text(json_member(intent, "category")));
}

const char *
wizard_intent_safety(const struct cJSON *intent)
{
	static const char *const kinds[] = { "gas", "water" };
	const char *safety = json_text(json_member(intent, "safety"));

	for (size_t i = 0; safety != NULL && i < 2; i++)
		if (strcmp(safety, kinds[i]) == 0)
			return kinds[i];
	return NULL;
}

enum urgency
wizard_urgency(enum wizard_way way, const struct cJSON *intent)
{
	enum urgency own;

	if (urgency_parse(&own, json_text(json_member(intent, "urgency"))) !=
		0 ||
	    own < ways[way].least)
		return ways[way].least;
	return own;
}

bool
wizard_asks_address(const struct cJSON *config)
{
	const struct cJSON *own =
	    json_member(json_member(config, "wizard"), "address");

	return own == NULL || json_is_null(own) || json_is_true(own);
}
