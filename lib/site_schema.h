/*
 * site_schema.h - a firm's page for search engines: JSON-LD of schema.org
 *
 * What comes out stands inside a <script>: no text of a firm can end that, as
 * "<" and whatever else means something there is escaped.
 */
#ifndef LIB_SITE_SCHEMA_H
#define LIB_SITE_SCHEMA_H

struct cJSON;
struct request;
struct site;

/* The firm: address, hours, services, rating, reviews. */
const char *site_schema_firm(const struct request *req, const struct site *s);

/* One of its services. */
const char *site_schema_service(const struct request *req, const struct site *s,
    const struct cJSON *service);

#endif
