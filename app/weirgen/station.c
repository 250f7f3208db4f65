// SPDX-License-Identifier: BSD-3-Clause
#include "station.h"

#include <string.h>

#include "flow/counters.h"
#include "wire/parse.h"

#define BURST 32

/*
 * Set-up
 */

static struct weir_header flood_header(const struct options *o)
{
	struct weir_header h = o->tcp;

	h.dst = weir_addr_v4(weir_be32(o->to));
	h.dport_be = weir_be16(o->to_port);
	h.wnd = 64240;
	h.flags = o->flood_flags;
	if (h.flags == WEIR_TCP_ACK) {
		h.mss = 0;
		h.sack_ok = false;
		h.wscale = WEIR_WSCALE_NONE;
	}
	h.tsval = (uint32_t)random_mix(o->seed);
	h.tsecr = h.flags == WEIR_TCP_ACK ? (uint32_t)random_mix(o->seed + 1) : 0;
	return h;
}

static void init_flood(struct station *s)
{
	const struct options *o = s->o;

	s->flood.from = o->mode == MODE_MIXED ? o->flood_from : o->from;
	s->flood.sweep = o->sweep;
	s->flood.random = o->seed;
	s->flood.secret = s->meter.secret = random_mix(~o->seed);
	s->meter.to_be = weir_be32(o->to);
	s->meter.to_port_be = weir_be16(o->to_port);
}

static void init_link(struct station *s)
{
	const struct options *o = s->o;
	struct range self = {.first = o->self, .n = 1};

	s->link.self = o->self;
	s->link.hop = o->gateway;
	s->link.wanted = !o->has_gateway_mac;
	s->link.known = o->has_gateway_mac;
	memcpy(s->link.mac, o->gateway_mac, sizeof(s->link.mac));
	link_own(&s->link, &self);
	link_own(&s->link, &o->from);
}

int station_open(struct station *s, const struct options *o, unsigned int number,
	struct weir_dp_error *err)
{
	memset(s, 0, sizeof(*s));
	s->o = o;
	s->left = o->count > 0 ? o->count : UINT64_MAX;
	init_link(s);
	init_flood(s);
	return port_open(&s->port, o->devices[number], number, err);
}

void station_close(struct station *s)
{
	port_close(&s->port);
}

bool station_is_ready(const struct station *s)
{
	return __atomic_load_n(&s->link.known, __ATOMIC_ACQUIRE);
}

/*
 * A turn
 */

static void start(struct station *s, uint64_t now_ns)
{
	struct weir_header h = flood_header(s->o);

	frame_make(&s->flood.template, &h, s->o->payload, s->port.nic.mac, s->link.mac);
	pacer_init(&s->pacer, s->o->rate, now_ns);
	weir_gauge(&s->started_ns, now_ns);
}

static enum meter_class take(struct station *s, struct weir_pkt *pkt)
{
	switch (weir_parse(pkt)) {
	case WEIR_PARSED_ARP:
		link_receive(&s->link, &s->port, pkt);
		return METER_ARP;
	case WEIR_PARSED_ICMP:
		return METER_ICMP;
	case WEIR_PARSED_BAD:
		return METER_BAD;
	case WEIR_PARSED_TCP:
		return meter_judge(&s->meter, &pkt->seg, s->o->flood_flags);
	}
	return METER_BAD;
}

static unsigned int receive(struct station *s)
{
	struct weir_pkt pkts[WEIR_BURST];
	uint64_t seen[METER_CLASSES] = {0};
	unsigned int n = port_receive(&s->port, pkts);

	if (n == 0)
		return 0;
	for (unsigned int i = 0; i < n; i++)
		seen[take(s, &pkts[i])]++;
	port_drop(pkts, n);
	for (unsigned int c = 0; c < METER_CLASSES; c++)
		weir_count(&s->meter.seen[c], seen[c]);
	return n;
}

static unsigned int generate(struct station *s, uint64_t now_ns)
{
	unsigned int n;

	if (s->started_ns == 0)
		start(s, now_ns);
	n = pacer_due(&s->pacer, now_ns, BURST);
	if (n > s->left)
		n = (unsigned int)s->left;
	if (n > port_room(&s->port, n)) {
		n = port_room(&s->port, n);
		weir_count(&s->full, 1);
	}
	pacer_take(&s->pacer, n);
	flood_send(&s->flood, &s->port, n);
	s->left -= n;
	return n;
}

static void stop(struct station *s, uint64_t now_ns)
{
	if (s->started_ns != 0 && s->stopped_ns == 0)
		weir_gauge(&s->stopped_ns, now_ns);
}

bool station_turn(struct station *s, enum phase phase, uint64_t now_ns)
{
	unsigned int n = receive(s);

	link_keep(&s->link, &s->port, now_ns);
	if (phase == PHASE_RUN && s->left > 0)
		n += generate(s, now_ns);
	else if (phase != PHASE_MEET)
		stop(s, now_ns);
	port_flush(&s->port);
	return n > 0;
}
