// SPDX-License-Identifier: BSD-3-Clause
#include "host.h"

#include <stdlib.h>

#include "base/seq.h"
#include "deed.h"
#include "segment.h"

static uint32_t bucket(uint16_t lport, uint32_t remote, uint16_t rport)
{
	return (lport * 31u + rport * 7u + remote) % SIM_BUCKETS;
}

void sim_host_add(struct sim_host *h, struct sim_peer *p)
{
	struct sim_peer **at = &h->peers[bucket(p->lport, p->remote, p->rport)];

	p->next = *at;
	*at = p;
}

/* The client's port tells connections apart, at either end. */
static bool use_port(struct sim_host *h, uint16_t port)
{
	uint8_t *bits = &h->used[port / 8], bit = (uint8_t)(1u << port % 8);
	bool before = *bits & bit;

	*bits |= bit;
	return before;
}

void sim_host_remove(struct sim_host *h, struct sim_peer *p)
{
	struct sim_peer **at = &h->peers[bucket(p->lport, p->remote, p->rport)];

	while (*at != p)
		at = &(*at)->next;
	*at = p->next;
}

struct sim_peer *sim_host_find(const struct sim_host *h, uint16_t lport, uint32_t remote,
	uint16_t rport)
{
	struct sim_peer *p = h->peers[bucket(lport, remote, rport)];

	while (p != NULL &&
		(p->lport != lport || p->remote != remote || p->rport != rport ||
			p->state == SIM_CLOSED))
		p = p->next;
	return p;
}

uint32_t sim_host_ts(const struct sim_host *h, const struct sim_flavour *f)
{
	uint32_t tick_ms = f->ts_tick_ms ? f->ts_tick_ms : 1;

	return (uint32_t)(h->queue->now_ns / SIM_MS / tick_ms) + h->ts_bias;
}

void sim_host_send(struct sim_host *h, const struct sim_seg *s, bool odd)
{
	uint8_t frame[SIM_FRAME_MAX];

	if (h->power == SIM_DEAD)
		return;
	sim_link_send(&h->up, frame, sim_wire_write(frame, s, odd));
}

/* RFC 6528's clock, or close to where numbers wrap. A successor on the same tuple begins above. */
static uint32_t choose_iss(struct sim_host *h, const struct sim_peer *old)
{
	if (old != NULL)
		return old->nxt + sim_between(&h->random, 1, 100000);
	if (sim_chance(&h->random, 300000))
		return 0u - sim_below(&h->random, 60000);
	return (uint32_t)(h->queue->now_ns / 4000) + (uint32_t)sim_random(&h->random);
}

/* RFC 9293 §3.10.7.1 */
static void refuse(struct sim_host *h, const struct sim_seg *s)
{
	struct sim_seg rst = {
		.family = s->family,
		.src = s->dst,
		.dst = s->src,
		.sport = s->dport,
		.dport = s->sport,
		.flags = WEIR_TCP_RST,
		.wscale = SIM_NO_WSCALE,
	};

	if (s->flags & WEIR_TCP_RST)
		return;
	sim_did(SIM_DID_stray_refused);
	if (s->flags & WEIR_TCP_ACK) {
		rst.seq = s->ack;
	} else {
		rst.ack = s->seq + sim_seg_len(s);
		rst.flags |= WEIR_TCP_ACK;
	}
	sim_host_send(h, &rst, false);
}

static bool is_syn(const struct sim_seg *s)
{
	const uint8_t mask = WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST | WEIR_TCP_FIN;

	return (s->flags & mask) == WEIR_TCP_SYN;
}

/* `old`: what is in TIME_WAIT on the tuple, or NULL. */
static void accept_syn(struct sim_host *h, const struct sim_seg *s, const struct sim_peer *old)
{
	uint32_t iss = choose_iss(h, old);
	struct sim_peer *p = sim_peer_new(h, h->flavour, s->family, s->dport, s->src, s->sport);

	p->reused = use_port(h, s->sport);
	h->user->accepted(h, p);
	sim_peer_accept(p, s, iss);
}

/* In TIME_WAIT, and its application has read everything. */
static bool is_left(const struct sim_peer *p)
{
	return p->state == SIM_TIME_WAIT && p->app == NULL;
}

/* RFC 9293 §3.10.7.4 and RFC 6191 §2: a SYN that cannot be an old one. */
static bool is_newer(const struct sim_peer *old, const struct sim_seg *s)
{
	if (old->ts && s->ts && s->tsval != old->ts_recent)
		return weir_seq_lt(old->ts_recent, s->tsval);
	return weir_seq_lt(old->rcv_nxt, s->seq);
}

static bool may_follow(const struct sim_peer *old, const struct sim_seg *s)
{
	return is_left(old) && is_syn(s) && !old->flavour->old_time_wait && is_newer(old, s);
}

