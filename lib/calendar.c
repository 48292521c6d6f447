/*
 * calendar - every question about time, in the tenant's zone
 *
 * Windows of the day (quiet hours, slots, holidays) become spans of instants
 * before anything is compared, because on two nights of the year minutes of the
 * day do not tell what comes first.
 */
#include "calendar.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "problem.h"
#include "zone.h"

#define DAY_MINUTES (24 * 60)

/* A due time is said aloud: nobody says "until 16:03". */
#define DUE_STEP (5 * CLOCK_MINUTE)

/* Further on nothing is promised, however seldom the firm is open. */
#define DUE_MAX (60 * CLOCK_DAY)

/* The number that n digits make; -1 if they are none. */
static int
digits_parse(const char *p, size_t n)
{
	int value = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] < '0' || p[i] > '9')
			return -1;
		value = value * 10 + (p[i] - '0');
	}
	return value;
}

/* "7:05", "21:00", "21:00:00" or "24:00" in minutes of the day; -1: no time. */
static int
minutes_parse(const char *text)
{
	size_t len = strcspn(text, ":");
	int hour = len == 1 || len == 2 ? digits_parse(text, len) : -1;
	int minute = text[len] == ':' ? digits_parse(text + len + 1, 2) : -1;
	const char *rest;

	if (hour < 0 || minute < 0 || minute > 59)
		return -1;
	rest = text + len + 3;
	if (*rest != '\0' && strcmp(rest, ":00") != 0)
		return -1;
	minute += hour * 60;
	return minute > DAY_MINUTES ? -1 : minute;
}

int
calendar_init(struct calendar *out, const char *zone, const char *quiet_start,
    const char *quiet_end, int sla_minutes, struct problem *why)
{
	struct calendar cal = { 0 };

	cal.zone = zone_find(zone == NULL ? CALENDAR_ZONE : zone);
	if (cal.zone == NULL)
		return problem(why, PROBLEM_FIELD_INVALID, "/timezone",
		    "No such time zone; an example is " CALENDAR_ZONE);
	cal.quiet_start = minutes_parse(
	    quiet_start == NULL ? CALENDAR_QUIET_START : quiet_start);
	if (cal.quiet_start < 0)
		return problem(why, PROBLEM_FIELD_INVALID, "/quiet_hours_start",
		    "Not a time of the day; an example is 21:00");
	cal.quiet_end =
	    minutes_parse(quiet_end == NULL ? CALENDAR_QUIET_END : quiet_end);
	if (cal.quiet_end < 0)
		return problem(why, PROBLEM_FIELD_INVALID, "/quiet_hours_end",
		    "Not a time of the day; an example is 07:00");
	if (cal.quiet_start == 0 && cal.quiet_end == DAY_MINUTES)
		return problem(why, PROBLEM_FIELD_INVALID, "/quiet_hours_end",
		    "Quiet hours cannot last all day");
	cal.quiet_start %= DAY_MINUTES;
	cal.quiet_end %= DAY_MINUTES;
	cal.sla_minutes = sla_minutes < 0 ? CALENDAR_SLA_MINUTES : sla_minutes;
	if (cal.sla_minutes > CALENDAR_SLA_MAX)
		return problem(why, PROBLEM_FIELD_INVALID,
		    "/sla_response_minutes", "At most %d minutes",
		    CALENDAR_SLA_MAX);
	*out = cal;
	return 0;
}

int
calendar_add_slot(struct calendar *cal, int weekday, const char *from,
    const char *to, struct problem *why)
{
	int start = minutes_parse(from), end = minutes_parse(to);
	struct calendar_slot *slot = &cal->slots[cal->slots_len];

	if (weekday < 1 || weekday > 7 || start < 0 || end < 0 ||
	    start == end || start == DAY_MINUTES)
		return problem(why, PROBLEM_FIELD_INVALID, "/opening_hours",
		    "A slot is a weekday (Monday is 1) and two times: "
		    "08:00 and 12:00");
	if (cal->slots_len == CALENDAR_SLOTS_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, "/opening_hours",
		    "At most %d slots a week", CALENDAR_SLOTS_MAX);
	slot->weekday = (short)weekday;
	slot->from = (short)start;
	slot->to = (short)(end > start ? end : end + DAY_MINUTES);
	cal->slots_len++;
	return 0;
}

