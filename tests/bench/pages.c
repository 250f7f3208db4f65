// SPDX-License-Identifier: BSD-3-Clause
#include "pages.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE (2ul << 20)

const char *const pages_names[] = {"2 MB (hugetlb)", "2 MB (transparent)", "4 kB"};
enum pages pages_best = PAGES_HUGETLB;

static size_t whole_pages(size_t bytes)
{
	return (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
}

static void *map(size_t size, int flags)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
		0);

	return at == MAP_FAILED ? NULL : at;
}

/* Whether most of the mapping became huge pages: what was asked for is only a wish. */
static bool is_transparent(const void *at, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to, kb = 0;
	bool inside = false;
	char line[256];

	if (f == NULL)
		return false;
	while (fgets(line, sizeof(line), f) != NULL) {
		unsigned long n;

		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			inside = from < (unsigned long)at + size && to > (unsigned long)at;
		else if (inside && sscanf(line, "AnonHugePages: %lu kB", &n) == 1)
			kb += n;
	}
	fclose(f);
	return kb >= size / 1024 / 2;
}

/* Aligned, so that huge pages fit from its first byte to its last. */
static void *map_aligned(size_t size)
{
	char *at = map(size + HUGE_PAGE, 0);
	char *first;

	if (at == NULL)
		return NULL;
	first = (char *)(((size_t)at + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (first > at)
		munmap(at, (size_t)(first - at));
	munmap(first + size, HUGE_PAGE - (size_t)(first - at));
	return first;
}

void *pages_map(size_t bytes, enum pages *got)
{
	size_t size = whole_pages(bytes);
	void *at = pages_best == PAGES_HUGETLB ? map(size, MAP_HUGETLB | MAP_POPULATE) : NULL;

	*got = PAGES_HUGETLB;
	if (at != NULL)
		return at;
	at = map_aligned(size);
	if (at == NULL) {
		fprintf(stderr, "bench: no memory for %zu MB\n", size >> 20);
		exit(1);
	}
	madvise(at, size, pages_best == PAGES_SMALL ? MADV_NOHUGEPAGE : MADV_HUGEPAGE);
	memset(at, 0, size);
	*got = is_transparent(at, size) ? PAGES_TRANSPARENT : PAGES_SMALL;
	return at;
}

void pages_unmap(void *at, size_t bytes)
{
	munmap(at, whole_pages(bytes));
}
