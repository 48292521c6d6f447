/*
 * route - what a program of cgi-bin is: a route, its request, its answer
 */
#include "route.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "config.h"
#include "db.h"
#include "digest.h"
#include "id.h"
#include "log.h"
#include "metrics.h"
#include "problem.h"
#include "provider.h"
#include "serve.h"
#include "spool.h"

/* A JSON tree of the most values that json.h lets in is far below it. */
#define ARENA_CAP ((size_t)4 * 1024 * 1024)
#define PARAM_MAX ((size_t)64 * 1024)

/* What is copied from or to a peer at a time. */
#define PIECE ((size_t)16 * 1024)

/* One line of cgi-bin/ROUTES. */
struct route_line {
	const char *name;
	const char *methods;
	enum caller caller;
	enum stmt_role role;
};

static const struct route_line lines[] = {
#define ROUTE(name, methods, path, caller, role) \
	{ #name, methods, CALLER_##caller, STMT_ROLE_##role },
#include "routes.def"
#undef ROUTE
};

struct worker {
	const struct route *route;
	const struct route_line *line;
	struct arena *arena;
	struct db *db;
	struct metrics *metrics;
};

/* What a handler found out, for the line in the log. */
struct route_note {
	char firm[64]; /* a slug has 60 characters at most */
};

/* What a handler reads by itself. */
struct route_body {
	struct serve_request *peer;
	size_t left;
};

static const struct route_line *
line_find(const char *name)
{
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		if (strcmp(lines[i].name, name) == 0)
			return &lines[i];
	return NULL;
}

const char *
route_bearer(const struct request *req)
{
	static const char scheme[] = "Bearer";
	const char *token = req->authorization + sizeof(scheme) - 1;

	if (strncasecmp(req->authorization, scheme, sizeof(scheme) - 1) != 0 ||
	    (*token != ' ' && *token != '\0'))
		return NULL;
	/* "Bearer" alone is a token, and a wrong one: nobody becomes the
	 * public by an empty variable. */
	return token + strspn(token, " ");
}

void
route_note_firm(const struct request *req, const char *slug)
{
	if (req->note != NULL && slug != NULL)
		(void)snprintf(
		    req->note->firm, sizeof(req->note->firm), "%s", slug);
}

const char *
route_path_part(const struct request *req, int i)
{
	const char *rest = req->path;

	for (; i > 0 && *rest == '/'; i--)
		rest += 1 + strcspn(rest + 1, "/");
	if (*rest != '/' || rest[1] == '\0')
		return NULL;
	return arena_strndup(req->arena, rest + 1, strcspn(rest + 1, "/"));
}

/* Unset or wrong: nobody may call. */
static bool
cron_secret_fits(const struct request *req)
{
	const char *secret = config_get(CONFIG_CRON_SECRET);
	const char *token = route_bearer(req);

	return *secret != '\0' && token != NULL && digest_equal(token, secret);
}

/* HEAD comes with GET (RFC 9110 9.3.2), so ROUTES does not list it. */
static const char *
and_head(const struct worker *w)
{
	return w->route->handle[HTTP_GET] != NULL ? ", HEAD" : "";
}

static int
method_read(struct request *req, const struct worker *w,
    struct serve_request *r, struct problem *why)
{
	const char *method = serve_param(r, "REQUEST_METHOD");

	req->is_head = strcmp(method, "HEAD") == 0;
	if (strcmp(method, "GET") == 0 || req->is_head)
		req->method = HTTP_GET;
	else if (strcmp(method, "POST") == 0)
		req->method = HTTP_POST;
	else
		req->method = HTTP_METHOD_MAX;
	if (req->method == HTTP_METHOD_MAX ||
	    w->route->handle[req->method] == NULL)
		return problem(
		    why, PROBLEM_METHOD, NULL, "Allowed: %s", w->line->methods);
	return 0;
}

static const struct {
	const char *type;
	enum body_kind kind;
} kinds[] = {
	{ "application/json", BODY_JSON },
	{ "application/x-www-form-urlencoded", BODY_FORM },
	{ "multipart/form-data", BODY_MULTIPART },
};

/* "application/json; charset=utf-8" is what stands before the semicolon. */
static enum body_kind
kind_of(const char *type)
{
	size_t len = strcspn(type, "; \t");

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strlen(kinds[i].type) == len &&
		    strncasecmp(kinds[i].type, type, len) == 0)
			return kinds[i].kind;
	return BODY_NONE;
}

