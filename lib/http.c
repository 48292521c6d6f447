/*
 * http - many HTTP requests at once, and the truth about how each ended
 */
#include "http.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "log.h"
#include "problem.h"

#define BODY_MAX ((size_t)64 * 1024)
#define CONNECT_MS 10000L
/* What waits longer is closed by the other side just when it is used again. */
#define KEEP_S 10L
#define RETRY_AFTER_MAX CLOCK_DAY

/* One request at a time; the handle and its buffers are used again. */
struct transfer {
	CURL *easy;
	struct curl_slist *headers;
	bool busy;
	int written; /* times that the request was about to be written */
	char *body;
	size_t len;
	size_t size;
	bool is_cut;
	char error[CURL_ERROR_SIZE];
	int64_t deadline_us;
	http_done *done;
	void *owner;
};

struct http {
	CURLM *multi;
	int parallel;
	struct transfer *transfers;
};

/* Kept up to the limit; the rest is read and dropped, so that it ends well. */
static size_t
body_keep(char *bytes, size_t one, size_t len, void *arg)
{
	struct transfer *t = arg;
	size_t keep = len;

	(void)one;
	if (keep > BODY_MAX - t->len) {
		keep = BODY_MAX - t->len;
		t->is_cut = true;
	}
	if (t->len + keep + 1 > t->size) {
		t->size = (t->len + keep + 1) * 2;
		t->body = realloc(t->body, t->size);
		if (t->body == NULL)
			abort();
	}
	memcpy(t->body + t->len, bytes, keep);
	t->len += keep;
	return len;
}

/*
 * Asked each time before the request is written. The second time libcurl is
 * about to repeat it on a new connection, because a kept one died: what was
 * written there may have been read.
 */
static int
written_once(void *arg, char *to_ip, char *from_ip, int to_port, int from_port)
{
	struct transfer *t = arg;

	(void)to_ip;
	(void)from_ip;
	(void)to_port;
	(void)from_port;
	/* And never after its time: somebody may have stopped this process
	 * for an hour, and decided meanwhile that nothing was sent. */
	if (t->written > 0 || clock_ticks_us() > t->deadline_us)
		return CURL_PREREQFUNC_ABORT;
	t->written++;
	return CURL_PREREQFUNC_OK;
}

/* An option that libcurl does not take could be the one that protects us. */
static void
must_set(CURLcode rc)
{
	if (rc != CURLE_OK) {
		log_error("libcurl: %s", curl_easy_strerror(rc));
		abort();
	}
}

static void
transfer_init(struct transfer *t)
{
	CURL *e = curl_easy_init();

	if (e == NULL)
		abort();
	t->easy = e;
	must_set(curl_easy_setopt(e, CURLOPT_PRIVATE, t));
	must_set(curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->error));
	must_set(curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, body_keep));
	must_set(curl_easy_setopt(e, CURLOPT_WRITEDATA, t));
	must_set(curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, written_once));
	must_set(curl_easy_setopt(e, CURLOPT_PREREQDATA, t));
	must_set(curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https"));
	must_set(curl_easy_setopt(e, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L));
	must_set(curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L));
	must_set(curl_easy_setopt(e, CURLOPT_PROXY, ""));
	must_set(curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L));
	must_set(curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L));
	must_set(curl_easy_setopt(
	    e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2));
	/* One request to a connection: what became of it depends on no other.
	 */
	must_set(curl_easy_setopt(
	    e, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1));
	must_set(curl_easy_setopt(e, CURLOPT_MAXAGE_CONN, KEEP_S));
	must_set(curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS));
	must_set(curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L));
	must_set(curl_easy_setopt(e, CURLOPT_USERAGENT, "OpsFabric"));
	must_set(curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC));
}

struct http *
http_new(int parallel)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		abort();
	h->parallel = parallel;
	h->transfers = calloc((size_t)parallel, sizeof(*h->transfers));
	h->multi = curl_multi_init();
	if (h->transfers == NULL || h->multi == NULL)
		abort();
	(void)curl_multi_setopt(
	    h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	(void)curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)parallel);
	return h;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	for (int i = 0; i < h->parallel; i++) {
		struct transfer *t = &h->transfers[i];

		if (t->busy)
			(void)curl_multi_remove_handle(h->multi, t->easy);
		curl_easy_cleanup(t->easy);
		curl_slist_free_all(t->headers);
		free(t->body);
	}
	(void)curl_multi_cleanup(h->multi);
	curl_global_cleanup();
	free(h->transfers);
	free(h);
}

static struct transfer *
transfer_idle(struct http *h)
{
	for (int i = 0; i < h->parallel; i++)
		if (!h->transfers[i].busy)
			return &h->transfers[i];
	return NULL;
}

