// SPDX-License-Identifier: BSD-3-Clause
/* base/, hashes apart: everything against a slow twin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bucket.h"
#include "base/csum.h"
#include "base/fate.h"
#include "base/seq.h"
#include "unit.h"

static void fill(uint8_t *p, size_t len, uint64_t *seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)unit_random(seed);
}

/* RFC 1071 §1, word for word: pairs of bytes in network order. Not complemented. */
static uint16_t twin_sum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		sum += i % 2 ? p[i] : (uint32_t)p[i] << 8;
		sum = (sum & 0xffff) + (sum >> 16);
	}
	return (uint16_t)sum;
}

/* A native word's value as it would be read from the wire. */
static uint16_t wire16(uint16_t x)
{
	uint8_t b[2];

	memcpy(b, &x, 2);
	return (uint16_t)(b[0] << 8 | b[1]);
}

static void csum_rfc1071_example(void)
{
	/* RFC 1071 §3: "the sum is ddf2" */
	const uint8_t in[8] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	CU_ASSERT_EQUAL(wire16(weir_csum_fold(weir_csum_add(0, in, 8))), 0xddf2);
	CU_ASSERT_EQUAL(wire16(weir_csum_finish(weir_csum_add(0, in, 8))), 0x220d);
}

static void csum_lengths(void)
{
	uint64_t seed = 3;
	uint8_t in[216];

	for (unsigned int at = 0; at < 16; at++)
		for (unsigned int len = 0; len <= 200; len++) {
			uint8_t *exact = malloc(at + len + 1); /* ASan sees a byte too far */
			uint64_t sum;

			fill(in, len, &seed);
			memcpy(exact + at + 1, in, len);
			sum = weir_csum_add(0, exact + at + 1, len);
			CU_ASSERT_EQUAL(wire16(weir_csum_fold(sum)), twin_sum(in, len));
			CU_ASSERT(sum < (uint64_t)1 << 33);
			free(exact);
		}
}

static void csum_carries(void)
{
	static uint8_t in[65536];

	memset(in, 0xff, sizeof(in));
	for (size_t len = 65480; len <= sizeof(in); len++)
		CU_ASSERT_EQUAL(wire16(weir_csum_fold(weir_csum_add(0, in, len))),
			twin_sum(in, len));
	/* the running sum is any 64-bit number: all ones are one's complement's other zero */
	CU_ASSERT_EQUAL(weir_csum_fold(weir_csum_add(UINT64_MAX, in, 2)), 0xffff);
	CU_ASSERT_EQUAL(weir_csum_fold(weir_csum_add(UINT64_MAX, "\1\0\0\0\0\0\0", 8)),
		weir_csum_fold(weir_csum_add(0, "\1\0\0\0\0\0\0", 8)));
	CU_ASSERT_EQUAL(weir_csum_fold(UINT64_MAX), 0xffff);
	CU_ASSERT_EQUAL(weir_csum_fold(0), 0);
}

static void csum_in_pieces(void)
{
	uint64_t seed = 4;
	uint8_t in[300];

	for (unsigned int i = 0; i < 20000; i++) {
		size_t len = unit_random(&seed) % sizeof(in);
		size_t a = (unit_random(&seed) % (len + 1)) & ~(size_t)1;
		size_t b = a + ((unit_random(&seed) % (len - a + 1)) & ~(size_t)1);
		uint64_t sum;

		fill(in, len, &seed);
		sum = weir_csum_add(0, in, a);
		sum = weir_csum_add(sum, in + a, b - a);
		sum = weir_csum_add(sum, in + b, len - b);
		CU_ASSERT_EQUAL(wire16(weir_csum_fold(sum)), twin_sum(in, len));
	}
}

/*
 * Changes a few fields anywhere in a packet, at odd places too, and patches the checksum once.
 * Exact equality, because neither sum can be zero: the packet's first byte is not.
 */
static void csum_deltas(void)
{
	uint64_t seed = 5;
	uint8_t in[64];

	for (unsigned int i = 0; i < 50000; i++) {
		uint64_t delta = 0;
		uint16_t csum;

		fill(in, sizeof(in), &seed);
		in[0] = 0x45;
		if (i % 4 == 0) /* mostly zeros and ones: where -0 and +0 could be mixed up */
			memset(in + 1, i % 8 ? 0xff : 0, sizeof(in) - 1);
		csum = weir_csum_finish(weir_csum_add(0, in, sizeof(in)));
		for (unsigned int n = unit_random(&seed) % 12; n > 0; n--) {
			unsigned int at = 1 + unit_random(&seed) % (sizeof(in) - 4);
			uint32_t old, new = (uint32_t)unit_random(&seed);
			uint16_t old16, new16 = (uint16_t) new;

			if (unit_random(&seed) % 4 == 0)
				new = new % 2 ? 0 : 0xffffffff;
			memcpy(&old, in + at, 4);
			memcpy(&old16, in + at, 2);
			if (at % 2) {
				delta += weir_csum_swap(weir_csum_delta32(0, old, new));
				memcpy(in + at, &new, 4);
			} else if (n % 2) {
				delta = weir_csum_delta32(delta, old, new);
				memcpy(in + at, &new, 4);
			} else {
				delta = weir_csum_delta16(delta, old16, new16);
				memcpy(in + at, &new16, 2);
			}
		}
		CU_ASSERT_EQUAL(weir_csum_apply(csum, delta),
			weir_csum_finish(weir_csum_add(0, in, sizeof(in))));
	}
}

