// SPDX-License-Identifier: BSD-3-Clause
#include "actor.h"

#include <string.h>

#include "frame.h"
#include "shell.h"
#include "wire/opt.h"

#define CLIENT_ADDR 0xcb007107u /* 203.0.113.7 */
#define CLIENT_PORT 40000

const char *actor_name(enum actor_id id)
{
	static const char *const names[ACTORS] = {"client", "client2", "backend", "backend2"};

	return names[id];
}

void actor_init(struct actor *a, enum actor_id id, enum weir_mode mode,
	const enum weir_family family[2])
{
	unsigned int service = mode == WEIR_MODE_FULLNAT ? SHELL_FULLNAT : SHELL_NAT;

	*a = (struct actor){.id = id,
		.family = (uint8_t)family[id >= BACKEND],
		.family_of_client = (uint8_t)family[0],
		.mss_max = family[0] != family[1] ? 1440 : 0,
		.mac = {2, 0, 0, 0, 0xcc, (uint8_t)id},
		.wnd = 500};
	a->now.isn = 0x10203040u * (id + 1);
	a->now.tsval = 0x01020304u * (id + 5);
	if (is_client(a)) {
		a->addr = CLIENT_ADDR;
		a->port = (uint16_t)(CLIENT_PORT + id);
		a->far = SHELL_VIP(service);
		a->far_port = SHELL_VIP_PORT;
	} else {
		a->addr = SHELL_BACKEND(service, id - BACKEND);
		a->port = SHELL_BACKEND_PORT;
		a->far = mode == WEIR_MODE_FULLNAT ? SHELL_LOCAL : CLIENT_ADDR;
		a->far_port = CLIENT_PORT; /* until it is shown another one */
	}
	a->before = a->now;
}

static void header_ends(struct tests_pphdr *h, const struct actor *client, uint8_t family)
{
	const struct weir_addr src = ip_addr(family, client->addr);
	const struct weir_addr dst = ip_addr(family, client->far);

	h->family = family == WEIR_FAMILY_IPV6 ? 6 : 4;
	for (unsigned int i = 0; i < 4; i++) {
		h->src[i] = weir_be32(src.w[h->family == 4 ? 3 : i]);
		h->dst[i] = weir_be32(dst.w[h->family == 4 ? 3 : i]);
	}
}

void actor_await_header(struct actor *a, const struct actor *client, unsigned int version)
{
	struct tests_pphdr h = {.sport = client->port, .dport = client->far_port};

	header_ends(&h, client, WEIR_FAMILY_IPV4);
	a->said_header_len = tests_pphdr_make(&h, version, a->header);
	header_ends(&h, client, client->family);
	a->header_len = tests_pphdr_make(&h, version, a->header);
}

/*
 * Numbers of what a backend is sent, as a script says them and as they are: the script's header is IPv4's. A
 * place in the header is the same in both.
 */
static uint32_t as_sent(const struct actor *a, uint32_t said)
{
	return said - 1 - a->said_header_len < 1u << 31 ? said + a->header_len - a->said_header_len
							: said;
}

static uint32_t as_said(const struct actor *a, uint32_t sent)
{
	return sent - 1 - a->header_len < 1u << 31 ? sent - (a->header_len - a->said_header_len)
						   : sent;
}

/* Another connection on the same addresses: what was shown is forgotten, ISNs grow (RFC 6528). */
static void begin_anew(struct actor *a)
{
	a->before = a->now;
	a->now.isn += 0x01000000;
	a->now.bound = false;
	a->now.shown = a->now.shown_tsval = a->now.shown_end = 0;
}

#define LONGER 20 /* is the header of IPv6 */

uint16_t actor_mss(enum weir_family family, uint32_t said)
{
	const bool v6 = family == WEIR_FAMILY_IPV6;

	if (said == PACKET_MSS_DEFAULT)
		return v6 ? 1220 : 536;
	return (uint16_t)(v6 ? said - LONGER : said);
}

/*
 * What a script says of an MSS that the actor is shown: the client's, or one that is held to what has room behind
 * either header.
 */
static uint32_t mss_said(const struct actor *a, uint16_t mss)
{
	const enum weir_family family = (enum weir_family)a->family_of_client;

	if (mss == actor_mss(family, PACKET_MSS_DEFAULT))
		return PACKET_MSS_DEFAULT;
	return mss + (family == WEIR_FAMILY_IPV6 || mss == a->mss_max ? LONGER : 0u);
}

