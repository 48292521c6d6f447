/*
 * webhook - a request that reports calls or texts: from whom, in which words
 */
#include "webhook.h"

#include <assert.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>

#include "arena.h"
#include "backlog.h"
#include "buf.h"
#include "call.h"
#include "clock.h"
#include "db.h"
#include "dialect.h"
#include "digest.h"
#include "fields.h"
#include "id.h"
#include "inbound.h"
#include "intake.h"
#include "json.h"
#include "json_write.h"
#include "log.h"
#include "phone.h"
#include "problem.h"
#include "report.h"
#include "route.h"
#include "sender.h"
#include "tenant.h"
#include "utf8.h"

/* Where they stand in "/api/webhook/missed-call/twilio/<token>". */
#define PART_DIALECT 3
#define PART_TOKEN 4

static const struct kind {
	const char *name;    /* in the address */
	const char *event;   /* in the name of who sent the event */
	const char *channel; /* tenant_by_number()'s */
	int (*take)(const char **answer, const struct tenant *firm,
	    const struct told *told, const struct request *req,
	    struct problem *why);
} kinds[WEBHOOK_KIND_MAX] = {
	[WEBHOOK_CALL] = { "missed-call", "call", "call", call_take },
	[WEBHOOK_TEXT] = { "sms-reply", "text", "sms", inbound_take },
};

struct webhook {
	const struct kind *kind;
	const struct dialect *dialect;
	const struct fields *fields;
	struct sender sender;
	struct told told[TOLD_MAX];
	size_t count;
	const char *answer; /* JSON of what was decided last, or NULL */
	bool waits;         /* for the database */
};

void
webhook_prepare(void)
{
	struct problem why;

	intake_prepare();
	if (sender_networks_check(&why) != 0)
		log_error("%s: by it nobody comes in", why.detail);
}

static told_fn *
reader_of(const struct webhook *hook)
{
	return hook->kind == &kinds[WEBHOOK_CALL] ? hook->dialect->call
	                                          : hook->dialect->text;
}

/* The dialect of the address; NULL if it names none. */
static int
dialect_named(
    struct webhook *hook, const struct request *req, struct problem *why)
{
	const char *name = route_path_part(req, PART_DIALECT);

	if (name == NULL)
		return 0;
	hook->dialect = dialect_find(name);
	if (hook->dialect == NULL || reader_of(hook) == NULL)
		return problem(why, PROBLEM_NOT_FOUND, NULL,
		    "Nobody reports this in such words");
	return 0;
}

/* Where the address names none, the fields tell, which must be read before. */
static int
dialect_told(
    struct webhook *hook, const struct request *req, struct problem *why)
{
	const struct dialect *told;

	hook->dialect = &dialect_generic;
	if (fields_read(&hook->fields, req, why) == 0) {
		told = dialect_of_fields(hook->fields);
	} else {
		if (why->code != PROBLEM_BAD_TEXT ||
		    req->body_kind != BODY_FORM ||
		    fields_read_windows_1252(&hook->fields, req, why) != 0)
			return -1;
		told = dialect_of_fields(hook->fields);
		if (!told->is_windows_1252)
			return problem(why, PROBLEM_BAD_TEXT, NULL,
			    "A field of the form is not UTF-8");
	}
	hook->dialect = told;
	if (reader_of(hook) == NULL)
		hook->dialect = &dialect_generic;
	return 0;
}

static int
fields_find(
    struct webhook *hook, const struct request *req, struct problem *why)
{
	if (hook->dialect == NULL)
		return dialect_told(hook, req, why);
	return hook->dialect->is_windows_1252
	           ? fields_read_windows_1252(&hook->fields, req, why)
	           : fields_read(&hook->fields, req, why);
}

/* As the table wants it; a hash tells apart what is too long for it. */
static const char *
id_short(const struct fields *f, const char *id)
{
	struct digest_hex hash;

	if (fields_cut(f, FIELD_EVENT_ID, id) == id)
		return id;
	hash = digest_sha256(id, strlen(id));
	return arena_strdup(fields_arena(f), hash.text);
}

