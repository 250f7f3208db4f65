// SPDX-License-Identifier: BSD-3-Clause
#include "dp/mld.h"

#include "dp/ours.h"

#define STEP 32 /* endpoints looked at per call */

/* RFC 3810 §9.12, with its default times: for so long after RFC 2710's query its sender is there, which knows no other reports. */
#define OLD_NS 260000000000ull

/*
 * RFC 3810 §6.2: after a random time within what the question allows, so that not all hosts answer at once. A
 * question while one waits is answered with it, at the earlier of the two times. Where another worker's question
 * comes between, that one's time counts.
 */
void weir_mld_ask(struct weir_mld *m, unsigned int interface, const struct weir_mld_query *q,
	uint64_t now_ns)
{
	const uint32_t delay_ms = q->delay_ms < WEIR_MLD_DELAY_MS ? q->delay_ms : WEIR_MLD_DELAY_MS;
	const uint64_t at_ns =
		now_ns + (delay_ms == 0 ? 0 : now_ns / 1000 % (delay_ms * 1000ull) * 1000);
	uint64_t due_ns = __atomic_load_n(&m->due_ns[interface], __ATOMIC_RELAXED);

	if (q->old)
		__atomic_store_n(&m->old_until_ns[interface], now_ns + OLD_NS, __ATOMIC_RELAXED);
	if (due_ns == 0 || at_ns < due_ns)
		__atomic_compare_exchange_n(&m->due_ns[interface], &due_ns, at_ns, false,
			__ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* The interfaces on which an answer is due are this walk's. */
static void begin(struct weir_mld_walk *walk, struct weir_tx *tx)
{
	if (tx->now_ns < walk->next_ns)
		return;
	walk->old = 0;
	for (unsigned int i = 0; i < tx->neighs->policy->n_interfaces; i++) {
		const uint64_t due_ns = __atomic_load_n(&tx->mld->due_ns[i], __ATOMIC_RELAXED);

		if (due_ns == 0 || tx->now_ns < due_ns)
			continue;
		__atomic_store_n(&tx->mld->due_ns[i], 0, __ATOMIC_RELAXED);
		walk->interfaces |= 1ull << i;
		walk->old |= (uint64_t)(tx->now_ns <
				     __atomic_load_n(&tx->mld->old_until_ns[i], __ATOMIC_RELAXED))
			<< i;
	}
	walk->next_endpoint = 0;
	if (walk->interfaces != 0)
		walk->next_ns = tx->now_ns + WEIR_MLD_INTERVAL_NS;
}

static void report(const struct weir_mld_walk *walk, struct weir_tx *tx,
	const struct weir_addr *addr)
{
	const struct weir_policy *p = tx->neighs->policy;

	for (unsigned int i = 0; i < p->n_interfaces; i++)
		if (walk->interfaces >> i & 1 && weir_is_ours(p, addr, i))
			weir_tx_report(tx, (uint8_t)i,
				walk->old >> i & 1 ? WEIR_MLD_OLD : WEIR_MLD_ANSWER, addr);
}

void weir_mld_turn(struct weir_mld_walk *walk, struct weir_tx *tx)
{
	const struct weir_policy *p = tx->neighs->policy;

	if (walk->interfaces == 0)
		begin(walk, tx);
	if (walk->interfaces == 0)
		return;
	for (unsigned int i = 0; i < STEP && walk->next_endpoint <= p->endpoints.mask; i++) {
		const struct weir_endpoint *e = &p->endpoints.slots[walk->next_endpoint++];

		if ((e->kind == WEIR_ENDPOINT_VIP || e->kind == WEIR_ENDPOINT_LOCAL) &&
			!weir_addr_is_v4(&e->addr))
			report(walk, tx, &e->addr);
	}
	if (walk->next_endpoint > p->endpoints.mask)
		walk->interfaces = 0;
}
