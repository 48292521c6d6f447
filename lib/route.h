/*
 * route.h - what a program of cgi-bin is: a route, its request, its answer
 *
 * A route file declares a struct route and says in its handler what happens;
 * route_main() does everything that all routes do alike: configuration, log,
 * database, the request loop, method, size and kind of body, the cron secret,
 * problem documents, the access line.
 */
#ifndef LIB_ROUTE_H
#define LIB_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "clock.h"

struct arena;
struct db;
struct problem;
struct route_body;
struct route_note;
struct sender_firm;
struct tenant;

enum http_method {
	HTTP_GET,
	HTTP_POST,
	HTTP_METHOD_MAX
};

enum body_kind {
	BODY_NONE = 0,
	BODY_JSON = 1,
	BODY_FORM = 2,
	BODY_MULTIPART = 4 /* not read before the handler: route_body_part() */
};

/* Who may call, as cgi-bin/ROUTES says. */
enum caller {
	CALLER_ANYONE,
	CALLER_PUBLIC,   /* strangers: nginx limits their rate */
	CALLER_VISITOR,  /* people with a browser: nginx keeps the pages */
	CALLER_PROVIDER, /* verified by the route */
	CALLER_TENANT,   /* the firm's token: see firm below */
	CALLER_OPERATOR, /* nginx lets in the operator's machines only */
	CALLER_CRON      /* CRON_SECRET, checked before anything else */
};

/* Valid until the answer is sent; strings are never NULL. */
struct request {
	struct arena *arena; /* freed after the answer is sent */
	struct db *db;       /* this worker's connection */
	/* Whose token it carries; NULL but for routes of CALLER_TENANT. */
	const struct tenant *tenant;
	/* Of a webhook that waited: whose its sender was found to be
	 * (sender.h); else NULL. */
	const struct sender_firm *known;
	enum http_method method;
	bool is_head; /* HEAD is handled as GET; nginx drops the body */
	struct clock_time now; /* one instant for the whole request */
	int64_t came_us;       /* the same of the system's own clock */
	const char *id;        /* nginx's $request_id, on every log line */
	const char *path;      /* decoded, without the query */
	const char *uri;       /* path and query as they came */
	const char *host;      /* small letters, without a port */
	const char *client;    /* its address, as nginx sees it */
	const char *query;     /* raw, without the '?' */
	const char *authorization;
	const char *idempotency_key;
	const char *twilio_signature;
	const char *user_agent;
	const char *purpose; /* Sec-Purpose or Purpose: "prefetch", ... */
	/* A GET to a route that takes forms carries one in its query. */
	enum body_kind body_kind;
	const char *body; /* NUL-terminated; may hold NULs as well */
	size_t body_len;
	struct route_body *rest; /* of a BODY_MULTIPART, which is not in body */
	const char *content_type;
	const char *accept;      /* what the client would like to get */
	struct route_note *note; /* for its line in the log, or NULL */
};

/* Bytes of an answer that are no text and too many for an arena. */
struct response_file {
	int fd; /* read from its beginning; open until the arena is reset */
	size_t len;
	const char *name; /* to save it under: nothing is shown as a page */
};

struct response {
	int status;
	const char *type;     /* of the body; NULL: application/json */
	const char *body;     /* NULL: none */
	const char *location; /* for 3xx, or NULL */
	const char *policy;   /* Content-Security-Policy of a page, or NULL */
	const struct response_file *file; /* instead of a body, or NULL */
	const char *cache; /* Cache-Control; NULL: nobody keeps it */
	int retry_after;   /* seconds, or 0 */
};

/* Fill *res and return 0, or fill *why and return -1. Write nothing. */
typedef int route_fn(
    const struct request *req, struct response *res, struct problem *why);

struct route {
	const char *name; /* its line in cgi-bin/ROUTES */
	route_fn *handle[HTTP_METHOD_MAX];
	/*
	 * For a route of CALLER_TENANT, and no other: tenant_by_token(). Asked
	 * before the body is looked at; the handler finds the firm in the
	 * request.
	 */
	int (*firm)(const struct tenant **out, const struct request *req,
	    struct problem *why);
	size_t body_max;  /* bytes; 0: a body is not looked at */
	unsigned accepts; /* BODY_JSON | BODY_FORM | BODY_MULTIPART */
	/* Called once before the first request, or NULL: what is slow the first
	 * time should not be slow for somebody. */
	void (*prepare)(void);
};

/* The whole of a route's main(). Returns the exit status. */
int route_main(const struct route *route);

/* A part of the path, counted from 0: "api" in "/api/ticket", then "ticket",
 * then NULL. */
const char *route_path_part(const struct request *req, int i);

/*
 * The next bytes of a BODY_MULTIPART: at most size. 0 at its end; -1 if it
 * ended before its Content-Length.
 */
long route_body_part(const struct request *req, char *bytes, size_t size);

/*
 * For the line in the log: the firm that this request turned out to be about,
 * by its slug; the last one counts. NULL says nothing.
 */
void route_note_firm(const struct request *req, const char *slug);

/* The token of "Authorization: Bearer <token>", or NULL. */
const char *route_bearer(const struct request *req);

#endif