/* The router before it says so. */
static void unreachable(struct sim_host *h, const uint8_t *about, uint32_t len)
{
	uint8_t frame[SEGMENT_FRAME_MAX];

	if (len < SIM_HEADERS || len < ip_l4_off(ip_read(about + IP_OFF).family) + 8)
		return;
	sim_did(SIM_DID_unreachable);
	sim_link_send(&h->up, frame,
		(uint32_t)segment_error(about, h->addr + 100, SEGMENT_NO_HOST, frame));
}

/*
 * HC-28: an ICMP error about a segment of this end, in its own numbers; it changes nothing here. Not about one
 * that is acknowledged, unless the acknowledgement was on its way.
 */
static bool is_own_error(const struct sim_host *h, const uint8_t *frame, uint32_t len)
{
	const struct sim_peer *p;
	struct sim_seg s;

	if (!sim_wire_read_error(&s, frame, len) || s.src != h->addr)
		return false;
	sim_did(SIM_DID_error_heard);
	p = sim_host_find(h, s.sport, s.dst, s.dport);
	return p == NULL || p->reused || (weir_seq_le(p->iss, s.seq) && weir_seq_lt(s.seq, p->nxt));
}

static void hear(struct sim_link *link, const uint8_t *frame, uint32_t len)
{
	struct sim_host *h = link->end;
	struct sim_peer *p;
	struct sim_seg s;

	if (h->power == SIM_DEAD) {
		if (h->router)
			unreachable(h, frame, len);
		return;
	}
	if (is_own_error(h, frame, len))
		return;
	if (!sim_wire_read(&s, frame, len) || s.dst != h->addr) {
		if (link->quality.corrupt == 0 && link->quality.truncate == 0)
			h->user->garbled(h);
		return;
	}
	p = sim_host_find(h, s.dport, s.src, s.sport);
	if (p != NULL && h->watch != NULL)
		h->watch(p, &s);
	if (p != NULL && may_follow(p, &s) && s.dport == h->listen && h->power == SIM_UP) {
		sim_did(SIM_DID_time_wait_followed);
		accept_syn(h, &s, p);
		sim_peer_forget(p);
	} else if (p != NULL) {
		if (p->state == SIM_TIME_WAIT && is_syn(&s)) {
			sim_did(SIM_DID_time_wait_ack);
			/* a client's own numbers need not be newer than those of its last backend */
			if (is_newer(p, &s) || h->seals) {
				h->turned_away++;
				h->turned_away_ns = h->queue->now_ns;
			}
		}
		sim_peer_receive(p, &s);
	} else if (is_syn(&s) && s.dport == h->listen && h->power == SIM_UP) {
		accept_syn(h, &s, NULL);
	} else {
		refuse(h, &s);
	}
}

void sim_host_init(struct sim_host *h, struct sim_queue *q, uint32_t addr, struct sim_random *r)
{
	*h = (struct sim_host){.queue = q, .addr = addr, .random = sim_random_fork(r)};
	h->up = (struct sim_link){.queue = q, .random = sim_random_fork(r)};
	h->down = (struct sim_link){
		.queue = q, .random = sim_random_fork(r), .deliver = hear, .end = h};
	/* Some clocks wrap while the connections live. */
	h->ts_bias = (uint32_t)sim_random(r);
	if (sim_chance(r, 250000))
		h->ts_bias = 0u - (uint32_t)(q->now_ns / SIM_MS) - sim_below(r, 120000);
}

struct sim_peer *sim_host_connect(struct sim_host *h, const struct sim_flavour *f,
	enum weir_family family, uint16_t lport, uint32_t remote, uint16_t rport, uint32_t syn_data,
	void *app)
{
	struct sim_peer *old = sim_host_find(h, lport, remote, rport), *p;
	uint32_t iss;

	if (old != NULL && !is_left(old))
		return NULL;
	iss = choose_iss(h, old);
	if (old != NULL) {
		sim_did(SIM_DID_port_reused);
		sim_peer_forget(old);
	}
	p = sim_peer_new(h, f, family, lport, remote, rport);
	p->app = app;
	p->syn_data = syn_data;
	p->reused = use_port(h, lport);
	sim_peer_connect(p, iss);
	return p;
}

void sim_host_set_power(struct sim_host *h, enum sim_power power)
{
	h->power = power;
	for (unsigned int i = 0; i < SIM_BUCKETS && power == SIM_DEAD; i++)
		for (struct sim_peer *p = h->peers[i]; p != NULL; p = p->next)
			sim_peer_forget(p);
}

uint32_t sim_host_active(const struct sim_host *h)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < SIM_BUCKETS; i++)
		for (const struct sim_peer *p = h->peers[i]; p != NULL; p = p->next)
			n += p->state != SIM_CLOSED && p->state != SIM_TIME_WAIT;
	return n;
}

void sim_host_free(struct sim_host *h)
{
	for (unsigned int i = 0; i < SIM_BUCKETS; i++) {
		while (h->peers[i] != NULL) {
			struct sim_peer *p = h->peers[i];

			sim_host_remove(h, p);
			sim_peer_free(p);
		}
	}
}
