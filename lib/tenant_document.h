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

#include "tenant_problem.h"

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

/* Is its value a text in the document? Else a number, a boolean or an object.
 */
bool tenant_field_is_text(enum tenant_field field);

/* Bytes of a document, without spaces: its pages and its tree are a multiple.
 */
#define TENANT_DOCUMENT_MAX ((size_t)128 * 1024)

/* The values as they are stored, NULL for a default. */
struct tenant_document {
	const char *value[TENANT_FIELD_MAX];
};

/* Read and check. -1 unless there is no problem at all. */
int tenant_document_read(struct tenant_document *out, struct arena *a,
    const char *text, struct tenant_problems *problems);

#endif
