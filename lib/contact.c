/*
 * contact - the person at the other end: who it is, and what may be sent
 */
#include "contact.h"

#include <string.h>

#include "arena.h"
#include "calendar.h"
#include "fields.h"
#include "problem.h"
#include "tenant.h"
#include "utf8.h"

/* Why this firm sends nothing to that number, or NULL. */
static const char *
phone_suppress(const struct tenant *tenant, const struct phone *phone)
{
	if ((tenant->sms_number != NULL &&
		strcmp(phone->e164, tenant->sms_number) == 0) ||
	    (tenant->phone != NULL && strcmp(phone->e164, tenant->phone) == 0))
		return "own_number";
	if (phone->kind == PHONE_FIXED)
		return "landline";
	if (!phone_takes_sms(phone))
		return "not_mobile";
	if (!phone_destination_allowed(
		phone, tenant->countries, tenant->country_count))
		return "destination";
	return NULL;
}

static void
phone_take(struct contact *out, struct arena *a, const struct tenant *tenant,
    const struct phone *phone)
{
	out->phone = arena_strdup(a, phone->e164);
	out->kind = phone_kind_name(phone->kind);
	out->suppress = phone_suppress(tenant, phone);
	out->lock_key = out->phone;
}

/*
 * One @, a domain with a dot, nothing but printable ASCII: enough to be told
 * apart from a typing error; whether it exists only a message can tell.
 */
static int
email_take(
    struct contact *out, struct arena *a, const char *text, struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_CONTACT_EMAIL);
	const char *at = strchr(text, '@');
	const char *dot = at == NULL ? NULL : strrchr(at, '.');
	char *email = arena_strdup(a, text);

	if (at == NULL || at == text || strchr(at + 1, '@') != NULL ||
	    dot == NULL || dot == at + 1 || dot[1] == '\0')
		return problem(why, PROBLEM_FIELD_INVALID, pointer,
		    "This is not an e-mail address");
	for (char *c = email; *c != '\0'; c++) {
		if (*c <= ' ' || *c > '~' || strchr("<>,;\"\\()", *c) != NULL)
			return problem(why, PROBLEM_FIELD_INVALID, pointer,
			    "This is not an e-mail address");
		*c = utf8_lower_ascii(*c);
	}
	out->email = email;
	return 0;
}

int
contact_read(struct contact *out, struct arena *a, const struct tenant *tenant,
    const char *phone, const char *email, struct problem *why)
{
	const char *pointer = fields_pointer(FIELD_CONTACT_PHONE);
	struct phone parsed;

	memset(out, 0, sizeof(*out));
	if (phone == NULL && email == NULL)
		return problem(why, PROBLEM_FIELD_MISSING, pointer,
		    "A telephone number or an e-mail address is needed");
	if (email != NULL && email_take(out, a, email, why) != 0)
		return -1;
	if (phone == NULL) {
		out->suppress = "no_phone";
		out->lock_key = out->email;
		return 0;
	}
	if (phone_is_withheld(phone))
		return problem(why, PROBLEM_PHONE_INVALID, pointer,
		    "This stands for a number that is not shown");
	if (phone_parse(&parsed, phone, tenant->region, pointer, why) != 0)
		return -1;
	phone_take(out, a, tenant, &parsed);
	return 0;
}

void
contact_of_caller(struct contact *out, struct arena *a,
    const struct tenant *tenant, const char *caller, const char *event_id)
{
	struct phone parsed;
	struct problem ignored;

	memset(out, 0, sizeof(*out));
	out->lock_key = event_id;
	if (phone_is_withheld(caller))
		out->suppress = "withheld";
	else if (phone_parse(&parsed, caller, tenant->region, NULL, &ignored) !=
		 0)
		out->suppress = "invalid_number";
	else
		phone_take(out, a, tenant, &parsed);
}

const char *
contact_dedupe_key(struct arena *a, const struct tenant *tenant,
    const struct contact *contact, struct clock_time now)
{
	struct calendar_day day = calendar_day(&tenant->calendar, now);
	const char *address =
	    contact->phone != NULL ? contact->phone : contact->email;

	if (address == NULL)
		return NULL;
	return arena_printf(a, "%s:%s:%s", tenant->id, address, day.text);
}
