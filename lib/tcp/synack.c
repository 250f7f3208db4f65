// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/synack.h"

/* RFC 6298 §2: a first timeout of one second, then twice that. Counted from the first SYN-ACK. */
static const uint32_t due_after_ms[2] = {1000, 3000};

void weir_synack_init(struct weir_synack_ring *r, struct weir_arena *arena, uint32_t size)
{
	uint32_t pow2 = size ? 1 : 0;

	while (pow2 != 0 && pow2 < size)
		pow2 *= 2;
	r->at = weir_arena_take(arena, pow2 * sizeof(*r->at));
	r->size = pow2;
	r->head = r->due[0] = r->due[1] = 0;
	r->silent = false;
}

void weir_synack_clear(struct weir_synack_ring *r)
{
	r->due[0] = r->due[1] = r->head;
}

struct weir_synack *weir_synack_push(struct weir_synack_ring *r, uint32_t now_ms)
{
	if (r->size == 0 || weir_synack_silent(r, now_ms))
		return NULL;
	r->silent = false;
	/* Full before the first entry is due. */
	if (r->head - r->due[0] == r->size) {
		weir_synack_clear(r);
		r->silent = true;
		r->silent_from_ms = now_ms;
		return NULL;
	}
	/* The oldest entry is overwritten: its second retransmission is lost. */
	if (r->head - r->due[1] == r->size)
		r->due[1]++;
	return &r->at[r->head++ & (r->size - 1)];
}

const struct weir_synack *weir_synack_due(struct weir_synack_ring *r, uint32_t now_ms,
	unsigned int *limit)
{
	for (unsigned int i = 0; i < 2 && *limit > 0; i++) {
		const struct weir_synack *s;

		if (r->due[i] == r->head)
			continue;
		s = &r->at[r->due[i] & (r->size - 1)];
		if (now_ms - s->sent_ms < due_after_ms[i])
			continue;
		r->due[i]++;
		--*limit;
		return s;
	}
	return NULL;
}
