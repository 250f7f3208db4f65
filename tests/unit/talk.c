// SPDX-License-Identifier: BSD-3-Clause
#include "talk.h"

#include <string.h>

#include "unit.h"

static const uint8_t mac_backends[6] = {2, 0, 0, 0, 0xbb, 1};

/* Ends the test, not the program. */
#define IS(a, b) CU_ASSERT_EQUAL_FATAL(a, b)

void talk_init(struct talk *t, struct shell *s, unsigned int service, unsigned int n)
{
	uint64_t seed = 1000 + n;

	*t = (struct talk){
		.s = s,
		.service = service,
		.client = 0xcb007100u + n % 250, /* 203.0.113.0/24 */
		.port = (uint16_t)(20000 + n / 250),
		.vip_port = SHELL_VIP_PORT,
		.mac = {2, 0, 0, 0, 0xcc, (uint8_t)n},
		.offer = {{.mss = 1460, .wscale = 7, .sack = true, .ts = true},
			{.mss = 1460, .wscale = 7, .sack = true, .ts = true}},
		.wnd = {502, 501},
		.isn = {(uint32_t)unit_random(&seed), (uint32_t)unit_random(&seed)},
		.tsval = {(uint32_t)unit_random(&seed), (uint32_t)unit_random(&seed)},
		.began_ms = s->now_ns / 1000000,
	};
	t->next[WEIR_CLIENT] = t->isn[WEIR_CLIENT] + 1;
	t->next[WEIR_BACKEND] = t->isn[WEIR_BACKEND] + 1;
}

void talk_begin_anew(struct talk *u, const struct talk *t, uint32_t isn_add)
{
	talk_init(u, t->s, t->service, 1);
	u->isn[WEIR_CLIENT] = t->isn[WEIR_CLIENT] + isn_add;
	u->next[WEIR_CLIENT] = u->isn[WEIR_CLIENT] + 1;
	u->isn[WEIR_BACKEND] += 7777777;
	u->next[WEIR_BACKEND] += 7777777;
}

/* The side's clock: a millisecond each. */
static uint32_t tsval_now(const struct talk *t, enum weir_side side)
{
	return t->tsval[side] + (uint32_t)(t->s->now_ns / 1000000 - t->began_ms);
}

static void address(const struct talk *t, enum weir_side side, struct segment *g)
{
	if (side == WEIR_CLIENT) {
		g->src = t->client;
		g->sport = t->port;
		g->dst = SHELL_VIP(t->service);
		g->dport = t->vip_port;
		memcpy(g->src_mac, t->mac, 6);
	} else {
		g->src = t->backend_addr;
		g->sport = SHELL_BACKEND_PORT;
		g->dst = t->local;
		g->dport = t->local_port;
		memcpy(g->src_mac, mac_backends, 6);
	}
	g->ttl = 64;
}

static bool has_ts(const struct talk *t)
{
	return t->promised.ts;
}

struct segment talk_segment(const struct talk *t, enum weir_side side, uint8_t flags,
	unsigned int len)
{
	struct segment g = {.flags = flags, .payload_len = (uint16_t)len, .wnd = t->wnd[side]};

	address(t, side, &g);
	g.seq = t->next[side];
	g.offset = g.seq - t->isn[side] - 1;
	g.ack = flags & WEIR_TCP_ACK ? t->expect[side] : 0;
	if (has_ts(t) && !(flags & WEIR_TCP_RST)) {
		segment_nop(&g);
		segment_nop(&g);
		segment_timestamps(&g, tsval_now(t, side), t->tsecr[side]);
	}
	return g;
}

struct segment talk_syn_segment(const struct talk *t, enum weir_side side)
{
	const struct talk_offer *o = &t->offer[side == WEIR_BACKEND];
	struct segment g = {.flags = WEIR_TCP_SYN, .wnd = 64240, .seq = t->isn[side]};

