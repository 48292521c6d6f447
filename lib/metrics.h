/*
 * metrics.h - what programs count: one small shared file for each
 *
 * Every worker of a route, and every dispatcher of a host, adds to the file of
 * its name in METRICS_DIR without waiting for anybody; it survives them, so the
 * counts only rise until the host is started again. Whoever reads it disturbs
 * nobody. A file that another build laid out, or that is damaged, is replaced
 * when a program starts.
 */
#ifndef LIB_METRICS_H
#define LIB_METRICS_H

#include <stdint.h>

struct metrics;
struct provider;

/* Upper bounds of the times of requests; what takes longer is one more. */
#define METRICS_BUCKETS 14
extern const int64_t metrics_bounds_us[METRICS_BUCKETS];

/* HTTP's. */
#define METRICS_STATUS_MIN 100
#define METRICS_STATUS_MAX 599

enum metrics_outcome {
	METRICS_SENT,
	METRICS_FAILED,
	METRICS_RETRY,
	METRICS_UNKNOWN,
	METRICS_EXPIRED,
	METRICS_OUTCOME_MAX
};

/* "sent", "failed", ... */
const char *metrics_outcome_name(enum metrics_outcome outcome);

/*
 * The file of that name, made if it has to be. Never NULL: where there can be
 * no file, which the log says, the counts are this process's own and nobody
 * reads them.
 */
struct metrics *metrics_open(const char *name);

/* The file of that name, only to be read; NULL if there is none. */
struct metrics *metrics_view(const char *name);

/* Of either. May be NULL. */
void metrics_close(struct metrics *m);

struct metrics_request {
	int status;
	int64_t us;
	int64_t database_us;
	int round_trips;
};
void metrics_add_request(struct metrics *m, const struct metrics_request *r);
void metrics_add_message(
    struct metrics *m, const struct provider *p, enum metrics_outcome outcome);

/* What was counted. Buckets hold what is not in a lower one; the last,
 * METRICS_BUCKETS, what is in none. */
uint64_t metrics_requests(const struct metrics *m, int status);
uint64_t metrics_bucket(const struct metrics *m, int bucket);
uint64_t metrics_messages(const struct metrics *m, const struct provider *p,
    enum metrics_outcome outcome);
struct metrics_sums {
	uint64_t us;
	uint64_t database_us;
	uint64_t round_trips;
};
struct metrics_sums metrics_sums(const struct metrics *m);

#endif
