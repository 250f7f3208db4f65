/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SipHash (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012).
 *
 * SipHash-2-4 makes cookies, ISNs and key epochs; SipHash-1-3 hashes table keys, where an attacker
 * sees no output. Messages of synweir are whole 64-bit words followed by a tail of up to 7 bytes. All
 * functions but weir_siphash_limit() are pure; any thread may call them.
 */
#ifndef WEIR_BASE_SIPHASH_H
#define WEIR_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

struct weir_sipkey {
	uint64_t k0, k1;
};

/* The published function over len bytes, for test vectors and for what is not hot. */
uint64_t weir_siphash24(const struct weir_sipkey *key, const void *data, size_t len);

/*
 * n words (host values as the little-endian algorithm reads them) and a tail: `tail` carries the
 * last bytes in its low 56 bits; the length byte is set here to 8*n + tail_len, tail_len <= 7.
 */
static inline uint64_t weir_siphash24_words(const struct weir_sipkey *key, const uint64_t *words,
	unsigned int n, uint64_t tail, unsigned int tail_len);
static inline uint64_t weir_siphash13_words(const struct weir_sipkey *key, const uint64_t *words,
	unsigned int n, uint64_t tail, unsigned int tail_len);

/* The most messages that are hashed in one go: a burst. */
#define WEIR_SIP_MANY 64

/* One word of each message: what vector lanes load whole. */
struct weir_siplanes {
	uint64_t lane[WEIR_SIP_MANY];
} __attribute__((aligned(64)));

/* The shape of many messages: whole words, then a tail, as of weir_siphash24_words(). */
struct weir_sipshape {
	unsigned int words, tail_len;
};

/*
 * Many messages of one shape at once, count <= WEIR_SIP_MANY, by the CPU's widest vectors. Word w of
 * message i is in[w].lane[i], its tail is in[words].lane[i] (high byte 0), of which there is none when
 * tail_len is 0. Message i is under key[1] where bit i of `second` is set, else under key[0]:
 *	out->lane[i] = weir_siphash24_words(&key[second >> i & 1], ...)
 * Whole vectors are read and written: the lanes from count on need not be set, and are undefined
 * in *out.
 */
void weir_siphash24_many(const struct weir_sipkey key[2], uint64_t second,
	const struct weir_siplanes *in, struct weir_sipshape shape, unsigned int count,
	struct weir_siplanes *out);

/* The same with SipHash-1-3, under one key. */
void weir_siphash13_many(const struct weir_sipkey *key, const struct weir_siplanes *in,
	struct weir_sipshape shape, unsigned int count, struct weir_siplanes *out);

/*
 * From now on many messages are hashed in vectors of at most so many bits: 512, 256, or below that in
 * none. What the CPU lacks is never used; at first all of what it has is. Returns the bits in use, 64
 * for no vectors. Not while another thread hashes.
 */
unsigned int weir_siphash_limit(unsigned int vector_bits);

/* inline definitions */

struct weir_sipstate {
	uint64_t v0, v1, v2, v3;
};

static inline uint64_t weir_rotl64(uint64_t x, unsigned int b)
{
	return (x << b) | (x >> (64 - b));
}

static inline void weir_sip_round(struct weir_sipstate *s)
{
	s->v0 += s->v1;
	s->v1 = weir_rotl64(s->v1, 13) ^ s->v0;
	s->v0 = weir_rotl64(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = weir_rotl64(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = weir_rotl64(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = weir_rotl64(s->v1, 17) ^ s->v2;
	s->v2 = weir_rotl64(s->v2, 32);
}

static inline void weir_sip_start(struct weir_sipstate *s, const struct weir_sipkey *key)
{
	s->v0 = key->k0 ^ 0x736f6d6570736575ULL;
	s->v1 = key->k1 ^ 0x646f72616e646f6dULL;
	s->v2 = key->k0 ^ 0x6c7967656e657261ULL;
	s->v3 = key->k1 ^ 0x7465646279746573ULL;
}

/* One word: xor in, c rounds, xor out. */
static inline void weir_sip_word(struct weir_sipstate *s, uint64_t word, unsigned int c)
{
	s->v3 ^= word;
	for (unsigned int i = 0; i < c; i++)
		weir_sip_round(s);
	s->v0 ^= word;
}

static inline uint64_t weir_sip_finish(struct weir_sipstate *s, unsigned int d)
{
	s->v2 ^= 0xff;
	for (unsigned int i = 0; i < d; i++)
		weir_sip_round(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline uint64_t weir_sip_words(const struct weir_sipkey *key, const uint64_t *words,
	unsigned int n, uint64_t tail, unsigned int tail_len, unsigned int c, unsigned int d)
{
	struct weir_sipstate s;

	weir_sip_start(&s, key);
	for (unsigned int i = 0; i < n; i++)
		weir_sip_word(&s, words[i], c);
	weir_sip_word(&s, tail | (uint64_t)((8 * n + tail_len) & 0xff) << 56, c);
	return weir_sip_finish(&s, d);
}

static inline uint64_t weir_siphash24_words(const struct weir_sipkey *key, const uint64_t *words,
	unsigned int n, uint64_t tail, unsigned int tail_len)
{
	return weir_sip_words(key, words, n, tail, tail_len, 2, 4);
}

static inline uint64_t weir_siphash13_words(const struct weir_sipkey *key, const uint64_t *words,
	unsigned int n, uint64_t tail, unsigned int tail_len)
{
	return weir_sip_words(key, words, n, tail, tail_len, 1, 3);
}

#endif