	address(t, side, &g);
	if (side == WEIR_BACKEND) {
		g.flags |= WEIR_TCP_ACK;
		g.ack = t->expect[side];
	}
	if (o->ecn)
		g.flags |= side == WEIR_CLIENT ? WEIR_TCP_ECE | WEIR_TCP_CWR : WEIR_TCP_ECE;
	if (o->mss != 0)
		segment_mss(&g, o->mss);
	if (o->sack)
		segment_sack_ok(&g);
	if (o->ts)
		segment_timestamps(&g, tsval_now(t, side), t->tsecr[side]);
	if (o->wscale != WEIR_WSCALE_NONE)
		segment_wscale(&g, o->wscale);
	return g;
}

unsigned int talk_put(struct talk *t, enum weir_side side, const struct segment *g)
{
	uint8_t frame[SEGMENT_FRAME_MAX];
	size_t len = segment_frame(g, frame);

	return shell_in(t->s, frame, len, side == WEIR_CLIENT ? t->by : SHELL_BACKENDS);
}

static struct talk_offer offered(const struct weir_seg *seg)
{
	return (struct talk_offer){
		.mss = seg->mss,
		.wscale = seg->wscale,
		.sack = seg->sack_ok,
		.ts = seg->ts_off != 0,
		.ecn = seg->flags & WEIR_TCP_ECE,
	};
}

/* A frame for the client: from the VIP, through its neighbour. */
static void for_client(const struct talk *t, const struct shell_out *out)
{
	IS(out->port, t->by);
	IS(weir_be32(out->seg.src.w[3]), SHELL_VIP(t->service));
	IS(weir_be16(out->seg.sport_be), t->vip_port);
	IS(weir_be32(out->seg.dst.w[3]), t->client);
	IS(weir_be16(out->seg.dport_be), t->port);
	IS(memcmp(out->mac, t->mac, 6), 0);
}

static void for_backend(const struct talk *t, const struct shell_out *out)
{
	const struct weir_nexthop *hop;

	IS(out->port, SHELL_BACKENDS);
	IS(weir_be32(out->seg.src.w[3]), t->local);
	IS(weir_be16(out->seg.sport_be), t->local_port);
	IS(weir_be32(out->seg.dst.w[3]), t->backend_addr);
	IS(weir_be16(out->seg.dport_be), SHELL_BACKEND_PORT);
	if (out->send != WEIR_SEND_NEXTHOP)
		return;
	hop = &t->s->workers[out->worker].px.policy->nexthops[out->nexthop];
	IS(weir_be32(hop->addr.w[3]), t->backend_addr);
}

void talk_take_syn_ack(struct talk *t)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for_client(t, out);
	IS(out->seg.flags & ~WEIR_TCP_ECE, WEIR_TCP_SYN | WEIR_TCP_ACK);
	IS(out->seg.ack, t->isn[WEIR_CLIENT] + 1);
	t->promised = offered(&out->seg);
	t->shown[WEIR_CLIENT] = out->seg.seq;
	t->expect[WEIR_CLIENT] = out->seg.seq + 1;
	t->early_wnd = out->seg.wnd;
	if (t->promised.wscale == WEIR_WSCALE_NONE &&
		t->offer[WEIR_CLIENT].wscale != WEIR_WSCALE_NONE)
		t->wnd[WEIR_CLIENT] = t->wnd[WEIR_BACKEND] = 64000; /* neither end scales */
	if (out->seg.ts_off != 0) {
		IS(out->seg.tsecr, tsval_now(t, WEIR_CLIENT));
		t->tsecr[WEIR_CLIENT] = t->first_tsval[WEIR_CLIENT] = out->seg.tsval;
	}
}

void talk_syn(struct talk *t)
{
	struct segment g = talk_syn_segment(t, WEIR_CLIENT);

	IS(talk_put(t, WEIR_CLIENT, &g), WEIR_FATE_syn_cookie);
	talk_take_syn_ack(t);
}

static bool is_local(const struct weir_policy *p, const struct weir_addr *addr)
{
	const struct weir_endpoint *at = weir_endpoint_find(&p->endpoints, addr, 0);

	return at != NULL && at->kind == WEIR_ENDPOINT_LOCAL;
}

