/*
 * dialect_sipgate - sipgate.io: newCall, answer and hangup of one call
 *
 * They may come twice and in any order. All have the id of the call, so that
 * what decides it first holds: an answer, after which the hangup changes
 * nothing, or a hangup without one, which is a missed call.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "config.h"
#include "dialect.h"
#include "fields.h"
#include "problem.h"
#include "route.h"

struct facts {
	const char *event;
	const char *direction;
	const char *cause;
	const char *answered_by;
};

static int
facts_read(struct facts *out, const struct fields *f, struct problem *why)
{
	if (fields_told(&out->event, f, FIELD_EVENT, why) != 0 ||
	    fields_told(&out->direction, f, FIELD_DIRECTION, why) != 0 ||
	    fields_told(&out->cause, f, FIELD_CAUSE, why) != 0 ||
	    fields_told(&out->answered_by, f, FIELD_ANSWERED_BY, why) != 0)
		return -1;
	return 0;
}

static bool
is(const char *text, const char *word)
{
	return text != NULL && strcmp(text, word) == 0;
}

/*
 * A hangup without an answer before it is a missed call, also with
 * normalClearing: then a machine took it. After "forwarded" the call goes on,
 * under the id of the first one.
 */
static void
decide(struct told *out, const struct facts *facts, const struct fields *f)
{
	if (!is(facts->direction, "in")) {
		out->answered = "outgoing";
	} else if (is(facts->event, "answer")) {
		out->answered = "answered";
		out->event.is_settled = !is(facts->answered_by, "voicemail");
	} else if (!is(facts->event, "hangup")) {
		out->answered = facts->event == NULL
		                    ? "no event"
		                    : fields_cut(f, FIELD_EVENT, facts->event);
	} else if (is(facts->cause, "forwarded")) {
		out->answered = "forwarded";
	}
}

static int
call(struct told *out, size_t *count, const struct fields *f,
    struct problem *why)
{
	struct facts facts;

	(void)count;
	if (facts_read(&facts, f, why) != 0 ||
	    fields_told(&out->from, f, FIELD_FROM, why) != 0 ||
	    fields_told(&out->to, f, FIELD_TO, why) != 0 ||
	    fields_told(&out->id, f, FIELD_CALL, why) != 0)
		return -1;
	decide(out, &facts, f);
	return 0;
}

static void
xml_str(struct buf *b, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("&<>\"'", *text) != NULL)
			buf_printf(b, "&#%d;", *text);
		else
			buf_char(b, *text);
	}
}

/* It tells of the rest of a call only whom it was told to tell. */
static void
answer(struct response *res, const struct request *req, const struct fields *f)
{
	struct problem ignored;
	const char *event;
	struct buf here, b;

	buf_init(&b, req->arena);
	buf_str(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response");
	if (f != NULL && fields_told(&event, f, FIELD_EVENT, &ignored) == 0 &&
	    is(event, "newCall")) {
		buf_init(&here, req->arena);
		xml_str(&here, config_get(CONFIG_APP_BASE_URL));
		xml_str(&here, req->uri);
		buf_printf(&b, " onAnswer=\"%s\" onHangup=\"%s\"", here.text,
		    here.text);
	}
	buf_str(&b, "/>");
	res->type = "application/xml";
	res->body = b.text;
}

const struct dialect dialect_sipgate = {
	.name = "sipgate",
	.call = call,
	.answer = answer,
	.answers_unmatched = true,
};
