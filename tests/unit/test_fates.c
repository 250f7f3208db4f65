// SPDX-License-Identifier: BSD-3-Clause
/*
 * docs/fates.md is made from the lists: "unit-fates FILE" fails when FILE says something else;
 * "unit-fates" prints what it should say (unit-fates >docs/fates.md).
 */
#include <stdio.h>
#include <string.h>

#include "base/fate.h"

static const char head[] =
	"# What happens to packets\n"
	"\n"
	"Every packet that a worker receives or makes ends in exactly one of the "
	"*fates* below: a verdict with its\n"
	"reason. Events count what happened beside that. `weirctl show drops` shows "
	"those that are not zero,\n"
	"with `--all` every one. This page is made from `lib/base/fate.def` and "
	"`lib/base/event.def`; a test\n"
	"compares.\n";

static void print_class(FILE *out, enum weir_fate_class class, const char *title)
{
	fprintf(out, "\n## %s\n\n| name | meaning |\n|---|---|\n", title);
	for (unsigned int i = 0; i < WEIR_FATES; i++)
		if (weir_fates[i].class == class)
			fprintf(out, "| `%s` | %s |\n", weir_fates[i].name, weir_fates[i].text);
}

static void print_page(FILE *out)
{
	fputs(head, out);
	print_class(out, WEIR_CLASS_PASS, "Passed: the packet leaves on a port");
	print_class(out, WEIR_CLASS_DROP, "Dropped: the packet ends here");
	print_class(out, WEIR_CLASS_CONSUME, "Consumed: the packet had its effect here");
	fputs("\n## Events\n\n| name | meaning |\n|---|---|\n", out);
	for (unsigned int i = 0; i < WEIR_EVENTS; i++)
		fprintf(out, "| `%s` | %s |\n", weir_events[i].name, weir_events[i].text);
}

static int compare(FILE *want, FILE *is)
{
	char a[1024], b[1024];
	unsigned int line = 1;

	for (;; line++) {
		const char *x = fgets(a, sizeof(a), want), *y = fgets(b, sizeof(b), is);

		if (x == NULL && y == NULL)
			return 0;
		if (x == NULL || y == NULL || strcmp(a, b) != 0)
			break;
	}
	fprintf(stderr, "line %u is not what the lists say: unit-fates >docs/fates.md\n", line);
	return 1;
}

int main(int argc, char **argv)
{
	FILE *want, *is;
	int ret;

	if (argc < 2) {
		print_page(stdout);
		return 0;
	}
	want = tmpfile();
	is = fopen(argv[1], "r");
	if (want == NULL || is == NULL) {
		perror(argv[1]);
		return 1;
	}
	print_page(want);
	rewind(want);
	ret = compare(want, is);
	fclose(want);
	fclose(is);
	return ret;
}