void talk_take_syn(struct talk *t)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	IS(out->fate, WEIR_FATE_created);
	IS(out->seg.flags & ~(WEIR_TCP_ECE | WEIR_TCP_CWR), WEIR_TCP_SYN);
	t->asked = offered(&out->seg);
	t->asked_wnd = out->seg.wnd;
	t->backend = out->nexthop;
	t->backend_addr = weir_be32(out->seg.dst.w[3]);
	t->local = weir_be32(out->seg.src.w[3]);
	t->local_port = weir_be16(out->seg.sport_be);
	if (t->service == SHELL_NAT) {
		IS(t->local, t->client);
		IS(t->local_port, t->port);
	} else {
		CU_ASSERT_TRUE_FATAL(is_local(t->s->policy, &out->seg.src));
	}
	for_backend(t, out);
	t->shown[WEIR_BACKEND] = out->seg.seq;
	t->expect[WEIR_BACKEND] = out->seg.seq + 1;
	t->tsecr[WEIR_BACKEND] = t->first_tsval[WEIR_BACKEND] = out->seg.tsval;
}

void talk_take_same_syn(struct talk *t)
{
	struct talk before = *t;

	talk_take_syn(t);
	IS(t->backend, before.backend);
	IS(t->local_port, before.local_port);
	IS(t->shown[WEIR_BACKEND], before.shown[WEIR_BACKEND]);
	IS(t->tsecr[WEIR_BACKEND], before.tsecr[WEIR_BACKEND]);
}

void talk_ack(struct talk *t)
{
	struct segment g = talk_segment(t, WEIR_CLIENT, ACK, 0);

	IS(talk_put(t, WEIR_CLIENT, &g), WEIR_FATE_handshake_ack);
	talk_take_syn(t);
	talk_silence(t);
}

