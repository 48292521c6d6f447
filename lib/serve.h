/*
 * serve.h - the FastCGI loop: requests from the listening socket on fd 0
 *
 * Mechanism only: how many workers, their restart and their socket are the
 * supervisor's. SIGTERM, SIGINT, SIGHUP, SIGUSR1 and SIGQUIT end the loop after
 * the request in hand; a request that never ends, or a peer that never sends
 * one, ends the process after its limit. (libfcgi is known to this module
 * only.)
 */
#ifndef LIB_SERVE_H
#define LIB_SERVE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct serve_request;

struct serve {
	/* Answer one request, with serve_write(), before returning. */
	void (*handle)(struct serve_request *r, void *arg);
	/* Asked before each accept; false ends the loop, NULL is true. */
	bool (*goes_on)(void *arg);
	void *arg;
};

/* 0 after a stop signal or goes_on() said no, -1 if fd 0 is no listener. */
int serve_loop(const struct serve *s);

/* A FastCGI parameter, "" if it was not sent; gone after the request. */
const char *serve_param(const struct serve_request *r, const char *name);

/*
 * Exactly len bytes of body and a NUL into the arena. NULL if the peer sent
 * fewer: such a request must not be acted on.
 */
char *serve_body(struct serve_request *r, struct arena *a, size_t len);

/*
 * The next bytes of a body that is too long for that: at most len. 0 at its
 * end; -1 if it ended in the middle.
 */
long serve_read(struct serve_request *r, char *bytes, size_t len);

void serve_write(struct serve_request *r, const char *bytes, size_t len);

#endif
