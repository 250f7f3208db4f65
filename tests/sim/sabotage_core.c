// SPDX-License-Identifier: BSD-3-Clause
/* What the core remembers, spoilt by way of its own functions: each is a defence that it lacks. */
#include <string.h>

#include "sabotage.h"
#include "tcp/engine.h"

/* Of every worker's connections the first that is meant; NULL: none is. */
static struct weir_conn *find(struct shell *s, struct weir_proxy **of,
	bool (*meant)(const struct weir_conn *c, const struct weir_seg *seg),
	const struct weir_seg *seg)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++) {
		struct weir_proxy *px = &s->workers[w].px;

		for (uint32_t i = 0; i < px->table.fresh; i++) {
			struct weir_conn *c = conn_at(px, i);

			*of = px;
			if (!is_free(c) && meant(c, seg))
				return c;
		}
	}
	return NULL;
}

static bool is_open_conn(const struct weir_conn *c, const struct weir_seg *seg)
{
	(void)seg;
	return c->state == WEIR_ESTABLISHED;
}

static bool is_of_client(const struct weir_conn *c, const struct weir_seg *seg)
{
	return weir_addr_eq(&c->client.addr, &seg->dst) && c->client.port_be == seg->dport_be;
}

static bool is_of_local(const struct weir_conn *c, const struct weir_seg *seg)
{
	return weir_addr_eq(&c->local.addr, &seg->src) && c->local.port_be == seg->sport_be;
}

static bool has_ended(const struct weir_conn *c, const struct weir_seg *seg)
{
	(void)seg;
	return !is_active(c);
}

/* A FIN counts wherever it is, and its receiver is taken to have it. */
static void believe_fin(struct shell *s, const struct shell_out *out)
{
	const bool to_client = out->fate == WEIR_FATE_to_client;
	const enum weir_side side = to_client ? WEIR_BACKEND : WEIR_CLIENT;
	struct weir_proxy *px;
	struct weir_conn *c = find(s, &px, to_client ? is_of_client : is_of_local, &out->seg);

	if (c == NULL || c->state < WEIR_ESTABLISHED || !is_active(c))
		return;
	weir_conn_step(px, c, side, WEIR_TCP_FIN_SENT);
	weir_conn_step(px, c, side, WEIR_TCP_FIN_ACKED);
}

/* No cookie is remembered for longer than its connection. */
static void forget_cookies(struct shell *s)
{
	struct weir_proxy *px;
	struct weir_conn *c = find(s, &px, has_ended, NULL);

	if (c == NULL)
		return;
	weir_conn_evict(px, c);
	memset(px->spent.line, 0, px->spent.lines * sizeof(*px->spent.line));
}

static void evict(struct shell *s, const struct shell_out *out,
	bool (*meant)(const struct weir_conn *c, const struct weir_seg *seg))
{
	struct weir_proxy *px;
	struct weir_conn *c = find(s, &px, meant, &out->seg);

	if (c != NULL)
		weir_conn_evict(px, c);
}

static void lift_caps(struct shell *s)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++)
		weir_crowd_cap(&s->workers[w].px.crowd, 0, 0, s->policy->n_workers);
}

static void share_held(struct shell *s)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++) {
		struct weir_held *h = &s->workers[w].px.held;

		for (uint32_t i = 1; i < s->policy->n_services; i++)
			h->of[i] = h->of[0];
	}
}

static void make_no_room(struct shell *s)
{
	s->policy->limits.adaptive_start = s->policy->limits.adaptive_end = 0;
	for (unsigned int w = 0; w < s->policy->n_workers; w++)
		s->workers[w].px.pressure.until_ns = 0;
}

void sim_sabotage_core(enum sim_sabotage kind, struct shell *s, const struct shell_out *out)
{
	if (kind == SIM_SABOTAGE_DISPLACE && out->seg.flags == WEIR_TCP_SYN)
		evict(s, out, is_open_conn);
	else if (kind == SIM_SABOTAGE_YIELDING && out->fate == WEIR_FATE_challenged)
		evict(s, out, is_of_client);
	else if (kind == SIM_SABOTAGE_GULLIBLE && (out->seg.flags & WEIR_TCP_FIN))
		believe_fin(s, out);
	else if (kind == SIM_SABOTAGE_FORGETFUL)
		forget_cookies(s);
	else if (kind == SIM_SABOTAGE_UNCAPPED)
		lift_caps(s);
	else if (kind == SIM_SABOTAGE_GREEDY)
		share_held(s);
	else if (kind == SIM_SABOTAGE_PATIENT)
		make_no_room(s);
}
