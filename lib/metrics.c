/*
 * metrics - what programs count: one small shared file for each
 */
#include "metrics.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config.h"
#include "log.h"
#include "provider.h"

#define PATH_MAX_BYTES 4096
#define STATUSES (METRICS_STATUS_MAX - METRICS_STATUS_MIN + 1)

/* With a lock inside, one process's counter would be none of another's. */
_Static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "64 bits are not counted at once");
typedef _Atomic uint64_t counter;

struct header {
	char magic[8];
	uint64_t layout; /* of what follows; see layout_of() */
};

struct metrics {
	struct header header;
	counter statuses[STATUSES];
	counter buckets[METRICS_BUCKETS + 1];
	counter us;
	counter database_us;
	counter round_trips;
	counter messages[PROVIDER_MAX][METRICS_OUTCOME_MAX];
};

const int64_t metrics_bounds_us[METRICS_BUCKETS] = {
	500,
	1000,
	2500,
	5000,
	10000,
	25000,
	50000,
	100000,
	250000,
	500000,
	1000000,
	2500000,
	5000000,
	10000000,
};

static const char *const outcome_names[METRICS_OUTCOME_MAX] = {
	[METRICS_SENT] = "sent",
	[METRICS_FAILED] = "failed",
	[METRICS_RETRY] = "retry",
	[METRICS_UNKNOWN] = "unknown",
	[METRICS_EXPIRED] = "expired",
};

/* Where the counts of a process go that has no file. */
static struct metrics unshared;

const char *
metrics_outcome_name(enum metrics_outcome outcome)
{
	return outcome_names[outcome];
}

/* FNV-1a: tells layouts apart, and keeps out nobody. */
static uint64_t
hash_add(uint64_t hash, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

/* Another number for everything that gives a counter another place or meaning,
 * so nobody has to remember to raise a version. */
static uint64_t
layout_of(void)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);
	size_t size = sizeof(struct metrics);

	hash = hash_add(hash, &size, sizeof(size));
	hash = hash_add(hash, metrics_bounds_us, sizeof(metrics_bounds_us));
	for (int i = 0; i < METRICS_OUTCOME_MAX; i++)
		hash = hash_add(
		    hash, outcome_names[i], strlen(outcome_names[i]) + 1);
	for (int i = 0; i < PROVIDER_MAX; i++)
		hash = hash_add(
		    hash, providers[i]->name, strlen(providers[i]->name) + 1);
	return hash;
}

static struct header
header_of(void)
{
	struct header h = { .magic = "OPSFMET", .layout = layout_of() };

	return h;
}

/* A file of the directory; "" for the directory itself. */
static void
metrics_path(char path[PATH_MAX_BYTES], const char *name, const char *kind)
{
	const char *dir = config_get(CONFIG_METRICS_DIR);

	if (*dir != '\0')
		(void)snprintf(path, PATH_MAX_BYTES, "%s%s%s%s", dir,
		    *name == '\0' ? "" : "/", name, kind);
	else
		(void)snprintf(path, PATH_MAX_BYTES, "%s/run/metrics%s%s%s",
		    config_get(CONFIG_OPSFABRIC_STATE),
		    *name == '\0' ? "" : "/", name, kind);
}

/* NULL if that file is not what this build would make. */
static struct metrics *
file_map(const char *path, int flags, int protection)
{
	struct header wanted = header_of();
	struct metrics *m = NULL;
	struct stat st;
	void *at;
	int fd = open(path, flags | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return NULL;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size == (off_t)sizeof(*m)) {
		at = mmap(NULL, sizeof(*m), protection, MAP_SHARED, fd, 0);
		m = at == MAP_FAILED ? NULL : at;
	}
	(void)close(fd);
	if (m != NULL && memcmp(&m->header, &wanted, sizeof(wanted)) != 0) {
		metrics_close(m);
		m = NULL;
	}
	return m;
}

/*
 * It appears under its name when it is whole. Its blocks are there from the
 * beginning: on a disk that is full, a hole in it would kill whoever counts.
 */