/* The date that many days on, or back; zones do not matter to that. */
static struct civil
date_shift(const struct civil *from, int days)
{
	struct tm tm = { .tm_year = from->year - 1900,
		.tm_mon = from->month - 1,
		.tm_mday = from->day + days };
	struct civil out = { 0 };

	(void)timegm(&tm);
	out.year = tm.tm_year + 1900;
	out.month = tm.tm_mon + 1;
	out.day = tm.tm_mday;
	out.weekday = tm.tm_wday == 0 ? 7 : tm.tm_wday;
	return out;
}

int
calendar_add_holiday(
    struct calendar *cal, const char *date, struct problem *why)
{
	struct calendar_date *day = &cal->holidays[cal->holidays_len];
	struct civil given = { 0 }, real;

	if (strlen(date) == 10 && date[4] == '-' && date[7] == '-') {
		given.year = digits_parse(date, 4);
		given.month = digits_parse(date + 5, 2);
		given.day = digits_parse(date + 8, 2);
	}
	if (given.year <= 0 || given.month <= 0 || given.day <= 0)
		return problem(why, PROBLEM_FIELD_INVALID, "/holidays",
		    "A holiday is a date: 2026-12-25");
	/* 30 February would become a day of March. */
	real = date_shift(&given, 0);
	if (real.month != given.month || real.day != given.day)
		return problem(why, PROBLEM_FIELD_INVALID, "/holidays",
		    "There is no such date");
	if (cal->holidays_len == CALENDAR_HOLIDAYS_MAX)
		return problem(why, PROBLEM_FIELD_INVALID, "/holidays",
		    "At most %d holidays", CALENDAR_HOLIDAYS_MAX);
	day->year = (short)given.year;
	day->month = (short)given.month;
	day->day = (short)given.day;
	cal->holidays_len++;
	return 0;
}

static bool
is_holiday(const struct calendar *cal, const struct civil *date)
{
	for (size_t i = 0; i < cal->holidays_len; i++) {
		const struct calendar_date *h = &cal->holidays[i];

		if (h->year == date->year && h->month == date->month &&
		    h->day == date->day)
			return true;
	}
	return false;
}

/* What holds at an instant, and until when it surely does. */
struct look {
	int64_t at;
	int64_t next;
	bool quiet;
	bool holiday;
	bool in_slot;
};

/* Takes into account the minutes from one to another after midnight of date. */
static void
look_at_window(struct look *look, bool *inside, const struct calendar *cal,
    const struct civil *date, const int window[2])
{
	int64_t edge[2];

	for (int i = 0; i < 2; i++) {
		struct civil c = *date;

		c.minute = window[i];
		edge[i] = zone_instant(cal->zone, &c).us;
		if (edge[i] > look->at && edge[i] < look->next)
			look->next = edge[i];
	}
	if (edge[0] <= look->at && look->at < edge[1])
		*inside = true;
}

static void
look_at_quiet(
    struct look *look, const struct calendar *cal, const struct civil *date)
{
	int window[2] = { cal->quiet_start, cal->quiet_end };

	if (window[0] == window[1])
		return;
	if (window[0] > window[1])
		window[1] += DAY_MINUTES;
	look_at_window(look, &look->quiet, cal, date, window);
}

static void
look_at_opening(
    struct look *look, const struct calendar *cal, const struct civil *date)
{
	static const int all_day[2] = { 0, DAY_MINUTES };

	if (is_holiday(cal, date)) {
		look_at_window(look, &look->holiday, cal, date, all_day);
		return;
	}
	for (size_t i = 0; i < cal->slots_len; i++) {
		const struct calendar_slot *slot = &cal->slots[i];
		const int window[2] = { slot->from, slot->to };

		if (slot->weekday == date->weekday)
			look_at_window(look, &look->in_slot, cal, date, window);
	}
}

/*
 * Yesterday's windows may reach into today, and on a night on which the clocks
 * go back over midnight, today's may have begun before.
 */
