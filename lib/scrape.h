/*
 * scrape.h - what Prometheus is told: the counters of this host, the state of
 * the database
 *
 * Text exposition format 0.0.4. What there is: metric.def.
 */
#ifndef LIB_SCRAPE_H
#define LIB_SCRAPE_H

#define SCRAPE_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct request;

/* In the request's arena. Without Postgres it says that it is away, and the
 * rest. */
const char *scrape_text(const struct request *req);

#endif