/* How its events are told apart: what is the same for all of a request. */
struct mark {
	const char *fingerprint;
	const char *id; /* of what has none of the sender's */
};

/* Without an id, the same body within the same minute is the same event. */
static struct mark
mark_of(const struct request *req)
{
	struct digest_hex hash = digest_sha256(req->body, req->body_len);

	return (struct mark){
		.fingerprint = arena_strdup(req->arena, hash.text),
		.id = arena_printf(req->arena, "%.32s:%" PRId64, hash.text,
		    req->now.us / CLOCK_MINUTE),
	};
}

static void
event_complete(struct webhook *hook, struct told *told,
    const struct request *req, const struct mark *mark)
{
	struct event *e = &told->event;

	e->row = id_new_in(req->arena);
	e->provider = arena_printf(
	    req->arena, "%s_%s", hook->dialect->name, hook->kind->event);
	e->fingerprint = mark->fingerprint;
	e->raw = fields_kept(hook->fields);
	e->id = told->id != NULL ? id_short(hook->fields, told->id) : mark->id;
}

static int
read(struct webhook *hook, const struct request *req, struct problem *why)
{
	const struct mark mark = mark_of(req);
	int rc = fields_find(hook, req, why);

	hook->sender.dialect = hook->dialect->name;
	hook->sender.token = route_path_part(req, PART_TOKEN);
	if (rc == 0 && req->method == HTTP_POST)
		hook->sender.form = fields_form(hook->fields);
	/* Who wants 200 whatever was told has to be known first. */
	if (rc != 0) {
		struct problem away;

		if (hook->dialect->answers_everything &&
		    sender_read(&hook->sender, req, &away) != 0)
			*why = away;
		hook->fields = NULL;
		return -1;
	}
	hook->count = 1;
	if (sender_read(&hook->sender, req, why) != 0 ||
	    reader_of(hook)(hook->told, &hook->count, hook->fields, why) != 0)
		return -1;
	for (size_t i = 0; i < hook->count; i++)
		event_complete(hook, &hook->told[i], req, &mark);
	return 0;
}

static int
keep_unverified(const struct webhook *hook, const struct told *told,
    const struct request *req, struct problem *why)
{
	struct event e = told->event;

	log_warn("%s: a request in the words of %s is not believed: %s",
	    req->id, hook->dialect->name, hook->sender.reason);
	e.raw = event_request(
	    &e, req, hook->kind->name, hook->dialect->name, false);
	if (event_keep_unverified(&e, req, hook->sender.reason, why) != 0)
		return -1;
	return problem(why, PROBLEM_UNVERIFIED, NULL,
	    "This request is kept, but nothing is done");
}

static int
keep_unmatched(const struct webhook *hook, const struct told *told,
    const struct request *req, struct problem *why)
{
	struct event e = told->event;

	e.raw =
	    event_request(&e, req, hook->kind->name, hook->dialect->name, true);
	if (event_keep_unmatched(&e, req, why) != 0)
		return -1;
	return problem(why, PROBLEM_TENANT_UNKNOWN, fields_pointer(FIELD_TO),
	    "This number belongs to no firm; the event is kept");
}

/* The firm that was reached; NULL if it is nobody's number. */
static int
firm_find(const struct tenant **out, const struct webhook *hook,
    const struct told *told, const struct request *req, struct problem *why)
{
	int rc;

	*out = NULL;
	if (told->to != NULL)
		rc = intake_firm(out, req, hook->kind->channel, told->to, why);
	else if (hook->sender.kind == SENDER_OF_FIRM)
		rc = tenant_by_slug(out, req, hook->sender.slug, NULL, why);
	else
		return 0;
	return rc == 0 || why->code == PROBLEM_TENANT_UNKNOWN ? 0 : -1;
}

/* May the sender tell it? firm is NULL for nobody's number. */
static int
may_tell(bool *out, struct webhook *hook, const struct tenant *firm,
    const struct request *req, struct problem *why)
{
	struct sender_firm about = { 0 };

	if (firm != NULL)
		about = (struct sender_firm){ firm->id, firm->slug };
	return sender_may_tell(
	    out, &hook->sender, req, firm == NULL ? NULL : &about, why);
}

