/*
 * alert - telling the firm, one on call after the other, until somebody answers
 */
#include "alert.h"

#include <stddef.h>
#include <string.h>

#include "alphabet.h"
#include "arena.h"
#include "buf.h"
#include "calendar.h"
#include "clock.h"
#include "config.h"
#include "db.h"
#include "digest.h"
#include "event.h"
#include "id.h"
#include "json.h"
#include "json_write.h"
#include "message_text.h"
#include "phone.h"
#include "problem.h"
#include "provider.h"
#include "reply.h"
#include "route.h"
#include "tenant.h"

/* How often an alert goes round the whole chain. */
#define ROUNDS 3
/* 62^16: 95 bits, of which the database has the hash. */
#define CODE_LEN 16
/*
 * Alerts in an hour that strangers can cause through the form. Each may go
 * round the chain several times; the last one says that it is the last.
 */
#define PUBLIC_MOST 10
/* With a number behind it, who is calling takes MESSAGE_TEXT_WHO_MAX. */
#define NAME_MAX_LETTERS 24
/* Digits of a number that is not to be tapped. */
#define NUMBER_BEGINNING 5

static const struct {
	const char *name;
	enum text_name text;
	const char *template; /* dispatchers let `alert` pass any budget */
	bool at_night;
	bool repeats;
	int64_t useful_us;
} kinds[ALERT_KIND_MAX] = {
	[ALERT_EMERGENCY] = { "emergency", TEXT_ALERT, "alert", true, true,
	    CLOCK_HOUR },
	[ALERT_MISSED_CALL] = { "missed_call", TEXT_ALERT_MISSED_CALL,
	    "alert_missed_call", false, false, 12 * CLOCK_HOUR },
	[ALERT_OVERDUE] = { "overdue", TEXT_ALERT_OVERDUE, "alert_overdue",
	    false, false, 12 * CLOCK_HOUR },
};

int
alert_kind_parse(enum alert_kind *out, const char *name)
{
	for (int i = 0; i < ALERT_KIND_MAX; i++) {
		if (strcmp(kinds[i].name, name) == 0) {
			*out = (enum alert_kind)i;
			return 0;
		}
	}
	return -1;
}

bool
alert_is_over(const struct alert *al)
{
	return al->step > 0 && al->tenant->on_call_count > 0 &&
	       (size_t)al->step >= ROUNDS * al->tenant->on_call_count;
}

bool
alert_may_call(
    const struct tenant *t, const char *phone, const char *phone_kind)
{
	static const char *const usual[] = { "mobile", "fixed",
		"fixed_or_mobile", "voip" };
	bool is_usual = false;
	struct phone parsed;
	struct problem ignored;

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		is_usual = is_usual || (phone_kind != NULL &&
					   strcmp(usual[i], phone_kind) == 0);
	return is_usual &&
	       phone_parse(&parsed, phone, NULL, NULL, &ignored) == 0 &&
	       phone_destination_allowed(
		   &parsed, t->countries, t->country_count);
}

/* The caller's name, and the number so that it can be tapped; NULL: neither is
 * known. */
static const char *
who_of(const struct alert *al, struct arena *a)
{
	const char *name = al->name == NULL
	                       ? ""
	                       : alphabet_words(a, al->name, NAME_MAX_LETTERS);
	const char *phone = "";

	if (al->phone != NULL)
		phone = alert_may_call(al->tenant, al->phone, al->phone_kind)
		            ? al->phone
		            : arena_printf(
				  a, "%.*s...", NUMBER_BEGINNING, al->phone);
	if (*name == '\0' && *phone == '\0')
		return NULL;
	return arena_printf(a, "%s%s%s", name,
	    *name == '\0' || *phone == '\0' ? "" : " ", phone);
}

/* In quotation marks: these are a stranger's words, not ours. */
static const char *
what_of(const struct alert *al, struct arena *a)
{
	const char *words = al->words == NULL ? ""
	                                      : alphabet_words(a, al->words,
						    MESSAGE_TEXT_WHAT_MAX - 2);

	return *words == '\0' ? "..." : arena_printf(a, "\"%s\"", words);
}

static void
text_write(struct buf *b, const struct alert *al, enum language language,
    const struct request *req)
{
	char code[CODE_LEN + 1];
	struct text_source from = { tenant_text, al->tenant, 0 };
	struct text_values values = {
		.firm = al->tenant->sms_name,
		.number = al->number,
		.who = who_of(al, req->arena),
		.what = what_of(al, req->arena),
	};
	struct digest_hex hash;
	struct text_body body;

	digest_random_code(code, CODE_LEN);
	hash = digest_sha256(code, CODE_LEN);
	values.link = arena_printf(
	    req->arena, "%s/a/%s", config_get(CONFIG_APP_BASE_URL), code);
	message_text_render(
	    &body, req->arena, &from, kinds[al->kind].text, language, &values);
	json_str(b, "body", body.body);
	json_int(b, "segments", body.segments);
	json_str(b, "code_hash", hash.text);
	if (!al->is_public)
		return;
	message_text_render(
	    &body, req->arena, &from, TEXT_ALERT_LAST, language, &values);
	json_str(b, "last_body", body.body);
	json_int(b, "last_segments", body.segments);
}

