/*
 * dialect_peoplefone - the call management of peoplefone's exchange
 *
 * It tells the state of each call of a user, the last of them for minutes, and
 * never the number that was called: the firm is the one whose token stands in
 * the address. Any answer but 200 ends the subscription.
 */
#include <string.h>

#include "dialect.h"
#include "fields.h"
#include "json.h"

static bool
is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/* A call is missed when it ended and was never confirmed. */
static void
call_read(struct told *out, const struct fields *f, const struct cJSON *call)
{
	const char *state = json_text(json_member(call, "state"));
	const struct cJSON *remote = json_member(call, "remoteParty");

	out->id = fields_word(f, json_member(call, "callId"));
	out->from = json_text(json_member(remote, "identifier"));
	if (!is(json_text(json_member(call, "direction")), "incoming")) {
		out->answered = "outgoing";
	} else if (is(state, "confirmed")) {
		out->answered = "answered";
		out->event.is_settled = true;
	} else if (!is(state, "terminated")) {
		out->answered = "ringing";
	}
}

static int
call(struct told *out, size_t *count, const struct fields *f,
    struct problem *why)
{
	const struct cJSON *json = fields_json(f);

	(void)why;
	*count = 0;
	/* keepAlive has nothing to tell. */
	if (!is(json_text(json_member(json, "action")), "notify"))
		return 0;
	for (const struct cJSON *c = json_first(json_member(json, "calls"));
	     c != NULL && *count < TOLD_MAX; c = json_next(c))
		if (json_is_object(c))
			call_read(&out[(*count)++], f, c);
	return 0;
}

const struct dialect dialect_peoplefone = {
	.name = "peoplefone",
	.call = call,
	.answer = dialect_answer_nothing,
	.answers_unmatched = true,
	.answers_everything = true,
};
