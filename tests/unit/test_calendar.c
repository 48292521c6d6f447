/*
 * test_calendar - quiet hours, working time and promises, on the days on which
 * clocks change too
 */
#include "calendar.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "problem.h"

static struct clock_time
at(const char *text)
{
	struct clock_time t;

	ck_assert_msg(clock_parse(&t, text) == 0, "%s", text);
	return t;
}

static struct calendar
make(const char *zone, const char *start, const char *end, int sla)
{
	struct calendar cal;
	struct problem why;

	ck_assert_int_eq(calendar_init(&cal, zone, start, end, sla, &why), 0);
	return cal;
}

#define ZURICH "Europe/Zurich"
#define LONDON "Europe/London"
#define NEW_YORK "America/New_York"
#define LORD_HOWE "Australia/Lord_Howe"

/* At an instant: is it quiet, and until when? */
static const struct quiet_case {
	const char *zone;
	const char *start;
	const char *end;
	const char *t;
	bool quiet;
	const char *until; /* NULL: t itself */
} quiets[] = {
	/* An ordinary night. */
	{ ZURICH, "21:00", "07:00", "2026-11-23T20:59:59+01:00", false, NULL },
	{ ZURICH, "21:00", "07:00", "2026-11-23T21:00:00+01:00", true,
	    "2026-11-24T07:00:00+01:00" },
	{ ZURICH, "21:00", "07:00", "2026-11-24T06:59:59.999999+01:00", true,
	    "2026-11-24T07:00:00+01:00" },
	{ ZURICH, "21:00", "07:00", "2026-11-24T07:00:00+01:00", false, NULL },
	{ ZURICH, "21:00:00", "07:00:00", "2026-11-24T00:00:00+01:00", true,
	    "2026-11-24T07:00:00+01:00" },
	/* From midnight, to midnight, over noon, one minute, none. */
	{ ZURICH, "00:00", "07:00", "2026-11-24T00:00:00+01:00", true,
	    "2026-11-24T07:00:00+01:00" },
	{ ZURICH, "00:00", "07:00", "2026-11-23T23:59:59+01:00", false, NULL },
	{ ZURICH, "22:00", "00:00", "2026-11-23T23:30:00+01:00", true,
	    "2026-11-24T00:00:00+01:00" },
	{ ZURICH, "22:00", "00:00", "2026-11-24T00:00:00+01:00", false, NULL },
	{ ZURICH, "22:00", "24:00", "2026-11-23T23:30:00+01:00", true,
	    "2026-11-24T00:00:00+01:00" },
	{ ZURICH, "12:00", "13:30", "2026-11-23T12:45:00+01:00", true,
	    "2026-11-23T13:30:00+01:00" },
	{ ZURICH, "07:01", "07:00", "2026-11-24T07:00:30+01:00", false, NULL },
	{ ZURICH, "07:01", "07:00", "2026-11-24T07:01:00+01:00", true,
	    "2026-11-25T07:00:00+01:00" },
	{ ZURICH, "07:00", "07:00", "2026-11-24T07:00:00+01:00", false, NULL },
	/* The short night: 02:00 is 03:00. */
	{ ZURICH, "21:00", "07:00", "2026-03-28T23:00:00+01:00", true,
	    "2026-03-29T07:00:00+02:00" },
	{ ZURICH, "21:00", "07:00", "2026-03-29T03:30:00+02:00", true,
	    "2026-03-29T07:00:00+02:00" },
	{ ZURICH, "21:00", "02:30", "2026-03-29T01:59:59+01:00", true,
	    "2026-03-29T03:00:00+02:00" },
	{ ZURICH, "21:00", "02:30", "2026-03-29T03:00:00+02:00", false, NULL },
	{ ZURICH, "02:30", "07:00", "2026-03-29T03:00:00+02:00", true,
	    "2026-03-29T07:00:00+02:00" },
	{ ZURICH, "02:30", "07:00", "2026-03-29T01:59:59+01:00", false, NULL },
	{ ZURICH, "02:15", "02:45", "2026-03-29T03:00:00+02:00", false, NULL },
	{ ZURICH, "02:15", "02:45", "2026-03-29T01:59:59+01:00", false, NULL },
	/* The long night: 03:00 is 02:00, once. */
	{ ZURICH, "21:00", "07:00", "2026-10-25T02:30:00+02:00", true,
	    "2026-10-25T07:00:00+01:00" },
	{ ZURICH, "21:00", "07:00", "2026-10-25T02:30:00+01:00", true,
	    "2026-10-25T07:00:00+01:00" },
	{ ZURICH, "21:00", "02:30", "2026-10-25T02:29:59+02:00", true,
	    "2026-10-25T02:30:00+02:00" },
	{ ZURICH, "21:00", "02:30", "2026-10-25T02:30:00+02:00", false, NULL },
	{ ZURICH, "21:00", "02:30", "2026-10-25T02:15:00+01:00", false, NULL },
	{ ZURICH, "02:30", "07:00", "2026-10-25T02:15:00+01:00", true,
	    "2026-10-25T07:00:00+01:00" },
	{ ZURICH, "02:00", "03:00", "2026-10-25T02:30:00+01:00", true,
	    "2026-10-25T03:00:00+01:00" },
	{ ZURICH, "21:00", "03:00", "2026-10-25T02:59:59+01:00", true,
	    "2026-10-25T03:00:00+01:00" },
	/* Elsewhere. */
	{ LONDON, "21:00", "01:30", "2026-03-29T00:59:59Z", true,
	    "2026-03-29T02:00:00+01:00" },
	{ LONDON, "21:00", "01:30", "2026-10-25T01:15:00Z", false, NULL },
	{ NEW_YORK, "21:00", "02:30", "2026-03-08T01:59:59-05:00", true,
	    "2026-03-08T03:00:00-04:00" },
	{ NEW_YORK, "21:00", "07:00", "2026-11-01T01:30:00-05:00", true,
	    "2026-11-01T07:00:00-05:00" },
	/* Half an hour: 02:00 becomes 02:30 and back. */
	{ LORD_HOWE, "21:00", "02:15", "2026-10-04T01:59:00+10:30", true,
	    "2026-10-04T02:30:00+11:00" },
	{ LORD_HOWE, "21:00", "01:45", "2026-04-05T01:40:00+11:00", true,
	    "2026-04-05T01:45:00+11:00" },
	{ LORD_HOWE, "21:00", "01:45", "2026-04-05T01:40:00+10:30", false,
	    NULL },
	{ "Asia/Kathmandu", "21:00", "07:00", "2026-11-23T20:59:00+05:45",
	    false, NULL },
	{ "Asia/Kathmandu", "21:00", "07:00", "2026-11-23T21:00:00+05:45", true,
	    "2026-11-24T07:00:00+05:45" },
	/* 30 December 2011 did not happen. */
	{ "Pacific/Apia", "21:00", "07:00", "2011-12-29T22:00:00-10:00", true,
	    "2011-12-31T07:00:00+14:00" },
	/* Clocks that go back over midnight. */
	{ "Asia/Beirut", "21:00", "23:30", "2026-10-24T23:15:00+02:00", false,
	    NULL },
	{ "Asia/Beirut", "21:00", "07:00", "2026-10-24T23:15:00+02:00", true,
	    "2026-10-25T07:00:00+02:00" },
};

