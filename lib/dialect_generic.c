/*
 * dialect_generic - a form or JSON with plain names, for whoever can choose
 *
 * Asterisk, FreePBX and 3CX post what one writes down for them.
 */
#include <string.h>

#include "dialect.h"
#include "fields.h"
#include "utf8.h"

/*
 * "no-answer", "NOANSWER", "no_answer": each exchange writes the words its own
 * way. Asterisk's DIALSTATUS is among them.
 */
static bool
is_missed(const char *status)
{
	static const char *const missed[] = { "noanswer", "busy", "failed",
		"canceled", "cancelled", "cancel", "missed", "unanswered",
		"congestion", "chanunavail" };
	char plain[16];
	size_t len = 0;

	for (; *status != '\0'; status++) {
		if (strchr("-_ ", *status) != NULL)
			continue;
		if (len == sizeof(plain) - 1)
			return false;
		plain[len++] = utf8_lower_ascii(*status);
	}
	plain[len] = '\0';
	for (size_t i = 0; i < sizeof(missed) / sizeof(missed[0]); i++)
		if (strcmp(plain, missed[i]) == 0)
			return true;
	return false;
}

static int
ends_read(struct told *out, const struct fields *f, struct problem *why)
{
	if (fields_told(&out->from, f, FIELD_FROM, why) != 0 ||
	    fields_told(&out->to, f, FIELD_TO, why) != 0 ||
	    fields_told(&out->id, f, FIELD_EVENT_ID, why) != 0)
		return -1;
	return 0;
}

/* 3CX: to it, what a colleague did not take is "Unanswered". */
static bool
is_type_missed(const char *type)
{
	return strcmp(type, "Missed") == 0;
}

int
dialect_plain_call(struct told *out, size_t *count, const struct fields *f,
    struct problem *why)
{
	const char *status, *dial, *type;

	(void)count;
	if (ends_read(out, f, why) != 0 ||
	    fields_told(&status, f, FIELD_CALL_STATUS, why) != 0 ||
	    fields_told(&dial, f, FIELD_DIAL_CALL_STATUS, why) != 0 ||
	    fields_told(&type, f, FIELD_CALL_TYPE, why) != 0)
		return -1;
	if (type != NULL) {
		out->answered = is_type_missed(type)
		                    ? NULL
		                    : fields_cut(f, FIELD_CALL_TYPE, type);
		return 0;
	}
	/* Who dialled on and got no answer has an inbound leg "completed". */
	if ((status != NULL && is_missed(status)) ||
	    (dial != NULL && is_missed(dial)) ||
	    (status == NULL && dial == NULL))
		return 0;
	out->answered = dial != NULL
	                    ? fields_cut(f, FIELD_DIAL_CALL_STATUS, dial)
	                    : fields_cut(f, FIELD_CALL_STATUS, status);
	return 0;
}

int
dialect_plain_text(struct told *out, size_t *count, const struct fields *f,
    struct problem *why)
{
	(void)count;
	if (ends_read(out, f, why) != 0 ||
	    fields_told(&out->body, f, FIELD_BODY, why) != 0)
		return -1;
	if (out->body != NULL)
		out->body = fields_cut(f, FIELD_BODY, out->body);
	return 0;
}

const struct dialect dialect_generic = {
	.name = "generic",
	.call = dialect_plain_call,
	.text = dialect_plain_text,
};
