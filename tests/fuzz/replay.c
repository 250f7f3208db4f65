// SPDX-License-Identifier: BSD-3-Clause
/*
 * main() of the fuzz targets where there is no libFuzzer: runs the target once for each file that is
 * named, and for each file in the directories that are. Options of libFuzzer ("-runs=0") are ignored.
 * Finding no file at all is an error: it would prove nothing. So is fuzz_missed(), with --all.
 */
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "fuzz.h"

static void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void run_file(const char *path, size_t size)
{
	FILE *f = fopen(path, "rbe");
	uint8_t *data = malloc(size);

	if (f == NULL || fread(data, 1, size, f) != size)
		die(path);
	fclose(f);
	fprintf(stderr, "%s\n", path); /* the last one is to blame */
	LLVMFuzzerTestOneInput(data, size);
	free(data);
}

static unsigned int run(const char *path);

static unsigned int run_dir(const char *path)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);
	unsigned int files = 0;

	if (n < 0)
		die(path);
	for (int i = 0; i < n; i++) {
		char *inner;

		if (entries[i]->d_name[0] != '.' &&
			asprintf(&inner, "%s/%s", path, entries[i]->d_name) > 0) {
			files += run(inner);
			free(inner);
		}
		free(entries[i]);
	}
	free(entries);
	return files;
}

/* The number of files that were run. */
static unsigned int run(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		die(path);
	if (S_ISDIR(st.st_mode))
		return run_dir(path);
	run_file(path, (size_t)st.st_size);
	return 1;
}

/* --all was said, and the inputs have not reached all that the target knows of. */
static bool is_missing(int argc, char **argv)
{
	const char *missed = NULL;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--all") == 0 && fuzz_missed != NULL)
			missed = fuzz_missed();
	if (missed != NULL)
		fprintf(stderr, "replay: no input reaches %s\n", missed);
	return missed != NULL;
}

int main(int argc, char **argv)
{
	unsigned int files = 0;

	for (int i = 1; i < argc; i++)
		if (argv[i][0] != '-')
			files += run(argv[i]);
	printf("%u inputs\n", files);
	return files > 0 && !is_missing(argc, argv) ? 0 : 2;
}