static void put_option(struct segment *g, const struct actor *a, const struct packet *p,
	const struct option *o)
{
	const struct view *v = p->incarnation == OLD ? &a->before : &a->now;
	uint32_t edges[8];

	switch (o->kind) {
	case WEIR_OPT_NOP:
		segment_nop(g);
		return;
	case WEIR_OPT_EOL:
		g->opt[g->opt_len++] = 0;
		return;
	case WEIR_OPT_MSS:
		segment_mss(g, actor_mss(a->family, o->number[0].value));
		return;
	case WEIR_OPT_WSCALE:
		segment_wscale(g, (uint8_t)o->number[0].value);
		return;
	case WEIR_OPT_SACK_OK:
		segment_sack_ok(g);
		return;
	case WEIR_OPT_TIMESTAMP: /* RFC 7323 §3.2: an echo is one only with ACK */
		segment_timestamps(g, v->tsval + o->number[0].value,
			(p->flags & WEIR_TCP_ACK ? v->shown_tsval : 0) + o->number[1].value);
		return;
	case WEIR_OPT_SACK:
		for (unsigned int i = 0; i < o->n; i++)
			edges[i] = v->shown + as_sent(a, o->number[i].value);
		segment_sack(g, edges, o->n / 2);
		return;
	default:
		memcpy(g->opt + g->opt_len, o->byte, o->n);
		g->opt_len += o->n;
	}
}

/* Puts an extension header of eight bytes, the first one's number being TCP's, in front of TCP in IPv6. */
static size_t extended(uint8_t *f, size_t len, uint8_t number, const uint8_t header[8])
{
	uint8_t *at = f + ip_l4_off(WEIR_FAMILY_IPV6);

	memmove(at + 8, at, len - ip_l4_off(WEIR_FAMILY_IPV6));
	memcpy(at, header, 8);
	f[FRAME_IP + 6] = number;
	frame_put16(f + FRAME_IP + 4, (uint16_t)(frame_get16(f + FRAME_IP + 4) + 8));
	return len + 8;
}

/* The first fragment: IPv6 has a header for it, IPv4 a bit. */
static size_t fragment(uint8_t *f, size_t len)
{
	static const uint8_t first[8] = {WEIR_PROTO_TCP, 0, 0, 1, 0, 0, 0x12, 0x34};

	if (ip_family(f) == WEIR_FAMILY_IPV6)
		return extended(f, len, 44, first);
	f[FRAME_IP + 6] |= 0x20;
	frame_mend_ip(f);
	return len;
}

static size_t damaged(uint8_t *f, size_t len, enum damage damage)
{
	const enum weir_family family = ip_family(f);

	switch (damage) {
	case BAD_SUM:
		f[ip_l4_off(family) + 16] ^= 1;
		return len;
	case FRAGMENT:
		return fragment(f, len);
	case ROUTING_HEADER:
		return extended(f, len, 43, (const uint8_t[8]){WEIR_PROTO_TCP});
	case STRICT_OPTION: /* RFC 8200 §4.2: 11 in the highest bits */
		return extended(f, len, 60, (const uint8_t[8]){WEIR_PROTO_TCP, 0, 0xde, 4});
	case LONG_IP_HEADER:
		f[FRAME_IP] = 0x46;
		frame_mend_ip(f);
		return len;
	case VLAN:
		f[12] = 0x81;
		f[13] = 0;
		return len;
	case CUT:
		return ip_l4_off(family) + 10;
	case UNDAMAGED:
	case DAMAGES:
		break;
	}
	return len;
}

/* ICMP quotes what the actor got last, with the number that the script says. */
static size_t error_about(const struct actor *a, const struct packet *p, uint8_t *frame)
{
	uint8_t about[SEGMENT_FRAME_MAX];

	memcpy(about, a->last, a->last_len);
	frame_put32(about + ip_l4_off(ip_family(about)) + 4,
		a->now.shown + as_sent(a, p->seq.value));
	return segment_error(about, a->addr, p->error, frame);
}

size_t actor_frame(struct actor *a, const struct packet *p, uint8_t frame[SEGMENT_FRAME_MAX])
{
	const struct view *v = p->incarnation == OLD ? &a->before : &a->now;
	struct segment g = {.family = a->family,
		.src = a->addr,
		.sport = a->port,
		.dst = p->address ? p->address : a->far,
		.dport = p->port ? p->port : a->far_port,
		.flags = p->flags,
		.ttl = p->ttl,
		.payload_len = (uint16_t)p->len,
		.offset = p->seq.value - 1};

	if (p->icmp)
		return error_about(a, p, frame);
	if (p->incarnation == NEW)
		begin_anew(a);
	if (!p->win.any)
		a->wnd = (uint16_t)p->win.value;
	g.wnd = a->wnd;
	g.seq = v->isn + p->seq.value;
	g.ack = p->flags & WEIR_TCP_ACK ? v->shown + as_sent(a, p->ack.value) : p->ack.value;
	memcpy(g.src_mac, a->mac, 6);
	for (unsigned int i = 0; i < p->n_options; i++)
		put_option(&g, a, p, &p->option[i]);
	return damaged(frame, segment_frame(&g, frame), p->damage);
}