START_TEST(quiet_hours_end_when_the_wall_says_so)
{
	const struct quiet_case *c = &quiets[_i];
	struct calendar cal = make(c->zone, c->start, c->end, 120);
	struct clock_time t = at(c->t);
	struct clock_time until = c->until == NULL ? t : at(c->until);

	ck_assert_msg(calendar_is_quiet(&cal, t) == c->quiet, "%s to %s at %s",
	    c->start, c->end, c->t);
	ck_assert_str_eq(clock_text(calendar_quiet_end(&cal, t)).text,
	    clock_text(until).text);
	ck_assert(!calendar_is_quiet(&cal, until));
}
END_TEST

/* Every quarter of an hour of a year, with both changes of the clocks. */
START_TEST(quiet_and_its_end_agree_always)
{
	static const char *const ends[] = { "00:00", "01:45", "02:00", "02:30",
		"03:00", "07:00", "20:59", "21:00" };
	struct clock_time t = at("2026-01-01T00:00:00Z");

	for (int i = 0; i < 4 * 24 * 400; i++) {
		struct calendar cal = make(ZURICH, "21:00",
		    ends[i % (int)(sizeof(ends) / sizeof(ends[0]))], 120);
		struct clock_time end = calendar_quiet_end(&cal, t);

		if (calendar_is_quiet(&cal, t) != (end.us > t.us) ||
		    end.us - t.us > 25 * CLOCK_HOUR ||
		    calendar_is_quiet(&cal, end) ||
		    (end.us > t.us && !calendar_is_quiet(
					  &cal, clock_add(end, -CLOCK_MINUTE))))
			ck_abort_msg("%s", clock_text(t).text);
		t = clock_add(t, 15 * CLOCK_MINUTE);
	}
}
END_TEST

