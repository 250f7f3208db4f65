// SPDX-License-Identifier: BSD-3-Clause
/* Health checks without a socket: from results to states, what is due next, which status is good. */
#include "health/due.h"
#include "health/result.h"
#include "health/verdict.h"

#include <errno.h>

#include "unit.h"

static const struct weir_check usual = {
	.inter_ms = 2000, .fastinter_ms = 1000, .downinter_ms = 5000, .rise = 2, .fall = 3};

/* Feeds results, '+' good and '-' not; what changed, a letter each: '.', 'U', 'D'. */
static void expect(const char *results, const char *edges)
{
	struct weir_verdict v = weir_verdict_none();

	for (size_t i = 0; results[i] != '\0'; i++) {
		enum weir_verdict_edge e = weir_verdict_feed(&v, &usual, results[i] == '+');

		CU_ASSERT_EQUAL(".UD"[e], edges[i]);
	}
}

static void rise_and_fall(void)
{
	expect("+---", "...D");
	expect("+--+---", "......D"); /* in a row */
	expect("-", "D");             /* the first one counts at once */
	expect("-+-++", "D...U");
	expect("-++---", "D.U..D");
	expect("++++++--+--+---", "..............D");
}

static void intervals(void)
{
	struct weir_verdict v = weir_verdict_none();

	CU_ASSERT_EQUAL(weir_verdict_interval_ms(&v, &usual), 2000);
	weir_verdict_feed(&v, &usual, true);
	CU_ASSERT_EQUAL(weir_verdict_interval_ms(&v, &usual), 2000);
	weir_verdict_feed(&v, &usual, false);
	CU_ASSERT_EQUAL(weir_verdict_interval_ms(&v, &usual), 1000);
	weir_verdict_feed(&v, &usual, false);
	weir_verdict_feed(&v, &usual, false);
	CU_ASSERT_FALSE(v.up);
	CU_ASSERT_EQUAL(weir_verdict_interval_ms(&v, &usual), 5000);
	weir_verdict_feed(&v, &usual, true);
	CU_ASSERT_EQUAL(weir_verdict_interval_ms(&v, &usual), 1000);
	weir_verdict_feed(&v, &usual, false);
	CU_ASSERT_EQUAL(weir_verdict_interval_ms(&v, &usual), 5000);
}

/* Against a list that is searched. */
static void due_in_order(void)
{
	static struct weir_due d;
	static uint64_t at[300]; /* 0: not in it */
	uint64_t seed = 1, wrong = 0;

	for (unsigned int step = 0; step < 20000; step++) {
		uint16_t n = (uint16_t)(unit_random(&seed) % 300), got;
		uint64_t what = unit_random(&seed) % 4, first = UINT64_MAX, now;

		if (what < 2) {
			at[n] = 1 + unit_random(&seed) % 1000;
			weir_due_set(&d, n, at[n]);
		} else if (what == 2) {
			at[n] = 0;
			weir_due_remove(&d, n);
		}
		for (unsigned int i = 0; i < 300; i++)
			first = at[i] != 0 && at[i] < first ? at[i] : first;
		wrong += weir_due_first_ns(&d) != first;
		if (what != 3)
			continue;
		now = unit_random(&seed) % 1000;
		got = weir_due_take(&d, now);
		wrong += (got == WEIR_NONE16) != (first > now);
		if (got != WEIR_NONE16) {
			wrong += at[got] != first;
			at[got] = 0;
		}
	}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void due_is_full(void)
{
	static struct weir_due d;

	for (uint32_t i = 0; i < WEIR_BACKENDS_MAX; i++)
		weir_due_set(&d, (uint16_t)i, WEIR_BACKENDS_MAX - i);
	for (uint32_t i = WEIR_BACKENDS_MAX; i-- > 0;)
		CU_ASSERT_EQUAL_FATAL(weir_due_take(&d, UINT64_MAX), i);
	CU_ASSERT_EQUAL(weir_due_take(&d, UINT64_MAX), WEIR_NONE16);
	CU_ASSERT_EQUAL(weir_due_first_ns(&d), UINT64_MAX);
}

static void status(void)
{
	static const char *const bad[] = {"", "2", "20", "2000", "200-", "-200", "200-100", "200,",
		",200", "200 ", "099", "600", "200-600", "2xx", "200;300",
		"200,201,202,203,204,205,206,207,208"};
	struct weir_check c = {0};

	CU_ASSERT_EQUAL(weir_check_parse_status(&c, "200-399"), 0);
	CU_ASSERT_TRUE(weir_check_takes_status(&c, 200));
	CU_ASSERT_TRUE(weir_check_takes_status(&c, 399));
	CU_ASSERT_FALSE(weir_check_takes_status(&c, 199));
	CU_ASSERT_FALSE(weir_check_takes_status(&c, 400));
	CU_ASSERT_EQUAL(weir_check_parse_status(&c, "200,204,300-307"), 0);
	CU_ASSERT_EQUAL(c.n_status, 3);
	CU_ASSERT_TRUE(weir_check_takes_status(&c, 204));
	CU_ASSERT_FALSE(weir_check_takes_status(&c, 201));
	CU_ASSERT_TRUE(weir_check_takes_status(&c, 305));
	CU_ASSERT_EQUAL(weir_check_parse_status(&c, "200,201,202,203,204,205,206,207"), 0);
	for (unsigned int i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CU_ASSERT_EQUAL(weir_check_parse_status(&c, bad[i]), -EINVAL);
}

static enum weir_outcome outcome_of(int error)
{
	struct weir_result r;

	weir_result_of_errno(&r, error);
	CU_ASSERT(r.text[0] != '\0');
	return r.outcome;
}

/* What is this host's fault says nothing about the backend. */
static void whose_fault(void)
{
	CU_ASSERT_EQUAL(outcome_of(ECONNREFUSED), WEIR_OUTCOME_REFUSED);
	CU_ASSERT_EQUAL(outcome_of(ETIMEDOUT), WEIR_OUTCOME_TIMED_OUT);
	CU_ASSERT_EQUAL(outcome_of(EHOSTUNREACH), WEIR_OUTCOME_UNREACHABLE);
	CU_ASSERT_EQUAL(outcome_of(ENETUNREACH), WEIR_OUTCOME_UNABLE); /* no route */
	CU_ASSERT_EQUAL(outcome_of(ECONNRESET), WEIR_OUTCOME_CLOSED);
	CU_ASSERT_EQUAL(outcome_of(EMFILE), WEIR_OUTCOME_UNABLE);
	CU_ASSERT_EQUAL(outcome_of(ENOMEM), WEIR_OUTCOME_UNABLE);
	CU_ASSERT_EQUAL(outcome_of(EPERM), WEIR_OUTCOME_UNABLE);
	CU_ASSERT_EQUAL(outcome_of(EAFNOSUPPORT), WEIR_OUTCOME_UNABLE);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"rise and fall", rise_and_fall},
		{"intervals", intervals},
		{"the first is due first", due_in_order},
		{"as many as there may be backends", due_is_full},
		{"HTTP status", status},
		{"a failure of this host is none of the backend's", whose_fault},
	};

	return unit_main("health", tests, sizeof(tests) / sizeof(tests[0]));
}