/* RFC 1624 §4: the example that RFC 1141's equation gets wrong. */
static void csum_rfc1624_example(void)
{
	CU_ASSERT_EQUAL(weir_csum_apply(0xdd2f, weir_csum_delta16(0, 0x5555, 0x3285)), 0x0000);
}

#define SECOND 1000000000ull

static unsigned int take_all(struct weir_bucket *b, uint64_t now_ns, unsigned int at_most)
{
	unsigned int n = 0;

	while (n < at_most && weir_bucket_take(b, now_ns))
		n++;
	return n;
}

static void bucket_grants(void)
{
	struct weir_bucket b;

	weir_bucket_init(&b, 1000, 50 * SECOND);
	CU_ASSERT_EQUAL(take_all(&b, 50 * SECOND, 5000), 1000); /* full at first */
	CU_ASSERT_FALSE(weir_bucket_take(&b, 50 * SECOND + SECOND / 1000 - 1));
	CU_ASSERT_TRUE(weir_bucket_take(&b, 50 * SECOND + SECOND / 1000));
	CU_ASSERT_FALSE(weir_bucket_take(&b, 50 * SECOND + SECOND / 1000));
	CU_ASSERT_EQUAL(take_all(&b, 50 * SECOND + SECOND / 2, 5000), 499);
	/* an hour's silence saves up one second's grants */
	CU_ASSERT_EQUAL(take_all(&b, 3650 * SECOND, 5000), 1000);
}

static void bucket_edges(void)
{
	struct weir_bucket b;

	weir_bucket_init(&b, 0, 5 * SECOND);
	CU_ASSERT_FALSE(weir_bucket_take(&b, 5 * SECOND));
	CU_ASSERT_FALSE(weir_bucket_take(&b, 500 * SECOND));

	weir_bucket_init(&b, UINT32_MAX, 5 * SECOND); /* a grant costs no less than a nanosecond */
	CU_ASSERT_EQUAL(take_all(&b, 5 * SECOND, 100000), 100000);

	weir_bucket_init(&b, 10, 0); /* a clock that starts at zero */
	CU_ASSERT_FALSE(weir_bucket_take(&b, 0));
	CU_ASSERT_EQUAL(take_all(&b, SECOND / 2, 100), 5);
}

static void bucket_clock_goes_back(void)
{
	struct weir_bucket b;

	weir_bucket_init(&b, 10, 100 * SECOND);
	CU_ASSERT_EQUAL(take_all(&b, 100 * SECOND, 100), 10);
	CU_ASSERT_EQUAL(take_all(&b, 90 * SECOND, 100), 0);
	CU_ASSERT_EQUAL(take_all(&b, 100 * SECOND, 100), 0);
	CU_ASSERT_EQUAL(take_all(&b, 100 * SECOND + SECOND / 2, 100), 5);
}

/* Whatever the times of asking: in any window of length T no more than rate * T + rate. */
static void bucket_never_exceeds(void)
{
	uint64_t seed = 6, now = 7 * SECOND, granted = 0, start = now;
	const uint32_t rate = 333;
	struct weir_bucket b;

	weir_bucket_init(&b, rate, now);
	for (unsigned int i = 0; i < 100000; i++) {
		now += unit_random(&seed) % (SECOND / 1000);
		granted += weir_bucket_take(&b, now);
	}
	CU_ASSERT(granted <= rate + rate * (now - start) / SECOND);
	CU_ASSERT(granted >= rate * (now - start) / SECOND); /* asked more often than that */
}

/* Positions on an unrolled line, less than half a circle apart: there order is plain. */
static void seq_order(void)
{
	uint64_t seed = 7;

	for (unsigned int i = 0; i < 100000; i++) {
		int64_t a = (int64_t)(unit_random(&seed) >> 16);
		int64_t b = a + (int64_t)(unit_random(&seed) % 0xffffffff) - 0x7fffffff;

		if (i % 8 == 0)
			b = a;
		CU_ASSERT_EQUAL(weir_seq_lt((uint32_t)a, (uint32_t)b), a < b);
		CU_ASSERT_EQUAL(weir_seq_le((uint32_t)a, (uint32_t)b), a <= b);
		CU_ASSERT_EQUAL(weir_seq_max((uint32_t)a, (uint32_t)b), (uint32_t)(a > b ? a : b));
	}
	CU_ASSERT_TRUE(weir_seq_lt(0xffffffff, 0)); /* HC-26 */
	CU_ASSERT_FALSE(weir_seq_lt(0, 0xffffffff));
	CU_ASSERT_EQUAL(weir_seq_max(0xfffffff0, 5), 5);
}