START_TEST(saturday_and_sunday_are_the_weekend_there)
{
	struct calendar zurich = make(NULL, NULL, NULL, -1);
	struct calendar apia = make("Pacific/Apia", NULL, NULL, -1);

	ck_assert(
	    !calendar_is_weekend(&zurich, at("2026-11-20T23:59:59+01:00")));
	ck_assert(
	    calendar_is_weekend(&zurich, at("2026-11-21T00:00:00+01:00")));
	ck_assert(
	    calendar_is_weekend(&zurich, at("2026-11-22T23:59:59+01:00")));
	ck_assert(
	    !calendar_is_weekend(&zurich, at("2026-11-23T00:00:00+01:00")));
	ck_assert(calendar_is_weekend(&apia, at("2026-11-20T12:00:00Z")));
}
END_TEST

START_TEST(the_day_changes_at_midnight_there)
{
	struct calendar zurich = make(NULL, NULL, NULL, -1);
	struct calendar york = make(NEW_YORK, NULL, NULL, -1);
	struct clock_time t = at("2026-11-23T23:30:00Z");

	ck_assert_str_eq(calendar_day(&zurich, t).text, "2026-11-24");
	ck_assert_str_eq(calendar_day(&york, t).text, "2026-11-23");
}
END_TEST

/* Asked at, due at; the clock stands still from 21:00 to 07:00. */
static const struct due_case {
	const char *zone;
	int sla;
	const char *t;
	const char *due;
} dues[] = {
	{ ZURICH, 120, "2026-11-23T10:00:00+01:00",
	    "2026-11-23T12:00:00+01:00" },
	/* Said is what one says: five minutes, upwards. */
	{ ZURICH, 120, "2026-11-23T10:00:00.000001+01:00",
	    "2026-11-23T12:05:00+01:00" },
	{ ZURICH, 120, "2026-11-23T10:01:00+01:00",
	    "2026-11-23T12:05:00+01:00" },
	{ ZURICH, 0, "2026-11-23T10:01:00+01:00", "2026-11-23T10:05:00+01:00" },
	/* Into the evening, over the night, in the night. */
	{ ZURICH, 120, "2026-11-23T19:00:00+01:00",
	    "2026-11-23T21:00:00+01:00" },
	{ ZURICH, 120, "2026-11-23T20:00:00+01:00",
	    "2026-11-24T08:00:00+01:00" },
	{ ZURICH, 120, "2026-11-23T22:00:00+01:00",
	    "2026-11-24T09:00:00+01:00" },
	{ ZURICH, 120, "2026-11-24T06:59:00+01:00",
	    "2026-11-24T09:00:00+01:00" },
	{ ZURICH, 0, "2026-11-23T22:00:00+01:00", "2026-11-24T07:00:00+01:00" },
	/* Fourteen hours a day. */
	{ ZURICH, 24 * 60, "2026-11-23T10:00:00+01:00",
	    "2026-11-24T20:00:00+01:00" },
	{ ZURICH, CALENDAR_SLA_MAX, "2026-11-23T07:00:00+01:00",
	    "2026-12-04T21:00:00+01:00" },
	/* Over the changes of the clocks. */
	{ ZURICH, 120, "2026-03-28T20:00:00+01:00",
	    "2026-03-29T08:00:00+02:00" },
	{ ZURICH, 120, "2026-10-24T20:00:00+02:00",
	    "2026-10-25T08:00:00+01:00" },
	{ LORD_HOWE, 120, "2026-10-03T20:00:00+10:30",
	    "2026-10-04T08:00:00+11:00" },
	{ "Asia/Kathmandu", 120, "2026-11-23T20:31:00+05:45",
	    "2026-11-24T08:35:00+05:45" },
	{ "Pacific/Apia", 120, "2011-12-29T20:00:00-10:00",
	    "2011-12-31T08:00:00+14:00" },
};

