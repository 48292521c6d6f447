/*
 * backlog.h - webhooks that were verified while the database was away, and wait
 *
 * A request that is believed from what is remembered (roster.h) is kept in the
 * spool (spool.h) and answered as if it had been taken; what it tells is taken
 * when the database is back, by the same functions, as of the instant at which
 * it came. Its event has the id that it would have had, so that taking it twice
 * is taking it once. No credential is kept with it: its sender was believed.
 */
#ifndef LIB_BACKLOG_H
#define LIB_BACKLOG_H

#include <stdbool.h>

struct arena;
struct problem;
struct request;
struct response;
struct sender_firm;
struct spool_file;

/* May a request be kept? Not one that was, nor where the spool is off. */
bool backlog_is_open(const struct request *req);

/*
 * Does another of the same contact, or of so few more, wait? from is a number
 * in any form, or NULL: then other names what it is about.
 */
const char *backlog_key(struct arena *a, const char *from, const char *other);
bool backlog_has(const struct request *req, const char *key);

/* Keep a request whose sender was believed; firm is the id of whom it is for,
 * or NULL where that is not known. -1 as spool_put(). */
int backlog_keep(const struct request *req, const struct sender_firm *sender,
    const char *firm, const char *key, struct problem *why);

/* The answer to one who reads JSON: 202, and nothing is decided. */
void backlog_answer(struct response *res);

/*
 * A kept one as it came; *key is backlog_keep()'s. Strings are in the arena,
 * and out->db is left to the caller. -1 as spool_get(), and with
 * PROBLEM_FIELD_INVALID for what backlog_keep() did not write.
 */
int backlog_read(struct request *out, const char **key,
    const struct spool_file *file, struct arena *a, struct problem *why);

#endif