/* "application/json or multipart/form-data" */
static const char *
kinds_text(struct arena *a, unsigned accepts)
{
	struct buf b;

	buf_init(&b, a);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if ((accepts & kinds[i].kind) != 0)
			buf_printf(
			    &b, "%s%s", b.len > 0 ? " or " : "", kinds[i].type);
	return b.text;
}

/* Digits only, below a bound that no body reaches; -1 otherwise. */
static long
length_of(const char *text)
{
	char *end;
	long len;

	if (strspn(text, "0123456789") != strlen(text) || *text == '\0' ||
	    strlen(text) > 10)
		return -1;
	len = strtol(text, &end, 10);
	return len;
}

static int
body_read(struct request *req, const struct worker *w, struct serve_request *r,
    struct problem *why)
{
	const char *length = serve_param(r, "CONTENT_LENGTH");
	long len = length_of(length);

	if (req->method == HTTP_GET && (w->route->accepts & BODY_FORM) != 0) {
		req->body_kind = BODY_FORM;
		req->body = req->query;
		req->body_len = strlen(req->query);
	}
	if (req->method != HTTP_POST || w->route->body_max == 0)
		return 0;
	if (len < 0)
		return *length == '\0' ? problem(why, PROBLEM_LENGTH_REQUIRED,
					     NULL, "Send a Content-Length")
		                       : problem(why, PROBLEM_BAD_REQUEST, NULL,
					     "Content-Length is not a number");
	req->rest->left = (size_t)len;
	if ((size_t)len > w->route->body_max)
		return problem(why, PROBLEM_TOO_LARGE, NULL,
		    "At most %zu bytes", w->route->body_max);
	req->body_kind = kind_of(req->content_type);
	if ((req->body_kind & w->route->accepts) == 0)
		return problem(why, PROBLEM_MEDIA_TYPE, NULL, "Send %s",
		    kinds_text(req->arena, w->route->accepts));
	if (req->body_kind == BODY_MULTIPART)
		return 0;
	req->rest->left = 0;
	req->body_len = (size_t)len;
	req->body = serve_body(r, req->arena, req->body_len);
	if (req->body == NULL)
		return problem(why, PROBLEM_BAD_REQUEST, NULL,
		    "The body ended before its Content-Length");
	return 0;
}

long
route_body_part(const struct request *req, char *bytes, size_t size)
{
	struct route_body *rest = req->rest;
	long got;

	if (size > rest->left)
		size = rest->left;
	if (size == 0)
		return 0;
	got = serve_read(rest->peer, bytes, size);
	if (got < (long)size) {
		rest->left = 0;
		return -1;
	}
	rest->left -= size;
	return got;
}

/*
 * What the handler did not want, where it reads by itself: nginx would not wait
 * for an answer while it cannot get rid of the request.
 */
static void
rest_skip(const struct request *req, const struct worker *w)
{
	size_t skipped = 0;
	long got;

	if ((w->route->accepts & BODY_MULTIPART) == 0)
		return;
	do {
		char bytes[PIECE]; /* is zeroed, which takes its time */

		got = route_body_part(req, bytes, sizeof(bytes));
		skipped += got > 0 ? (size_t)got : 0;
	} while (got > 0 && skipped <= 2 * w->route->body_max);
}

/* A parameter in the arena. nginx sends no header that is nearly as long. */
static int
param_take(const char **out, const struct request *req,
    const struct serve_request *r, const char *name, struct problem *why)
{
	const char *value = serve_param(r, name);

	if (strlen(value) > PARAM_MAX)
		return problem(
		    why, PROBLEM_BAD_REQUEST, NULL, "%s is too long", name);
	*out = arena_strdup(req->arena, value);
	return 0;
}

