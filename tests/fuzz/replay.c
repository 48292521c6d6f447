/*
 * replay - runs a fuzz target over its corpus, where libFuzzer is not linked
 *
 * Takes files and directories, as libFuzzer does, and fails on an empty corpus:
 * a test that read nothing proves nothing.
 */
#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned replayed;

static int
replay_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	uint8_t *data;
	size_t size;

	if (f == NULL || fstat(fileno(f), &st) != 0) {
		perror(path);
		return -1;
	}
	/* Exactly as large as the input, so that a sanitizer sees one byte too
	 * far. */
	data = malloc((size_t)st.st_size + (st.st_size == 0 ? 1U : 0U));
	if (data == NULL) {
		fclose(f);
		return -1;
	}
	size = fread(data, 1, (size_t)st.st_size, f);
	fclose(f);
	(void)LLVMFuzzerTestOneInput(data, size);
	free(data);
	replayed++;
	return 0;
}

static int
replay_directory(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	char file[4096];
	int rc = 0;

	if (d == NULL) {
		perror(path);
		return -1;
	}
	while (rc == 0 && (e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(file, sizeof(file), "%s/%s", path, e->d_name);
		rc = replay_file(file);
	}
	closedir(d);
	return rc;
}

int
main(int argc, char **argv)
{
	struct stat st;

	for (int i = 1; i < argc; i++) {
		if (stat(argv[i], &st) != 0) {
			perror(argv[i]);
			return 1;
		}
		if ((S_ISDIR(st.st_mode) ? replay_directory(argv[i])
					 : replay_file(argv[i])) != 0)
			return 1;
	}
	printf("%u inputs replayed\n", replayed);
	return replayed == 0 ? 1 : 0;
}