static void
times_write(struct buf *b, const struct alert *al, const struct request *req)
{
	/* Who waited in the spool is told of now, and has as long as others. */
	struct clock_time now = req->known == NULL ? req->now : clock_now();
	struct clock_time from = now;
	struct clock_text text;

	if (!kinds[al->kind].at_night)
		from = calendar_quiet_end(&al->tenant->calendar, now);
	text = clock_text(from);
	json_str(b, "not_before", text.text);
	text = clock_text(clock_add(from, kinds[al->kind].useful_us));
	json_str(b, "expires_at", text.text);
	text = clock_text(
	    clock_add(now, al->tenant->repeat_minutes * CLOCK_MINUTE));
	json_str(b, "next_at", kinds[al->kind].repeats ? text.text : NULL);
}

const char *
alert_json(const struct alert *al, const struct request *req)
{
	const struct tenant *t = al->tenant;
	struct on_call nobody = { NULL, NULL, t->language };
	const struct on_call *to =
	    t->on_call_count == 0
		? &nobody
		: &t->on_call[(size_t)al->step % t->on_call_count];
	struct buf b;

	buf_init(&b, req->arena);
	json_obj_open(&b, NULL);
	json_str(&b, "id", id_new_in(req->arena));
	json_str(&b, "message_id", id_new_in(req->arena));
	json_str(&b, "event_id", id_new_in(req->arena));
	json_str(&b, "kind", kinds[al->kind].name);
	json_str(&b, "template", kinds[al->kind].template);
	json_str(&b, "phone", to->phone);
	json_str(&b, "name", to->name);
	json_str(&b, "sender", t->sms_number);
	json_str(&b, "carrier", t->provider->name);
	text_write(&b, al, to->language, req);
	times_write(&b, al, req);
	json_str(&b, "reason",
	    al->reason != NULL      ? al->reason
	    : to->phone == NULL     ? "no_on_call"
	    : t->sms_number == NULL ? "no_sender"
				    : NULL);
	if (al->is_public)
		json_int(&b, "most", PUBLIC_MOST);
	json_obj_close(&b);
	return b.text;
}

/* Somebody on call, who says neither STOP nor START: those are everybody's. */
static bool
may_answer(const struct alert_text *text)
{
	const struct tenant *t = text->tenant;
	enum reply_meaning meaning;
	bool is_on_call = false;

	for (size_t i = 0; i < t->on_call_count; i++)
		if (strcmp(t->on_call[i].phone, text->phone) == 0)
			is_on_call = true;
	if (!is_on_call)
		return false;
	meaning = reply_meaning(text->body);
	return meaning != REPLY_STOP && meaning != REPLY_START;
}

int
alert_receive(const struct cJSON **answer, const struct alert_text *text,
    const struct request *req, struct problem *why)
{
	static const char *const consents[] = {
		[REPLY_NEITHER] = "neither",
		[REPLY_YES] = "yes",
		[REPLY_NO] = "no",
	};
	struct clock_text now = clock_text(req->now);
	struct stmt_alert_text_lock lock = { text->phone, now.text };
	struct stmt_alert_text params = {
		.event_row = text->event->row,
		.provider = text->event->provider,
		.event_id = text->event->id,
		.fingerprint = text->event->fingerprint,
		.raw = text->event->raw,
		.now = now.text,
		.phone = text->phone,
		.sender = text->tenant->sms_number,
		.body = text->body,
		.ticket_event = id_new_in(req->arena),
	};
	enum reply_consent consent;
	const char *stored;
	struct db_batch *b;

	*answer = NULL;
	if (!may_answer(text))
		return 0;
	consent = reply_consent(text->body);
	/* The next one would be the same one again. */
	if (consent == REPLY_NO && text->tenant->on_call_count == 1)
		consent = REPLY_NEITHER;
	params.consent = consents[consent];
	/* Not the number: the alert is about another contact, whose lock
	 * comes second, and nobody waits for two contacts. */
	b = db_batch(req->db, req->arena, text->tenant->id,
	    arena_printf(req->arena, "on_call %s", text->phone));
	db_queue(b, STMT_ALERT_TEXT_LOCK, &lock);
	db_queue(b, STMT_ALERT_TEXT, &params);
	if (db_flush(b, why) != 0)
		return -1;
	if (db_rows(b, 1) == 0)
		return 0;
	stored = db_get(b, 1, 0, "answer");
	return json_parse(answer, req->arena, stored, strlen(stored), why);
}
