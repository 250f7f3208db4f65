// SPDX-License-Identifier: BSD-3-Clause
#include "dp/swap.h"

#include <errno.h>
#include <stdlib.h>

static struct weir_snapshot *snapshot_cut(struct weir_arena *arena,
	const struct weir_policy *policy)
{
	struct weir_snapshot measured = {0}, *s = weir_arena_take(arena, sizeof(*s));

	weir_neighs_init(s != NULL ? &s->neighs : &measured.neighs, arena, policy);
	return s;
}

static struct weir_snapshot *snapshot_new(const struct weir_policy *policy)
{
	struct weir_arena arena = {0};
	struct weir_snapshot *s;
	void *memory;

	snapshot_cut(&arena, policy);
	memory = aligned_alloc(64, arena.used);
	if (memory == NULL)
		return NULL;
	memset(memory, 0, arena.used);
	arena = (struct weir_arena){.base = memory, .size = arena.used};
	s = snapshot_cut(&arena, policy);
	s->policy = policy;
	s->generation = policy->generation;
	return s;
}

int weir_swap_init(struct weir_swap *s, const struct weir_policy *policy)
{
	size_t bytes = rte_rcu_qsbr_get_memsize(policy->n_workers);

	s->old = NULL;
	pthread_mutex_init(&s->readers, NULL);
	s->current = snapshot_new(policy);
	s->qsbr = aligned_alloc(RTE_CACHE_LINE_SIZE, RTE_ALIGN_CEIL(bytes, RTE_CACHE_LINE_SIZE));
	if (s->current == NULL || s->qsbr == NULL)
		return -ENOMEM;
	rte_rcu_qsbr_init(s->qsbr, policy->n_workers);
	for (unsigned int i = 0; i < policy->n_workers; i++) {
		rte_rcu_qsbr_thread_register(s->qsbr, i);
		rte_rcu_qsbr_thread_online(s->qsbr, i);
	}
	return 0;
}

void weir_swap_free(struct weir_swap *s)
{
	free(s->current);
	free(s->old);
	free(s->qsbr);
	*s = (struct weir_swap){0};
}

static bool has_new_listener(const struct weir_policy *p, uint32_t generation)
{
	for (uint32_t i = 0; i < p->n_listeners; i++)
		if (p->listeners[i].since > generation)
			return true;
	return false;
}

int weir_swap_publish(struct weir_swap *s, const struct weir_policy *policy)
{
	struct weir_snapshot *next;

	if (s->old != NULL)
		return -EBUSY;
	next = snapshot_new(policy);
	if (next == NULL)
		return -ENOMEM;
	next->announce = has_new_listener(policy, s->current->generation);
	weir_neighs_follow(&next->neighs, &s->current->neighs);
	s->old = s->current;
	__atomic_store_n(&s->current, next, __ATOMIC_RELEASE);
	s->token = rte_rcu_qsbr_start(s->qsbr);
	return 0;
}

bool weir_swap_settle(struct weir_swap *s)
{
	if (s->old == NULL)
		return true;
	if (rte_rcu_qsbr_check(s->qsbr, s->token, false) != 1)
		return false;
	/* what was learned into the old table by workers that had not seen the new one yet */
	weir_neighs_follow(&s->current->neighs, &s->old->neighs);
	pthread_mutex_lock(&s->readers);
	free(s->old);
	s->old = NULL;
	pthread_mutex_unlock(&s->readers);
	return true;
}

const struct weir_snapshot *weir_swap_hold(struct weir_swap *s)
{
	pthread_mutex_lock(&s->readers);
	return weir_swap_read(s);
}

void weir_swap_release(struct weir_swap *s)
{
	pthread_mutex_unlock(&s->readers);
}