START_TEST(the_clock_stands_still_in_quiet_hours)
{
	const struct due_case *c = &dues[_i];
	struct calendar cal = make(c->zone, NULL, NULL, c->sla);

	ck_assert_str_eq(clock_text(calendar_sla_due(&cal, at(c->t))).text,
	    clock_text(at(c->due)).text);
}
END_TEST

static void
open_slot(struct calendar *cal, int weekday, const char *from, const char *to)
{
	struct problem why;

	ck_assert_int_eq(calendar_add_slot(cal, weekday, from, to, &why), 0);
}

static void
close_on(struct calendar *cal, const char *date)
{
	struct problem why;

	ck_assert_int_eq(calendar_add_holiday(cal, date, &why), 0);
}

/* A firm with a lunch break, a short Friday and a Thursday night shift. */
static struct calendar
firm(void)
{
	struct calendar cal = make(NULL, "07:00", "07:00", 120);

	for (int day = 1; day <= 4; day++) {
		open_slot(&cal, day, "07:30", "12:00");
		open_slot(&cal, day, "13:00", "17:00");
	}
	open_slot(&cal, 4, "22:00", "02:00");
	open_slot(&cal, 5, "07:30", "12:00");
	open_slot(&cal, 7, "00:00", "01:00");
	close_on(&cal, "2026-12-24");
	close_on(&cal, "2026-12-25");
	return cal;
}

static const struct open_case {
	const char *t;
	const char *due;
} opens[] = {
	{ "2026-11-23T08:00:00+01:00", "2026-11-23T10:00:00+01:00" },
	{ "2026-11-23T11:00:00+01:00", "2026-11-23T14:00:00+01:00" },
	{ "2026-11-23T12:30:00+01:00", "2026-11-23T15:00:00+01:00" },
	{ "2026-11-23T10:00:00+01:00", "2026-11-23T12:00:00+01:00" },
	{ "2026-11-23T16:00:00+01:00", "2026-11-24T08:30:00+01:00" },
	/* A slot over midnight. */
	{ "2026-11-26T21:00:00+01:00", "2026-11-27T00:00:00+01:00" },
	{ "2026-11-27T01:00:00+01:00", "2026-11-27T08:30:00+01:00" },
	/* One that starts at midnight, after a Saturday without. */
	{ "2026-11-27T11:30:00+01:00", "2026-11-30T08:00:00+01:00" },
	/* Holidays: the slots of that day do not begin. */
	{ "2026-12-23T16:00:00+01:00", "2026-12-27T01:00:00+01:00" },
	{ "2026-12-24T23:00:00+01:00", "2026-12-28T08:30:00+01:00" },
};

START_TEST(the_clock_stands_still_outside_the_slots)
{
	const struct calendar cal = firm();

	ck_assert_str_eq(
	    clock_text(calendar_sla_due(&cal, at(opens[_i].t))).text,
	    clock_text(at(opens[_i].due)).text);
}
END_TEST

START_TEST(a_holiday_is_closed_where_there_are_no_slots)
{
	struct calendar cal = make(NULL, NULL, NULL, 120);

	close_on(&cal, "2026-12-25");
	ck_assert_str_eq(
	    clock_text(calendar_sla_due(&cal, at("2026-12-24T20:00:00+01:00")))
		.text,
	    clock_text(at("2026-12-26T08:00:00+01:00")).text);
}
END_TEST

START_TEST(quiet_hours_go_before_slots)
{
	struct calendar cal = make(NULL, "21:00", "08:00", 60);

	open_slot(&cal, 1, "00:00", "24:00");
	ck_assert_str_eq(
	    clock_text(calendar_sla_due(&cal, at("2026-11-22T12:00:00+01:00")))
		.text,
	    clock_text(at("2026-11-23T09:00:00+01:00")).text);
}
END_TEST

START_TEST(a_firm_that_never_opens_has_an_end)
{
	struct calendar cal = make(NULL, "07:00", "06:00", 120);

	/* Open only while it is quiet. */
	open_slot(&cal, 1, "12:00", "13:00");
	ck_assert_str_eq(
	    clock_text(calendar_sla_due(&cal, at("2026-11-23T10:01:00+01:00")))
		.text,
	    clock_text(at("2027-01-22T10:05:00+01:00")).text);
}
END_TEST

