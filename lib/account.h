/*
 * account.h - with which credentials a message is carried: the firm's or ours
 *
 * The list is account.def. A firm's own are sealed in the table secrets; the
 * dispatcher alone opens them, for the messages it carries.
 */
#ifndef LIB_ACCOUNT_H
#define LIB_ACCOUNT_H

#include <stddef.h>

struct arena;
struct problem;

enum account_item {
#define ACCOUNT(setting, secret) ACCOUNT_##setting,
#include "account.def"
#undef ACCOUNT
	ACCOUNT_MAX
};

/* The firm's own, NULL where it has none. All NULL: the installation's. */
struct account {
	const char *own[ACCOUNT_MAX];
};

/*
 * What a firm has sealed, as {"ecall.username": box, ...}; NULL: nothing. -1 if
 * a box does not open: then nothing is sent with somebody else's account.
 */
int account_open(struct account *out, struct arena *a, const char *customer_id,
    const char *boxes, struct problem *why);

/*
 * An item, "" if it is not set: the firm's, where the item named first of that
 * provider is the firm's, else the installation's.
 */
const char *account_get(const struct account *account, enum account_item item);

/* -1 with the name of the first item that is not set; ends with ACCOUNT_MAX. */
int account_need(const struct account *account, const enum account_item *needed,
    struct problem *why);

/* "ecall.username" as an item's; -1 if there is none. */
int account_find(enum account_item *out, const char *secret);

/* The secret's name of an item. */
const char *account_secret(enum account_item item);

#endif
