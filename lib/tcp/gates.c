// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/gates.h"

#include "tcp/calm.h"
#include "tcp/engine.h"

/* Stale entries that one look at a gate clears away. */
#define CLEAR_MAX 8

/* In a flood the queue is full of what will never be answered. A client that is there answers at once. */
static void clear_stale(struct weir_proxy *px, const struct weir_halfopen_queue *q, uint32_t keeps)
{
	for (unsigned int i = 0; i < CLEAR_MAX && q->count > keeps; i++) {
		if (weir_calm_age_ms(px, conn_at(px, q->oldest)) < 1000 * WEIR_GATE_STALE_S)
			return;
		weir_calm_evict(px, conn_at(px, q->oldest));
	}
}

/* What the gate says has changed. */
static void note_change(struct weir_proxy *px, uint32_t service, bool cookies)
{
	struct weir_service_counters *n = &px->counters.service[service];

	px->n_calm += cookies ? -1u : 1;
	event(px, cookies ? WEIR_EVENT_gate_cookies : WEIR_EVENT_gate_entries);
	weir_count(&n->switches, 1);
	weir_gauge(&n->switched_s, (px->now_ns + px->wall_offset_ns) / 1000000000);
}

void weir_gates_look(struct weir_proxy *px, uint32_t service)
{
	struct weir_service_counters *n = &px->counters.service[service];
	struct weir_gate *gate = &px->gates[service];
	const struct weir_halfopen_queue *q = &px->half_open.of[service];
	struct weir_gate_load load = {.syns = n->syn, .handshakes = n->opened};

	gate->rule.mode = weir_orders_mode(px->orders, px->policy, service);
	if (q->count > weir_gate_keeps(gate))
		clear_stale(px, q, weir_gate_keeps(gate));
	load.entries = q->count;
	if (weir_gate_step(gate, &load, px->now_ns))
		note_change(px, service, gate->cookies);
	weir_gauge(&n->calm, !gate->cookies);
}

/* The service is new under its number. */
static void begin_gate(struct weir_proxy *px, uint32_t service, const struct weir_gate_rule *rule)
{
	px->n_calm -= !px->gates[service].cookies;
	weir_gate_init(&px->gates[service], rule, px->now_ns);
	px->n_calm += !px->gates[service].cookies;
}

void weir_gates_adopt(struct weir_proxy *px, uint32_t generation)
{
	for (uint32_t i = 0; i < px->policy->n_services; i++) {
		const struct weir_service *s = &px->policy->services[i];
		const struct weir_gate_rule rule = weir_gate_rule(px->policy, s);

		px->gates[i].rule = rule;
		if (s->since > generation)
			begin_gate(px, i, &rule);
		if (s->since > generation || s->profile.require_timestamps)
			px->no_timestamps[i] = false;
		weir_gates_look(px, i);
	}
}

void weir_gates_init(struct weir_proxy *px, struct weir_arena *arena)
{
	const uint32_t room = weir_policy_service_room(px->policy);

	px->gates = weir_arena_take(arena, room * sizeof(*px->gates));
	px->no_timestamps = weir_arena_take(arena, room);
	for (uint32_t i = 0; px->gates != NULL && i < room; i++)
		px->gates[i].cookies = true; /* a number that nothing has is not calm */
	for (uint32_t i = 0; px->gates != NULL && i < px->policy->n_services; i++) {
		const struct weir_gate_rule rule =
			weir_gate_rule(px->policy, &px->policy->services[i]);

		begin_gate(px, i, &rule);
	}
}

/* Every SYN gets a cookie and nothing is left of other times: looking would change nothing. */
static bool is_settled(const struct weir_proxy *px, uint32_t service)
{
	return px->gates[service].cookies && px->half_open.of[service].count == 0 &&
		weir_orders_mode(px->orders, px->policy, service) == WEIR_SYN_COOKIES_ALWAYS;
}

void weir_gates_turn(struct weir_proxy *px)
{
	px->gates_due_ns = px->now_ns + 1000000;
	for (uint32_t n = px->policy->n_services / WEIR_GATES_ROUND_MS + 1; n > 0; n--) {
		if (++px->gate_hand >= px->policy->n_services)
			px->gate_hand = 0;
		if (!is_settled(px, px->gate_hand))
			weir_gates_look(px, px->gate_hand);
	}
}
