/*
 * account - with which credentials a message is carried: the firm's or ours
 */
#include "account.h"

#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "config.h"
#include "json.h"
#include "problem.h"
#include "secret.h"

static const struct {
	enum config setting;
	const char *secret;
} items[ACCOUNT_MAX] = {
#define ACCOUNT(setting, secret) \
	[ACCOUNT_##setting] = { CONFIG_##setting, secret },
#include "account.def"
#undef ACCOUNT
};

int
account_open(struct account *out, struct arena *a, const char *customer_id,
    const char *boxes, struct problem *why)
{
	const struct cJSON *object = NULL;

	memset(out, 0, sizeof(*out));
	if (boxes == NULL)
		return 0;
	if (json_parse(&object, a, boxes, strlen(boxes), why) != 0)
		return -1;
	for (int i = 0; i < ACCOUNT_MAX; i++) {
		const char *name = items[i].secret;
		const char *box = json_text(json_member(object, name));

		if (box != NULL &&
		    secret_open(&out->own[i], a,
			arena_printf(a, "%s %s", customer_id, name), box,
			why) != 0)
			return -1;
	}
	return 0;
}

/* The item that says whose account it is: the first of the same provider. */
static enum account_item
first_of(enum account_item item)
{
	size_t len = strcspn(items[item].secret, ".") + 1;
	int first = 0;

	while (strncmp(items[first].secret, items[item].secret, len) != 0)
		first++;
	return (enum account_item)first;
}

static bool
is_own(const struct account *account, enum account_item item)
{
	return account->own[first_of(item)] != NULL;
}

const char *
account_get(const struct account *account, enum account_item item)
{
	if (!is_own(account, item))
		return config_get(items[item].setting);
	return account->own[item] == NULL ? "" : account->own[item];
}

int
account_need(const struct account *account, const enum account_item *needed,
    struct problem *why)
{
	for (; *needed != ACCOUNT_MAX; needed++) {
		if (*account_get(account, *needed) != '\0')
			continue;
		if (is_own(account, *needed))
			return problem(why, PROBLEM_INTERNAL, NULL,
			    "the firm's secret %s must be set",
			    items[*needed].secret);
		return problem(why, PROBLEM_INTERNAL, NULL, "%s must be set",
		    config_name(items[*needed].setting));
	}
	return 0;
}

int
account_find(enum account_item *out, const char *secret)
{
	for (int i = 0; i < ACCOUNT_MAX; i++)
		if (strcmp(items[i].secret, secret) == 0) {
			*out = (enum account_item)i;
			return 0;
		}
	return -1;
}

const char *
account_secret(enum account_item item)
{
	return items[item].secret;
}
