/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering: how a packet gets to the worker that owns its connection. Where the device did not
 * deliver it there, the receiving worker hands it over: one ring per ordered pair of workers, single
 * producer, single consumer. The parsed view travels in the buffer's private area, so a packet is
 * parsed once; again only if the policy was replaced while it was in the ring: no grace period waits for
 * rings, and the numbers in its key may stand for something else by then.
 *
 * One kind of packet has no owner that can be told: where RSS keeps a client on one queue, only the device knows
 * which, and it puts an ICMP error about a segment to that client (HC-28) on any. Such an error goes along the workers
 * until one has the connection, to each once at most.
 */
#ifndef WEIR_DP_STEER_H
#define WEIR_DP_STEER_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "base/bucket.h"
#include "dp/error.h"
#include "dp/nic.h"
#include "flow/classify.h"
#include "flow/counters.h"

#define WEIR_STEER_RING 1024 /* packets in flight between two workers at most: a power of 2 */

/* ICMP errors that a worker sends along the others, per second: anybody can forge them. */
#define WEIR_STEER_SEARCHES_PER_S 1000

/* Packets of the running burst for one other worker. */
struct weir_steer_batch {
	unsigned int n;
	struct rte_mbuf *pkts[WEIR_BURST];
};

struct weir_steer {
	const struct weir_policy *policy;
	const struct weir_nic *nics; /* by index into the policy's ports */
	struct weir_counters *counters;
	unsigned int self;
	unsigned int given;                    /* packets in all batches */
	struct weir_bucket searches;           /* WEIR_STEER_SEARCHES_PER_S */
	struct rte_ring *to[WEIR_WORKERS_MAX]; /* NULL: this worker itself */
	struct rte_ring *from[WEIR_WORKERS_MAX];
	struct weir_steer_batch batches[WEIR_WORKERS_MAX];
};

/* Memory for a ring of WEIR_STEER_RING; *ring stays NULL when the arena only measures. */
void weir_steer_ring_init(struct rte_ring **ring, struct weir_arena *arena);

/* The worker that a classified packet belongs to. */
static inline unsigned int weir_steer_owner(const struct weir_steer *s, const struct weir_pkt *pkt);

/* For worker `to`, which is another one; at most WEIR_BURST until the next weir_steer_send(). */
void weir_steer_give(struct weir_steer *s, unsigned int to, const struct weir_pkt *pkt);

/*
 * pkt, an ICMP error, is of no connection of this worker. true: the next worker gets it by the next
 * weir_steer_send(), it is not the caller's any more. false: no other one can have its connection, or all have been
 * asked, or too many were sent along of late.
 */
bool weir_steer_pass_along(struct weir_steer *s, struct weir_pkt *pkt, uint64_t now_ns);

/* Sends what was given; what a full ring does not take is dropped, and counted by name. */
void weir_steer_send(struct weir_steer *s);

/* Takes up to WEIR_BURST packets of that worker into pkts; `generation` says what they were classified by. */
unsigned int weir_steer_take(struct weir_steer *s, unsigned int from, struct weir_pkt *pkts);

/* inline definitions */

/* pkt, an ICMP error, is about a segment to a client whose worker the device has chosen. */
bool weir_steer_is_of_any(const struct weir_steer *s, const struct weir_pkt *pkt);

static inline unsigned int weir_steer_owner(const struct weir_steer *s, const struct weir_pkt *pkt)
{
	/*
	 * Where RSS keeps a client on one queue, the receiving worker owns it in fullnat: the return
	 * path is arithmetic on the local port. In nat both directions hash the client.
	 */
	if (pkt->kind == WEIR_KIND_CLIENT &&
		s->nics[s->policy->interfaces[pkt->interface].port].rss &&
		s->policy->services[weir_policy_service_of(s->policy, pkt->key.id)].mode ==
			WEIR_MODE_FULLNAT)
		return s->self;
	if (unlikely(pkt->kind == WEIR_KIND_ICMP_ERROR) && weir_steer_is_of_any(s, pkt))
		return s->self;
	return weir_owner(s->policy, pkt, s->self);
}

#endif