/* "Name: value"; a NULL value adds "Name:", which keeps libcurl's own out. */
static void
header_add(struct transfer *t, const char *name, const char *value)
{
	char line[256];
	struct curl_slist *more;

	(void)snprintf(line, sizeof(line), "%s:%s%s", name,
	    value == NULL ? "" : " ", value == NULL ? "" : value);
	more = curl_slist_append(t->headers, line);
	if (more == NULL)
		abort();
	t->headers = more;
}

static CURLcode
transfer_describe(struct transfer *t, const struct http_request *r)
{
	CURL *e = t->easy;
	CURLcode rc;

	curl_slist_free_all(t->headers);
	t->headers = NULL;
	if (r->body == NULL) {
		must_set(curl_easy_setopt(e, CURLOPT_HTTPGET, 1L));
	} else {
		header_add(t, "Content-Type", r->content_type);
		/* No round trip that asks whether the body is welcome. */
		header_add(t, "Expect", NULL);
		must_set(curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
		    (curl_off_t)strlen(r->body)));
		must_set(curl_easy_setopt(e, CURLOPT_COPYPOSTFIELDS, r->body));
	}
	must_set(curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers));
	must_set(curl_easy_setopt(
	    e, CURLOPT_TIMEOUT_MS, (long)(r->timeout_us / 1000)));
	rc = curl_easy_setopt(e, CURLOPT_URL, r->url);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(e, CURLOPT_USERNAME, r->user);
	if (rc == CURLE_OK)
		rc = curl_easy_setopt(e, CURLOPT_PASSWORD, r->password);
	return rc;
}

int
http_start(struct http *h, const struct http_request *r, struct problem *why)
{
	struct transfer *t = transfer_idle(h);
	CURLcode rc;

	assert(t != NULL);
	if (t->easy == NULL)
		transfer_init(t);
	t->written = 0;
	t->len = 0;
	t->is_cut = false;
	t->error[0] = '\0';
	t->deadline_us = clock_ticks_us() + r->timeout_us;
	t->done = r->done;
	t->owner = r->owner;
	rc = transfer_describe(t, r);
	if (rc != CURLE_OK)
		return problem(why, PROBLEM_INTERNAL, NULL, "request: %s",
		    curl_easy_strerror(rc));
	if (curl_multi_add_handle(h->multi, t->easy) != CURLM_OK)
		return problem(why, PROBLEM_INTERNAL, NULL,
		    "request: libcurl does not take it");
	t->busy = true;
	return 0;
}

void
http_wait(struct http *h, const int *fds, int count, int timeout_ms)
{
	struct curl_waitfd wait[8];
	int running;

	assert((size_t)count <= sizeof(wait) / sizeof(wait[0]));
	for (int i = 0; i < count; i++) {
		wait[i].fd = fds[i];
		wait[i].events = CURL_WAIT_POLLIN;
		wait[i].revents = 0;
	}
	if (curl_multi_poll(h->multi, wait, (unsigned)count, timeout_ms,
		NULL) != CURLM_OK ||
	    curl_multi_perform(h->multi, &running) != CURLM_OK) {
		log_error("libcurl: the multi handle is broken");
		abort();
	}
}

static enum http_end
transfer_end(const struct transfer *t, CURLcode rc)
{
	if (rc == CURLE_OK)
		return HTTP_ANSWERED;
	return t->written == 0 ? HTTP_NOT_SENT : HTTP_UNCLEAR;
}

static void
answer_read(struct http_answer *out, const struct transfer *t, CURLcode rc)
{
	curl_off_t after_s = 0;
	long status = 0;

	memset(out, 0, sizeof(*out));
	(void)curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->easy, CURLINFO_RETRY_AFTER, &after_s);
	out->end = transfer_end(t, rc);
	out->status = (int)status;
	out->body = "";
	if (t->len > 0) {
		t->body[t->len] = '\0';
		out->body = t->body;
		out->body_len = t->len;
		out->is_cut = t->is_cut;
	}
	if (after_s > RETRY_AFTER_MAX / CLOCK_SECOND)
		after_s = RETRY_AFTER_MAX / CLOCK_SECOND;
	if (after_s > 0)
		out->retry_after_us = after_s * CLOCK_SECOND;
	if (rc != CURLE_OK)
		out->error =
		    t->error[0] != '\0' ? t->error : curl_easy_strerror(rc);
}

void
http_finish(struct http *h)
{
	CURLMsg *done;
	int left;

	while ((done = curl_multi_info_read(h->multi, &left)) != NULL) {
		struct transfer *t = NULL;
		CURLcode rc = done->data.result;
		struct http_answer answer;

		if (done->msg != CURLMSG_DONE)
			continue;
		(void)curl_easy_getinfo(
		    done->easy_handle, CURLINFO_PRIVATE, &t);
		/* After this, done is gone. */
		(void)curl_multi_remove_handle(h->multi, t->easy);
		t->busy = false;
		answer_read(&answer, t, rc);
		t->done(t->owner, &answer);
	}
}

int64_t
http_date_us(const char *text)
{
	time_t t = curl_getdate(text, NULL);

	return t < 0 ? -1 : (int64_t)t * CLOCK_SECOND;
}
