/*
 * scrape - what Prometheus is told: the counters of this host, the state of the
 * database
 */
#include "scrape.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "buf.h"
#include "clock.h"
#include "db.h"
#include "metrics.h"
#include "problem.h"
#include "provider.h"
#include "route.h"
#include "spool.h"

#define SECOND_US 1000000
/* As metric.def says. */
#define COUNTED_MOST "10000"

enum metric {
#define METRIC(name, type, labels, help) METRIC_##name,
#include "metric.def"
#undef METRIC
	METRIC_MAX
};

static const struct {
	const char *name;
	const char *type;
	const char *help;
} metrics[METRIC_MAX] = {
#define METRIC(name, type, labels, help) \
	[METRIC_##name] = { "opsfabric_" #name, #type, help },
#include "metric.def"
#undef METRIC
};

static const char *const routes[] = {
#define ROUTE(name, methods, path, caller, role) #name,
#include "routes.def"
#undef ROUTE
};
#define ROUTES (sizeof(routes) / sizeof(routes[0]))

struct scrape {
	struct buf text;
	struct metrics *views[ROUTES]; /* NULL: that route was never started */
	struct metrics *dispatcher;
};

/* Of statuses that alerts look at there is a zero before the first: a counter
 * that comes into being has not risen. */
static const int watched[] = { 500, 503 };

static void
head(struct scrape *s, enum metric m)
{
	buf_printf(&s->text, "# HELP %s %s\n# TYPE %s %s\n", metrics[m].name,
	    metrics[m].help, metrics[m].name, metrics[m].type);
}

/* Begins a line, whose value follows. No name of ours has to be escaped. */
static void
sample(struct scrape *s, enum metric m, const char *suffix,
    const char *const labels[][2], size_t count)
{
	buf_printf(&s->text, "%s%s", metrics[m].name, suffix);
	for (size_t i = 0; i < count; i++)
		buf_printf(&s->text, "%s%s=\"%s\"", i == 0 ? "{" : ",",
		    labels[i][0], labels[i][1]);
	buf_str(&s->text, count > 0 ? "} " : " ");
}

static void
sample_of(struct scrape *s, enum metric m, const char *label, const char *value)
{
	const char *const labels[][2] = { { label, value } };

	sample(s, m, "", labels, label == NULL ? 0 : 1);
}

static void
count_end(struct scrape *s, uint64_t count)
{
	buf_printf(&s->text, "%" PRIu64 "\n", count);
}

static void
seconds_end(struct scrape *s, uint64_t us)
{
	buf_printf(&s->text, "%" PRIu64 ".%06" PRIu64 "\n", us / SECOND_US,
	    us % SECOND_US);
}

static bool
is_watched(int status)
{
	for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		if (watched[i] == status)
			return true;
	return false;
}

static void
statuses_write(struct scrape *s, const char *route, const struct metrics *m)
{
	for (int i = METRICS_STATUS_MIN; i <= METRICS_STATUS_MAX; i++) {
		uint64_t count = metrics_requests(m, i);
		char status[12];
		const char *const labels[][2] = {
			{ "route", route },
			{ "status", status },
		};

		if (count == 0 && !is_watched(i))
			continue;
		(void)snprintf(status, sizeof(status), "%d", i);
		sample(s, METRIC_requests_total, "", labels, 2);
		count_end(s, count);
	}
}

/* Each bucket with all below it. Their sum is the count, even while somebody
 * adds to them. */
static void
histogram_write(struct scrape *s, const char *route, const struct metrics *m)
{
	uint64_t count = 0;

	for (int i = 0; i <= METRICS_BUCKETS; i++) {
		char bound[24] = "+Inf";
		const char *const labels[][2] = {
			{ "route", route },
			{ "le", bound },
		};

		if (i < METRICS_BUCKETS)
			(void)snprintf(bound, sizeof(bound), "%g",
			    (double)metrics_bounds_us[i] / SECOND_US);
		count += metrics_bucket(m, i);
		sample(s, METRIC_request_seconds, "_bucket", labels, 2);
		count_end(s, count);
	}
	const char *const of[][2] = { { "route", route } };

	sample(s, METRIC_request_seconds, "_sum", of, 1);
	seconds_end(s, metrics_sums(m).us);
	sample(s, METRIC_request_seconds, "_count", of, 1);
	count_end(s, count);
}

static void
database_time_write(
    struct scrape *s, const char *route, const struct metrics *m)
{
	sample_of(s, METRIC_request_database_seconds_total, "route", route);
	seconds_end(s, metrics_sums(m).database_us);
}

static void
round_trips_write(struct scrape *s, const char *route, const struct metrics *m)
{
	sample_of(s, METRIC_request_database_round_trips_total, "route", route);
	count_end(s, metrics_sums(m).round_trips);
}

static void
requests_write(struct scrape *s)
{
	static const struct {
		enum metric metric;
		void (*write)(struct scrape *s, const char *route,
		    const struct metrics *m);
	} families[] = {
		{ METRIC_requests_total, statuses_write },
		{ METRIC_request_seconds, histogram_write },
		{ METRIC_request_database_seconds_total, database_time_write },
		{ METRIC_request_database_round_trips_total,
		    round_trips_write },
	};

	for (size_t f = 0; f < sizeof(families) / sizeof(families[0]); f++) {
		head(s, families[f].metric);
		for (size_t i = 0; i < ROUTES; i++)
			if (s->views[i] != NULL)
				families[f].write(s, routes[i], s->views[i]);
	}
}

static void
messages_write(struct scrape *s)
{
	head(s, METRIC_messages_total);
	for (int p = 0; p < PROVIDER_MAX && s->dispatcher != NULL; p++)
		for (int o = 0; o < METRICS_OUTCOME_MAX; o++) {
			const char *const labels[][2] = {
				{ "provider", providers[p]->name },
				{ "outcome", metrics_outcome_name(
						 (enum metrics_outcome)o) },
			};

			sample(s, METRIC_messages_total, "", labels, 2);
			count_end(
			    s, metrics_messages(s->dispatcher, providers[p],
				   (enum metrics_outcome)o));
		}
}

/* What waits on this host; the database knows nothing of it. */
static void
spool_write(struct scrape *s, struct clock_time now)
{
	const struct {
		const char *name;
		struct spool_count is;
	} places[] = {
		{ "wait", spool_count(SPOOL_WAIT) },
		{ "failed", spool_count(SPOOL_FAILED) },
	};
	size_t count = sizeof(places) / sizeof(places[0]);

	head(s, METRIC_spool_files);
	for (size_t i = 0; i < count; i++) {
		sample_of(s, METRIC_spool_files, "place", places[i].name);
		count_end(s, places[i].is.count);
	}
	head(s, METRIC_spool_oldest_seconds);
	for (size_t i = 0; i < count; i++) {
		int64_t oldest_us = places[i].is.oldest_us;
		int64_t age_us = oldest_us == 0 ? 0 : now.us - oldest_us;

		sample_of(
		    s, METRIC_spool_oldest_seconds, "place", places[i].name);
		seconds_end(s, age_us < 0 ? 0 : (uint64_t)age_us);
	}
}

/* Rows of the statement as samples of one metric. */
struct family {
	const char *row;    /* its column metric */
	const char *column; /* of the value */
	const char *label;  /* of its column label, or NULL */
	enum metric metric;
	bool has_status;
};

static void
family_write(struct scrape *s, const struct db_batch *b, const struct family *f)
{
	head(s, f->metric);
	for (int row = 0; row < db_rows(b, 1); row++) {
		const char *value = db_get(b, 1, row, f->column);
		const char *const labels[][2] = {
			{ f->label, db_get(b, 1, row, "label") },
			{ "status", db_get(b, 1, row, "status") },
		};

		if (strcmp(db_get(b, 1, row, "metric"), f->row) != 0)
			continue;
		sample(s, f->metric, "", labels,
		    f->label == NULL ? 0
		    : f->has_status  ? 2
				     : 1);
		/* A clock that was moved back is no age. */
		buf_printf(&s->text, "%s\n",
		    value == NULL || *value == '-' ? "0" : value);
	}
}

static void
database_write(struct scrape *s, const struct request *req)
{
	static const struct family families[] = {
		{ "schema", "count", NULL, METRIC_schema_version, false },
		{ "queue", "count", "provider", METRIC_queue_messages, true },
		{ "queue", "age_s", "provider", METRIC_queue_oldest_seconds,
		    true },
		{ "quarantine", "count", "reason", METRIC_quarantine_events,
		    false },
		{ "timer", "age_s", "timer", METRIC_timer_age_seconds, false },
	};
	struct clock_text now = clock_text(req->now);
	struct stmt_metrics params = { .now = now.text, .most = COUNTED_MOST };
	struct db_batch *b = db_batch_service(req->db, req->arena);
	int64_t begun_us = clock_ticks_us();
	struct problem why;
	struct buf names;
	int rc;

	buf_init(&names, req->arena);
	for (int i = 0; i < PROVIDER_MAX; i++)
		array_add(&names, providers[i]->name);
	params.providers = array_end(&names);
	db_queue(b, STMT_METRICS_PLAN, NULL);
	db_queue(b, STMT_METRICS, &params);
	rc = db_flush(b, &why);
	head(s, METRIC_database_up);
	sample_of(s, METRIC_database_up, NULL, NULL);
	count_end(s, rc == 0 ? 1 : 0);
	head(s, METRIC_database_seconds);
	sample_of(s, METRIC_database_seconds, NULL, NULL);
	seconds_end(s, (uint64_t)(clock_ticks_us() - begun_us));
	for (size_t f = 0;
	     rc == 0 && f < sizeof(families) / sizeof(families[0]); f++)
		family_write(s, b, &families[f]);
}

const char *
scrape_text(const struct request *req)
{
	struct scrape s = { .dispatcher = metrics_view("dispatcher") };

	buf_init(&s.text, req->arena);
	for (size_t i = 0; i < ROUTES; i++)
		s.views[i] = metrics_view(routes[i]);
	head(&s, METRIC_build_info);
	sample_of(&s, METRIC_build_info, "version", OPSFABRIC_VERSION);
	count_end(&s, 1);
	requests_write(&s);
	messages_write(&s);
	spool_write(&s, req->now);
	database_write(&s, req);
	for (size_t i = 0; i < ROUTES; i++)
		metrics_close(s.views[i]);
	metrics_close(s.dispatcher);
	return s.text.text;
}