static int
file_make(const char *path, const char *temporary)
{
	struct header header = header_of();
	int fd = open(temporary,
	    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	int rc, error;

	if (fd < 0)
		return -1;
	rc = posix_fallocate(fd, 0, (off_t)sizeof(struct metrics));
	if (rc != 0)
		errno = rc;
	else if (write(fd, &header, sizeof(header)) != (ssize_t)sizeof(header))
		rc = -1;
	error = errno;
	(void)close(fd);
	if (rc == 0 && rename(temporary, path) == 0)
		return 0;
	if (rc == 0)
		error = errno;
	(void)unlink(temporary);
	errno = error;
	return -1;
}

/* Two that start side by side must not replace each other's file. */
static int
dir_lock(void)
{
	char path[PATH_MAX_BYTES];
	int fd;

	metrics_path(path, "", "");
	if (mkdir(path, 0700) != 0 && errno != EEXIST)
		return -1;
	metrics_path(path, "lock", "");
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || flock(fd, LOCK_EX) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

struct metrics *
metrics_open(const char *name)
{
	char path[PATH_MAX_BYTES], temporary[PATH_MAX_BYTES];
	struct metrics *m = NULL;
	int lock = dir_lock(), error;

	metrics_path(path, name, ".counters");
	metrics_path(temporary, name, ".new");
	if (lock >= 0) {
		m = file_map(path, O_RDWR, PROT_READ | PROT_WRITE);
		if (m == NULL && file_make(path, temporary) == 0)
			m = file_map(path, O_RDWR, PROT_READ | PROT_WRITE);
	}
	error = errno;
	if (lock >= 0)
		(void)close(lock);
	if (m != NULL)
		return m;
	log_warn("metrics: %s: %s; what this process does is not counted", path,
	    strerror(error));
	return &unshared;
}

struct metrics *
metrics_view(const char *name)
{
	char path[PATH_MAX_BYTES];

	metrics_path(path, name, ".counters");
	return file_map(path, O_RDONLY, PROT_READ);
}

void
metrics_close(struct metrics *m)
{
	if (m != NULL && m != &unshared)
		(void)munmap(m, sizeof(*m));
}

/* Nothing is ordered by these: each is right by itself. */
static void
count(counter *c, int64_t n)
{
	(void)atomic_fetch_add_explicit(
	    c, n < 0 ? 0 : (uint64_t)n, memory_order_relaxed);
}

static uint64_t
value(const counter *c)
{
	return atomic_load_explicit(c, memory_order_relaxed);
}

void
metrics_add_request(struct metrics *m, const struct metrics_request *r)
{
	int bucket = 0;

	assert(
	    r->status >= METRICS_STATUS_MIN && r->status <= METRICS_STATUS_MAX);
	while (bucket < METRICS_BUCKETS && r->us > metrics_bounds_us[bucket])
		bucket++;
	count(&m->us, r->us);
	count(&m->database_us, r->database_us);
	count(&m->round_trips, r->round_trips);
	count(&m->buckets[bucket], 1);
	count(&m->statuses[r->status - METRICS_STATUS_MIN], 1);
}

static int
provider_index(const struct provider *p)
{
	int i = 0;

	while (i < PROVIDER_MAX && providers[i] != p)
		i++;
	assert(i < PROVIDER_MAX);
	return i;
}

void
metrics_add_message(
    struct metrics *m, const struct provider *p, enum metrics_outcome outcome)
{
	count(&m->messages[provider_index(p)][outcome], 1);
}

uint64_t
metrics_requests(const struct metrics *m, int status)
{
	return value(&m->statuses[status - METRICS_STATUS_MIN]);
}

uint64_t
metrics_bucket(const struct metrics *m, int bucket)
{
	return value(&m->buckets[bucket]);
}

uint64_t
metrics_messages(const struct metrics *m, const struct provider *p,
    enum metrics_outcome outcome)
{
	return value(&m->messages[provider_index(p)][outcome]);
}

struct metrics_sums
metrics_sums(const struct metrics *m)
{
	struct metrics_sums sums = {
		.us = value(&m->us),
		.database_us = value(&m->database_us),
		.round_trips = value(&m->round_trips),
	};

	return sums;
}
