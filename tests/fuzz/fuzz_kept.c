/*
 * fuzz_kept - a file of the spool, whoever wrote it: what is read of it is a
 * whole request or none, and a request that is kept again is the same
 *
 * The first byte says whether the rest is the file, or what is in one whose
 * hash fits.
 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/scratch.h"
#include "arena.h"
#include "backlog.h"
#include "digest.h"
#include "problem.h"
#include "route.h"
#include "sender.h"
#include "spool.h"

#define NAME "0001764176400000-0193a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct scratch home;

static void
dir_remove(void)
{
	scratch_remove(&home);
}

static void
dir_make(void)
{
	struct problem why;

	if (home.dir[0] != '\0')
		return;
	home = scratch_make("fuzz_kept");
	(void)setenv("SPOOL_DIR", home.dir, 1);
	assert(spool_open(&why) == 0);
	(void)atexit(dir_remove);
}

static void
file_write(struct arena *a, const uint8_t *data, size_t size, bool is_wrapped)
{
	struct digest_hex hash = digest_sha256(data, size);
	FILE *f = fopen(spool_path(a, "failed/" NAME), "we");

	assert(f != NULL);
	if (is_wrapped)
		(void)fprintf(f, "opsfabric-spool 1 %s\n", hash.text);
	assert(fwrite(data, 1, size, f) == size);
	assert(fclose(f) == 0);
}

static void
check(const struct request *req, const char *key)
{
	assert(key != NULL && req->known != NULL);
	assert(req->body[req->body_len] == '\0');
	assert((req->known->customer_id == NULL) == (req->known->slug == NULL));
	assert(strlen(req->id) < SPOOL_FILE_MAX);
	assert(strlen(req->path) + strlen(req->query) < SPOOL_FILE_MAX);
	assert(strlen(req->client) + strlen(req->user_agent) < SPOOL_FILE_MAX);
	/* Whatever the handlers look at without asking. */
	assert(req->authorization != NULL && req->twilio_signature != NULL);
	(void)route_path_part(req, 2);
}

/* Kept once more, under its own name: *file becomes that. */
static void
keep(struct spool_file *file, const struct request *req, const char *key)
{
	struct spool_names names;
	struct problem why;

	assert(backlog_keep(
		   req, req->known, req->known->customer_id, key, &why) == 0);
	file->place = SPOOL_WAIT;
	file->lane = spool_lane(key);
	spool_list(&names, req->arena, file->lane);
	assert(names.count == 1);
	file->name = names.name[0];
}

static void
keep_again(struct request *first, const char *key)
{
	struct spool_file file;
	struct request second;
	const char *same;
	struct problem why;

	keep(&file, first, key);
	assert(backlog_read(&second, &same, &file, first->arena, &why) == 0);
	assert(strcmp(same, key) == 0);
	assert(first->now.us == second.now.us);
	assert(first->method == second.method);
	assert(first->body_kind == second.body_kind);
	assert(strcmp(first->id, second.id) == 0);
	assert(strcmp(first->query, second.query) == 0);
	assert(strcmp(first->client, second.client) == 0);
	assert(first->body_len == second.body_len);
	assert(memcmp(first->body, second.body, first->body_len) == 0);
	assert(spool_remove(&file, &why) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct spool_file file = { SPOOL_FAILED, 0, NAME };
	struct arena *a = arena_new((size_t)16 * 1024 * 1024);
	struct request first;
	struct problem why = { 0 };
	const char *key;

	dir_make();
	if (size > 0 && size < SPOOL_FILE_MAX / 2) {
		file_write(a, data + 1, size - 1, (data[0] & 1) != 0);
		if (backlog_read(&first, &key, &file, a, &why) == 0) {
			check(&first, key);
			keep_again(&first, key);
		} else {
			assert(why.code == PROBLEM_FIELD_INVALID);
		}
	}
	arena_free(a);
	return 0;
}
