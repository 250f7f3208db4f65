// SPDX-License-Identifier: BSD-3-Clause
#include "ends.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "random.h"

const uint32_t delay_ms[DELAYS] = {
	[DELAY_200_MS] = 200,
	[DELAY_400_MS] = 400,
	[DELAY_800_MS] = 800,
	[DELAY_1600_MS] = 1600,
	[DELAY_3200_MS] = 3200,
	[DELAY_6400_MS] = 6400,
	[DELAY_1_S] = 1000,
	[DELAY_2_S] = 2000,
	[DELAY_4_S] = 4000,
	[DELAY_8_S] = 8000,
	[DELAY_30_S] = 30000,
};

int ends_init(struct ends *e, uint32_t size)
{
	uint32_t slots = 16;

	while (slots < 2 * size)
		slots *= 2;
	memset(e, 0, sizeof(*e));
	e->at = calloc(size, sizeof(*e->at));
	e->slots = malloc(slots * sizeof(*e->slots));
	if (e->at == NULL || e->slots == NULL) {
		ends_free(e);
		return -ENOMEM;
	}
	e->size = size;
	e->mask = slots - 1;
	memset(e->slots, 0xff, slots * sizeof(*e->slots));
	for (uint32_t i = 0; i < size; i++)
		e->at[i].next = i + 1 < size ? i + 1 : ENDS_NONE;
	for (unsigned int d = 0; d < DELAYS; d++)
		e->queue[d].first = e->queue[d].last = ENDS_NONE;
	return 0;
}

void ends_free(struct ends *e)
{
	free(e->at);
	free(e->slots);
	memset(e, 0, sizeof(*e));
}

/*
 * Finding
 */

static uint32_t home(const struct ends *e, const struct end_key *k)
{
	uint64_t addrs = (uint64_t)k->remote_be << 32 | k->local_be;
	uint64_t ports = (uint64_t)k->rport_be << 16 | k->lport_be;

	return (uint32_t)random_mix(addrs ^ random_mix(ports)) & e->mask;
}

static bool is_same(const struct end_key *a, const struct end_key *b)
{
	return a->remote_be == b->remote_be && a->rport_be == b->rport_be &&
		a->local_be == b->local_be && a->lport_be == b->lport_be;
}

struct end *ends_find(const struct ends *e, const struct end_key *key)
{
	for (uint32_t s = home(e, key); e->slots[s] != ENDS_NONE; s = (s + 1) & e->mask)
		if (is_same(&e->at[e->slots[s]].key, key))
			return &e->at[e->slots[s]];
	return NULL;
}

struct end *ends_add(struct ends *e, const struct end_key *key)
{
	uint32_t i = e->free, s = home(e, key);
	struct end *end;

	if (i == ENDS_NONE)
		return NULL;
	end = &e->at[i];
	e->free = end->next;
	memset(end, 0, sizeof(*end));
	end->key = *key;
	end->delay = DELAY_NONE;
	while (e->slots[s] != ENDS_NONE)
		s = (s + 1) & e->mask;
	e->slots[s] = i;
	e->used++;
	return end;
}

/* Linear probing: a key that could not be found with a hole at `hole` moves there, and leaves a hole. */
static void close_up(struct ends *e, uint32_t hole)
{
	for (uint32_t s = (hole + 1) & e->mask; e->slots[s] != ENDS_NONE; s = (s + 1) & e->mask) {
		uint32_t at_home = home(e, &e->at[e->slots[s]].key);

		if (((s - at_home) & e->mask) < ((s - hole) & e->mask))
			continue;
		e->slots[hole] = e->slots[s];
		hole = s;
	}
	e->slots[hole] = ENDS_NONE;
}

void ends_remove(struct ends *e, struct end *end)
{
	uint32_t i = (uint32_t)(end - e->at), s = home(e, &end->key);

	ends_wake(e, end, DELAY_NONE, 0);
	while (e->slots[s] != i)
		s = (s + 1) & e->mask;
	close_up(e, s);
	end->next = e->free;
	e->free = i;
	e->used--;
}

/*
 * Time
 */

static void leave(struct ends *e, struct end *end)
{
	if (end->prev != ENDS_NONE)
		e->at[end->prev].next = end->next;
	else
		e->queue[end->delay].first = end->next;
	if (end->next != ENDS_NONE)
		e->at[end->next].prev = end->prev;
	else
		e->queue[end->delay].last = end->prev;
	end->delay = DELAY_NONE;
}

void ends_wake(struct ends *e, struct end *end, enum delay delay, uint64_t now_ns)
{
	uint32_t i = (uint32_t)(end - e->at);

	if (end->delay != DELAY_NONE)
		leave(e, end);
	if (delay == DELAY_NONE)
		return;
	end->delay = (uint8_t)delay;
	end->due_ns = now_ns + delay_ms[delay] * 1000000ull;
	end->prev = e->queue[delay].last;
	end->next = ENDS_NONE;
	if (end->prev != ENDS_NONE)
		e->at[end->prev].next = i;
	else
		e->queue[delay].first = i;
	e->queue[delay].last = i;
}

struct end *ends_due(struct ends *e, uint64_t now_ns)
{
	for (unsigned int d = 0; d < DELAYS; d++) {
		struct end *end;

		if (e->queue[d].first == ENDS_NONE)
			continue;
		end = &e->at[e->queue[d].first];
		if (end->due_ns > now_ns)
			continue;
		leave(e, end);
		return end;
	}
	return NULL;
}
