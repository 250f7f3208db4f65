/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Endpoints: what an address and TCP port of ours, or of a backend, stands for.
 *
 * A hash table with open addressing and linear probing, a quarter full at most, made once for a
 * policy and never changed after that. Any thread may read it, as often and as concurrently as it
 * likes; only its maker writes, before the policy is published. Addresses and ports are in network
 * byte order.
 *
 * The hash is keyed, because the keys of the table can be chosen by whatever may put backends into
 * the configuration (a tenant, an orchestrator). With a hash that is the same in every process,
 * 4 000 addresses that all want one slot are easily found, and each look-up that comes near costs
 * microseconds. See weir_endpoint_slot() for why the key is enough.
 */
#ifndef WEIR_FLOW_ENDPOINT_H
#define WEIR_FLOW_ENDPOINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/siphash.h"
#include "wire/addr.h"

/* A key of the hash is good when no endpoint is farther from its home slot than this. */
#define WEIR_ENDPOINT_GOOD_REACH 16
/* So many keys are tried for a good one; a random key is bad less than once in 20 times. */
#define WEIR_ENDPOINT_KEYS 32

#define WEIR_ENDPOINT_FAR UINT8_MAX

/* An address alone is an endpoint with port 0. */
enum weir_endpoint_kind {
	WEIR_ENDPOINT_NONE,     /* an empty slot */
	WEIR_ENDPOINT_LISTENER, /* address and port of a service; index: listener */
	WEIR_ENDPOINT_BACKEND,  /* index: key_id */
	WEIR_ENDPOINT_VIP,      /* address of a service (port_be 0): for closed ports, ARP, ping */
	WEIR_ENDPOINT_LOCAL,    /* address of ours (port_be 0); index: interface */
};

struct weir_endpoint {
	struct weir_addr addr;
	uint16_t port_be;
	uint16_t taken; /* 1; 0: an empty slot. Beside the port, because they are compared as one */
	uint16_t index;
	uint8_t kind; /* enum weir_endpoint_kind */
	/*
	 * Steps from this slot to the farthest endpoint that has it for its home;
	 * WEIR_ENDPOINT_FAR: that many or more.
	 */
	uint8_t reach;
	/*
	 * HC-66: the interfaces, a bit each, by which its segments may come: those of a backend,
	 * and for a listener or VIP those of clients. For a local address those by which it is asked
	 * for. All, until flow/policy.c knows.
	 */
	uint64_t doors;
};

_Static_assert(sizeof(struct weir_endpoint) == 32,
	"two endpoints fill a cache line, none lies in two");

/* All zero: no table yet. */
struct weir_endpoints {
	struct weir_endpoint *slots;
	uint64_t key[5]; /* secret */
	uint32_t mask;   /* number of slots, a power of two, less one */
	uint32_t shift;  /* 64 less the slots' bits */
};

/* How many slots a table for that many endpoints takes. */
uint32_t weir_endpoints_size(uint32_t endpoints);

/*
 * Begins a table in `slots`, of which there are weir_endpoints_size(); the memory stays the
 * caller's. The key is the attempt'th one (0, 1, ...) of those that the secret gives. May be called
 * again, with the next attempt: the table is empty then.
 */
void weir_endpoints_begin(struct weir_endpoints *t, struct weir_endpoint *slots, uint32_t size,
	const struct weir_sipkey *secret, unsigned int attempt);

/* Puts an endpoint in, or in the place of the one with the same address and port. */
void weir_endpoints_put(struct weir_endpoints *t, const struct weir_addr *addr, uint16_t port_be,
	enum weir_endpoint_kind kind, uint16_t index);

/* The most steps that any look-up takes beyond its home slot. */
uint32_t weir_endpoints_reach(const struct weir_endpoints *t);

/* The endpoint of (addr, port_be), or NULL. */
static inline const struct weir_endpoint *weir_endpoint_find(const struct weir_endpoints *t,
	const struct weir_addr *addr, uint16_t port_be);

/* The same for one that is not in its home slot, which is `home`. */
const struct weir_endpoint *weir_endpoint_find_beyond(const struct weir_endpoints *t,
	const struct weir_endpoint *home, const struct weir_addr *addr, uint16_t port_be);

/* inline definitions */

/*
 * The home slot, by pair-multiply-shift (Thorup, "High Speed Hashing for Integers and Strings",
 * 2015, section 3): the sum of (key + word) * (key + word) over pairs of 32-bit words, of which the
 * upper bits count. The sums of two different endpoints differ by key[0] * (difference of their
 * first words) + key[1] * ... + a constant, which for random keys is as good as uniform in its
 * upper bits: two endpoints that were chosen without knowledge of the key meet in a slot with a
 * probability of at most 2 / slots, so every endpoint expects at most half another one in its own
 * slot. No output of the hash is ever shown, so keys cannot be learned and endpoints cannot be
 * chosen by them.
 *
 * That is a bound for pairs. Linear probing asks for more (regular steps can make a run of any
 * product), so the maker looks at the finished table and takes another key when an endpoint is too
 * far from home: WEIR_ENDPOINT_GOOD_REACH.
 *
 * Three multiplications, because this is done once or twice for every packet: SipHash would cost
 * 60 instructions more.
 */
static inline uint32_t weir_endpoint_slot(const struct weir_endpoints *t,
	const struct weir_addr *addr, uint16_t port_be)
{
	uint64_t sum;

	/* So that the compiler reads the key twice for two look-ups, and does not spill it. */
	__asm__("" : "+r"(t));
	sum = (t->key[0] + addr->w[1]) * (t->key[1] + addr->w[0]) +
		(t->key[2] + addr->w[3]) * (t->key[3] + addr->w[2]) + t->key[4] * port_be;
	return (uint32_t)(sum >> t->shift);
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "taken lies above the port");

/* Without a branch, because an empty slot is as likely as a taken one. */
static inline bool weir_endpoint_is(const struct weir_endpoint *e, const struct weir_addr *addr,
	uint16_t port_be)
{
	uint32_t port_and_taken;

	memcpy(&port_and_taken, &e->port_be, sizeof(port_and_taken));
	return ((e->addr.q[0] ^ addr->q[0]) | (e->addr.q[1] ^ addr->q[1]) |
		       (port_and_taken ^ (1u << 16 | port_be))) == 0;
}

/* Nearly always the home slot has it, or says that there is nothing beyond. */
static inline const struct weir_endpoint *weir_endpoint_find(const struct weir_endpoints *t,
	const struct weir_addr *addr, uint16_t port_be)
{
	const struct weir_endpoint *home = &t->slots[weir_endpoint_slot(t, addr, port_be)];

	if (weir_endpoint_is(home, addr, port_be))
		return home;
	return home->reach == 0 ? NULL : weir_endpoint_find_beyond(t, home, addr, port_be);
}

#endif
