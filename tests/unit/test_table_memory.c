// SPDX-License-Identifier: BSD-3-Clause
/* flow/table: conns that are taken and given, and what its header promises of memory. */
#include <sys/mman.h>

#include "flow/held.h"
#include "flow/wheel.h"
#include "tables.h"

static bool conn_is_blank(const struct weir_table *t, uint32_t conn)
{
	struct weir_conn blank = {.held = WEIR_HELD_NONE, .wheel_prev = WEIR_WHEEL_OFF};

	return memcmp(weir_table_conn(t, conn), &blank, sizeof(blank)) == 0;
}

static void table_take_and_give(void)
{
	static const struct weir_addr nobody;
	struct weir_arena arena;
	struct weir_table t;
	bool blank = true;

	table_make(&t, &arena, 100);
	for (uint32_t i = 0; i < 100; i++) {
		CU_ASSERT_EQUAL(weir_table_take(&t), i);
		blank &= conn_is_blank(&t, i);
		memset(weir_table_conn(&t, i), 0xa5, sizeof(struct weir_conn));
	}
	CU_ASSERT_EQUAL(weir_table_take(&t), WEIR_CONN_NONE);
	CU_ASSERT_EQUAL(t.count, 100);

	for (uint32_t i = 0; i < 100; i += 3) {
		weir_table_give(&t, i);
		blank &= weir_addr_eq(&weir_table_conn(&t, i)->client.addr, &nobody);
	}
	CU_ASSERT_EQUAL(t.count, 66);
	for (uint32_t i = 0; i < 34; i++)
		blank &= conn_is_blank(&t, weir_table_take(&t));
	CU_ASSERT_EQUAL(weir_table_take(&t), WEIR_CONN_NONE);
	CU_ASSERT_TRUE(blank);
	free(arena.base);
}

/* 192 bytes per connection at any capacity. */
static void table_memory(void)
{
	struct weir_table t;
	uint32_t bad = 0;

	for (uint64_t capacity = 1; capacity <= WEIR_TABLE_MAX;
		capacity += capacity < 5000 ? 1 : capacity / 7) {
		struct weir_arena arena = {NULL, 0, 0};

		weir_table_init(&t, &arena, (uint32_t)capacity, &secret);
		bad += arena.used > capacity * 192;
	}
	CU_ASSERT_EQUAL(bad, 0);
}

/* Ten million conns start in memory that may not even be read. */
static void table_starts_untouched(void)
{
	struct weir_arena arena = {NULL, 0, 0};
	struct weir_table t;

	weir_table_init(&t, &arena, 10000000, &secret);
	arena.size = arena.used;
	arena.used = 0;
	arena.base = mmap(NULL, arena.size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		-1, 0);
	CU_ASSERT_FATAL(arena.base != MAP_FAILED);
	weir_table_init(&t, &arena, 10000000, &secret);
	CU_ASSERT_PTR_NOT_NULL(t.conns);
	CU_ASSERT_EQUAL(arena.used, arena.size);
	munmap(arena.base, arena.size);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"table takes and gives blank conns", table_take_and_give},
		{"table needs 192 bytes per conn at most", table_memory},
		{"table starts without touching memory", table_starts_untouched},
	};

	return unit_main("table memory", tests, sizeof(tests) / sizeof(tests[0]));
}
