/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The policy in force, which the control side replaces while workers read it (HC-51): one atomic
 * pointer, and a grace period by rte_rcu_qsbr.
 *
 * A worker says once a loop that it looks at nothing, then loads the pointer: what it finds stays for
 * the loop. Who is handed packets by another worker loads it again first, and so finds no older
 * policy than they were classified by. What was replaced is freed when every worker has said so since.
 */
#ifndef WEIR_DP_SWAP_H
#define WEIR_DP_SWAP_H

#include <rte_rcu_qsbr.h>

#include "dp/neigh.h"

/* What changes in one go. The next hops' addresses go by the policy's numbers. */
struct weir_snapshot {
	const struct weir_policy *policy;
	struct weir_neighs neighs;
	uint32_t generation; /* the policy's */
	bool announce;       /* addresses of ours may be new */
};

struct weir_swap {
	struct weir_snapshot *current; /* atomic */
	struct rte_rcu_qsbr *qsbr;
	/* the control side's */
	struct weir_snapshot *old; /* replaced, and may be looked at still; or NULL */
	uint64_t token;            /* of its grace period */
};

/* The first policy, for all its workers. 0 or -ENOMEM: then only weir_swap_free() is left to do. */
int weir_swap_init(struct weir_swap *s, const struct weir_policy *policy);
/* No worker runs any more, or ever did. The policies are the caller's. */
void weir_swap_free(struct weir_swap *s);

/* Control side: policy replaces the current one. 0; -EBUSY: the one before is not settled; -ENOMEM. */
int weir_swap_publish(struct weir_swap *s, const struct weir_policy *policy);

/* Control side: true when no worker looks at a policy that was replaced: it may be freed. */
bool weir_swap_settle(struct weir_swap *s);

/* Worker, once a loop: it looks at nothing. */
static inline void weir_swap_rest(struct weir_swap *s, unsigned int worker)
{
	rte_rcu_qsbr_quiescent(s->qsbr, worker);
}

/* Worker: the current one, good until weir_swap_rest(). */
static inline struct weir_snapshot *weir_swap_read(const struct weir_swap *s)
{
	return __atomic_load_n(&s->current, __ATOMIC_ACQUIRE);
}

/* Worker: it ends, and looks at nothing any more. */
static inline void weir_swap_leave(struct weir_swap *s, unsigned int worker)
{
	rte_rcu_qsbr_thread_offline(s->qsbr, worker);
}

#endif