static void seq_between(void)
{
	uint64_t seed = 8;

	for (unsigned int i = 0; i < 100000; i++) {
		int64_t lo = (int64_t)(unit_random(&seed) >> 16);
		int64_t hi = lo + (int64_t)(unit_random(&seed) >> (33 + i % 31));
		int64_t x = lo + (int64_t)(unit_random(&seed) >> (33 + i % 31)) - (hi - lo) / 2;

		CU_ASSERT_EQUAL(weir_seq_between((uint32_t)lo, (uint32_t)x, (uint32_t)hi),
			lo <= x && x <= hi);
	}
	CU_ASSERT_TRUE(weir_seq_between(0xfffffff0, 0xfffffff0, 0x10)); /* HC-26 */
	CU_ASSERT_TRUE(weir_seq_between(0xfffffff0, 0x10, 0x10));
	CU_ASSERT_FALSE(weir_seq_between(0xfffffff0, 0x11, 0x10));
	CU_ASSERT_FALSE(weir_seq_between(0xfffffff0, 0xffffffef, 0x10));
}

/* An init function as they all are: the same takes, whatever the arena. */
static void take_three(struct weir_arena *a, uint8_t *got[3])
{
	got[0] = weir_arena_take(a, 1);
	got[1] = weir_arena_take(a, 64);
	got[2] = weir_arena_take(a, 65);
}

static void arena_measure_then_real(void)
{
	struct weir_arena measure = {0}, real = {0};
	uint8_t *got[3];

	take_three(&measure, got);
	CU_ASSERT_EQUAL(measure.used, 64 + 64 + 128);
	CU_ASSERT_PTR_NULL(got[0]);
	CU_ASSERT_PTR_NULL(got[2]);

	real.size = measure.used;
	real.base = aligned_alloc(64, real.size);
	memset(real.base, 0, real.size);
	take_three(&real, got);
	CU_ASSERT_PTR_EQUAL(got[0], real.base);
	CU_ASSERT_PTR_EQUAL(got[1], real.base + 64);
	CU_ASSERT_PTR_EQUAL(got[2], real.base + 128);
	CU_ASSERT_EQUAL(real.used, real.size);
	CU_ASSERT_PTR_NULL(weir_arena_take(&real, 1)); /* full */
	free(real.base);
}

static void arena_takes_nothing(void)
{
	_Alignas(64) uint8_t memory[64];
	struct weir_arena a = {.base = memory, .size = sizeof(memory)};

	CU_ASSERT_PTR_NOT_NULL(weir_arena_take(&a, 0));
	CU_ASSERT_EQUAL(a.used, 0);
	CU_ASSERT_PTR_EQUAL(weir_arena_take(&a, 64), memory);
}

/* Every fate and event has words, and no two the same name: they are metrics' names. */
static void names_are_unique(void)
{
	for (int i = 0; i < WEIR_FATES; i++) {
		CU_ASSERT(strlen(weir_fates[i].text) > 0);
		CU_ASSERT_STRING_NOT_EQUAL(weir_fate_class_name(weir_fates[i].class), "?");
		for (int j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(weir_fates[i].name, weir_fates[j].name);
	}
	for (int i = 0; i < WEIR_EVENTS; i++) {
		CU_ASSERT(strlen(weir_events[i].text) > 0);
		for (int j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(weir_events[i].name, weir_events[j].name);
	}
	CU_ASSERT_STRING_EQUAL(weir_fates[WEIR_FATE_ip_ttl].name, "ip_ttl");
	CU_ASSERT_EQUAL(weir_fates[WEIR_FATE_ip_ttl].class, WEIR_CLASS_DROP);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"csum: RFC 1071's example", csum_rfc1071_example},
		{"csum: every length and alignment against the twin", csum_lengths},
		{"csum: carries", csum_carries},
		{"csum: in pieces", csum_in_pieces},
		{"HC-20 csum: deltas equal recomputation", csum_deltas},
		{"csum: RFC 1624's example", csum_rfc1624_example},
		{"bucket: grants its rate", bucket_grants},
		{"bucket: no rate, any rate, time zero", bucket_edges},
		{"HC-52 bucket: a clock that goes back", bucket_clock_goes_back},
		{"HC-42 bucket: never more than its rate", bucket_never_exceeds},
		{"HC-26 seq: order", seq_order},
		{"HC-26 seq: between", seq_between},
		{"arena: measured, then real", arena_measure_then_real},
		{"arena: nothing costs nothing", arena_takes_nothing},
		{"names: unique and worded", names_are_unique},
	};

	return unit_main("base", tests, sizeof(tests) / sizeof(tests[0]));
}
