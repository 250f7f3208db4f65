// SPDX-License-Identifier: BSD-3-Clause
/*
 * Owns the plain ways of hashing and the choice between them and the vector ones (siphash_x86.c), which is made
 * at start, before there are threads.
 */
#include <string.h>

#include "base/siphash.h"
#include "base/siphash_many.h"

static uint64_t load_le64(const uint8_t *p)
{
	uint64_t x;

	memcpy(&x, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	return x;
}

uint64_t weir_siphash24(const struct weir_sipkey *key, const void *data, size_t len)
{
	const uint8_t *p = data;
	struct weir_sipstate s;
	uint8_t last[8] = {0};
	size_t left = len;

	weir_sip_start(&s, key);
	for (; left >= 8; left -= 8, p += 8)
		weir_sip_word(&s, load_le64(p), 2);
	if (left > 0) /* memcpy() wants a valid pointer even for nothing */
		memcpy(last, p, left);
	last[7] = (uint8_t)len;
	weir_sip_word(&s, load_le64(last), 2);
	return weir_sip_finish(&s, 4);
}

/* A message after the other: they do not depend on one another, so the CPU overlaps them. */
static inline __attribute__((always_inline)) void many_plain(const struct weir_sipkey key[2],
	uint64_t second, const struct weir_siplanes *in, struct weir_sipshape shape,
	unsigned int count, struct weir_siplanes *out, unsigned int c, unsigned int d)
{
	uint64_t length = weir_sip_length(shape);

	for (unsigned int i = 0; i < count; i++) {
		struct weir_sipstate s;

		weir_sip_start(&s, &key[second >> i & 1]);
		for (unsigned int w = 0; w < shape.words; w++)
			weir_sip_word(&s, in[w].lane[i], c);
		weir_sip_word(&s, (shape.tail_len ? in[shape.words].lane[i] : 0) | length, c);
		out->lane[i] = weir_sip_finish(&s, d);
	}
}

void weir_siphash24_many_plain(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	many_plain(key, second, in, shape, count, out, 2, 4);
}

void weir_siphash13_many_plain(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	many_plain(key, second, in, shape, count, out, 1, 3);
}

/* Written at start only. */
static weir_siphash_many_fn *widest24 = weir_siphash24_many_plain;
static weir_siphash_many_fn *widest13 = weir_siphash13_many_plain;

unsigned int weir_siphash_limit(unsigned int vector_bits)
{
#ifdef __x86_64__
	__builtin_cpu_init();
	if (vector_bits >= 512 && __builtin_cpu_supports("avx512f")) {
		widest24 = weir_siphash24_many_avx512;
		widest13 = weir_siphash13_many_avx512;
		return 512;
	}
	if (vector_bits >= 256 && __builtin_cpu_supports("avx2")) {
		widest24 = weir_siphash24_many_avx2;
		widest13 = weir_siphash13_many_avx2;
		return 256;
	}
#endif
	widest24 = weir_siphash24_many_plain;
	widest13 = weir_siphash13_many_plain;
	return 64;
}

__attribute__((constructor)) static void choose_widest(void)
{
	weir_siphash_limit(512);
}

/* One alone is done sooner without vectors: about 40 cycles against 75. */
void weir_siphash24_many(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out)
{
	weir_siphash_many_fn *many = count > 1 ? widest24 : weir_siphash24_many_plain;

	many(key, second, in, shape, count, out);
}

void weir_siphash13_many(const struct weir_sipkey *key, const struct weir_siplanes *in,
	struct weir_sipshape shape, unsigned int count, struct weir_siplanes *out)
{
	weir_siphash_many_fn *many = count > 1 ? widest13 : weir_siphash13_many_plain;
	const struct weir_sipkey both[2] = {*key, *key};

	many(both, 0, in, shape, count, out);
}
