/*
 * zone.h - instants and the clock on the wall of a place, both ways
 *
 * A thin layer over abseil's time zones, which read /usr/share/zoneinfo: any
 * number of zones in one process, without the TZ variable. Decisions about
 * time are calendar.h's.
 */
#ifndef LIB_ZONE_H
#define LIB_ZONE_H

#include "clock.h"

#ifdef __cplusplus
extern "C" {
#endif

struct zone;

/* What clock and calendar on the wall show. */
struct civil {
	int year;
	int month;  /* 1 to 12 */
	int day;    /* 1 to 31 */
	int hour;   /* 0 to 23 */
	int minute; /* 0 to 59 */
	int second;
	int weekday; /* Monday 1 to Sunday 7 */
	int east;    /* seconds before Greenwich */
};

/*
 * The zone of an IANA name ("Europe/Zurich"), kept for the life of the process;
 * NULL if there is none of that name. Names that are paths, and those that
 * stand for the machine's own zone, are none.
 */
const struct zone *zone_find(const char *name);

struct civil zone_civil(const struct zone *zone, struct clock_time t);

/*
 * When the wall shows year to second of c, whose values may run over: minute
 * 1500 and day 0 count on and back. weekday and east are not read. Of a time
 * that comes twice, the first; for one that the clocks jump over, the instant
 * of the jump.
 */
struct clock_time zone_instant(const struct zone *zone, const struct civil *c);

#ifdef __cplusplus
}
#endif

#endif
