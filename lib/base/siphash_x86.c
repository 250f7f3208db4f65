// SPDX-License-Identifier: BSD-3-Clause
/*
 * SipHash of many messages in vector lanes. The functions carry their instruction set as an
 * attribute, so the rest of the program still runs on any x86-64; siphash.c chooses at start.
 */
#include <immintrin.h>

#include "base/siphash_many.h"

#define AVX512 __attribute__((target("avx512f")))
#define AVX2   __attribute__((target("avx2")))

/* Eight messages' states. */
struct state8 {
	__m512i v0, v1, v2, v3;
};

AVX512 static inline void round8(struct state8 *s)
{
	s->v0 = _mm512_add_epi64(s->v0, s->v1);
	s->v1 = _mm512_xor_si512(_mm512_rol_epi64(s->v1, 13), s->v0);
	s->v0 = _mm512_rol_epi64(s->v0, 32);
	s->v2 = _mm512_add_epi64(s->v2, s->v3);
	s->v3 = _mm512_xor_si512(_mm512_rol_epi64(s->v3, 16), s->v2);
	s->v0 = _mm512_add_epi64(s->v0, s->v3);
	s->v3 = _mm512_xor_si512(_mm512_rol_epi64(s->v3, 21), s->v0);
	s->v2 = _mm512_add_epi64(s->v2, s->v1);
	s->v1 = _mm512_xor_si512(_mm512_rol_epi64(s->v1, 17), s->v2);
	s->v2 = _mm512_rol_epi64(s->v2, 32);
}

AVX512 static inline void start8(struct state8 *s, const struct weir_sipkey key[2], uint64_t second)
{
	__mmask8 under = (__mmask8)second;
	__m512i k0 = _mm512_mask_set1_epi64(_mm512_set1_epi64((long long)key[0].k0), under,
		(long long)key[1].k0);
	__m512i k1 = _mm512_mask_set1_epi64(_mm512_set1_epi64((long long)key[0].k1), under,
		(long long)key[1].k1);

	s->v0 = _mm512_xor_si512(k0, _mm512_set1_epi64(0x736f6d6570736575));
	s->v1 = _mm512_xor_si512(k1, _mm512_set1_epi64(0x646f72616e646f6d));
	s->v2 = _mm512_xor_si512(k0, _mm512_set1_epi64(0x6c7967656e657261));
	s->v3 = _mm512_xor_si512(k1, _mm512_set1_epi64(0x7465646279746573));
}

AVX512 static inline void word8(struct state8 *s, __m512i word, int c)
{
	s->v3 = _mm512_xor_si512(s->v3, word);
	for (int i = 0; i < c; i++)
		round8(s);
	s->v0 = _mm512_xor_si512(s->v0, word);
}

AVX512 static inline __m512i finish8(struct state8 *s, int d)
{
	s->v2 = _mm512_xor_si512(s->v2, _mm512_set1_epi64(0xff));
	for (int i = 0; i < d; i++)
		round8(s);
	return _mm512_xor_si512(_mm512_xor_si512(s->v0, s->v1), _mm512_xor_si512(s->v2, s->v3));
}

/* c and d are constants at every call, so that the rounds are laid out one after the other. */
AVX512 static inline __attribute__((always_inline)) void many8(const struct weir_sipkey key[2],
	uint64_t second, const struct weir_siplanes *in, struct weir_sipshape shape,
	unsigned int count, struct weir_siplanes *out, int c, int d)
{
	__m512i length = _mm512_set1_epi64((long long)weir_sip_length(shape));

	for (unsigned int i = 0; i < count; i += 8) {
		struct state8 s;
		__m512i last = length;

		start8(&s, key, second >> i);
		for (unsigned int w = 0; w < shape.words; w++)
			word8(&s, _mm512_load_si512(&in[w].lane[i]), c);
		if (shape.tail_len > 0)
			last = _mm512_or_si512(last, _mm512_load_si512(&in[shape.words].lane[i]));
		word8(&s, last, c);
		_mm512_store_si512(&out->lane[i], finish8(&s, d));
	}
}

AVX512 void weir_siphash24_many_avx512(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	many8(key, second, in, shape, count, out, 2, 4);
}

AVX512 void weir_siphash13_many_avx512(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	many8(key, second, in, shape, count, out, 1, 3);
}

/* Four messages' states. */
struct state4 {
	__m256i v0, v1, v2, v3;
};

#define ROL4(x, n) _mm256_or_si256(_mm256_slli_epi64(x, n), _mm256_srli_epi64(x, 64 - (n)))