/* Nothing to be done, but who says so must be believed all the same. */
static int
take_nothing(
    struct webhook *hook, const struct request *req, struct problem *why)
{
	const struct mark mark = mark_of(req);
	const struct tenant *firm;
	bool is_believed;

	event_complete(hook, &hook->told[0], req, &mark);
	if (firm_find(&firm, hook, &hook->told[0], req, why) != 0 ||
	    may_tell(&is_believed, hook, firm, req, why) != 0)
		return -1;
	return is_believed ? 0
	                   : keep_unverified(hook, &hook->told[0], req, why);
}

static int
take(struct webhook *hook, const struct told *told, const struct request *req,
    struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_TO);
	const struct tenant *firm;
	bool is_believed;

	if (firm_find(&firm, hook, told, req, why) != 0 ||
	    may_tell(&is_believed, hook, firm, req, why) != 0)
		return -1;
	if (!is_believed)
		return keep_unverified(hook, told, req, why);
	/* Whoever forgot to name it finds it out at the first try. */
	if (firm == NULL && told->to == NULL &&
	    !hook->dialect->answers_unmatched)
		return problem(why, PROBLEM_FIELD_MISSING, pointer,
		    "%s is missing", pointer + 1);
	if (firm == NULL)
		return keep_unmatched(hook, told, req, why);
	return hook->kind->take(&hook->answer, firm, told, req, why);
}

/* All of it, with the database. */
static int
take_all(struct webhook *hook, const struct request *req, struct problem *why)
{
	if (hook->count == 0)
		return take_nothing(hook, req, why);
	for (size_t i = 0; i < hook->count; i++)
		if (take(hook, &hook->told[i], req, why) != 0)
			return -1;
	return 0;
}

/* ---- while the database is away ---------------------------------------- */

/*
 * Those of one contact are taken in the order in which they came, calls and
 * texts. The number that is told may be withheld.
 */
static const char *
key_of(const struct webhook *hook, const struct request *req)
{
	const struct told *first = &hook->told[0];

	/* It tells of several callers at once: those of a firm are one. */
	if (hook->dialect == &dialect_peoplefone)
		return backlog_key(req->arena, NULL,
		    hook->sender.customer_id == NULL
			? ""
			: hook->sender.customer_id);
	return backlog_key(req->arena, first->from,
	    first->event.id != NULL ? first->event.id : "");
}

/* As firm_find(), from what is remembered. */
static int
firm_remember(struct sender_firm *out, const struct webhook *hook,
    const struct told *told, const struct request *req, struct problem *why)
{
	struct problem ignored;
	struct phone number;

	*out = (struct sender_firm){ 0 };
	if (told->to == NULL && hook->sender.kind == SENDER_OF_FIRM)
		*out = (struct sender_firm){ hook->sender.customer_id,
			hook->sender.slug };
	if (told->to == NULL ||
	    phone_parse(&number, told->to, "CH", NULL, &ignored) != 0)
		return 0;
	return sender_firm_find(
	    out, req, hook->kind->channel, number.e164, why);
}

/* Who is believed, and whose it is. */
struct remembered {
	struct sender_firm by;
	struct sender_firm firm;
};

/*
 * May it be answered now and taken later? A number that is nobody's may be one
 * of a new firm: whoever takes any answer has it kept, the others hear later
 * that it is nobody's.
 */
static int
told_check(struct remembered *out, struct webhook *hook,
    const struct told *told, const struct request *req, struct problem *why)
{
	struct sender_firm firm;
	bool is_believed;

	if (firm_remember(&firm, hook, told, req, why) != 0 ||
	    sender_may_tell(&is_believed, &hook->sender, req,
		firm.customer_id == NULL ? NULL : &firm, why) != 0)
		return -1;
	if (!is_believed ||
	    (firm.customer_id == NULL && !hook->dialect->answers_unmatched))
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be asked whether this may be taken");
	*out = (struct remembered){ .firm = firm };
	if (hook->sender.kind == SENDER_OF_FIRM)
		out->by = (struct sender_firm){ hook->sender.customer_id,
			hook->sender.slug };
	else if (hook->sender.kind == SENDER_UNKNOWN &&
		 firm.customer_id != NULL)
		out->by = firm;
	return 0;
}

