// SPDX-License-Identifier: BSD-3-Clause
/* Owns the held packets and their links; the heads of the lists are the connections'. */
#include "flow/held.h"

#include "base/seq.h"

void weir_held_init(struct weir_held *h, struct weir_arena *arena, uint32_t capacity,
	uint32_t sharers)
{
	*h = (struct weir_held){.capacity = capacity, .free_head = WEIR_HELD_NONE};
	h->pkts = weir_arena_take(arena, (size_t)capacity * sizeof(*h->pkts));
	h->of = weir_arena_take(arena, (size_t)sharers * sizeof(*h->of));
}

bool weir_held_put(struct weir_held *h, uint32_t sharer, uint32_t *head, const struct weir_pkt *pkt)
{
	uint32_t i = h->free_head;

	if (i != WEIR_HELD_NONE)
		h->free_head = h->pkts[i].next;
	else if (h->fresh < h->capacity)
		i = h->fresh++;
	else
		return false;
	h->pkts[i].pkt = *pkt;
	h->pkts[i].next = WEIR_HELD_NONE;
	h->pkts[i].sharer = sharer;
	h->of[sharer]++;
	while (*head != WEIR_HELD_NONE)
		head = &h->pkts[*head].next;
	*head = i;
	h->count++;
	return true;
}

bool weir_held_get(struct weir_held *h, uint32_t *head, struct weir_pkt *pkt)
{
	uint32_t i = *head;

	if (i == WEIR_HELD_NONE)
		return false;
	*pkt = h->pkts[i].pkt;
	*head = h->pkts[i].next;
	h->of[h->pkts[i].sharer]--;
	h->pkts[i].next = h->free_head;
	h->free_head = i;
	h->count--;
	return true;
}

bool weir_held_has(const struct weir_held *h, uint32_t head, const struct weir_seg *seg)
{
	for (uint32_t i = head; i != WEIR_HELD_NONE; i = h->pkts[i].next) {
		const struct weir_seg *held = &h->pkts[i].pkt.seg;

		if (held->seq == seg->seq && held->payload_len == seg->payload_len &&
			((held->flags ^ seg->flags) & WEIR_TCP_FIN) == 0)
			return true;
	}
	return false;
}

uint32_t weir_held_end(const struct weir_held *h, uint32_t head, uint32_t start)
{
	uint32_t end = start;

	for (uint32_t i = head; i != WEIR_HELD_NONE; i = h->pkts[i].next)
		end = weir_seq_max(end, weir_seg_end(&h->pkts[i].pkt.seg));
	return end;
}

void weir_held_sum(const struct weir_held *h, uint32_t head, uint32_t *pkts, uint32_t *bytes)
{
	*pkts = 0;
	*bytes = 0;
	for (uint32_t i = head; i != WEIR_HELD_NONE; i = h->pkts[i].next) {
		++*pkts;
		*bytes += h->pkts[i].pkt.seg.payload_len;
	}
}
