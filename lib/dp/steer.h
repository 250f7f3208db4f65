/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steering: how a packet gets to the worker that owns its connection. Where the device did not
 * deliver it there, the receiving worker hands it over: one ring per ordered pair of workers, single
 * producer, single consumer. The parsed view travels in the buffer's private area, so a packet is
 * parsed once; again only if the policy was replaced while it was in the ring: no grace period waits for
 * rings, and the numbers in its key may stand for something else by then.
 */
#ifndef WEIR_DP_STEER_H
#define WEIR_DP_STEER_H

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dp/error.h"
#include "dp/nic.h"
#include "flow/classify.h"
#include "flow/counters.h"

#define WEIR_STEER_RING 1024 /* packets in flight between two workers at most: a power of 2 */

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

/* Sends what was given; what a full ring does not take is dropped, and counted by name. */
void weir_steer_send(struct weir_steer *s);

/* Takes up to WEIR_BURST packets of that worker into pkts; `generation` says what they were classified by. */
unsigned int weir_steer_take(struct weir_steer *s, unsigned int from, struct weir_pkt *pkts);

/* inline definitions */

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
	return weir_owner(s->policy, pkt, s->self);
}

#endif
