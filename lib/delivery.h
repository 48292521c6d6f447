/*
 * delivery.h - the work of a dispatcher: claim, hand over, conclude
 *
 * One delivery carries the messages of all providers, and each has transfers of
 * its own: one that is slow or away holds up nobody else's.
 *
 * Each step does what can be done without waiting for a provider; between two
 * steps delivery_wait() lets transfers proceed. What a killed dispatcher leaves
 * behind is `sending` in the database and becomes `unknown` when its lease is
 * over: nothing is sent twice, and nothing is forgotten.
 */
#ifndef LIB_DELIVERY_H
#define LIB_DELIVERY_H

#include <stdbool.h>

struct db;
struct metrics;
struct delivery;

/* Free with delivery_free(). */
struct delivery *delivery_new(struct db *db, struct metrics *metrics);
void delivery_free(struct delivery *d);

/* Something was queued: look at once, not when the second is over. */
void delivery_wake(struct delivery *d);

/* Begin nothing more; what is under way is finished. */
void delivery_stop(struct delivery *d);

/* After delivery_stop(): has everything been concluded and written? */
bool delivery_is_done(const struct delivery *d);

void delivery_step(struct delivery *d);

/* Until there is something to do, or one of fds can be read. */
void delivery_wait(struct delivery *d, const int *fds, int count);

#endif
