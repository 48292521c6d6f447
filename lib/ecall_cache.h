/*
 * ecall_cache.h - texts that eCall keeps until they are fetched
 *
 * For an installation that eCall cannot call, and for what it could not
 * deliver. eCall keeps a text until it is deleted, so one that was taken and
 * not deleted comes again.
 */
#ifndef LIB_ECALL_CACHE_H
#define LIB_ECALL_CACHE_H

struct arena;
struct form;
struct problem;

struct ecall_cached {
	const char *id; /* NULL: the cache is empty */
	/* As the callback would have brought it. */
	const struct form *form;
};

/*
 * The oldest text to a leased number, or to any if number is NULL. This waits
 * for eCall. -1 with PROBLEM_TRY_AGAIN if it did not answer, PROBLEM_INTERNAL
 * for what it refuses.
 */
int ecall_cache_next(struct ecall_cached *out, struct arena *a,
    const char *number, struct problem *why);

int ecall_cache_delete(struct arena *a, const char *id, struct problem *why);

#endif
