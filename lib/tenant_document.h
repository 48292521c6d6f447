/*
 * tenant_document.h - a firm's settings as the operator writes them: JSON that
 * is checked whole, before any of it reaches the database
 *
 * Its members are the columns of customers, without those that the house writes
 * itself: id, created_at and updated_at are passed over, so that what `tenant
 * show --json` prints can be read again. A member that is absent or null has
 * its default. All that is wrong is collected, so nobody mends a document one
 * message at a time.
 */
#ifndef LIB_TENANT_DOCUMENT_H
#define LIB_TENANT_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "problem.h"

struct arena;

enum tenant_field {
	TENANT_NAME,
	TENANT_SLUG,
	TENANT_PHONE,
	TENANT_EMAIL,
	TENANT_SMS_NUMBER,
	TENANT_WEBSITE_DOMAIN,
	TENANT_GOOGLE_REVIEW_LINK,
	TENANT_TIMEZONE,
	TENANT_QUIET_HOURS_START,
	TENANT_QUIET_HOURS_END,
	TENANT_SLA_RESPONSE_MINUTES,
	TENANT_REVIEW_DELAY_HOURS,
	TENANT_DAILY_SEGMENTS,
	TENANT_PLAN,
	TENANT_CONFIG,
	TENANT_MODULES,
	TENANT_ACTIVE,
	TENANT_FIELD_MAX
};

/* "sms_number": the column, and the member of the document. */
const char *tenant_field_name(enum tenant_field field);

/* The values as they are stored, NULL for a default. */
struct tenant_document {
	const char *value[TENANT_FIELD_MAX];
};

#define TENANT_PROBLEMS_MAX 40

/* field points to what is wrong: "/config/texts/de/missed_call". */
struct tenant_problems {
	struct problem list[TENANT_PROBLEMS_MAX];
	size_t count; /* what does not fit is not counted */
};

/* Read and check. -1 unless there is no problem at all. */
int tenant_document_read(struct tenant_document *out, struct arena *a,
    const char *text, struct tenant_problems *problems);

/*
 * text with patch merged into it as RFC 7396 says: what patch does not name
 * stays, null takes away. Both are JSON objects. NULL, with *why, where one of
 * them is none.
 */
char *tenant_document_merge(
    struct arena *a, const char *text, const char *patch, struct problem *why);

/*
 * "phone=+41…", "config.sms.countries=[\"+41\"]" as a patch: a name or a path,
 * and a value that is JSON where the setting is no text. "name=" is null.
 */
char *tenant_document_assignment(
    struct arena *a, const char *text, struct problem *why);

#endif
