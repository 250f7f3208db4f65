// SPDX-License-Identifier: BSD-3-Clause
#include "flow/inquiry.h"

static bool any_or(uint16_t wanted, uint16_t is)
{
	return wanted == WEIR_NONE16 || wanted == is;
}

static bool wanted(const struct weir_inquiry *q, const struct weir_policy *p,
	const struct weir_conn *c)
{
	static const struct weir_addr none;

	if (weir_addr_eq(&c->client.addr, &none)) /* free: flow/table.h */
		return false;
	return (!q->by_client || weir_addr_eq(&c->client.addr, &q->client)) &&
		any_or(q->service, weir_policy_service_of(p, c->client.id)) &&
		any_or(q->backend, c->backend) && any_or(q->conn_state, c->state);
}

/* Never trusts what it was asked: limit and cursor are another thread's numbers. */
static void answer(struct weir_inquiry *q, const struct weir_table *t, const struct weir_policy *p)
{
	uint32_t limit = q->limit < WEIR_INQUIRY_FOUND ? q->limit : WEIR_INQUIRY_FOUND;
	uint32_t at = q->cursor;
	uint32_t n = 0;

	for (uint32_t looked = 0; at < t->fresh && n < limit && looked < WEIR_INQUIRY_SCAN;
		looked++) {
		const struct weir_conn *c = weir_table_conn(t, at++);

		if (wanted(q, p, c))
			q->found[n++] = *c;
	}
	q->n_found = n;
	q->cursor = at < t->fresh ? at : WEIR_INQUIRY_END;
}

void weir_inquiry_serve(struct weir_inquiry *q, const struct weir_table *t,
	const struct weir_policy *p, uint32_t now_tick)
{
	if (__atomic_load_n(&q->state, __ATOMIC_ACQUIRE) != WEIR_INQUIRY_ASKED)
		return;
	answer(q, t, p);
	q->now_tick = now_tick;
	__atomic_store_n(&q->state, WEIR_INQUIRY_ANSWERED, __ATOMIC_RELEASE);
}
