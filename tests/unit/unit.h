/* SPDX-License-Identifier: BSD-3-Clause */
/* What every unit test program needs: a table of tests, and a main that fails when one fails. */
#ifndef WEIR_TESTS_UNIT_H
#define WEIR_TESTS_UNIT_H

#include <CUnit/Basic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct unit_test {
	const char *name; /* begins with the HC number when there is one: "HC-20 translation ..." */
	void (*run)(void);
};

/* Runs all of them as one suite; the process's exit code. */
static inline int unit_main(const char *room, const struct unit_test *tests, unsigned int n)
{
	CU_pSuite suite;
	unsigned int failed;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite(room, NULL, NULL);
	for (unsigned int i = 0; i < n; i++)
		if (suite == NULL || CU_add_test(suite, tests[i].name, tests[i].run) == NULL)
			return 2;
	CU_basic_set_mode(CU_BRM_VERBOSE);
	if (CU_basic_run_tests() != CUE_SUCCESS || CU_get_number_of_tests_run() != n)
		return 2;
	failed = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failed == 0 ? 0 : 1;
}

/*
 * Turns an arena that has measured into a real one; free(arena->base) ends it. The memory is of the
 * size that was measured, not a byte more, so that a sanitizer sees what goes beyond.
 */
static inline void unit_arena_fill(struct weir_arena *arena)
{
	arena->size = arena->used;
	arena->used = 0;
	arena->base = aligned_alloc(64, arena->size);
	if (arena->base == NULL)
		abort();
	memset(arena->base, 0, arena->size);
}

/* A small fixed generator for property tests: splitmix64 (Steele, Lea, Flood 2014). */
static inline uint64_t unit_random(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

#endif
