// SPDX-License-Identifier: BSD-3-Clause
/* When a question for our groups is answered. What is answered then: test_nd.c. */
#include "../unit/unit.h"

#include "dp/mld.h"

/* A question that leaves more time does not make us late for one that leaves less: RFC 3810 §6.2. */
static void test_query_in_a_hurry(void)
{
	const uint64_t now_ns = 7777777000; /* at random: 7777 ms of 10000, and 777 of 1000 */
	const struct weir_mld_query slow = {.delay_ms = 10000}, quick = {.delay_ms = 1000};
	struct weir_mld m = {0};

	weir_mld_ask(&m, 3, &slow, now_ns);
	CU_ASSERT_EQUAL(m.due_ns[3], now_ns + 7777777000);
	weir_mld_ask(&m, 3, &quick, now_ns);
	CU_ASSERT_EQUAL(m.due_ns[3], now_ns + 777777000);
	weir_mld_ask(&m, 3, &slow, now_ns);
	CU_ASSERT_EQUAL(m.due_ns[3], now_ns + 777777000);
	CU_ASSERT_EQUAL(m.due_ns[2], 0);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"a query in a hurry", test_query_in_a_hurry},
	};

	return unit_main("eal-mld", tests, RTE_DIM(tests));
}