/* What there is of the frame's TCP header. It was checked by the shell: lengths are right. */
struct tcp {
	uint32_t seq, ack;
	uint16_t wnd, sport;
	uint8_t flags;
	const uint8_t *options, *payload;
	size_t options_len, payload_len;
};

static struct tcp tcp_of(const uint8_t *f)
{
	const struct datagram ip = ip_read(f + IP_OFF);
	const uint8_t *tcp = f + ip_l4_off(ip.family);
	size_t header_len = (tcp[12] >> 4) * 4u;

	return (struct tcp){
		.seq = frame_get32(tcp + 4),
		.ack = frame_get32(tcp + 8),
		.flags = tcp[13],
		.wnd = frame_get16(tcp + 14),
		.sport = frame_get16(tcp),
		.options = tcp + 20,
		.options_len = header_len - 20,
		.payload = tcp + header_len,
		.payload_len = ip.l4_len - header_len,
	};
}

/* Length by kind, 0: any. */
static unsigned int length_of(uint8_t kind)
{
	switch (kind) {
	case WEIR_OPT_MSS:
		return 4;
	case WEIR_OPT_WSCALE:
		return 3;
	case WEIR_OPT_SACK_OK:
		return 2;
	case WEIR_OPT_TIMESTAMP:
		return 10;
	}
	return 0;
}

static void take_option(struct option *o, const uint8_t *at, const struct actor *a,
	const struct view *v, bool ack)
{
	const uint8_t *data = at + 2;
	uint8_t len = at[1];

	*o = (struct option){.kind = at[0]};
	if (at[0] == WEIR_OPT_MSS) {
		o->number[o->n++].value = mss_said(a, frame_get16(data));
	} else if (at[0] == WEIR_OPT_WSCALE) {
		o->number[o->n++].value = data[0];
	} else if (at[0] == WEIR_OPT_TIMESTAMP) {
		o->number[o->n++].value = frame_get32(data) - v->shown_tsval;
		o->number[o->n++].value = frame_get32(data + 4) - (ack ? v->tsval : 0);
	} else if (at[0] == WEIR_OPT_SACK && len % 8 == 2) {
		for (; o->n < (len - 2) / 4; o->n++)
			o->number[o->n].value = frame_get32(data + 4u * o->n) - v->isn;
	} else if (at[0] != WEIR_OPT_SACK_OK) {
		o->kind = OPTION_BYTES;
		o->n = len;
		memcpy(o->byte, at, len);
	}
}

static void take_options(const struct tcp *tcp, const struct actor *a, const struct view *v,
	struct packet *p)
{
	const uint8_t *at = tcp->options, *end = at + tcp->options_len;

	while (at < end && *at != WEIR_OPT_EOL) {
		bool whole = end - at >= 2 && at[1] >= 2 && at[1] <= end - at &&
			(length_of(at[0]) == 0 || length_of(at[0]) == at[1]);

		if (*at == WEIR_OPT_NOP) {
			at++;
			continue;
		}
		if (!whole) { /* the rest, as it is */
			struct option *o = &p->option[p->n_options++];

			*o = (struct option){.kind = OPTION_BYTES, .n = (uint8_t)(end - at)};
			memcpy(o->byte, at, o->n);
			return;
		}
		take_option(&p->option[p->n_options++], at, a, v, tcp->flags & WEIR_TCP_ACK);
		at += at[1];
	}
}

bool actor_is_error(const uint8_t *frame)
{
	return ip_read(frame + IP_OFF).proto != WEIR_PROTO_TCP;
}

/* What an ICMP error says of the segment that it is about. */
static const uint8_t *quoted_tcp(const uint8_t *frame)
{
	const enum weir_family family = ip_family(frame);

	return frame + ip_l4_off(family) + 8 + ip_len(family);
}

uint16_t actor_port(const uint8_t *frame, bool sender)
{
	const uint8_t *tcp = frame + ip_l4_off(ip_family(frame));

	if (actor_is_error(frame)) { /* its addressee has sent what it quotes */
		tcp = quoted_tcp(frame);
		sender = !sender;
	}
	return frame_get16(tcp + (sender ? 0 : 2));
}

void actor_understand(const struct actor *a, bool old, const uint8_t *frame, size_t len,
	struct packet *p)
{
	const struct view *v = old ? &a->before : &a->now;
	struct tcp tcp;

	*p = (struct packet){.ttl = ip_read(frame + IP_OFF).hop_limit};
	if (actor_is_error(frame)) {
		p->icmp = true;
		p->error = segment_error_of(frame);
		p->seq.value = frame_get32(quoted_tcp(frame) + 4) - v->isn;
		return;
	}
	tcp = tcp_of(frame);
	p->flags = tcp.flags;
	p->seq.value = as_said(a, tcp.seq - v->shown);
	p->ack.value = tcp.flags & WEIR_TCP_ACK ? tcp.ack - v->isn : tcp.ack;
	p->win.value = tcp.wnd;
	p->len = as_said(a, tcp.seq - v->shown + (uint32_t)tcp.payload_len) - p->seq.value;
	take_options(&tcp, a, v, p);
}

