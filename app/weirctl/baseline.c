// SPDX-License-Identifier: BSD-3-Clause
#include "baseline.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The directories on the way are made, as mkdir -p does. */
static void make_dirs(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

/* false after a line on stderr. */
static int find_file(const char *socket, char *path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int used = state != NULL && state[0] == '/'
		? snprintf(path, size, "%s/synweir/", state)
		: snprintf(path, size, "%s/.local/state/synweir/", home != NULL ? home : "");

	if ((state == NULL && home == NULL) || used < 0 ||
		(size_t)used + strlen(socket) + 8 > size) {
		fprintf(stderr, "weirctl: no place to remember counters: HOME is not set\n");
		return -1;
	}
	for (const char *c = socket; *c != '\0'; c++)
		path[used++] = *c == '/' ? '_' : *c;
	strcpy(path + used, ".json");
	return 0;
}

int baseline_save(const char *socket, const json_t *doc)
{
	char path[PATH_MAX], fresh[PATH_MAX + 8];

	if (find_file(socket, path, sizeof(path)) != 0)
		return -1;
	make_dirs(path);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	if (json_dump_file(doc, fresh, JSON_COMPACT) == 0 && rename(fresh, path) == 0)
		return 0;
	fprintf(stderr, "weirctl: cannot write %s: %s\n", path, strerror(errno));
	return -1;
}

json_t *baseline_load(const char *socket, const json_t *info)
{
	static const char *const same[] = {"pid", "started"};
	char path[PATH_MAX];
	json_t *doc;

	if (find_file(socket, path, sizeof(path)) != 0)
		return NULL;
	doc = json_load_file(path, 0, NULL);
	if (!json_is_object(doc)) {
		fprintf(stderr, "weirctl: counters were not cleared: weirctl clear counters\n");
		json_decref(doc);
		return NULL;
	}
	for (size_t i = 0; i < 2; i++) {
		if (json_equal(json_object_get(doc, same[i]), json_object_get(info, same[i])))
			continue;
		fprintf(stderr,
			"weirctl: synweir was started again, which cleared its counters: weirctl "
			"clear counters\n");
		json_decref(doc);
		return NULL;
	}
	return doc;
}