static int
put_off(struct webhook *hook, const struct request *req, struct problem *why)
{
	struct remembered r = { 0 };
	size_t count = hook->count > 0 ? hook->count : 1;

	for (size_t i = 0; i < count; i++)
		if (told_check(&r, hook, &hook->told[i], req, why) != 0)
			return -1;
	/* Nothing was told. */
	if (hook->count == 0)
		return 0;
	hook->waits = true;
	return backlog_keep(
	    req, &r.by, r.firm.customer_id, key_of(hook, req), why);
}

/* ---- the route --------------------------------------------------------- */

/* A sender whom another answer than 200 makes do something we do not want. */
static bool
is_answered_all_the_same(const struct webhook *hook, const struct problem *why)
{
	if (hook->dialect == NULL || hook->sender.kind == SENDER_UNKNOWN ||
	    problem_status(why->code) >= 500)
		return false;
	if (why->code == PROBLEM_TENANT_UNKNOWN)
		return hook->dialect->answers_unmatched;
	return why->code != PROBLEM_UNVERIFIED &&
	       hook->dialect->answers_everything;
}

/* eCall may have one address for what it tells: its receipt of a message that
 * was given our id. */
static bool
is_receipt(const struct webhook *hook)
{
	return hook->fields != NULL && hook->count == 0 &&
	       hook->dialect == &dialect_ecall &&
	       fields_has(hook->fields, "JobID");
}

static bool
has_wrong_token(const struct webhook *hook)
{
	return hook->sender.kind == SENDER_UNKNOWN &&
	       strcmp(hook->sender.reason, "wrong_token") == 0;
}

/* Now. PROBLEM_TRY_AGAIN: perhaps later. */
static int
take_now(struct webhook *hook, const struct request *req, struct problem *why)
{
	if (backlog_is_open(req) && db_is_away(req->db))
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "The database cannot be reached at the moment");
	if (read(hook, req, why) != 0)
		return -1;
	if (is_receipt(hook))
		return 0;
	/* Whom the database knows not to be ours waits for nothing. */
	if (hook->count > 0 && !has_wrong_token(hook) &&
	    backlog_has(req, key_of(hook, req)))
		return problem(why, PROBLEM_TRY_AGAIN, NULL,
		    "Others of this contact have to be taken first");
	return take_all(hook, req, why);
}

static int
take_or_wait(
    struct webhook *hook, const struct request *req, struct problem *why)
{
	const struct webhook unread = *hook;
	int rc = take_now(hook, req, why);

	if (rc == 0 || why->code != PROBLEM_TRY_AGAIN || !backlog_is_open(req))
		return rc;
	*hook = unread;
	hook->sender.is_remembered = true;
	why->code = PROBLEM_NONE;
	rc = read(hook, req, why);
	return rc != 0 || is_receipt(hook) ? rc : put_off(hook, req, why);
}

static void
answer_write(
    struct response *res, const struct webhook *hook, const struct request *req)
{
	/* Whatever could be read has one. */
	assert(hook->dialect != NULL);
	if (hook->dialect->answer != NULL) {
		hook->dialect->answer(res, req, hook->fields);
		return;
	}
	res->body = hook->answer;
	if (hook->waits)
		backlog_answer(res);
}

int
webhook_receive(enum webhook_kind kind, const struct request *req,
    struct response *res, struct problem *why)
{
	struct webhook hook = { .kind = &kinds[kind] };
	int rc;

