// SPDX-License-Identifier: BSD-3-Clause
#include "dp/steer.h"

#include <errno.h>

void weir_steer_ring_init(struct rte_ring **ring, struct weir_arena *arena)
{
	*ring = weir_arena_take(arena, (size_t)rte_ring_get_memsize(WEIR_STEER_RING));
	if (*ring != NULL)
		rte_ring_init(*ring, "weir", WEIR_STEER_RING, RING_F_SP_ENQ | RING_F_SC_DEQ);
}

void weir_steer_give(struct weir_steer *s, unsigned int to, const struct weir_pkt *pkt)
{
	struct weir_steer_batch *batch = &s->batches[to];
	struct rte_mbuf *m = pkt->buf;
	struct weir_pkt *copy = rte_mbuf_to_priv(m);

	*copy = *pkt;
	copy->generation = s->policy->generation;
	batch->pkts[batch->n++] = m;
	s->given++;
}

bool weir_steer_is_of_any(const struct weir_steer *s, const struct weir_pkt *pkt)
{
	const struct weir_policy *p = s->policy;
	bool rss = false;

	if (pkt->key.id & WEIR_KEY_BACKEND ||
		p->services[weir_policy_service_of(p, pkt->key.id)].mode != WEIR_MODE_FULLNAT)
		return false;
	for (unsigned int i = 0; i < p->n_ports; i++)
		rss |= s->nics[i].rss;
	return rss;
}

bool weir_steer_pass_along(struct weir_steer *s, struct weir_pkt *pkt, uint64_t now_ns)
{
	const unsigned int n = s->policy->n_workers;

	if (pkt->hops + 1u >= n || !weir_steer_is_of_any(s, pkt))
		return false;
	if (pkt->hops == 0 && !weir_bucket_take(&s->searches, now_ns))
		return false;
	pkt->hops++;
	weir_steer_give(s, s->self + 1 == n ? 0 : s->self + 1, pkt);
	return true;
}

static void send_batch(struct weir_steer *s, struct rte_ring *to, struct weir_steer_batch *batch)
{
	unsigned int sent = rte_ring_sp_enqueue_burst(to, (void **)batch->pkts, batch->n, NULL);

	weir_count(&s->counters->handed_out, sent);
	weir_count(&s->counters->event[WEIR_EVENT_handed_over], sent);
	if (sent < batch->n) {
		weir_count(&s->counters->fate[WEIR_FATE_handover_full], batch->n - sent);
		rte_pktmbuf_free_bulk(&batch->pkts[sent], batch->n - sent);
	}
	batch->n = 0;
}

void weir_steer_send(struct weir_steer *s)
{
	if (s->given == 0)
		return;
	for (unsigned int to = 0; to < s->policy->n_workers; to++)
		if (s->batches[to].n > 0)
			send_batch(s, s->to[to], &s->batches[to]);
	s->given = 0;
}

unsigned int weir_steer_take(struct weir_steer *s, unsigned int from, struct weir_pkt *pkts)
{
	struct rte_mbuf *bufs[WEIR_BURST];
	unsigned int n = rte_ring_sc_dequeue_burst(s->from[from], (void **)bufs, WEIR_BURST, NULL);

	weir_count(&s->counters->handed_in, n);
	for (unsigned int i = 0; i < n; i++)
		rte_prefetch0(rte_mbuf_to_priv(bufs[i]));
	for (unsigned int i = 0; i < n; i++) {
		pkts[i] = *(const struct weir_pkt *)rte_mbuf_to_priv(bufs[i]);
		rte_prefetch0(pkts[i].frame.data);
	}
	return n;
}
