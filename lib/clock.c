/*
 * clock - what time it is, for every decision of every program
 */
#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "config.h"
#include "problem.h"

#define PATH_MAX_BYTES 4096

/* The file as it was when it was last read. */
static struct {
	struct stat seen;
	bool known;
	int64_t offset_us;
} moved;

static void
clock_path(char path[PATH_MAX_BYTES], const char *suffix)
{
	(void)snprintf(path, PATH_MAX_BYTES, "%s/clock%s",
	    config_get(CONFIG_OPSFABRIC_STATE), suffix);
}

static int64_t
offset_read(const char *path)
{
	char text[32] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return strtoll(text, NULL, 10);
}

/* clock_set() renames a new file into place, so the inode tells. */
static int64_t
offset_us(void)
{
	char path[PATH_MAX_BYTES];
	struct stat st;

	clock_path(path, "");
	if (stat(path, &st) != 0) {
		moved.known = false;
		moved.offset_us = 0;
		return 0;
	}
	if (!moved.known || st.st_ino != moved.seen.st_ino ||
	    st.st_mtim.tv_sec != moved.seen.st_mtim.tv_sec ||
	    st.st_mtim.tv_nsec != moved.seen.st_mtim.tv_nsec) {
		moved.offset_us = offset_read(path);
		moved.seen = st;
		moved.known = true;
	}
	return moved.offset_us;
}

static int64_t
system_us(clockid_t which)
{
	struct timespec ts;

	(void)clock_gettime(which, &ts);
	return ts.tv_sec * CLOCK_SECOND + ts.tv_nsec / 1000;
}

struct clock_time
clock_now(void)
{
	struct clock_time t = { system_us(CLOCK_REALTIME) + offset_us() };

	return t;
}

struct clock_time
clock_add(struct clock_time t, int64_t us)
{
	t.us += us;
	return t;
}

int64_t
clock_system_us(void)
{
	return system_us(CLOCK_REALTIME);
}

int64_t
clock_ticks_us(void)
{
	return system_us(CLOCK_MONOTONIC);
}

/* So many digits at p; what follows them. */
static char *
digits_put(char *p, int value, int digits, char after)
{
	for (int i = digits; i-- > 0; value /= 10)
		p[i] = (char)('0' + value % 10);
	p[digits] = after;
	return p + digits + 1;
}

/* A request writes half a dozen: snprintf() would take most of their time. */
struct clock_text
clock_text(struct clock_time t)
{
	struct clock_text out;
	int64_t us = t.us % CLOCK_SECOND;
	time_t s;
	struct tm tm;
	char *p;

	if (us < 0)
		us += CLOCK_SECOND;
	s = (time_t)((t.us - us) / CLOCK_SECOND);
	(void)gmtime_r(&s, &tm);
	p = digits_put(out.text, (tm.tm_year + 1900) % 10000, 4, '-');
	p = digits_put(p, tm.tm_mon + 1, 2, '-');
	p = digits_put(p, tm.tm_mday, 2, 'T');
	p = digits_put(p, tm.tm_hour, 2, ':');
	p = digits_put(p, tm.tm_min, 2, ':');
	p = digits_put(p, tm.tm_sec, 2, '.');
	p = digits_put(p, (int)us, 6, 'Z');
	*p = '\0';
	return out;
}

/* ".25" is 250,000 microseconds; what is finer is dropped. */
static const char *
fraction_parse(const char *p, int64_t *us)
{
	int64_t unit = CLOCK_SECOND / 10;

	*us = 0;
	if (*p != '.')
		return p;
	if (p[1] < '0' || p[1] > '9')
		return NULL;
	for (p++; *p >= '0' && *p <= '9'; p++) {
		*us += (*p - '0') * unit;
		unit /= 10;
	}
	return p;
}

/*
 * Numbers of count digits each, in the order of form, whose other characters
 * must stand there as they are: "####-##-##". The end, or NULL.
 */
static const char *
digits_parse(const char *text, const char *form, int *const *out)
{
	for (; *form != '\0'; form++, text++) {
		if (*form != '#') {
			if (*text != *form)
				return NULL;
			continue;
		}
		if (!isdigit((unsigned char)*text))
			return NULL;
		**out = **out * 10 + (*text - '0');
		if (form[1] != '#')
			out++;
	}
	return text;
}

/* "Z", "+02:00", "-05:30": seconds east of Greenwich. */
static int
zone_parse(const char *p, int *east)
{
	int hours = 0, minutes = 0;
	int *const parts[] = { &hours, &minutes };
	const char *end;

	*east = 0;
	if ((*p == 'Z' || *p == 'z') && p[1] == '\0')
		return 0;
	if (*p != '+' && *p != '-')
		return -1;
	end = digits_parse(p + 1, "##:##", parts);
	if (end == NULL || *end != '\0' || hours > 15 || minutes > 59)
		return -1;
	*east = (hours * 60 + minutes) * 60 * (*p == '-' ? -1 : 1);
	return 0;
}

int
clock_parse(struct clock_time *out, const char *text)
{
	struct tm tm = { 0 };
	int *const date[] = { &tm.tm_year, &tm.tm_mon, &tm.tm_mday };
	int *const time[] = { &tm.tm_hour, &tm.tm_min, &tm.tm_sec };
	struct tm check;
	int64_t fraction;
	const char *p;
	int east;
	time_t s;

	p = digits_parse(text, "####-##-##", date);
	if (p == NULL || (*p != 'T' && *p != 't' && *p != ' '))
		return -1;
	p = digits_parse(p + 1, "##:##:##", time);
	p = p == NULL ? NULL : fraction_parse(p, &fraction);
	if (p == NULL || zone_parse(p, &east) != 0)
		return -1;
	/* Outside of these nobody means an instant, and Postgres has an end. */
	if (tm.tm_year < 1900 || tm.tm_year > 2999)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	check = tm;
	s = timegm(&tm);
	/* timegm turns 30 February into 2 March: then it was no date. */
	if (tm.tm_mday != check.tm_mday || tm.tm_mon != check.tm_mon ||
	    tm.tm_hour != check.tm_hour || tm.tm_min != check.tm_min)
		return -1;
	out->us = (s - east) * CLOCK_SECOND + fraction;
	return 0;
}

bool
clock_is_moved(void)
{
	return offset_us() != 0;
}

int
clock_set(struct clock_time t, struct problem *why)
{
	char path[PATH_MAX_BYTES], temporary[PATH_MAX_BYTES];
	FILE *f;
	int rc;

	clock_path(path, "");
	clock_path(temporary, ".new");
	f = fopen(temporary, "we");
	if (f == NULL)
		return problem(why, PROBLEM_INTERNAL, NULL, "%s: %s", temporary,
		    strerror(errno));
	rc = fprintf(f, "%" PRId64 "\n", t.us - system_us(CLOCK_REALTIME));
	if (fclose(f) != 0 || rc < 0 || rename(temporary, path) != 0)
		return problem(why, PROBLEM_INTERNAL, NULL, "%s: %s", path,
		    strerror(errno));
	return 0;
}

int
clock_clear(struct problem *why)
{
	char path[PATH_MAX_BYTES];

	clock_path(path, "");
	if (unlink(path) != 0 && errno != ENOENT)
		return problem(why, PROBLEM_INTERNAL, NULL, "%s: %s", path,
		    strerror(errno));
	return 0;
}