/* Now, due, and how it is said. */
static const struct promise_case {
	const char *now;
	const char *due;
	enum promise_kind kind;
	int weekday;
	const char *time;
} promises[] = {
	{ "2026-11-23T10:00:00+01:00", "2026-11-23T12:05:00+01:00",
	    PROMISE_TODAY, 1, "12:05" },
	{ "2026-11-24T00:10:00+01:00", "2026-11-24T09:00:00+01:00",
	    PROMISE_TODAY, 2, "09:00" },
	{ "2026-11-23T23:50:00+01:00", "2026-11-24T09:00:00+01:00",
	    PROMISE_TOMORROW, 2, "09:00" },
	{ "2026-11-20T17:00:00+01:00", "2026-11-23T10:00:00+01:00",
	    PROMISE_WEEKDAY, 1, "10:00" },
	{ "2026-11-20T00:00:00+01:00", "2026-11-26T10:00:00+01:00",
	    PROMISE_WEEKDAY, 4, "10:00" },
	/* In seven days the weekday would be today's. */
	{ "2026-11-20T17:00:00+01:00", "2026-11-27T10:00:00+01:00",
	    PROMISE_DATE, 5, "10:00" },
	{ "2026-12-31T22:00:00+01:00", "2027-01-01T09:00:00+01:00",
	    PROMISE_TOMORROW, 5, "09:00" },
	{ "2026-03-28T22:00:00+01:00", "2026-03-29T09:00:00+02:00",
	    PROMISE_TOMORROW, 7, "09:00" },
	{ "2026-11-23T10:00:00+01:00", "2026-11-22T10:00:00+01:00",
	    PROMISE_TODAY, 7, "10:00" },
};

START_TEST(a_promise_is_said_as_the_day_demands)
{
	const struct promise_case *c = &promises[_i];
	struct calendar cal = make(NULL, NULL, NULL, -1);
	struct calendar_promise p =
	    calendar_promise(&cal, at(c->now), at(c->due));

	ck_assert_int_eq(p.kind, c->kind);
	ck_assert_int_eq(p.weekday, c->weekday);
	ck_assert_str_eq(p.time, c->time);
	ck_assert_int_eq(
	    p.day, (int)strtol(strrchr(c->due, '-') + 1, NULL, 10));
	ck_assert_int_eq(p.month, (int)strtol(c->due + 5, NULL, 10));
	ck_assert_int_eq(p.year, (int)strtol(c->due, NULL, 10));
}
END_TEST

/* What is stored as due and what is said must be one instant. */
START_TEST(what_is_said_is_what_is_due)
{
	const struct calendar cal = firm();
	struct clock_time t = at("2026-10-20T00:00:07Z");

	for (int i = 0; i < 10000; i++) {
		struct clock_time due = calendar_sla_due(&cal, t);
		struct calendar_promise p = calendar_promise(&cal, t, due);

		if (due.us < t.us || due.us % (5 * CLOCK_MINUTE) != 0 ||
		    (p.time[4] != '0' && p.time[4] != '5'))
			ck_abort_msg("%s", clock_text(t).text);
		t = clock_add(t, 7 * CLOCK_MINUTE);
	}
}
END_TEST

