/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The policy in force, which the control side replaces while workers read it (HC-51): RCU with one
 * atomic pointer and rte_rcu_qsbr.
 *
 * A worker reports a quiescent state once a loop, then loads the pointer: the policy it finds stays
 * valid until its next quiescent state. Before it handles packets that another worker handed over it
 * loads the pointer again, so that its policy is not older than the one they were classified by; what
 * an older one classified is classified again. A replaced policy is freed after a grace period: every worker has been quiescent since.
 */
#ifndef WEIR_DP_SWAP_H
#define WEIR_DP_SWAP_H

#include <pthread.h>

#include <rte_rcu_qsbr.h>

#include "dp/neigh.h"

/* A policy, and the neighbour table with its numbers of next hops: replaced together. */
struct weir_snapshot {
	const struct weir_policy *policy;
	struct weir_neighs neighs;
	uint32_t generation; /* the policy's */
	bool announce;       /* our addresses may have changed */
};

struct weir_swap {
	struct weir_snapshot *current; /* atomic */
	struct rte_rcu_qsbr *qsbr;
	/* held by a thread that is no worker while it reads, and by the control side while it frees */
	pthread_mutex_t readers;
	/* control side only */
	struct weir_snapshot *old; /* replaced, workers may still read it; or NULL */
	uint64_t token;            /* of its grace period */
};

/* With the first policy, for all its workers. 0, or -ENOMEM: then call weir_swap_free(). */
int weir_swap_init(struct weir_swap *s, const struct weir_policy *policy);
/* When no worker runs. The policies are the caller's and are not freed. */
void weir_swap_free(struct weir_swap *s);

/*
 * Control side: policy replaces the current one. 0; or, with nothing changed, -EBUSY: the grace period of
 * the last replacement is not over; -ENOMEM.
 */
int weir_swap_publish(struct weir_swap *s, const struct weir_policy *policy);

/* Control side: true: no grace period is running, a replaced policy may be freed. */
bool weir_swap_settle(struct weir_swap *s);

/* Any thread but workers: the current snapshot, valid until weir_swap_release(). */
const struct weir_snapshot *weir_swap_hold(struct weir_swap *s);
void weir_swap_release(struct weir_swap *s);

/* Worker, once a loop: it holds no pointer into the policy. */
static inline void weir_swap_quiescent(struct weir_swap *s, unsigned int worker)
{
	rte_rcu_qsbr_quiescent(s->qsbr, worker);
}

/* Worker: the current snapshot, valid until weir_swap_quiescent(). */
static inline struct weir_snapshot *weir_swap_read(const struct weir_swap *s)
{
	return __atomic_load_n(&s->current, __ATOMIC_ACQUIRE);
}

/* Worker: it ends; grace periods do not wait for it. */
static inline void weir_swap_leave(struct weir_swap *s, unsigned int worker)
{
	rte_rcu_qsbr_thread_offline(s->qsbr, worker);
}

#endif
