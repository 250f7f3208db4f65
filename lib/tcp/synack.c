// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/synack.h"

#include <string.h>

/* RFC 6298 §2: a first timeout of one second, then twice that. Counted from the first SYN-ACK. */
static const uint32_t due_after_ms[2] = {1000, 3000};

void weir_synack_init(struct weir_synack_ring *r, struct weir_arena *arena, uint32_t size,
	uint32_t sharers)
{
	uint32_t pow2 = size ? 1 : 0;

	while (pow2 != 0 && pow2 < size)
		pow2 *= 2;
	*r = (struct weir_synack_ring){.size = pow2};
	r->at = weir_arena_take(arena, pow2 * sizeof(*r->at));
	r->of = weir_arena_take(arena, sharers * sizeof(*r->of));
	for (uint32_t i = 0; i < sharers && size == 0 && r->of != NULL; i++)
		r->of[i].silent_until_ns = UINT64_MAX;
}

static struct weir_synack *entry(const struct weir_synack_ring *r, uint64_t place)
{
	return &r->at[place & (r->size - 1)];
}

static void forget(struct weir_synack_ring *r, struct weir_synack_sharer *of)
{
	r->waiting -= of->waiting;
	of->waiting = 0;
	of->forgotten = r->head;
	if (r->waiting == 0) /* none but what waits for its second retransmission */
		r->due[0] = r->due[1] = r->head;
}

void weir_synack_clear(struct weir_synack_ring *r, uint32_t sharers)
{
	for (uint32_t i = 0; i < sharers; i++)
		forget(r, &r->of[i]);
}

static bool is_forgotten(const struct weir_synack_ring *r, uint64_t place)
{
	return place < r->of[entry(r, place)->sharer].forgotten;
}

/* There is a place to write to: the oldest entry may lose its second retransmission, not its first. */
static bool has_place(struct weir_synack_ring *r)
{
	if (r->head - r->due[0] == r->size && is_forgotten(r, r->due[0]))
		r->due[0]++;
	if (r->head - r->due[0] == r->size)
		return false;
	if (r->head - r->due[1] == r->size)
		r->due[1]++;
	return true;
}

struct weir_synack *weir_synack_push(struct weir_synack_ring *r, uint16_t sharer, uint64_t now_ns)
{
	struct weir_synack_sharer *of = &r->of[sharer];
	struct weir_synack *s;

	if (weir_synack_silent(r, sharer, now_ns))
		return NULL;
	if (of->waiting >= 3 * (r->size - r->waiting)) {
		forget(r, of);
		of->silent_until_ns = now_ns + WEIR_SYNACK_SILENT_NS;
		return NULL;
	}
	if (!has_place(r))
		return NULL;
	of->waiting++;
	r->waiting++;
	s = entry(r, r->head++);
	s->sharer = sharer;
	s->sent_ms = (uint32_t)(now_ns / 1000000);
	return s;
}

/* Passes the entry by; false: its time has not come. *s: it, or NULL if it is forgotten. */
static bool pass(struct weir_synack_ring *r, unsigned int i, uint32_t now_ms,
	const struct weir_synack **s)
{
	const struct weir_synack *next = entry(r, r->due[i]);
	const bool forgotten = is_forgotten(r, r->due[i]);

	if (!forgotten && now_ms - next->sent_ms < due_after_ms[i])
		return false;
	r->due[i]++;
	*s = forgotten ? NULL : next;
	if (i == 0 && !forgotten) {
		r->of[next->sharer].waiting--;
		r->waiting--;
	}
	return true;
}

const struct weir_synack *weir_synack_due(struct weir_synack_ring *r, uint64_t now_ns,
	unsigned int *limit)
{
	const uint32_t now_ms = (uint32_t)(now_ns / 1000000);
	const struct weir_synack *s;

	for (unsigned int i = 0; i < 2; i++)
		while (*limit > 0 && r->due[i] != r->head && pass(r, i, now_ms, &s)) {
			--*limit;
			if (s != NULL)
				return s;
		}
	return NULL;
}

bool weir_resend_has(struct weir_resend *b, uint64_t syns, uint64_t now_ns)
{
	const uint32_t now_s = (uint32_t)(now_ns / 1000000000);
	const uint64_t most = WEIR_RESEND_MOST * WEIR_RESEND_COST;
	const uint32_t seconds = now_s - b->now_s < 16 ? now_s - b->now_s : 16;
	const uint64_t earned = syns - b->syns + seconds * WEIR_RESEND_COST / 2;

	b->credit = (uint32_t)(earned > most - b->credit ? most : b->credit + earned);
	b->syns = syns;
	b->now_s = now_s;
	return b->credit >= WEIR_RESEND_COST;
}

void weir_resend_take(struct weir_resend *b)
{
	b->credit -= WEIR_RESEND_COST;
}
