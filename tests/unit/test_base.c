// SPDX-License-Identifier: BSD-3-Clause
/* base/: the hashes against their published vectors, everything else against a slow twin. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/bucket.h"
#include "base/csum.h"
#include "base/fate.h"
#include "base/seq.h"
#include "base/siphash.h"
#include "base/siphash_many.h"
#include "unit.h"

/*
 * SipHash-2-4 of the empty string, 00, 00 01, ... 00..3e under the key 00..0f: "vectors_sip64" of
 * the authors' reference implementation (github.com/veorq/SipHash), read as little-endian words.
 */
static const uint64_t published24[64] = {
	0x726fdb47dd0e0e31,
	0x74f839c593dc67fd,
	0x0d6c8009d9a94f5a,
	0x85676696d7fb7e2d,
	0xcf2794e0277187b7,
	0x18765564cd99a68d,
	0xcbc9466e58fee3ce,
	0xab0200f58b01d137,
	0x93f5f5799a932462,
	0x9e0082df0ba9e4b0,
	0x7a5dbbc594ddb9f3,
	0xf4b32f46226bada7,
	0x751e8fbc860ee5fb,
	0x14ea5627c0843d90,
	0xf723ca908e7af2ee,
	0xa129ca6149be45e5,
	0x3f2acc7f57c29bdb,
	0x699ae9f52cbe4794,
	0x4bc1b3f0968dd39c,
	0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98,
	0xd0f2cbb02e3b67c7,
	0x93536795e3a33e88,
	0xa80c038ccd5ccec8,
	0xb8ad50c6f649af94,
	0xbce192de8a85b8ea,
	0x17d835b85bbb15f3,
	0x2f2e6163076bcfad,
	0xde4daaaca71dc9a5,
	0xa6a2506687956571,
	0xad87a3535c49ef28,
	0x32d892fad841c342,
	0x7127512f72f27cce,
	0xa7f32346f95978e3,
	0x12e0b01abb051238,
	0x15e034d40fa197ae,
	0x314dffbe0815a3b4,
	0x027990f029623981,
	0xcadcd4e59ef40c4d,
	0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0,
	0xad0c42d6fc585992,
	0x187306c89bc215a9,
	0xd4a60abcf3792b95,
	0xf935451de4f21df2,
	0xa9538f0419755787,
	0xdb9acddff56ca510,
	0xd06c98cd5c0975eb,
	0xe612a3cb9ecba951,
	0xc766e62cfcadaf96,
	0xee64435a9752fe72,
	0xa192d576b245165a,
	0x0a8787bf8ecb74b2,
	0x81b3e73d20b49b6f,
	0x7fa8220ba3b2ecea,
	0x245731c13ca42499,
	0xb78dbfaf3a8d83bd,
	0xea1ad565322a1a0b,
	0x60e61c23a3795013,
	0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1,
	0x9f626da15c9625f3,
	0xe51b38608ef25f57,
	0x958a324ceb064572,
};

static const struct weir_sipkey published_key = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

static uint64_t twin_rotl(uint64_t x, int b)
{
	return x << b | x >> (64 - b);
}

static void twin_rounds(uint64_t v[4], int n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = twin_rotl(v[1], 13);
		v[3] = twin_rotl(v[3], 16);
		v[1] ^= v[0];
		v[3] ^= v[2];
		v[0] = twin_rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = twin_rotl(v[1], 17);
		v[3] = twin_rotl(v[3], 21);
		v[1] ^= v[2];
		v[3] ^= v[0];
		v[2] = twin_rotl(v[2], 32);
	}
}

/* SipHash-c-d byte by byte, after figure 2.1 of the paper. */
static uint64_t twin_siphash(const struct weir_sipkey *key, const uint8_t *p, size_t len, int c,
	int d)
{
	uint64_t v[4] = {key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
		key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573};

	for (size_t block = 0; block <= len / 8; block++) {
		uint64_t m = 0;

		for (size_t i = 0; i < 8; i++) {
			size_t at = 8 * block + i;

			if (at < len)
				m |= (uint64_t)p[at] << 8 * i;
		}
		if (block == len / 8)
			m |= (uint64_t)(len & 0xff) << 56;
		v[3] ^= m;
		twin_rounds(v, c);
		v[0] ^= m;
	}
	v[2] ^= 0xff;
	twin_rounds(v, d);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static void fill(uint8_t *p, size_t len, uint64_t *seed)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)unit_random(seed);
}

/* Bytes as the words and the tail that the _words() functions take. */
static void to_words(const uint8_t *p, unsigned int n, unsigned int tail_len, uint64_t *words)
{
	for (unsigned int i = 0; i <= n; i++)
		words[i] = 0;
	for (unsigned int i = 0; i < 8 * n + tail_len; i++)
		words[i / 8] |= (uint64_t)p[i] << 8 * (i % 8);
}

static void siphash_vectors(void)
{
	uint8_t in[64];

	for (unsigned int len = 0; len < 64; len++) {
		in[len] = (uint8_t)len;
		CU_ASSERT_EQUAL(weir_siphash24(&published_key, in, len), published24[len]);
		CU_ASSERT_EQUAL(twin_siphash(&published_key, in, len, 2, 4), published24[len]);
	}
	/* SipHash-1-3 has no vectors in the paper; these are OpenSSL's (c-rounds:1, d-rounds:3) */
	CU_ASSERT_EQUAL(twin_siphash(&published_key, in, 0, 1, 3), 0xabac0158050fc4dc);
	CU_ASSERT_EQUAL(twin_siphash(&published_key, in, 1, 1, 3), 0xc9f49bf37d57ca93);
	CU_ASSERT_EQUAL(twin_siphash(&published_key, in, 15, 1, 3), 0xd320d86d2a519956);
}

