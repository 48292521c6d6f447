/*
 * http.h - many HTTP requests at once, and the truth about how each ended
 *
 * Requests are written at most once: whether one certainly never left,
 * was answered, or nobody knows, is told apart (libcurl by itself repeats a
 * request on a kept connection that died). No redirect is followed, no proxy is
 * taken from the environment, certificates are verified. (libcurl is known to
 * this module only.)
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http;
struct http_answer;
struct problem;

/* What becomes of a request; answer is valid until this returns. */
typedef void http_done(void *owner, const struct http_answer *answer);

struct http_request {
	const char *url; /* never logged */
	/* Of a POST; NULL, both: it is a GET. */
	const char *content_type;
	const char *body;
	const char *user; /* Basic; NULL: no credentials */
	const char *password;
	int64_t timeout_us;
	http_done *done;
	void *owner;
};

enum http_end {
	HTTP_ANSWERED, /* a complete answer */
	HTTP_NOT_SENT, /* not a byte of the request left */
	HTTP_UNCLEAR   /* it may have been read, and there is no full answer */
};

struct http_answer {
	enum http_end end;
	int status; /* 0: not even that was read */
	/* Its first 64 KB, NUL-terminated. */
	const char *body;
	size_t body_len;
	bool is_cut;            /* there was more */
	int64_t retry_after_us; /* Retry-After, seconds or date; 0: none */
	const char *error;      /* why there is no full answer */
};

/* For at most parallel requests at a time. Free with http_free(). */
struct http *http_new(int parallel);
void http_free(struct http *h);

/*
 * Begin a request; everything is copied. At most parallel may be under way. -1
 * if it cannot be built: nothing was sent, and done is not called.
 */
int http_start(
    struct http *h, const struct http_request *r, struct problem *why);

/*
 * Let requests proceed until one makes progress, one of fds can be read, or
 * timeout_ms have passed.
 */
void http_wait(struct http *h, const int *fds, int count, int timeout_ms);

/* Hand each request that ended to its owner. */
void http_finish(struct http *h);

/* A date as mail and HTTP write it, in microseconds since 1970; -1: it is none.
 */
int64_t http_date_us(const char *text);

#endif
