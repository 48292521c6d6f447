/*
 * receipt - what a provider says later about a message it accepted
 */
#include "receipt.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "arena.h"
#include "config.h"
#include "fields.h"
#include "form.h"
#include "id.h"
#include "log.h"
#include "problem.h"
#include "route.h"
#include "secret.h"

/* Where they stand in "/api/webhook/sms-status/kannel/<key>". */
#define PART_DIALECT 3
#define PART_KEY 4

static const char purpose[] = "receipt";

/* Kannel sends nothing by itself: what it knows stands where its escapes are.
 */
static const char kannel_escapes[] = "&event=%d&said=%A&provider_id=%F";

static const struct {
	const char *dialect;
	const char *word;
	enum receipt_said said;
	const char *means;
} words[] = {
#define RECEIPT(dialect, word, said, means) \
	{ #dialect, word, RECEIPT_##said, means },
#include "receipt.def"
#undef RECEIPT
};

#define WORDS (sizeof(words) / sizeof(words[0]))

const char *
receipt_link(struct arena *a, const char *dialect, const char *message_id)
{
	struct secret_mac mac;
	struct problem why;

	if (*config_get(CONFIG_SECRETS_KEY) == '\0')
		return NULL;
	if (secret_sign(&mac, purpose, message_id, &why) != 0) {
		log_error("receipts: %s", why.detail);
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

const char *
receipt_said_name(enum receipt_said said)
{
	static const char *const names[] = {
		[RECEIPT_NOTHING] = NULL,
		[RECEIPT_SENT] = "sent",
		[RECEIPT_DELIVERED] = "delivered",
		[RECEIPT_FAILED] = "failed",
	};

	return names[said];
}

int
receipt_dialect(
    const char **out, const struct request *req, struct problem *why)
{
	const char *name = route_path_part(req, PART_DIALECT);

	for (size_t i = 0; name != NULL && i < WORDS; i++)
		if (strcmp(words[i].dialect, name) == 0) {
			*out = words[i].dialect;
			return 0;
		}
	return problem(
	    why, PROBLEM_NOT_FOUND, NULL, "Nobody reports this in such words");
}

/* The id in the address of a POST; of a GET it is one of the fields. */
static int
address_id(const char **out, const struct request *req, struct problem *why)
{
	struct form query;

	if (form_parse(
		&query, req->arena, req->query, strlen(req->query), why) != 0)
		return -1;
	if (form_count(&query, "id") > 1)
		return problem(why, PROBLEM_BAD_FORM, NULL, "id stands twice");
	*out = form_value(&query, "id");
	return 0;
}

static int
ids_read(struct receipt *r, const struct request *req, struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_RECEIPT_ID);
	const char *theirs, *ours, *in_address = NULL;

	if ((req->method == HTTP_POST &&
		address_id(&in_address, req, why) != 0) ||
	    fields_told(&ours, r->fields, FIELD_RECEIPT_ID, why) != 0 ||
	    fields_told(&theirs, r->fields, FIELD_RECEIPT_PROVIDER_ID, why) !=
		0)
		return -1;
	if (in_address != NULL)
		ours = in_address;
	if (ours != NULL && id_is_valid(ours))
		r->message_id = ours;
	else if (theirs == NULL)
		theirs = ours; /* of a message that others sent */
	r->is_signed = r->key != NULL && r->message_id != NULL &&
	               receipt_verify(r->key, r->message_id);
	r->provider_id = theirs;
	if (r->message_id == NULL && theirs == NULL)
		return problem(why, PROBLEM_FIELD_MISSING, pointer,
		    "%s is missing", pointer + 1);
	if (theirs != NULL &&
	    fields_cut(r->fields, FIELD_RECEIPT_PROVIDER_ID, theirs) != theirs)
		return problem(why, PROBLEM_FIELD_TOO_LONG,
		    fields_pointer(FIELD_RECEIPT_PROVIDER_ID),
		    "The provider's id is too long");
	return 0;
}

static bool
is_word(const char *pattern, const char *said)
{
	size_t len = strlen(pattern);

	if (len > 0 && pattern[len - 1] == '*')
		return strncasecmp(pattern, said, len - 1) == 0;
	return strcasecmp(pattern, said) == 0;
}

/* "not delivered: 30003 Unreachable": all they say, as far as there is room. */
static const char *
error_of(const struct receipt *r, struct arena *a, const char *means,
    const char *code, const char *text)
{
	if (text != NULL)
		text = fields_cut(r->fields, FIELD_RECEIPT_TEXT, text);
	if (code != NULL)
		code = fields_cut(r->fields, FIELD_RECEIPT_CODE, code);
	return arena_printf(a, "%s%s%s%s%s", means,
	    code != NULL || text != NULL ? ":" : "", code != NULL ? " " : "",
	    code != NULL ? code : "",
	    text != NULL ? arena_printf(a, " %s", text) : "");
}

static int
said_read(struct receipt *r, const struct request *req, struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_RECEIPT_STATUS);
	const char *status, *code, *text;

	if (fields_told(&status, r->fields, FIELD_RECEIPT_STATUS, why) != 0 ||
	    fields_told(&code, r->fields, FIELD_RECEIPT_CODE, why) != 0 ||
	    fields_told(&text, r->fields, FIELD_RECEIPT_TEXT, why) != 0)
		return -1;
	if (status == NULL)
		return problem(why, PROBLEM_FIELD_MISSING, pointer,
		    "The status is missing");
	for (size_t i = 0; i < WORDS; i++) {
		if (strcmp(words[i].dialect, r->dialect) != 0 ||
		    !is_word(words[i].word, status))
			continue;
		r->said = words[i].said;
		if (r->said == RECEIPT_FAILED)
			r->error =
			    error_of(r, req->arena, words[i].means, code, text);
		return 0;
	}
	log_warn("%s: a receipt of %s says \"%s\", which is not known", req->id,
	    r->dialect, fields_cut(r->fields, FIELD_RECEIPT_STATUS, status));
	return 0;
}

/* A dialect speaks for its provider; the generic one for whom it names. */
static int
provider_read(struct receipt *r, struct problem *why)
{
	r->provider = r->dialect;
	if (strcmp(r->dialect, "generic") != 0)
		return 0;
	if (fields_told(&r->provider, r->fields, FIELD_RECEIPT_PROVIDER, why) !=
	    0)
		return -1;
	if (r->provider == NULL)
		r->provider = r->dialect;
	r->provider =
	    fields_cut(r->fields, FIELD_RECEIPT_PROVIDER, r->provider);
	return 0;
}

/*
 * eCall writes Windows-1252 where it answers; it may do so here. Kannel's %A is
 * what the SMSC wrote: over SMPP it ends with the first bytes of the message
 * itself, in the SMSC's alphabet or in UCS-2.
 */
static int
body_read(struct receipt *r, const struct request *req, struct problem *why)
{
	if (strcmp(r->dialect, "kannel") == 0)
		return fields_read_bytes(&r->fields, req, why);
	return strcmp(r->dialect, "ecall") == 0
	           ? fields_read_windows_1252(&r->fields, req, why)
	           : fields_read(&r->fields, req, why);
}

int
receipt_read(
    struct receipt *out, const struct request *req, struct problem *why)
{
	memset(out, 0, sizeof(*out));
	out->key = route_path_part(req, PART_KEY);
	if (receipt_dialect(&out->dialect, req, why) != 0 ||
	    body_read(out, req, why) != 0 || provider_read(out, why) != 0 ||
	    ids_read(out, req, why) != 0)
		return -1;
	return said_read(out, req, why);
}