static int
params_read(struct request *req, struct serve_request *r, struct problem *why)
{
	const struct {
		const char **out;
		const char *name;
	} params[] = {
		{ &req->id, "REQUEST_ID" },
		{ &req->path, "DOCUMENT_URI" },
		{ &req->uri, "REQUEST_URI" },
		/* Not HTTP_HOST: nginx keeps a page under this one. */
		{ &req->host, "OPSFABRIC_HOST" },
		{ &req->client, "REMOTE_ADDR" },
		{ &req->query, "QUERY_STRING" },
		{ &req->authorization, "HTTP_AUTHORIZATION" },
		{ &req->idempotency_key, "HTTP_IDEMPOTENCY_KEY" },
		{ &req->twilio_signature, "HTTP_X_TWILIO_SIGNATURE" },
		{ &req->user_agent, "HTTP_USER_AGENT" },
		{ &req->purpose, "HTTP_SEC_PURPOSE" },
		{ &req->content_type, "CONTENT_TYPE" },
		{ &req->accept, "HTTP_ACCEPT" },
	};

	req->body = "";
	/* The id first and in any case: the answer to a bad request has one. */
	req->id = "";
	for (size_t i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (param_take(params[i].out, req, r, params[i].name, why) != 0)
			return -1;
	if (*req->id == '\0')
		req->id = id_new_in(req->arena);
	if (*req->purpose == '\0' &&
	    param_take(&req->purpose, req, r, "HTTP_PURPOSE", why) != 0)
		return -1;
	/* Without these nginx did not speak to us, or not all arrived. */
	if (*serve_param(r, "REQUEST_METHOD") == '\0' || *req->path == '\0')
		return problem(why, PROBLEM_BAD_REQUEST, NULL,
		    "REQUEST_METHOD or DOCUMENT_URI is missing");
	return 0;
}

static int
request_answer(struct response *res, struct request *req,
    const struct worker *w, struct serve_request *r, struct problem *why)
{
	if (params_read(req, r, why) != 0)
		return -1;
	if (w->line->caller == CALLER_CRON && !cron_secret_fits(req))
		return problem(why, PROBLEM_UNAUTHORIZED, NULL,
		    "Send Authorization: Bearer with the CRON_SECRET");
	if (method_read(req, w, r, why) != 0 ||
	    (w->route->firm != NULL &&
		w->route->firm(&req->tenant, req, why) != 0) ||
	    body_read(req, w, r, why) != 0)
		return -1;
	return w->route->handle[req->method](req, res, why);
}

/* The words of RFC 9110 15 for what we answer; others are left to nginx. */
static const char *
reason_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 202, "Accepted" },
		{ 301, "Moved Permanently" },
		{ 302, "Found" },
		{ 303, "See Other" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 410, "Gone" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};

	for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
		if (phrases[i].status == status)
			return phrases[i].phrase;
	return "";
}

static size_t
length_of_body(const struct response *res)
{
	if (res->file != NULL)
		return res->file->len;
	return res->body == NULL ? 0 : strlen(res->body);
}

/* Everything about an answer but its body. */
static void
headers_write(struct buf *b, const struct worker *w, const struct response *res,
    int retry_after)
{
	buf_printf(
	    b, "Status: %d %s\r\n", res->status, reason_phrase(res->status));
	if (res->body != NULL)
		buf_printf(b, "Content-Type: %s\r\n",
		    res->type != NULL ? res->type : "application/json");
	buf_printf(b, "Content-Length: %zu\r\n", length_of_body(res));
	if (res->file != NULL)
		buf_printf(b,
		    "Content-Type: %s\r\n"
		    "Content-Disposition: attachment; filename=\"%s\"\r\n",
		    res->type, res->file->name);
	if (res->location != NULL)
		buf_printf(b, "Location: %s\r\n", res->location);
	/*
	 * A page of ours: nobody puts it into theirs, nor learns its address;
	 * not even we, unless it is one that everybody may have.
	 */
	if (res->policy != NULL)
		buf_printf(b,
		    "Content-Security-Policy: %s\r\n"
		    "Referrer-Policy: %s\r\n"
		    "X-Content-Type-Options: nosniff\r\n",
		    res->policy,
		    res->cache != NULL ? "same-origin" : "no-referrer");
	if (res->status == 401)
		buf_str(b, "WWW-Authenticate: Bearer\r\n");
	if (res->status == 405)
		buf_printf(b, "Allow: %s%s\r\n", w->line->methods, and_head(w));
	if (retry_after > 0)
		buf_printf(b, "Retry-After: %d\r\n", retry_after);
	buf_printf(b, "Cache-Control: %s\r\n\r\n",
	    res->cache != NULL ? res->cache : "no-store");
}

/* One that became shorter meanwhile is noticed by nginx, and so by whoever
 * asked: the length was promised. */