static struct look
look_at(const struct calendar *cal, struct clock_time t, bool opening)
{
	const struct civil today = zone_civil(cal->zone, t);
	const struct civil after = date_shift(&today, 2);
	struct look look = { .at = t.us };

	look.next = zone_instant(cal->zone, &after).us;
	for (int i = -1; i <= 1; i++) {
		const struct civil date = date_shift(&today, i);

		look_at_quiet(&look, cal, &date);
		if (opening)
			look_at_opening(&look, cal, &date);
	}
	return look;
}

bool
calendar_is_quiet(const struct calendar *cal, struct clock_time t)
{
	return look_at(cal, t, false).quiet;
}

struct clock_time
calendar_quiet_end(const struct calendar *cal, struct clock_time t)
{
	struct look look = look_at(cal, t, false);

	while (look.quiet) {
		t.us = look.next;
		look = look_at(cal, t, false);
	}
	return t;
}

bool
calendar_is_weekend(const struct calendar *cal, struct clock_time t)
{
	return zone_civil(cal->zone, t).weekday >= 6;
}

struct calendar_day
calendar_day(const struct calendar *cal, struct clock_time t)
{
	const struct civil c = zone_civil(cal->zone, t);
	struct calendar_day out;

	(void)snprintf(out.text, sizeof(out.text), "%04u-%02u-%02u",
	    (unsigned)c.year % 10000, (unsigned)c.month % 100,
	    (unsigned)c.day % 100);
	return out;
}

/* Up to the next five minutes on the wall. */
static struct clock_time
due_round(const struct calendar *cal, struct clock_time t)
{
	const struct civil c = zone_civil(cal->zone, t);
	int64_t over = c.minute * CLOCK_MINUTE + c.second * CLOCK_SECOND +
	               t.us % CLOCK_SECOND;

	over %= DUE_STEP;
	return over == 0 ? t : clock_add(t, DUE_STEP - over);
}

struct clock_time
calendar_sla_due(const struct calendar *cal, struct clock_time t)
{
	const struct clock_time end = clock_add(t, DUE_MAX);
	int64_t left = cal->sla_minutes * CLOCK_MINUTE;

	while (t.us < end.us) {
		const struct look look = look_at(cal, t, true);
		int64_t span = look.next - look.at;

		if (!look.quiet && !look.holiday &&
		    (look.in_slot || cal->slots_len == 0)) {
			if (left <= span)
				return due_round(cal, clock_add(t, left));
			left -= span;
		}
		t.us = look.next;
	}
	return due_round(cal, end);
}

/* Days since 1970 of a date, for telling how far two are apart. */
static int64_t
day_number(const struct civil *c)
{
	struct tm tm = { .tm_year = c->year - 1900,
		.tm_mon = c->month - 1,
		.tm_mday = c->day };

	return timegm(&tm) / (24 * 60 * 60);
}

int
calendar_days(
    const struct calendar *cal, struct clock_time now, struct clock_time t)
{
	const struct civil today = zone_civil(cal->zone, now);
	const struct civil day = zone_civil(cal->zone, t);

	return (int)(day_number(&day) - day_number(&today));
}

struct calendar_promise
calendar_promise_in(const struct calendar *cal, struct clock_time now, int days)
{
	const struct civil today = zone_civil(cal->zone, now);
	const struct civil c = date_shift(&today, days);
	struct calendar_promise out = { .weekday = c.weekday,
		.month = c.month,
		.day = c.day,
		.year = c.year };

	if (days <= 0)
		out.kind = PROMISE_TODAY;
	else if (days == 1)
		out.kind = PROMISE_TOMORROW;
	else if (days < 7)
		out.kind = PROMISE_WEEKDAY;
	else
		out.kind = PROMISE_DATE;
	return out;
}

struct calendar_promise
calendar_promise(
    const struct calendar *cal, struct clock_time now, struct clock_time due)
{
	const struct civil c = zone_civil(cal->zone, due);
	struct calendar_promise out =
	    calendar_promise_in(cal, now, calendar_days(cal, now, due));

	(void)snprintf(out.time, sizeof(out.time), "%02u:%02u",
	    (unsigned)c.hour % 100, (unsigned)c.minute % 100);
	return out;
}
