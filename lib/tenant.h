/*
 * tenant.h - the firm a request is for, with its settings as types
 *
 * Found by slug or by the number that was called; kept in the process for at
 * most five seconds, so a warm request asks the database nothing about it and a
 * changed setting is in force at once for anybody's patience.
 */
#ifndef LIB_TENANT_H
#define LIB_TENANT_H

#include <stdbool.h>
#include <stddef.h>

#include "calendar.h"
#include "message_text.h"

struct arena;
struct cJSON;
struct problem;
struct provider;
struct request;

enum module {
	MODULE_MISSED_CALL,
	MODULE_SMS_REPLY,
	MODULE_REVIEWS,
	MODULE_WEBSITE,
	MODULE_MAX
};

/* "missed_call": its name in the modules of a firm. */
const char *tenant_module_name(enum module module);

/* What a missed call at night gets: config.quiet_hours.text_back. */
enum text_back {
	TEXT_BACK_DEFER,
	TEXT_BACK_EMERGENCY
};

#define TENANT_COUNTRIES_MAX 40

/* Whom alerts reach, in their order: config.on_call. */
#define TENANT_ON_CALL_MAX 8
struct on_call {
	const char *phone; /* E.164 of a mobile */
	const char *name;  /* or NULL */
	enum language language;
};

/* How long one is given to answer: config.alerts.repeat_minutes. */
#define TENANT_REPEAT_MINUTES 5
#define TENANT_REPEAT_MINUTES_MAX 60

/* Read-only, and valid until the end of the request that asked for it. */
struct tenant {
	const char *id;
	const char *slug;
	const char *name;     /* as it stands in pages */
	const char *sms_name; /* the firm's name in messages, GSM-7 only */
	/* Why sms_name is not what is stored, or NULL. */
	const char *sms_name_problem;
	const char *phone;      /* E.164, or NULL */
	const char *sms_number; /* E.164, or NULL: nobody can answer */
	/* Sender of what nobody answers, or NULL: see tenant_sender(). */
	const char *sms_sender;
	const struct provider *provider; /* who carries its messages */
	const char *review_link;         /* or NULL */
	char region[3]; /* of numbers without a country code: "CH" */
	struct calendar calendar;
	int review_delay_hours;
	enum language language; /* where the contact's is not known */
	unsigned languages;     /* bit 1 << enum language */
	const char
	    *countries[TENANT_COUNTRIES_MAX]; /* "+41": where SMS may go */
	size_t country_count;
	enum text_back text_back;
	bool status_messages;
	/* The firm's own telephone where it names nobody and that is a mobile;
	 * none: nobody can be alerted. */
	struct on_call on_call[TENANT_ON_CALL_MAX];
	size_t on_call_count;
	int repeat_minutes;
	bool alerts_missed_calls;
	bool modules[MODULE_MAX];
	bool active;
	const struct cJSON *texts; /* the firm's own, or NULL */
	/*
	 * What only pages need, which tenant_read() leaves out: the address of
	 * its mailbox, the domain of its website, or NULL; and its config as it
	 * is stored, since a tree would take many times as much in every
	 * worker.
	 */
	const char *email;
	const char *domain;
	const char *config;
};

/*
 * -1 with PROBLEM_TENANT_UNKNOWN (also for an inactive firm), naming field, or
 * PROBLEM_TRY_AGAIN.
 */
int tenant_by_slug(const struct tenant **out, const struct request *req,
    const char *slug, const char *field, struct problem *why);

/*
 * By a number of the firm in E.164. Of channel "call" is what rings: its
 * telephone or its SMS number; of "sms" is where texts arrive.
 */
int tenant_by_number(const struct tenant **out, const struct request *req,
    const char *channel, const char *e164, const char *field,
    struct problem *why);

/* By the domain of its website, in small letters. */
int tenant_by_domain(const struct tenant **out, const struct request *req,
    const char *domain, struct problem *why);

/*
 * The firm whose token the request carries. -1 with PROBLEM_UNAUTHORIZED if it
 * carries none, or one that is unknown, revoked, of another scope, or of a firm
 * that is not served any more.
 */
int tenant_by_token(
    const struct tenant **out, const struct request *req, struct problem *why);

/*
 * A tenant from a row of the view "tenants", read by name through value(). For
 * those that read many, as the review cron does.
 */
struct tenant_row {
	const char *(*value)(const void *source, const char *column);
	const void *source;
};
int tenant_read(struct tenant *out, struct arena *a,
    const struct tenant_row *row, struct problem *why);

/*
 * From whom a text comes: where an answer is expected, from the firm's number;
 * else from its sender or the installation's, where there is one. NULL: it
 * cannot be sent.
 */
const char *tenant_sender(const struct tenant *t, enum text_name text);

/* APP_BASE_URL/<slug> of DEFAULT_CUSTOMER_SLUG, or NULL. */
const char *tenant_default_link(struct arena *a);

/* The firm's own wording of a text, or NULL: for message_text.h. */
const char *tenant_text(
    const void *tenant, enum language language, const char *name);

#endif