static void
file_write(struct serve_request *r, const struct response_file *file)
{
	char bytes[PIECE];
	ssize_t got;

	for (size_t at = 0; at < file->len; at += (size_t)got) {
		got = pread(file->fd, bytes, sizeof(bytes), (off_t)at);
		if (got <= 0)
			return;
		serve_write(r, bytes, (size_t)got);
	}
}

/* What became of a request: counted, and a line of the log; its form is in
 * docs/operations.md. */
static void
account(const struct worker *w, const struct serve_request *r,
    const struct request *req, const struct response *res,
    const struct problem *why, int64_t begun_us)
{
	const char *method = serve_param(r, "REQUEST_METHOD");
	struct db_effort effort = db_effort(w->db);
	struct metrics_request done = {
		.status = res->status,
		.us = clock_ticks_us() - begun_us,
		.database_us = effort.us,
		.round_trips = effort.round_trips,
	};

	metrics_add_request(w->metrics, &done);
	log_info("%s %d %lldus db %d %ldus %s %s %s%s%s", req->id, res->status,
	    (long long)done.us, effort.round_trips, effort.us,
	    *method == '\0' ? "-" : method, w->route->name, req->note->firm,
	    why->code == PROBLEM_NONE ? "" : " ",
	    why->code == PROBLEM_NONE ? "" : problem_slug(why->code));
}

static void
handle(struct serve_request *r, void *arg)
{
	struct worker *w = arg;
	struct route_body rest = { .peer = r };
	struct route_note note = { .firm = "-" };
	struct request req = {
		.arena = w->arena,
		.db = w->db,
		.rest = &rest,
		.note = &note,
	};
	struct response res = { .status = 200 };
	struct problem why = { 0 };
	int64_t begun_us = clock_ticks_us();
	struct buf out;

	req.now = clock_now();
	req.came_us = clock_system_us();
	if (request_answer(&res, &req, w, r, &why) != 0) {
		assert(why.code != PROBLEM_NONE);
		res = (struct response){
			.status = problem_status(why.code),
			.type = "application/problem+json",
			.body = problem_json(w->arena, &why, req.id),
		};
	}
	rest_skip(&req, w);
	buf_init(&out, w->arena);
	headers_write(&out, w, &res,
	    why.code == PROBLEM_NONE ? res.retry_after
				     : problem_retry_after(why.code));
	if (res.body != NULL)
		buf_str(&out, res.body);
	serve_write(r, out.text, out.len);
	if (res.file != NULL && !req.is_head)
		file_write(r, res.file);
	account(w, r, &req, &res, &why, begun_us);
	arena_reset(w->arena);
}

/* Whoever reports something is told that it is kept only where it can be. */
static bool
spool_is_ready(const struct worker *w)
{
	struct problem why;

	if (w->line->caller != CALLER_PROVIDER || !spool_is_on() ||
	    spool_open(&why) == 0)
		return true;
	log_error("not started: %s", why.detail);
	return false;
}

/* Before a request is taken: may this worker still answer one? */
static bool
goes_on(void *arg)
{
	const struct worker *w = arg;

	return !db_is_wrong(w->db) && provider_clock_is_allowed();
}

int
route_main(const struct route *route)
{
	struct worker w = { .route = route, .line = line_find(route->name) };
	struct serve serve = { handle, goes_on, &w };
	struct problem why;
	int rc;

	log_open(route->name);
	assert(w.line != NULL);
	/* What ROUTES promises about who may call is never left to a handler.
	 */
	assert((w.line->caller == CALLER_TENANT) == (route->firm != NULL));
	if (provider_configured() == NULL || !provider_clock_is_allowed() ||
	    !spool_is_ready(&w))
		return EXIT_FAILURE;
	w.metrics = metrics_open(route->name);
	if (route->prepare != NULL)
		route->prepare();
	w.arena = arena_new(ARENA_CAP);
	w.db = db_new(w.line->role, route->name);
	/* Away is no reason to end: requests are told 503 until it is back. */
	rc = db_connect(w.db, &why) != 0 && db_is_wrong(w.db) ? -1 : 0;
	if (rc == 0 && serve_loop(&serve) != 0) {
		log_error("standard input is not a listening socket");
		rc = -1;
	}
	if (db_is_wrong(w.db))
		rc = -1;
	db_free(w.db);
	arena_free(w.arena);
	metrics_close(w.metrics);
	return rc == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
