/*
 * calendar.h - every question about time, in the tenant's zone
 *
 * Quiet hours, weekends, opening hours, holidays, "today", and until when an
 * answer is promised. A struct calendar is a value: the tenant's settings, read
 * once and checked. Every question gets its instant from the caller, who has it
 * from clock_now().
 *
 * A time of the day that the clocks jump over is the moment they jump; of one
 * that comes twice the first counts. So quiet hours until 02:30 end at 03:00 in
 * the short night and once in the long one.
 */
#ifndef LIB_CALENDAR_H
#define LIB_CALENDAR_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"

struct problem;
struct zone;

#define CALENDAR_ZONE "Europe/Zurich"
#define CALENDAR_QUIET_START "21:00"
#define CALENDAR_QUIET_END "07:00"
#define CALENDAR_SLA_MINUTES 120
#define CALENDAR_SLA_MAX (7 * 24 * 60)

#define CALENDAR_SLOTS_MAX 35
#define CALENDAR_HOLIDAYS_MAX 64

/* Open from one minute of the day to another, which may be of the next day. */
struct calendar_slot {
	short weekday; /* of its start: Monday 1 to Sunday 7 */
	short from;
	short to; /* > from; above 1440 it is of the next day */
};

struct calendar_date {
	short year;
	short month;
	short day;
};

struct calendar {
	const struct zone *zone;
	/* Minutes of the day. Equal: no quiet hours. */
	int quiet_start;
	int quiet_end;
	/* Working time in which a contact hears from the firm. */
	int sla_minutes;
	/* None: open whenever it is not quiet and no holiday. */
	struct calendar_slot slots[CALENDAR_SLOTS_MAX];
	size_t slots_len;
	/* Closed all day, and no slot begins. */
	struct calendar_date holidays[CALENDAR_HOLIDAYS_MAX];
	size_t holidays_len;
};

/*
 * Times are "21:00", or "21:00:00" as Postgres writes them. NULL stands for the
 * default, as does a negative sla_minutes. Without slots and holidays.
 */
int calendar_init(struct calendar *out, const char *zone,
    const char *quiet_start, const char *quiet_end, int sla_minutes,
    struct problem *why);

/*
 * Open on that weekday (Monday 1) from one time to another; "24:00" is its end,
 * and a time that is not after from is of the next day.
 */
int calendar_add_slot(struct calendar *cal, int weekday, const char *from,
    const char *to, struct problem *why);

/* date: "2026-12-25" */
int calendar_add_holiday(
    struct calendar *cal, const char *date, struct problem *why);

bool calendar_is_quiet(const struct calendar *cal, struct clock_time t);

/* The first instant from t on that is not quiet. */
struct clock_time calendar_quiet_end(
    const struct calendar *cal, struct clock_time t);

/* Saturday or Sunday? */
bool calendar_is_weekend(const struct calendar *cal, struct clock_time t);

struct calendar_day {
	char text[16]; /* "2026-11-23" */
};
struct calendar_day calendar_day(
    const struct calendar *cal, struct clock_time t);

/*
 * Until when the firm answers a request of t: sla_minutes of working time
 * later, rounded up to a time that one says, five minutes. The clock stands
 * still in quiet hours, outside the slots and on holidays; where that is
 * nearly always, the end is 60 days off.
 */
struct clock_time calendar_sla_due(
    const struct calendar *cal, struct clock_time t);

/* How due is said at now: exactly the instant that calendar_sla_due() gave. */
enum promise_kind {
	PROMISE_TODAY,
	PROMISE_TOMORROW,
	PROMISE_WEEKDAY, /* within the next six days */
	PROMISE_DATE,
	PROMISE_MAX
};

struct calendar_promise {
	enum promise_kind kind;
	int weekday; /* Monday 1 to Sunday 7 */
	int month;
	int day;
	int year;
	char time[8]; /* "16:00"; "" if only the day is known */
};
struct calendar_promise calendar_promise(
    const struct calendar *cal, struct clock_time now, struct clock_time due);

/* The same for some time of the day that is so many days after now's. */
struct calendar_promise calendar_promise_in(
    const struct calendar *cal, struct clock_time now, int days);

/* How many days after that of now the day of t is. */
int calendar_days(
    const struct calendar *cal, struct clock_time now, struct clock_time t);

#endif