static const struct bad_case {
	const char *zone;
	const char *start;
	const char *end;
	int sla;
	const char *field;
} bad[] = {
	{ "Europe/Nowhere", NULL, NULL, -1, "/timezone" },
	{ NULL, "", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21:0", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21:00x", NULL, -1, "/quiet_hours_start" },
	{ NULL, "-1:00", NULL, -1, "/quiet_hours_start" },
	{ NULL, " 1:00", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21:60", NULL, -1, "/quiet_hours_start" },
	{ NULL, "121:00", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21:00:01", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21:00:", NULL, -1, "/quiet_hours_start" },
	{ NULL, "21:00:0", NULL, -1, "/quiet_hours_start" },
	{ NULL, NULL, "24:01", -1, "/quiet_hours_end" },
	{ NULL, "00:00", "24:00", -1, "/quiet_hours_end" },
	{ NULL, NULL, NULL, CALENDAR_SLA_MAX + 1, "/sla_response_minutes" },
};

START_TEST(a_wrong_setting_is_named)
{
	const struct bad_case *c = &bad[_i];
	struct calendar cal;
	struct problem why;

	ck_assert_int_eq(
	    calendar_init(&cal, c->zone, c->start, c->end, c->sla, &why), -1);
	ck_assert_int_eq(why.code, PROBLEM_FIELD_INVALID);
	ck_assert_str_eq(why.field, c->field);
}
END_TEST

START_TEST(without_settings_the_defaults_hold)
{
	struct calendar cal = make(NULL, NULL, NULL, -1);

	ck_assert_int_eq(cal.quiet_start, 21 * 60);
	ck_assert_int_eq(cal.quiet_end, 7 * 60);
	ck_assert_int_eq(cal.sla_minutes, 120);
	ck_assert_uint_eq(cal.slots_len, 0);
	ck_assert_uint_eq(cal.holidays_len, 0);
}
END_TEST

START_TEST(wrong_slots_and_holidays_are_refused)
{
	struct calendar cal = make(NULL, NULL, NULL, -1);
	struct problem why;

	ck_assert_int_eq(
	    calendar_add_slot(&cal, 0, "08:00", "12:00", &why), -1);
	ck_assert_int_eq(
	    calendar_add_slot(&cal, 8, "08:00", "12:00", &why), -1);
	ck_assert_int_eq(
	    calendar_add_slot(&cal, 1, "08:00", "08:00", &why), -1);
	ck_assert_int_eq(calendar_add_slot(&cal, 1, "08:00", "x", &why), -1);
	ck_assert_int_eq(
	    calendar_add_slot(&cal, 1, "24:00", "08:00", &why), -1);
	ck_assert_str_eq(why.field, "/opening_hours");
	ck_assert_int_eq(calendar_add_holiday(&cal, "2026-02-29", &why), -1);
	ck_assert_int_eq(calendar_add_holiday(&cal, "2026-13-01", &why), -1);
	ck_assert_int_eq(calendar_add_holiday(&cal, "2026-1-1", &why), -1);
	ck_assert_int_eq(calendar_add_holiday(&cal, "25.12.2026", &why), -1);
	ck_assert_int_eq(calendar_add_holiday(&cal, "2026-12-25x", &why), -1);
	ck_assert_str_eq(why.field, "/holidays");
	ck_assert_int_eq(calendar_add_holiday(&cal, "2028-02-29", &why), 0);
}
END_TEST

START_TEST(the_lists_have_an_end)
{
	struct calendar cal = make(NULL, NULL, NULL, -1);
	struct problem why;

	for (int i = 0; i < CALENDAR_SLOTS_MAX; i++)
		open_slot(&cal, 1, "08:00", "12:00");
	ck_assert_int_eq(
	    calendar_add_slot(&cal, 1, "08:00", "12:00", &why), -1);
	for (int i = 0; i < CALENDAR_HOLIDAYS_MAX; i++)
		close_on(&cal, "2026-12-25");
	ck_assert_int_eq(calendar_add_holiday(&cal, "2026-12-25", &why), -1);
}
END_TEST

#define LOOP(tc, test, cases) \
	tcase_add_loop_test( \
	    tc, test, 0, (int)(sizeof(cases) / sizeof((cases)[0])))

int
main(void)
{
	Suite *suite = suite_create("calendar");
	TCase *tc = tcase_create("calendar");
	SRunner *runner;
	int failed;

	LOOP(tc, quiet_hours_end_when_the_wall_says_so, quiets);
	tcase_add_test(tc, quiet_and_its_end_agree_always);
	tcase_add_test(tc, saturday_and_sunday_are_the_weekend_there);
	tcase_add_test(tc, the_day_changes_at_midnight_there);
	LOOP(tc, the_clock_stands_still_in_quiet_hours, dues);
	LOOP(tc, the_clock_stands_still_outside_the_slots, opens);
	tcase_add_test(tc, a_holiday_is_closed_where_there_are_no_slots);
	tcase_add_test(tc, quiet_hours_go_before_slots);
	tcase_add_test(tc, a_firm_that_never_opens_has_an_end);
	LOOP(tc, a_promise_is_said_as_the_day_demands, promises);
	tcase_add_test(tc, what_is_said_is_what_is_due);
	LOOP(tc, a_wrong_setting_is_named, bad);
	tcase_add_test(tc, without_settings_the_defaults_hold);
	tcase_add_test(tc, wrong_slots_and_holidays_are_refused);
	tcase_add_test(tc, the_lists_have_an_end);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	/* A process for each case would take most of the time. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
