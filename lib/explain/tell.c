// SPDX-License-Identifier: BSD-3-Clause
#include "explain/tell.h"

#include <string.h>

static void put_endpoint(char *text, size_t size, const struct weir_addr *addr, uint16_t port_be)
{
	char a[WEIR_ADDR_TEXT];

	snprintf(text, size, weir_addr_is_v4(addr) ? "%s:%u" : "[%s]:%u", weir_addr_text(addr, a),
		weir_be16(port_be));
}

/* What is worth to be known of a SYN, or a SYN-ACK. */
static void put_options(struct weir_told *told, const struct weir_trace *t)
{
	const bool cookie = t->what == WEIR_TRACE_SENT && t->fate == WEIR_FATE_syn_cookie;

	if (!(t->flags & WEIR_TCP_SYN) || t->icmp)
		return;
	if (t->flags & WEIR_TCP_ACK)
		snprintf(told->options, sizeof(told->options), "%s", cookie ? "cookie" : "");
	else
		snprintf(told->options, sizeof(told->options), "mss %u", t->mss);
}

static bool is_forwarded(const struct weir_trace *t)
{
	return t->fate == WEIR_FATE_to_backend || t->fate == WEIR_FATE_to_client ||
		t->fate == WEIR_FATE_icmp_forwarded;
}

static void point(struct weir_arrow *a, const struct weir_trace *t)
{
	const uint8_t end = t->side == WEIR_CLIENT ? WEIR_RAIL_CLIENT : WEIR_RAIL_BACKEND,
		      other = t->side == WEIR_CLIENT ? WEIR_RAIL_BACKEND : WEIR_RAIL_CLIENT;

	switch ((enum weir_trace_what)t->what) {
	case WEIR_TRACE_RECEIVED:
		a->from = end;
		a->to = is_forwarded(t) && t->send != WEIR_SEND_HELD ? other : WEIR_RAIL_SYNWEIR;
		break;
	case WEIR_TRACE_RELEASED:
		a->from = is_forwarded(t) ? WEIR_RAIL_SYNWEIR : end;
		a->to = is_forwarded(t) ? end : WEIR_RAIL_SYNWEIR;
		break;
	case WEIR_TRACE_SENT:
		a->from = WEIR_RAIL_SYNWEIR;
		a->to = end;
		break;
	}
}

/* What is drawn as it should be needs no words. */
static void explain(struct weir_arrow *a, const struct weir_trace *t)
{
	const struct weir_fate_info *fate = &weir_fates[t->fate];

	if (t->send == WEIR_SEND_HELD) {
		a->fate = "held";
		return;
	}
	if (t->what == WEIR_TRACE_SENT || is_forwarded(t))
		return;
	a->fate = fate->name;
	a->ends = fate->class == WEIR_CLASS_DROP;
	if (a->ends || (fate->class == WEIR_CLASS_PASS && t->fate != WEIR_FATE_syn_cookie))
		a->why = fate->text;
}

static void name_backend(struct weir_told *told, const struct weir_trace *t,
	const struct weir_policy *p)
{
	const struct weir_backend *b = &p->backends[t->backend];
	char addr[64], local[64];

	put_endpoint(addr, sizeof(addr), &b->addr, b->port_be);
	put_endpoint(local, sizeof(local), &t->local, t->local_port_be);
	snprintf(told->backend, sizeof(told->backend), "%s %.46s, from %.46s", b->name, addr,
		local);
	told->of.backend = told->backend;
}

/* Numbers may be of another policy than p. */
static bool is_told(const struct weir_trace *t, const struct weir_policy *p)
{
	return t->listener < p->n_listeners &&
		(t->backend == WEIR_NONE16 || t->backend < p->n_backends);
}

bool weir_tell(struct weir_told *told, const struct weir_trace *t, const struct weir_policy *p)
{
	const struct weir_listener *l;
	char vip[64];

	memset(told, 0, sizeof(*told));
	if (!is_told(t, p))
		return false;
	l = &p->listeners[t->listener];
	put_endpoint(vip, sizeof(vip), &l->vip, l->port_be);
	put_endpoint(told->client, sizeof(told->client), &t->client, t->client_port_be);
	snprintf(told->service, sizeof(told->service), "%.40s %s", p->services[l->service].name,
		vip);
	told->of = (struct weir_ladder_of){
		.client = told->client, .service = told->service, .wall_ns = t->wall_ns};
	if (t->has_conn)
		name_backend(told, t, p);
	put_options(told, t);
	told->arrow = (struct weir_arrow){
		.time_ns = t->wall_ns,
		.flags = t->flags,
		.seq = t->seq,
		.ack = t->ack,
		.payload_len = t->payload_len,
		.options = told->options,
		.icmp = t->icmp,
		.state = {weir_end_state_name(t->state[0]), weir_end_state_name(t->state[1])},
	};
	point(&told->arrow, t);
	explain(&told->arrow, t);
	return true;
}
