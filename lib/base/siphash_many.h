/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Private to base/ and its tests: the ways that weir_siphash24_many() and 13 can go. All of them are
 * the same function; the vector ones run only where the CPU has the instructions.
 */
#ifndef WEIR_BASE_SIPHASH_MANY_H
#define WEIR_BASE_SIPHASH_MANY_H

#include "base/siphash.h"

typedef void weir_siphash_many_fn(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out);

weir_siphash_many_fn weir_siphash24_many_plain, weir_siphash13_many_plain;

#ifdef __x86_64__
/* 4 lanes at once */
weir_siphash_many_fn weir_siphash24_many_avx2, weir_siphash13_many_avx2;
/* 8 lanes at once */
weir_siphash_many_fn weir_siphash24_many_avx512, weir_siphash13_many_avx512;
#endif

/* The byte of a message's length at the top of its last word. */
static inline uint64_t weir_sip_length(struct weir_sipshape shape)
{
	return (uint64_t)((8 * shape.words + shape.tail_len) & 0xff) << 56;
}

#endif
