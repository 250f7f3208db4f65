/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A worker's transmit side: frames are gathered per port and sent once a loop. On a port with fewer
 * transmit queues than workers, a worker without one passes its frames to the worker whose queue it
 * shares. Belongs to one worker.
 */
#ifndef WEIR_DP_TX_H
#define WEIR_DP_TX_H

#include <rte_ring.h>

#include "base/bucket.h"
#include "dp/neigh.h"
#include "dp/nic.h"
#include "flow/counters.h"
#include "flow/pkt.h"
#include "wire/mld.h"

#define WEIR_TX_GATHER   128 /* frames per port; then they are sent before the loop's end */
#define WEIR_TX_DEFENDED 64  /* a power of two */
#define WEIR_TX_TRIES    3   /* calls of rte_eth_tx_burst() before the rest is dropped */

struct weir_tx_port {
	const struct weir_nic *nic;
	struct rte_ring *home; /* NULL: this worker has queue `queue` itself */
	uint16_t queue, n;
	struct rte_mbuf *frames[WEIR_TX_GATHER];
};

/* Shared by all workers: the queries for our groups (dp/mld.h). Atomics, each by itself. */
struct weir_mld {
	uint64_t due_ns[WEIR_INTERFACES_MAX]; /* when it is to be answered; 0: it was not asked */
	uint64_t old_until_ns[WEIR_INTERFACES_MAX]; /* till then by RFC 2710's reports */
};

struct weir_tx {
	struct weir_counters *counters;
	struct weir_neighs *neighs;
	struct weir_mld *mld;
	struct rte_mempool *pool; /* for frames of our own */
	unsigned int n_ports;
	uint64_t now_ns; /* of the running loop */
	/* of ARP and ND: to others, and to known next hops, which a flood of requests must not cut off */
	struct weir_bucket answers[2];
	/* when an address of ours that hashes there was announced against a conflict last; 0: never */
	uint64_t defended_ns[WEIR_TX_DEFENDED];
	struct weir_tx_port port[WEIR_PORTS_MAX];
};

/* The device that an interface's frames leave by. */
static inline const struct weir_nic *weir_tx_nic(const struct weir_tx *tx, unsigned int interface)
{
	return tx->port[tx->neighs->policy->interfaces[interface].port].nic;
}

/* A buffer for a frame of our own, counted as created. NULL: none is free, counted as no_mbuf. */
struct rte_mbuf *weir_tx_new(struct weir_tx *tx);

/* Sends a frame that is complete but for its Ethernet addresses. m is not the caller's any more. */
void weir_tx_to_mac(struct weir_tx *tx, struct rte_mbuf *m, uint8_t interface,
	const uint8_t mac[6]);
/* Sends a frame that has its Ethernet addresses. m is not the caller's any more. */
void weir_tx_frame(struct weir_tx *tx, struct rte_mbuf *m, uint8_t interface);
/* Sends a frame, complete as it is, by a port. m is not the caller's any more. */
void weir_tx_on_port(struct weir_tx *tx, struct rte_mbuf *m, unsigned int port);
/*
 * To a next hop, or the flow's member of a group (dp/multipath.h), as weir_tx_to_mac(). While its MAC is unknown m is
 * dropped by name, and a request sent.
 */
void weir_tx_to_nexthop(struct weir_tx *tx, struct rte_mbuf *m, uint16_t nexthop);
/* The same; and the next hop, or that member, has not answered, and is verified. */
void weir_tx_to_doubted(struct weir_tx *tx, struct rte_mbuf *m, uint16_t nexthop);
/* To a client's neighbour, as weir_tx_to_mac(); when that is a gateway that is down, to another one. */
void weir_tx_to_neighbour(struct weir_tx *tx, struct rte_mbuf *m, const struct weir_neighbour *to);

/* Sends a request for a next hop's MAC if one is due: weir_neigh_due() explains retry_ns. */
void weir_tx_ask(struct weir_tx *tx, uint16_t nexthop, uint64_t retry_ns);
/*
 * A request of ours for addr's MAC, by ARP or neighbour discovery; sender: our address. To that MAC, or with NULL
 * to all that may have it.
 */
void weir_tx_request(struct weir_tx *tx, uint8_t interface, const struct weir_addr *sender,
	const struct weir_addr *addr, const uint8_t *to);
/* To all on that interface: we have addr. */
void weir_tx_announce(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr);
/* To all on that interface that want to know: we listen to the group of addr, an IPv6 address. */
void weir_tx_report(struct weir_tx *tx, uint8_t interface, enum weir_mld_report why,
	const struct weir_addr *addr);
/* To all on that interface: does a host have addr, an IPv6 address, already? (RFC 4862 §5.4.2) */
void weir_tx_probe(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr);

/* Gathers frames of a worker without a transmit queue from its ring. Returns their number. */
unsigned int weir_tx_relay(struct weir_tx *tx, struct rte_ring *from);

/* Everything gathered is sent, passed to another worker, or dropped by name. */
void weir_tx_flush(struct weir_tx *tx);

#endif