static void siphash_words(void)
{
	uint64_t seed = 1, words[40];
	uint8_t in[320];

	for (unsigned int n = 0; n < 40; n++) /* from 32 words on the length byte wraps */
		for (unsigned int tail = 0; tail < 8; tail++) {
			struct weir_sipkey key = {unit_random(&seed), unit_random(&seed)};
			size_t len = 8 * n + tail;
			uint64_t hash24, hash13;

			fill(in, len, &seed);
			to_words(in, n, tail, words);
			hash24 = weir_siphash24_words(&key, words, n, words[n], tail);
			hash13 = weir_siphash13_words(&key, words, n, words[n], tail);
			CU_ASSERT_EQUAL(hash24, twin_siphash(&key, in, len, 2, 4));
			CU_ASSERT_EQUAL(hash13, twin_siphash(&key, in, len, 1, 3));
			CU_ASSERT_EQUAL(weir_siphash24(&key, in, len), hash24);
		}
}

static void siphash_unaligned(void)
{
	uint8_t in[64 + 8];

	for (unsigned int at = 0; at < 8; at++) {
		for (unsigned int i = 0; i < 63; i++)
			in[at + i] = (uint8_t)i;
		CU_ASSERT_EQUAL(weir_siphash24(&published_key, in + at, 63), published24[63]);
	}
}

/* A way of hashing many, and what each of them alone must come to. */
struct many {
	weir_siphash_many_fn *many;
	uint64_t (*one)(const struct weir_sipkey *key, const uint64_t *words, unsigned int n,
		uint64_t tail, unsigned int tail_len);
};

/* Lane i is what the message alone hashes to, under its own key. */
static void check_lane(struct many m, const struct weir_sipkey *key, const struct weir_siplanes *in,
	struct weir_sipshape shape, const struct weir_siplanes *out, unsigned int i)
{
	uint64_t words[5];

	for (unsigned int w = 0; w < shape.words; w++)
		words[w] = in[w].lane[i];
	CU_ASSERT_EQUAL(out->lane[i],
		m.one(key, words, shape.words, in[shape.words].lane[i], shape.tail_len));
}

/* One shape, every count. */
static void check_many(struct many m, struct weir_sipshape shape, uint64_t *seed)
{
	struct weir_siplanes in[5 + 1], out;
	struct weir_sipkey key[2] = {
		{unit_random(seed), unit_random(seed)}, {unit_random(seed), unit_random(seed)}};

	for (unsigned int count = 0; count <= WEIR_SIP_MANY; count++) {
		uint64_t second = unit_random(seed);

		for (unsigned int w = 0; w <= shape.words; w++)
			for (unsigned int i = 0; i < WEIR_SIP_MANY; i++)
				in[w].lane[i] = unit_random(seed) &
					(w < shape.words ? ~0ull
							 : (1ull << 8 * shape.tail_len) - 1);
		m.many(key, second, in, shape, count, &out);
		for (unsigned int i = 0; i < count; i++)
			check_lane(m, &key[second >> i & 1], in, shape, &out, i);
	}
}

static void check_many_shapes(struct many m)
{
	uint64_t seed = 2;

	for (unsigned int i = 0; i < 6 * 8; i++)
		check_many(m, (struct weir_sipshape){i >> 3, i & 7}, &seed);
}

static void siphash_many_plain(void)
{
	check_many_shapes((struct many){weir_siphash24_many_plain, weir_siphash24_words});
	check_many_shapes((struct many){weir_siphash13_many_plain, weir_siphash13_words});
}

/* With one key: the second is never asked for. */
static void one_key(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	struct weir_siplanes rest;

	weir_siphash13_many(&key[0], in, shape, count, out);
	weir_siphash13_many(&key[1], in, shape, count, &rest);
	for (unsigned int i = 0; i < count; i++)
		if (second >> i & 1)
			out->lane[i] = rest.lane[i];
}

static void siphash_many_vector(void)
{
	check_many_shapes((struct many){weir_siphash24_many, weir_siphash24_words});
	check_many_shapes((struct many){one_key, weir_siphash13_words});
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		check_many_shapes((struct many){weir_siphash24_many_avx2, weir_siphash24_words});
		check_many_shapes((struct many){weir_siphash13_many_avx2, weir_siphash13_words});
	} else {
		printf("no AVX2 here, not tested ");
	}
	if (__builtin_cpu_supports("avx512f")) {
		check_many_shapes((struct many){weir_siphash24_many_avx512, weir_siphash24_words});
		check_many_shapes((struct many){weir_siphash13_many_avx512, weir_siphash13_words});
	} else {
		printf("no AVX-512 here, not tested ");
	}
#endif
}

static void siphash_limit(void)
{
	static const unsigned int limits[] = {512, 511, 256, 255, 0};

	for (unsigned int i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		unsigned int expected = 64;

#ifdef __x86_64__
		if (limits[i] >= 256 && __builtin_cpu_supports("avx2"))
			expected = 256;
		if (limits[i] >= 512 && __builtin_cpu_supports("avx512f"))
			expected = 512;
#endif
		CU_ASSERT_EQUAL(weir_siphash_limit(limits[i]), expected);
		check_many_shapes((struct many){weir_siphash24_many, weir_siphash24_words});
		check_many_shapes((struct many){one_key, weir_siphash13_words});
	}
	weir_siphash_limit(512);
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
		{"siphash: published vectors", siphash_vectors},
		{"siphash: words and tail against the twin", siphash_words},
		{"siphash: unaligned input", siphash_unaligned},
		{"siphash: many at once, plain", siphash_many_plain},
		{"siphash: many at once, vectors", siphash_many_vector},
		{"siphash: no wider than allowed", siphash_limit},
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
