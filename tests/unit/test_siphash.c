// SPDX-License-Identifier: BSD-3-Clause
/* base/siphash: published vectors, then all ways of hashing against a slow twin. */
#include <stdio.h>
#include <string.h>

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
		m.one(key, words, shape.words, shape.tail_len ? in[shape.words].lane[i] : 0,
			shape.tail_len));
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
					(w < shape.words || shape.tail_len == 0
							? ~0ull
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

int main(void)
{
	static const struct unit_test tests[] = {
		{"published vectors", siphash_vectors},
		{"words and tail against the twin", siphash_words},
		{"unaligned input", siphash_unaligned},
		{"many at once, plain", siphash_many_plain},
		{"many at once, vectors", siphash_many_vector},
		{"no wider than allowed", siphash_limit},
	};

	return unit_main("siphash", tests, sizeof(tests) / sizeof(tests[0]));
}