void talk_answer(struct talk *t)
{
	struct segment g = talk_syn_segment(t, WEIR_BACKEND);
	const struct shell_out *out;

	IS(talk_put(t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
	out = shell_take(t->s);
	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	for_backend(t, out);
	IS(out->seg.flags, ACK);
	IS(out->seg.seq, t->expect[WEIR_BACKEND]);
	IS(out->seg.ack, t->isn[WEIR_BACKEND] + 1);
	t->ack_wnd = out->seg.wnd;
	IS(out->seg.opt_len, has_ts(t) ? 12 : 0);
	IS(out->seg.ts_off != 0, has_ts(t));
	if (has_ts(t)) {
		/* HC-05: what the backend said itself, and no older than our SYN (PAWS) */
		IS(out->seg.tsecr, tsval_now(t, WEIR_BACKEND));
		CU_ASSERT_TRUE_FATAL((int32_t)(out->seg.tsval - t->tsecr[WEIR_BACKEND]) >= 0);
	}
}

void talk_open(struct talk *t)
{
	talk_syn(t);
	talk_ack(t);
	talk_answer(t);
	talk_silence(t);
}

/* Every byte of what arrived is the byte at its place in the sender's stream. */
static void right_bytes(const struct shell_out *out, uint32_t offset)
{
	const uint8_t *payload = out->data + out->seg.l4_off + 20 + out->seg.opt_len;

	for (uint32_t i = 0; i < out->seg.payload_len; i++)
		IS(payload[i], segment_byte(offset + i));
}

void talk_hear(struct talk *t, enum weir_side to, const struct segment *said)
{
	enum weir_side from = weir_other(to);
	const struct shell_out *out = shell_take(t->s);
	uint32_t elapsed = (uint32_t)(t->s->now_ns / 1000000 - t->began_ms), end;

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (to == WEIR_CLIENT)
		for_client(t, out);
	else
		for_backend(t, out);
	IS(out->fate, to == WEIR_CLIENT ? WEIR_FATE_to_client : WEIR_FATE_to_backend);
	IS(out->seg.flags, said->flags);
	IS(out->seg.payload_len, said->payload_len);
	IS(out->seg.seq - t->shown[to], said->seq - t->isn[from]);
	if (said->flags & WEIR_TCP_ACK)
		IS(out->seg.ack - t->isn[to], said->ack - t->shown[from]);
	right_bytes(out, said->seq - t->isn[from] - 1);
	if (has_ts(t) && !(said->flags & WEIR_TCP_RST)) {
		CU_ASSERT_TRUE_FATAL(out->seg.ts_off != 0);
		/* something that the receiver has said; on from the first one, no faster than time */
		CU_ASSERT_TRUE_FATAL(out->seg.tsecr - t->tsval[to] <= elapsed);
		CU_ASSERT_TRUE_FATAL(out->seg.tsval - t->first_tsval[to] <= elapsed);
		if ((int32_t)(out->seg.tsval - t->tsecr[to]) > 0)
			t->tsecr[to] = out->seg.tsval;
	}
	end = out->seg.seq + out->seg.payload_len + ((said->flags & WEIR_TCP_FIN) != 0);
	if (out->seg.seq == t->expect[to])
		t->expect[to] = end;
}

void talk_say(struct talk *t, enum weir_side side, uint8_t flags, unsigned int len)
{
	struct segment g = talk_segment(t, side, flags, len);

	IS(talk_put(t, side, &g), side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
	t->next[side] += len + ((flags & WEIR_TCP_FIN) != 0);
	talk_hear(t, weir_other(side), &g);
}

void talk_close(struct talk *t, enum weir_side closer)
{
	enum weir_side other = weir_other(closer);

	talk_say(t, closer, FIN, 0);
	talk_say(t, other, ACK, 0);
	talk_say(t, other, FIN, 0);
	talk_say(t, closer, ACK, 0);
	talk_silence(t);
	IS(talk_state(t), WEIR_TIME_WAIT);
}

void talk_abort(struct talk *t, enum weir_side side)
{
	struct segment rst = talk_segment(t, side, RST, 0);

	IS(talk_put(t, side, &rst),
		side == WEIR_CLIENT ? WEIR_FATE_to_backend : WEIR_FATE_to_client);
	talk_hear(t, weir_other(side), &rst);
}

void talk_hear_rst(struct talk *t, enum weir_side to, uint32_t seq)
{
	const struct shell_out *out = shell_take(t->s);

	CU_ASSERT_PTR_NOT_NULL_FATAL(out);
	if (to == WEIR_CLIENT)
		for_client(t, out);
	else
		for_backend(t, out);
	CU_ASSERT_TRUE_FATAL((out->seg.flags & WEIR_TCP_RST) != 0);
	IS(out->seg.opt_len, 0);
	IS(out->seg.seq, seq);
	if (out->seg.flags & WEIR_TCP_ACK) /* of something that it has said */
		CU_ASSERT_TRUE_FATAL(out->seg.ack - t->isn[to] <= t->next[to] - t->isn[to]);
}

void talk_silence(struct talk *t)
{
	IS(shell_take(t->s), NULL);
}

const struct weir_conn *talk_conn(const struct talk *t)
{
	const struct weir_addr vip = weir_addr_v4(weir_be32(SHELL_VIP(t->service)));
	const struct weir_endpoint *e =
		weir_endpoint_find(&t->s->policy->endpoints, &vip, weir_be16(t->vip_port));

	if (e == NULL || e->kind != WEIR_ENDPOINT_LISTENER)
		return NULL;
	return shell_conn(t->s, e->index, t->client, t->port);
}

enum weir_state talk_state(const struct talk *t)
{
	const struct weir_conn *c = talk_conn(t);

	CU_ASSERT_PTR_NOT_NULL_FATAL(c);
	return (enum weir_state)c->state;
}

void talk_works(struct talk *t)
{
	talk_answer(t);
	talk_silence(t);
	talk_say(t, WEIR_CLIENT, PSH, 100);
	talk_say(t, WEIR_BACKEND, PSH, 1000);
	talk_say(t, WEIR_CLIENT, ACK, 0);
	talk_silence(t);
}