static uint32_t tsval_of(const struct tcp *tcp, bool *there)
{
	struct packet p = {.n_options = 0};
	const struct actor nobody = {.family = 0};
	const struct view zero = {.isn = 0};

	take_options(tcp, &nobody, &zero, &p);
	*there = false;
	for (unsigned int i = 0; i < p.n_options; i++) {
		if (p.option[i].kind == WEIR_OPT_TIMESTAMP) {
			*there = true;
			return p.option[i].number[0].value;
		}
	}
	return 0;
}

/* What a backend in TIME_WAIT wants to see before it begins anew (RFC 6191 §2), and more. */
static const char *follows(const struct view *before, const struct tcp *tcp)
{
	bool has_ts;
	uint32_t tsval = tsval_of(tcp, &has_ts);

	if ((int32_t)(tcp->seq - before->shown_end) <= 0)
		return "not later: seq";
	if (has_ts && (int32_t)(tsval - before->shown_last_tsval) <= 0)
		return "not later: TSval";
	return NULL;
}

static const char *bind_port(struct actor *a, const struct packet *expected, uint16_t port)
{
	bool same = port == a->far_port;

	if ((expected->local_port == SAME_PORT && !same) ||
		(expected->local_port == OTHER_PORT && same))
		return "wrong local port";
	a->far_port = port;
	return NULL;
}

const char *actor_quoted(const struct actor *a, const uint8_t *frame, size_t len)
{
	const struct datagram ip = ip_read(frame + IP_OFF);
	const uint8_t *tcp = quoted_tcp(frame), *quote = tcp - ip_len(ip.family);
	struct datagram of;

	if (ip.l4_len < 8 + ip_len(ip.family) + 8 || len < ip_l4_off(ip.family) + ip.l4_len)
		return "short quote";
	of = ip_read(quote);
	if (ip_l4_sum(frame + IP_OFF) != 0xffff)
		return "wrong ICMP checksum";
	if (of.family != ip.family || !ip_sum_right(quote))
		return "wrong checksum of the quote";
	if (of.src != a->addr || frame_get16(tcp) != a->port)
		return "wrong quoted source";
	if (of.dst != a->far || frame_get16(tcp + 2) != a->far_port)
		return "wrong quoted destination";
	return NULL;
}

const char *actor_bind(struct actor *a, const struct packet *expected, const uint8_t *frame,
	size_t len)
{
	const struct tcp tcp = tcp_of(frame);
	const char *why = NULL;
	bool has_ts;

	if (!(tcp.flags & WEIR_TCP_SYN) || expected->seq.any)
		return NULL;
	if (!is_client(a) && expected->incarnation != AS_BEFORE)
		begin_anew(a);
	if (a->now.bound)
		return NULL;
	if (!is_client(a))
		why = bind_port(a, expected, tcp.sport);
	if (why == NULL && expected->incarnation == LATER)
		why = follows(&a->before, &tcp);
	a->now.bound = true;
	a->now.shown = a->now.shown_end = tcp.seq;
	a->now.shown_tsval = a->now.shown_last_tsval = tsval_of(&tcp, &has_ts);
	return why;
}

void actor_remember(struct actor *a, const uint8_t *frame, size_t len)
{
	const struct tcp tcp = tcp_of(frame);
	uint32_t end = tcp.seq + (uint32_t)tcp.payload_len +
		((tcp.flags & (WEIR_TCP_SYN | WEIR_TCP_FIN)) != 0);
	bool has_ts;
	uint32_t tsval = tsval_of(&tcp, &has_ts);

	memcpy(a->last, frame, len);
	a->last_len = len;
	if ((int32_t)(end - a->now.shown_end) > 0)
		a->now.shown_end = end;
	if (has_ts && (int32_t)(tsval - a->now.shown_last_tsval) > 0)
		a->now.shown_last_tsval = tsval;
}

/* Bytes that are inserted count in the backend's numbers, not in the client's. */
static uint8_t byte_at(const struct actor *a, uint32_t at)
{
	return at < a->header_len ? a->header[at] : segment_byte(at - a->header_len);
}

bool actor_payload_fits(const struct actor *a, const uint8_t *frame, size_t len)
{
	const struct tcp tcp = tcp_of(frame);
	uint32_t at = tcp.seq - a->now.shown - 1;

	for (size_t i = 0; i < tcp.payload_len; i++)
		if (tcp.payload[i] != byte_at(a, at + (uint32_t)i))
			return false;
	return true;
}
