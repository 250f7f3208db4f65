/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many connections each client address and each prefix (/24, /56) has open now (HC-60), in fixed
 * memory: counters that addresses hash to, two for an address and two for its prefix, the smaller of
 * which is taken. It is never too low, and too high only for an address that meets another one in both
 * counters of a cache line. Every connection is counted off as it was counted on, so nothing ages.
 *
 * The worst offenders are kept by name beside it: those that have many connections or were refused.
 *
 * One worker's. Its thread writes; other threads may read by the two functions that say so.
 */
#ifndef WEIR_FLOW_CROWD_H
#define WEIR_FLOW_CROWD_H

#include "base/arena.h"
#include "flow/addr_hash.h"

#define WEIR_OFFENDERS     128 /* a worker */
#define WEIR_OFFENDER_WAYS 4
#define WEIR_CROWD_LINE    16 /* counters in a cache line */

struct weir_offender {
	struct weir_addr addr;
	uint64_t refused;
};

struct weir_crowd {
	struct weir_sipkey key;
	uint32_t *of_address, *of_prefix; /* lines of WEIR_CROWD_LINE counters */
	uint32_t lines;                   /* of each; a power of two */
	uint32_t address_cap, prefix_cap; /* this worker's share; 0: none */
	uint32_t offending;               /* an address that has so many is kept by name */
	struct weir_offender_slot {
		uint32_t version;          /* odd: it is being written */
		uint64_t addr[2], refused; /* atomics */
	} * offenders;                     /* sets of WEIR_OFFENDER_WAYS */
};

enum weir_crowd_room {
	WEIR_CROWD_ROOM,
	WEIR_CROWD_ADDRESS_FULL,
	WEIR_CROWD_PREFIX_FULL,
};

/* conns: the connections that this worker has room for. */
void weir_crowd_init(struct weir_crowd *c, struct weir_arena *arena, uint32_t conns,
	const struct weir_sipkey *key);

/*
 * The caps from here on, of all workers together; 0: none. A worker enforces an equal share and three
 * standard deviations more, because which worker gets a connection is chance.
 */
void weir_crowd_cap(struct weir_crowd *c, uint32_t address, uint32_t prefix, unsigned int workers);

/*
 * That address opens one more: counted on if there is room, else as a refusal of it. INVARIANT: each
 * connection that is counted on is counted off once, by weir_crowd_give().
 */
enum weir_crowd_room weir_crowd_take(struct weir_crowd *c, const struct weir_addr *client);
void weir_crowd_give(struct weir_crowd *c, const struct weir_addr *client);

/* Any thread: the connections that the address has now. */
uint32_t weir_crowd_now(const struct weir_crowd *c, const struct weir_addr *client);
/* Any thread: offender number i < WEIR_OFFENDERS; false: there is none, or it is being written. */
bool weir_crowd_offender(const struct weir_crowd *c, uint32_t i, struct weir_offender *out);

#endif
