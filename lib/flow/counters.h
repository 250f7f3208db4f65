/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One worker's counters. Only the worker writes; any thread may read at any time, each number by
 * itself: two of them need not be of the same moment. Counters never go back while a number stands
 * for the same service or backend; gauges do.
 *
 * The packet balance holds exactly at any quiescent moment, when no call of the core is running
 * (tests prove it):
 *	rx + created + handed_in = tx + sum(DROP fates) + sum(CONSUME fates) + handed_out + held
 * where created counts frames of fates `created` and `from_host`, whether they left or met tx_full/no_neighbour.
 */
#ifndef WEIR_FLOW_COUNTERS_H
#define WEIR_FLOW_COUNTERS_H

#include "base/arena.h"
#include "base/fate.h"
#include "flow/policy.h"

/* Frames between a port and the kernel, by its host interface (flow/host.h). */
struct weir_host_counters {
	uint64_t passed[WEIR_HOST_CLASSES]; /* to the kernel, copies of neighbour frames included */
	uint64_t limited[WEIR_HOST_CLASSES]; /* the class has had its rate */
	uint64_t full[WEIR_HOST_CLASSES];    /* no room in the ring */
	uint64_t passed_bytes;
	uint64_t sent, sent_bytes; /* the kernel's own */
};

struct weir_port_counters {
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes;
	uint64_t rx_truncated, rx_partial; /* of these fates, by port: the log tells what to do */
	struct weir_host_counters host;
};

struct weir_service_counters {
	uint64_t syn, cookies_ok, opened, established, failed;
	uint64_t crowded; /* refused: too many connections of the address or prefix */
	/* how backends did not accept (HC-74): by RST, by silence, by ICMP unreachable */
	uint64_t refused, timed_out, unreachable;
	uint64_t half_open; /* gauge: entries in SYN_RCVD */
	uint64_t calm;      /* gauge: 1 while backends answer its SYNs, 0 while cookies do */
	uint64_t switches;  /* from the one to the other and back */
	/* gauge: wall clock in seconds of the last one; of several workers the latest */
	uint64_t switched_s;
	uint64_t bytes_in, bytes_out; /* payload client->backend and back, as forwarded */
	uint64_t pkts_in, pkts_out;
	uint64_t timestamps_withdrawn; /* promises that a backend broke (HC-03) */
};

struct weir_listener_counters {
	uint64_t conns; /* gauge: in whatever state; 0: the number may be given to another */
};

struct weir_backend_counters {
	uint64_t opened, established, refused, timed_out, unreachable;
	uint64_t marked_down; /* times that a hold-down began (flow/sched.h) */
	uint64_t active;      /* gauge: connections now */
	uint64_t conns;       /* gauge: those that have ended but are remembered, too */
};

struct weir_counters {
	uint64_t fate[WEIR_FATES];
	uint64_t event[WEIR_EVENTS];
	struct weir_port_counters port[WEIR_PORTS_MAX];
	uint64_t handed_in, handed_out;
	/* gauges, written once per burst at most */
	uint64_t conns, conns_by_state[10]; /* enum weir_state */
	uint64_t held, local_ports;
	/*
	 * The latest conflict for an address of ours: which (struct weir_addr's q), and the MAC that claims
	 * it, its six bytes first. For the log; after two at once they may be of different ones.
	 */
	uint64_t conflict_addr[2], conflict_mac;
	uint64_t loops, busy_loops; /* polls, and those that found work */
	struct weir_service_counters *service;
	struct weir_listener_counters *listener;
	struct weir_backend_counters *backend;
};

/* All at 0. Takes memory from the arena (which may only measure) for every number there may be. */
void weir_counters_init(struct weir_counters *c, struct weir_arena *arena,
	const struct weir_policy *p);

/* Worker: the numbers that p has given away since that generation begin at 0. */
void weir_counters_adopt(struct weir_counters *c, const struct weir_policy *p, uint32_t generation);

/*
 * Relaxed atomic stores and a load: a reader sees the old or the new value, never half of each.
 * Adding is no atomic read-modify-write, because there is one writer.
 */
static inline void weir_count(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline void weir_gauge(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

static inline uint64_t weir_counted(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
