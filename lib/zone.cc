/*
 * zone - instants and the clock on the wall of a place, both ways
 */
#pragma GCC diagnostic push
/* To C++ the function clock_text() hides the constructor of its struct. */
#pragma GCC diagnostic ignored "-Wshadow"
#include "zone.h"
#pragma GCC diagnostic pop

#include <absl/time/civil_time.h>
#include <absl/time/time.h>
#include <cstring>
#include <map>
#include <string>

struct zone {
	absl::TimeZone tz;
};

namespace
{

/* Longer than any name of the database. */
constexpr size_t NAME_MAX_BYTES = 64;

/*
 * abseil opens any path and knows names of its own ("localtime",
 * "Fixed/UTC+02:00"). posix/ and right/ are the same places again, the latter
 * with leap seconds, which clock.h ignores. Postgres must know the name too.
 */
const char *const refused[] = { "/", "Fixed/", "posix", "right/", "local",
	"Factory" };

bool
is_name(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789_+-/";
	size_t len = strspn(name, allowed);

	if (len == 0 || len > NAME_MAX_BYTES || name[len] != '\0' ||
	    strstr(name, "//") != nullptr)
		return false;
	for (const char *prefix : refused)
		if (strncmp(name, prefix, strlen(prefix)) == 0)
			return false;
	return true;
}

const struct zone *
find(const char *name) noexcept
{
	static auto &known = *new std::map<std::string, struct zone>;
	auto at = known.find(name);
	struct zone zone;

	if (at != known.end())
		return &at->second;
	if (!absl::LoadTimeZone(name, &zone.tz))
		return nullptr;
	return &known.emplace(name, zone).first->second;
}

} // namespace

const struct zone *
zone_find(const char *name)
{
	return is_name(name) ? find(name) : nullptr;
}

struct civil
zone_civil(const struct zone *zone, struct clock_time t)
{
	auto info = zone->tz.At(absl::FromUnixMicros(t.us));
	struct civil out;

	out.year = static_cast<int>(info.cs.year());
	out.month = info.cs.month();
	out.day = info.cs.day();
	out.hour = info.cs.hour();
	out.minute = info.cs.minute();
	out.second = info.cs.second();
	out.weekday = static_cast<int>(absl::GetWeekday(info.cs)) + 1;
	out.east = info.offset;
	return out;
}

struct clock_time
zone_instant(const struct zone *zone, const struct civil *c)
{
	auto info = zone->tz.At(absl::CivilSecond(
	    c->year, c->month, c->day, c->hour, c->minute, c->second));
	bool skipped = info.kind == absl::TimeZone::TimeInfo::SKIPPED;

	return { absl::ToUnixMicros(skipped ? info.trans : info.pre) };
}
