/* SPDX-License-Identifier: BSD-3-Clause */
/* SYNs, their cookies and the ACKs that bring them back, for the tests of tcp/cookie. */
#ifndef WEIR_TESTS_COOKIES_H
#define WEIR_TESTS_COOKIES_H

#include "tcp/cookie.h"
#include "unit.h"

#define WALL_S 1700000000ull

static const uint8_t master[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static struct weir_keyring cookies_ring; /* of `master` */

static inline struct weir_keys keys_of(const uint8_t secret[16], uint64_t wall_s)
{
	struct weir_keyring ring = {0};
	struct weir_keys k;

	weir_keyring_fill(&ring, secret, wall_s);
	weir_keys_init(&k, &ring, wall_s);
	k.ring = NULL;
	return k;
}

static inline struct weir_keys keys_at(uint64_t wall_s)
{
	return keys_of(master, wall_s);
}

/* As a worker does, after the control side has. */
static inline bool keys_update(struct weir_keys *k, uint64_t wall_s)
{
	weir_keyring_fill(&cookies_ring, master, wall_s);
	k->ring = &cookies_ring;
	return weir_keys_update(k, wall_s);
}

static inline struct weir_addr v6_of(uint64_t *seed)
{
	struct weir_addr a = {.q = {unit_random(seed), unit_random(seed)}};

	a.b[0] = 0x20;
	return a;
}

static inline struct weir_seg random_syn(uint64_t *seed, bool v6)
{
	struct weir_seg s = {
		.family = v6 ? WEIR_FAMILY_IPV6 : WEIR_FAMILY_IPV4, .flags = WEIR_TCP_SYN};

	s.src = v6 ? v6_of(seed) : weir_addr_v4((uint32_t)unit_random(seed));
	s.dst = v6 ? v6_of(seed) : weir_addr_v4((uint32_t)unit_random(seed));
	s.sport_be = (uint16_t)unit_random(seed);
	s.dport_be = (uint16_t)unit_random(seed);
	s.seq = (uint32_t)unit_random(seed);
	s.tsval = (uint32_t)unit_random(seed);
	return s;
}

static inline struct weir_agreed random_agreed(uint64_t *seed)
{
	uint64_t r = unit_random(seed);
	struct weir_agreed a = {.mss_index = r & 7,
		.sack = r >> 3 & 1,
		.ts = r >> 4 & 1,
		.ecn = r >> 5 & 1,
		.wscale = (uint8_t)(r >> 8 & 0xf)};

	if (a.wscale == 15)
		a.wscale = WEIR_WSCALE_NONE;
	return a;
}

static inline struct weir_cookie make(const struct weir_keys *k, const struct weir_seg *syn,
	struct weir_agreed agreed, uint64_t now_ms)
{
	struct weir_cookie c = {.agreed = agreed};

	weir_cookie_make(k, &syn, &c, 1, now_ms);
	return c;
}

/* The ACK that a client sends on that SYN-ACK. */
static inline struct weir_seg ack_of(const struct weir_seg *syn, const struct weir_cookie *c)
{
	struct weir_seg s = *syn;

	s.flags = WEIR_TCP_ACK;
	s.seq = syn->seq + 1;
	s.ack = c->isn + 1;
	s.ts_off = c->agreed.ts ? 24 : 0;
	s.tsecr = c->agreed.ts ? c->tsval : 0;
	return s;
}

/* It is valid, and is taken for an ACK (back 0) or for a probe, one sequence number lower (1). */
static inline bool check_back(const struct weir_keys *k, const struct weir_seg *ack, uint8_t back,
	struct weir_cookie *out)
{
	uint64_t probe;

	return weir_cookie_check(k, &ack, out, &probe, 1) == 1 && probe == back;
}

static inline bool check(const struct weir_keys *k, const struct weir_seg *ack)
{
	struct weir_cookie out;

	return check_back(k, ack, 0, &out);
}

static inline bool same_agreed(const struct weir_agreed *a, const struct weir_agreed *b)
{
	return a->mss_index == b->mss_index && a->wscale == b->wscale && a->sack == b->sack &&
		a->ts == b->ts && a->ecn == b->ecn;
}

/* ISN below, TSval above: everything that the client says back. */
static inline uint64_t numbers(const struct weir_cookie *c)
{
	return c->isn | (uint64_t)c->tsval << 32;
}

/* The bits that are MAC in the cookie for that SYN: those that change with the key. */
static inline uint64_t mac_bits(const struct weir_seg *syn, struct weir_agreed a)
{
	uint64_t seed = 1, bits = 0, first = 0;
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int i = 0; i < 64; i++) {
		struct weir_cookie c;

		k.key[0] = k.key[1] = (struct weir_sipkey){unit_random(&seed), unit_random(&seed)};
		c = make(&k, syn, a, 0);
		first = i == 0 ? numbers(&c) : first;
		bits |= numbers(&c) ^ first;
	}
	return bits;
}

static inline uint64_t mac_bits_of_layout(bool ts)
{
	uint64_t seed = 1;
	struct weir_seg syn = random_syn(&seed, false);

	return mac_bits(&syn, (struct weir_agreed){.wscale = 7, .ts = ts});
}

#endif
