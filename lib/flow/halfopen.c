// SPDX-License-Identifier: BSD-3-Clause
/* Owns the links of conns in SYN_RCVD: conn->half_open. */
#include "flow/halfopen.h"

void weir_halfopen_init(struct weir_halfopen *h, struct weir_arena *arena, struct weir_conn *conns,
	uint32_t services)
{
	h->conns = conns;
	h->of = weir_arena_take(arena, services * sizeof(*h->of));
	for (uint32_t i = 0; h->of != NULL && i < services; i++)
		h->of[i] = (struct weir_halfopen_queue){WEIR_CONN_NONE, WEIR_CONN_NONE, 0};
}

void weir_halfopen_put(struct weir_halfopen *h, uint32_t service, uint32_t conn)
{
	struct weir_halfopen_queue *q = &h->of[service];

	h->conns[conn].half_open = (struct weir_half_open){q->newest, WEIR_CONN_NONE};
	if (q->newest != WEIR_CONN_NONE)
		h->conns[q->newest].half_open.newer = conn;
	else
		q->oldest = conn;
	q->newest = conn;
	q->count++;
}

void weir_halfopen_remove(struct weir_halfopen *h, uint32_t service, uint32_t conn)
{
	struct weir_halfopen_queue *q = &h->of[service];
	const struct weir_half_open link = h->conns[conn].half_open;

	if (link.older != WEIR_CONN_NONE)
		h->conns[link.older].half_open.newer = link.newer;
	else
		q->oldest = link.newer;
	if (link.newer != WEIR_CONN_NONE)
		h->conns[link.newer].half_open.older = link.older;
	else
		q->newest = link.older;
	q->count--;
}
