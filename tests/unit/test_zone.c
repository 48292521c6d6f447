/*
 * test_zone - the clock on the wall, compared with the C library's
 */
#include "zone.h"

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Whole and half hours, quarters, both hemispheres, and odd histories. */
static const char *const zones[] = { "UTC", "Etc/GMT+12", "Europe/Zurich",
	"Europe/Vaduz", "Europe/Berlin", "Europe/Vienna", "Europe/Paris",
	"Europe/Rome", "Europe/London", "Europe/Dublin", "Europe/Lisbon",
	"Europe/Moscow", "Europe/Istanbul", "Atlantic/Azores",
	"Africa/Casablanca", "Africa/Cairo", "America/New_York",
	"America/Chicago", "America/Phoenix", "America/Los_Angeles",
	"America/St_Johns", "America/Sao_Paulo", "America/Caracas",
	"America/Havana", "America/Nuuk", "Asia/Kathmandu", "Asia/Kolkata",
	"Asia/Tehran", "Asia/Gaza", "Asia/Beirut", "Asia/Pyongyang",
	"Asia/Tokyo", "Australia/Lord_Howe", "Australia/Sydney",
	"Australia/Eucla", "Pacific/Apia", "Pacific/Auckland",
	"Pacific/Chatham", "Pacific/Kiritimati", "Antarctica/Troll" };

static struct clock_time
at(time_t s)
{
	struct clock_time t = { s * CLOCK_SECOND };

	return t;
}

static bool
same(const struct civil *c, const struct tm *tm)
{
	return c->year == tm->tm_year + 1900 && c->month == tm->tm_mon + 1 &&
	       c->day == tm->tm_mday && c->hour == tm->tm_hour &&
	       c->minute == tm->tm_min && c->second == tm->tm_sec &&
	       c->weekday % 7 == tm->tm_wday && c->east == tm->tm_gmtoff;
}

/* Both ways at s; what comes twice must come back as its first time. */
static long
compare(const char *name, const struct zone *zone, time_t s)
{
	const struct civil c = zone_civil(zone, at(s));
	const struct clock_time back = zone_instant(zone, &c);
	const struct civil again = zone_civil(zone, back);
	struct tm tm;

	(void)localtime_r(&s, &tm);
	if (!same(&c, &tm))
		ck_abort_msg("%s at %lld", name, (long long)s);
	if (back.us != at(s).us &&
	    (back.us > at(s).us || again.hour != c.hour ||
		again.minute != c.minute || again.day != c.day))
		ck_abort_msg("%s back from %lld", name, (long long)s);
	return tm.tm_gmtoff;
}

START_TEST(the_wall_shows_what_the_c_library_shows)
{
	const char *name = zones[_i];
	const struct zone *zone = zone_find(name);
	const time_t step = 3 * 86400 + 1234;
	long before;

	ck_assert_ptr_nonnull(zone);
	ck_assert_int_eq(setenv("TZ", name, 1), 0);
	tzset();
	before = compare(name, zone, 946684800);
	/* 2000 to 2037 */
	for (time_t s = 946684800; s < 2145916800; s += step) {
		long east = compare(name, zone, s);
		time_t low = s - step, high = s;

		if (east == before)
			continue;
		/* The clocks changed in between: look closely. */
		while (high - low > 1) {
			time_t middle = low + (high - low) / 2;

			if (compare(name, zone, middle) == before)
				low = middle;
			else
				high = middle;
		}
		for (time_t near = -7200; near <= 7200; near += 900) {
			(void)compare(name, zone, high + near - 1);
			(void)compare(name, zone, high + near);
		}
		before = east;
	}
}
END_TEST

START_TEST(what_the_clocks_jump_over_is_the_jump)
{
	const struct zone *zone = zone_find("Europe/Zurich");
	struct civil c = { .year = 2026, .month = 3, .day = 29, .hour = 2 };

	for (c.minute = 0; c.minute < 60; c.minute += 15)
		ck_assert_int_eq(zone_instant(zone, &c).us,
		    at(1774746000).us); /* 01:00 UTC, 03:00 there */
	c.minute = 60;
	ck_assert_int_eq(zone_instant(zone, &c).us, at(1774746000).us);
	c.minute = -1;
	ck_assert_int_eq(zone_instant(zone, &c).us, at(1774745940).us);
}
END_TEST

START_TEST(of_what_comes_twice_the_first_is_meant)
{
	const struct zone *zone = zone_find("Europe/Zurich");
	struct civil c = {
		.year = 2026, .month = 10, .day = 25, .hour = 2, .minute = 30
	};

	ck_assert_int_eq(zone_instant(zone, &c).us, at(1792888200).us);
	c.hour = 3;
	c.minute = 0;
	ck_assert_int_eq(zone_instant(zone, &c).us, at(1792893600).us);
}
END_TEST

START_TEST(values_may_run_over)
{
	const struct zone *zone = zone_find("Europe/Zurich");
	struct civil c = {
		.year = 2026, .month = 12, .day = 32, .minute = 25 * 60
	};
	struct civil r = { .year = 2027, .month = 1, .day = 2, .hour = 1 };

	ck_assert_int_eq(zone_instant(zone, &c).us, zone_instant(zone, &r).us);
}
END_TEST

START_TEST(parts_of_a_second_belong_to_it)
{
	const struct zone *zone = zone_find("UTC");
	struct clock_time t = { -1 };
	const struct civil c = zone_civil(zone, t);

	ck_assert_int_eq(c.year, 1969);
	ck_assert_int_eq(c.second, 59);
}
END_TEST

static const char *const strangers[] = { "", " ", "Europe/Nowhere", "Zurich",
	"Europe/Zurich ", " Europe/Zurich", "Europe", "../../etc/passwd",
	"/usr/share/zoneinfo/Europe/Zurich", "Europe/../Europe/Zurich",
	"localtime", "libc:localtime", "file:Europe/Zurich", ":Europe/Zurich",
	"Fixed/UTC+02:00:00", "UTC+3", "posix/Europe/Zurich",
	"right/Europe/Zurich", "posixrules", "leapseconds", "zone.tab",
	"Factory", "Europe/Zürich", "Europe//Zurich", "Europe/Zurich/" };

START_TEST(only_names_of_zones_are_known)
{
	ck_assert_msg(
	    zone_find(strangers[_i]) == NULL, "\"%s\"", strangers[_i]);
}
END_TEST

START_TEST(an_overlong_name_is_refused)
{
	char name[5000];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_ptr_null(zone_find(name));
}
END_TEST

START_TEST(a_zone_is_read_once)
{
	ck_assert_ptr_eq(zone_find("Asia/Tokyo"), zone_find("Asia/Tokyo"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone");
	TCase *tc = tcase_create("zone");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, the_wall_shows_what_the_c_library_shows, 0,
	    (int)(sizeof(zones) / sizeof(zones[0])));
	tcase_add_test(tc, what_the_clocks_jump_over_is_the_jump);
	tcase_add_test(tc, of_what_comes_twice_the_first_is_meant);
	tcase_add_test(tc, values_may_run_over);
	tcase_add_test(tc, parts_of_a_second_belong_to_it);
	tcase_add_loop_test(tc, only_names_of_zones_are_known, 0,
	    (int)(sizeof(strangers) / sizeof(strangers[0])));
	tcase_add_test(tc, an_overlong_name_is_refused);
	tcase_add_test(tc, a_zone_is_read_once);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	/* A process for each case would take most of the time. */
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