AVX2 static inline __m256i rol4_32(__m256i x)
{
	return _mm256_shuffle_epi32(x, _MM_SHUFFLE(2, 3, 0, 1));
}

/* A byte shuffle is one instruction where shifts would be three. */
AVX2 static inline __m256i rol4_16(__m256i x)
{
	return _mm256_shuffle_epi8(x,
		_mm256_set_epi64x(0x0d0c0b0a09080f0e, 0x0504030201000706, 0x0d0c0b0a09080f0e,
			0x0504030201000706));
}

AVX2 static inline void round4(struct state4 *s)
{
	s->v0 = _mm256_add_epi64(s->v0, s->v1);
	s->v1 = _mm256_xor_si256(ROL4(s->v1, 13), s->v0);
	s->v0 = rol4_32(s->v0);
	s->v2 = _mm256_add_epi64(s->v2, s->v3);
	s->v3 = _mm256_xor_si256(rol4_16(s->v3), s->v2);
	s->v0 = _mm256_add_epi64(s->v0, s->v3);
	s->v3 = _mm256_xor_si256(ROL4(s->v3, 21), s->v0);
	s->v2 = _mm256_add_epi64(s->v2, s->v1);
	s->v1 = _mm256_xor_si256(ROL4(s->v1, 17), s->v2);
	s->v2 = rol4_32(s->v2);
}

AVX2 static inline void start4(struct state4 *s, const struct weir_sipkey key[2], uint64_t second)
{
	__m256i bit = _mm256_set_epi64x(8, 4, 2, 1);
	__m256i under =
		_mm256_cmpeq_epi64(_mm256_and_si256(_mm256_set1_epi64x((long long)second), bit),
			bit);
	__m256i k0 = _mm256_blendv_epi8(_mm256_set1_epi64x((long long)key[0].k0),
		_mm256_set1_epi64x((long long)key[1].k0), under);
	__m256i k1 = _mm256_blendv_epi8(_mm256_set1_epi64x((long long)key[0].k1),
		_mm256_set1_epi64x((long long)key[1].k1), under);

	s->v0 = _mm256_xor_si256(k0, _mm256_set1_epi64x(0x736f6d6570736575));
	s->v1 = _mm256_xor_si256(k1, _mm256_set1_epi64x(0x646f72616e646f6d));
	s->v2 = _mm256_xor_si256(k0, _mm256_set1_epi64x(0x6c7967656e657261));
	s->v3 = _mm256_xor_si256(k1, _mm256_set1_epi64x(0x7465646279746573));
}

AVX2 static inline void word4(struct state4 *s, __m256i word, int c)
{
	s->v3 = _mm256_xor_si256(s->v3, word);
	for (int i = 0; i < c; i++)
		round4(s);
	s->v0 = _mm256_xor_si256(s->v0, word);
}

AVX2 static inline __m256i finish4(struct state4 *s, int d)
{
	s->v2 = _mm256_xor_si256(s->v2, _mm256_set1_epi64x(0xff));
	for (int i = 0; i < d; i++)
		round4(s);
	return _mm256_xor_si256(_mm256_xor_si256(s->v0, s->v1), _mm256_xor_si256(s->v2, s->v3));
}

AVX2 static inline __m256i load4(const struct weir_siplanes *word, unsigned int i)
{
	return _mm256_load_si256((const __m256i *)&word->lane[i]);
}

AVX2 static inline __attribute__((always_inline)) void many4(const struct weir_sipkey key[2],
	uint64_t second, const struct weir_siplanes *in, struct weir_sipshape shape,
	unsigned int count, struct weir_siplanes *out, int c, int d)
{
	__m256i length = _mm256_set1_epi64x((long long)weir_sip_length(shape));

	for (unsigned int i = 0; i < count; i += 4) {
		struct state4 s;
		__m256i last = length;

		start4(&s, key, second >> i);
		for (unsigned int w = 0; w < shape.words; w++)
			word4(&s, load4(&in[w], i), c);
		if (shape.tail_len > 0)
			last = _mm256_or_si256(last, load4(&in[shape.words], i));
		word4(&s, last, c);
		_mm256_store_si256((__m256i *)&out->lane[i], finish4(&s, d));
	}
}

AVX2 void weir_siphash24_many_avx2(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	many4(key, second, in, shape, count, out, 2, 4);
}

AVX2 void weir_siphash13_many_avx2(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	many4(key, second, in, shape, count, out, 1, 3);
}
