/*
 * provider.h - who carries messages: a table, one file per provider
 *
 * A provider never waits: it describes a transfer, the dispatcher runs as many
 * as the provider takes side by side, and the provider reads each answer. What
 * its codes mean is a table too: provider_<name>.def.
 */
#ifndef LIB_PROVIDER_H
#define LIB_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "account.h"
#include "config.h"

struct arena;
struct http_answer;
struct http_request;
struct problem;

/* One outbound row of sms_log, as claimed. */
struct message {
	const char *id;
	int attempt;
	const struct provider *provider;
	const char *from; /* "" if the row names no sender */
	const char *to;
	const char *body;
	const char *firm; /* whose it is: a slug */
	int64_t lives_us; /* until it is of no use any more */
	struct account account;
	/* Why the firm's account cannot be used, or NULL. */
	const char *account_error;
};

enum outcome_kind {
	OUTCOME_SENT,   /* accepted by the provider */
	OUTCOME_FAILED, /* refused for good */
	OUTCOME_RETRY,  /* certainly not accepted: again later */
	OUTCOME_UNKNOWN /* may have been accepted: never sent again by itself */
};

/* An unknown message, as its provider is asked about it. */
struct inquiry {
	const char *id;
	const struct provider *provider;
	const char *provider_id; /* theirs, if one ever came; or NULL */
	const char *from;
	const char *to;
	const char *body;
	int64_t written_us; /* when the row was, since 1970 */
	int64_t lost_us;    /* when it became unknown */
	int attempt;
	int asks; /* how often it was asked about, with this time */
	struct account account;
	const char *account_error; /* why it cannot be used, or NULL */
};

enum verdict_kind {
	VERDICT_NONE, /* ask again later */
	VERDICT_SENT,
	VERDICT_DELIVERED,
	VERDICT_FAILED,
	VERDICT_ABSENT /* the provider never had it */
};

struct verdict {
	enum verdict_kind kind;
	const char *provider_id; /* or NULL */
	const char *reason;      /* words of ours, or NULL */
};

struct outcome {
	enum outcome_kind kind;
	const char *provider_id; /* theirs, or NULL */
	/* Words of ours: for the log too, so no number and no text. Or NULL. */
	const char *reason;
	/* What the provider said, kept with the message only. Or NULL. */
	const char *said;
	int64_t retry_after_us; /* as the provider asked, 0: our back-off */
	/* Nothing is wrong with the message: somebody has to look at our
	 * settings or at the account. */
	bool is_our_fault;
};

/* Whether somebody has to do something: a column of the tables of codes. */
enum blame {
	BLAME_NOBODY,
	BLAME_US
};

/* A row of provider_<name>.def: what a code of the provider means. */
struct provider_code {
	int code;
	enum outcome_kind kind;
	enum blame blame;
	const char *what;
	const char *next; /* step of the sysadmin */
};

/*
 * What a code means, in *out; its reason begins with prefix. -1 if the table
 * does not know it, and *out is as it was.
 */
int provider_code_read(struct outcome *out, struct arena *a,
    const struct provider_code *table, size_t count, int code,
    const char *prefix);

/* A provider has either accept, or request and outcome. */
struct provider {
	const char *name; /* value of SMS_PROVIDER */
	int parallel;     /* most transfers at a time */
	/*
	 * Setting of the sender for messages that nobody answers; CONFIG_MAX:
	 * none, they leave from the firm's number.
	 */
	enum config sender;
	/*
	 * May messages be sent with that account and the settings as they are?
	 * -1 says what is missing. NULL with accept: always.
	 */
	int (*ready)(const struct account *account, struct problem *why);
	/*
	 * For a provider on this machine, whose acceptance is a write that
	 * does not wait: hand over, and say what became of it.
	 */
	struct outcome (*accept)(const struct message *m, struct arena *a);
	/* The transfer that carries m, except for its time-out; what it points
	 * to lives in a. -1 if the settings do not allow it. */
	int (*request)(struct http_request *out, const struct message *m,
	    struct arena *a, struct problem *why);
	/* What a complete answer means; strings in a. */
	struct outcome (*outcome)(
	    const struct http_answer *answer, struct arena *a);
	/*
	 * For a provider that can be asked what became of a message. The
	 * setting without which it cannot; is it asked by its own id only; how
	 * long after the end of an attempt its answer counts; the transfer;
	 * what a complete answer means.
	 */
	enum config ask_setting;
	bool asks_by_its_id;
	int64_t ask_delay_us;
	int (*ask)(struct http_request *out, const struct inquiry *q,
	    struct arena *a, struct problem *why);
	struct verdict (*verdict)(const struct http_answer *answer,
	    const struct inquiry *q, struct arena *a);
};

extern const struct provider provider_console;
extern const struct provider provider_ecall;
extern const struct provider provider_ecall_https;
extern const struct provider provider_kannel;
extern const struct provider provider_twilio;

#define PROVIDER_MAX 5

/* E.164 as eCall's account wants it; a sender of letters stays as it is. */
const char *provider_ecall_number(struct arena *a, const char *number);

/* All of them, PROVIDER_MAX. */
extern const struct provider *const providers[PROVIDER_MAX];

/* By name, or NULL. */
const struct provider *provider_find(const char *name);

/* May it send with the installation's account? -1 says what is missing. */
int provider_ready(const struct provider *p, struct problem *why);

/* The one of SMS_PROVIDER; NULL, with a line in the log, if it is unknown. */
const struct provider *provider_configured(void);

/*
 * A moved clock (clock.h) is for the console only: false, with a line in the
 * log, when an offset is set while messages would really leave.
 */
bool provider_clock_is_allowed(void);

#endif
