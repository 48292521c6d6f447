/*
 * clock.h - what time it is, for every decision of every program
 *
 * The system's clock plus the offset that `opsfabric clock set` wrote into
 * $OPSFABRIC_STATE/clock. Each call looks whether that file changed, so all
 * programs move at once. Measuring how long something takes is not a question
 * for this module: that is CLOCK_MONOTONIC's, see clock_ticks_us().
 */
#ifndef LIB_CLOCK_H
#define LIB_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

struct problem;

/* An instant: microseconds since 1970-01-01T00:00:00Z, leap seconds ignored. */
struct clock_time {
	int64_t us;
};

#define CLOCK_SECOND INT64_C(1000000)
#define CLOCK_MINUTE (60 * CLOCK_SECOND)
#define CLOCK_HOUR (60 * CLOCK_MINUTE)
#define CLOCK_DAY (24 * CLOCK_HOUR)

struct clock_time clock_now(void);

struct clock_time clock_add(struct clock_time t, int64_t us);

/* Microseconds since 1970 of the system's own clock, which is not moved with
 * clock_now(). */
int64_t clock_system_us(void);

/* Microseconds of a clock that only runs forward and that nobody sets. */
int64_t clock_ticks_us(void);

/* "2026-11-23T12:33:09.123456Z", as Postgres and RFC 3339 read it. */
struct clock_text {
	char text[40];
};
struct clock_text clock_text(struct clock_time t);

/* An RFC 3339 instant, with Z or an offset; -1 if it is none. */
int clock_parse(struct clock_time *out, const char *text);

/* Is an offset set? */
bool clock_is_moved(void);

/*
 * Move the clock of all programs to t, from where it runs on, or back to the
 * system's. -1 if the state directory cannot be written.
 */
int clock_set(struct clock_time t, struct problem *why);
int clock_clear(struct problem *why);

#endif