	if (dialect_named(&hook, req, why) != 0)
		return -1;
	/* HEAD asks how a GET would be answered, and does nothing. */
	if (req->is_head)
		return 0;
	rc = take_or_wait(&hook, req, why);
	if (rc == 0 && is_receipt(&hook))
		return report_receive(req, res, why);
	if (rc != 0 && !is_answered_all_the_same(&hook, why))
		return -1;
	if (rc != 0)
		log_warn("%s: told %s that all is well: %s", req->id,
		    hook.dialect->name, why->detail);
	answer_write(res, &hook, req);
	return 0;
}

static const struct kind *
kind_find(const char *name)
{
	for (size_t i = 0; name != NULL && i < WEBHOOK_KIND_MAX; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	return NULL;
}

/* What event_request() wrote. */
static int
kept_read(struct webhook *hook, const struct request *req,
    const struct webhook_kept *kept, struct problem *why)
{
	struct mark mark = { .fingerprint = kept->fingerprint };
	const struct cJSON *json, *fields;
	const char *dialect;

	if (json_parse_stored(&json, req->arena, kept->request, why) != 0)
		return -1;
	hook->kind = kind_find(json_text(json_member(json, "kind")));
	dialect = json_text(json_member(json, "dialect"));
	fields = json_member(json, "fields");
	mark.id = json_text(json_member(json, "id"));
	if (hook->kind == NULL || dialect == NULL || mark.id == NULL)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "This is neither a call nor a text");
	if (fields == NULL)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "It was too large to be kept whole");
	hook->dialect = dialect_find(dialect);
	if (hook->dialect == NULL || reader_of(hook) == NULL)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "Nobody reports this in such words any more");
	hook->fields = fields_of_kept(req->arena, fields);
	hook->count = 1;
	if (reader_of(hook)(hook->told, &hook->count, hook->fields, why) != 0)
		return -1;
	for (size_t i = 0; i < hook->count; i++)
		event_complete(hook, &hook->told[i], req, &mark);
	return 0;
}

/* A number that is somebody's decides; else the operator does. */
static int
firm_released(const struct tenant **out, const struct webhook *hook,
    const struct told *told, const struct request *req, const char *slug,
    struct problem *why)
{
	if (firm_find(out, hook, told, req, why) != 0)
		return -1;
	if (*out == NULL && slug == NULL)
		return problem(why, PROBLEM_TENANT_UNKNOWN, NULL,
		    "The number that was reached belongs to no firm");
	if (*out == NULL)
		return tenant_by_slug(out, req, slug, NULL, why);
	if (slug != NULL && strcmp((*out)->slug, slug) != 0)
		return problem(why, PROBLEM_FIELD_INVALID, NULL,
		    "The number that was reached belongs to %s", (*out)->slug);
	return 0;
}

int
webhook_release(const char **answer, const struct request *req,
    const struct webhook_kept *kept, struct problem *why)
{
	struct webhook hook = { .answer = "{}" };
	const struct tenant *firm;

	if (kept_read(&hook, req, kept, why) != 0)
		return -1;
	for (size_t i = 0; i < hook.count; i++)
		if (firm_released(&firm, &hook, &hook.told[i], req, kept->slug,
			why) != 0 ||
		    hook.kind->take(
			&hook.answer, firm, &hook.told[i], req, why) != 0)
			return -1;
	*answer = hook.answer;
	return 0;
}

int
webhook_fetched(const char **answer, const struct request *req,
    enum webhook_kind kind, const struct dialect *dialect,
    const struct form *form, struct problem *why)
{
	struct webhook hook = {
		.kind = &kinds[kind],
		.dialect = dialect,
		.fields = fields_of_form(req->arena, form),
		.sender = { .kind = SENDER_OF_INSTALLATION, .reason = "" },
		.count = 1,
	};
	const struct mark mark = mark_of(req);

	if (reader_of(&hook)(hook.told, &hook.count, hook.fields, why) != 0)
		return -1;
	for (size_t i = 0; i < hook.count; i++) {
		event_complete(&hook, &hook.told[i], req, &mark);
		if (take(&hook, &hook.told[i], req, why) != 0 &&
		    why->code != PROBLEM_TENANT_UNKNOWN)
			return -1;
	}
	*answer = hook.answer;
	return 0;
}
