/*
 * serve - the FastCGI loop: requests from the listening socket on fd 0
 *
 * Why it is not FCGX_Accept_r() in a loop: libfcgi has no time-outs, installs
 * signal handlers that tear a request in the middle of its body, and takes a
 * peer that hangs up during the parameters for a complete request.
 */
#include "serve.h"

#include <errno.h>
#include <fcgiapp.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "arena.h"

/*
 * nginx sends a request only once it has all of it, so reading one takes no
 * time; then the deadlines of db.h are shorter than the second limit.
 */
#define READ_LIMIT_S 5
#define HANDLE_LIMIT_S 25

struct serve_request {
	FCGX_Request fcgi;
};

/* The request is lost either way; the supervisor starts another worker. */
static void
stuck(int signal_number)
{
	static const char line[] = "error: request stuck, worker ends\n";

	(void)signal_number;
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		_exit(2);
	_exit(1);
}

static int
signals_open(void)
{
	struct sigaction action = { .sa_handler = stuck };
	sigset_t stops;

	(void)sigemptyset(&stops);
	(void)sigaddset(&stops, SIGTERM);
	(void)sigaddset(&stops, SIGINT);
	(void)sigaddset(&stops, SIGHUP);
	(void)sigaddset(&stops, SIGUSR1);
	(void)sigaddset(&stops, SIGQUIT);
	/* Before FCGX_Init(), which would install handlers of its own. */
	if (sigprocmask(SIG_BLOCK, &stops, NULL) != 0 ||
	    sigaction(SIGALRM, &action, NULL) != 0)
		return -1;
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &stops, SFD_CLOEXEC);
}

static int
serve_one(const struct serve *s, struct serve_request *r)
{
	int rc;

	(void)alarm(READ_LIMIT_S);
	rc = FCGX_Accept_r(&r->fcgi);
	if (rc == 0) {
		(void)alarm(HANDLE_LIMIT_S);
		/*
		 * Whatever the peer asked for: on a kept connection
		 * FCGX_Accept_r() would wait for its next request, and take
		 * nobody else's.
		 */
		r->fcgi.keepConnection = 0;
		/* Accept_r reports success on a torn parameter stream. */
		if (FCGX_GetError(r->fcgi.in) == 0)
			s->handle(r, s->arg);
		FCGX_Finish_r(&r->fcgi);
	}
	(void)alarm(0);
	/* -EAGAIN: a sibling took it. */
	return rc == 0 || rc == -EAGAIN ? 0 : -1;
}

int
serve_loop(const struct serve *s)
{
	struct serve_request r;
	struct pollfd fds[2];
	int flags = fcntl(STDIN_FILENO, F_GETFL);

	fds[0].fd = signals_open();
	fds[0].events = POLLIN;
	fds[1].fd = STDIN_FILENO;
	fds[1].events = POLLIN;
	/*
	 * A lost race for a connection must return instead of waiting.
	 * Accepted sockets stay blocking on Linux.
	 */
	if (fds[0].fd < 0 || flags < 0 ||
	    fcntl(STDIN_FILENO, F_SETFL, flags | O_NONBLOCK) != 0)
		return -1;
	if (FCGX_Init() != 0 || FCGX_IsCGI() ||
	    FCGX_InitRequest(&r.fcgi, STDIN_FILENO, 0) != 0)
		return -1;
	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return -1;
		/* Looked at first: a saturated worker must stop as well. */
		if (fds[0].revents != 0)
			return 0;
		if (s->goes_on != NULL && !s->goes_on(s->arg))
			return 0;
		if (serve_one(s, &r) != 0)
			return -1;
	}
}

const char *
serve_param(const struct serve_request *r, const char *name)
{
	const char *value = FCGX_GetParam(name, r->fcgi.envp);

	return value == NULL ? "" : value;
}

long
serve_read(struct serve_request *r, char *bytes, size_t len)
{
	int got;

	(void)alarm(READ_LIMIT_S);
	got = FCGX_GetStr(bytes, (int)len, r->fcgi.in);
	(void)alarm(HANDLE_LIMIT_S);
	return FCGX_GetError(r->fcgi.in) != 0 ? -1 : got;
}

char *
serve_body(struct serve_request *r, struct arena *a, size_t len)
{
	char *body = arena_alloc(a, len + 1);
	long got = serve_read(r, body, len);

	return got >= 0 && (size_t)got == len ? body : NULL;
}

void
serve_write(struct serve_request *r, const char *bytes, size_t len)
{
	/* A client that went away is no one's error: nothing to do about it. */
	(void)FCGX_PutStr(bytes, (int)len, r->fcgi.out);
}
