// SPDX-License-Identifier: BSD-3-Clause
#include "replay.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "explain/tell.h"
#include "flow/classify.h"
#include "tcp/proxy.h"
#include "wire/arp.h"
#include "wire/build.h"
#include "wire/nd.h"
#include "wire/vlan.h"
#include "words.h"

#ifndef GAP_MAX_NS
#define GAP_MAX_NS (86400 * 1000000000ull)
#endif
#define HEAD_MAX 65535 /* struct weir_pkt.head_len */

/* Frames that one packet may cause: what was held of a connection, and two of the engine's own. */
#define DRAWN_LATER 64

/* Room that a reply may need beyond the frame it answers. */
#define FRAME_ROOM 256

/* And in front of it: another family's header, and a tag. */
#define FRAME_FRONT (WEIR_FRAME_FRONT + WEIR_VLAN_LEN)

struct replay {
	struct weir_proxy px;
	struct weir_arena arena;
	struct weir_keyring keyring;
	const uint8_t *secret;
	uint64_t first_ns; /* wall clock of the first frame: the lines count from here */
	uint64_t wall_ns;  /* now; what the core calls now_ns, its wall_offset_ns being 0 */
	unsigned long number;
	FILE *out;
	bool verbose;
	replay_send_fn send;
	void *arg;
	struct weir_ladders *ladders; /* NULL: none are drawn */
	/* drawn after the packet that caused them */
	struct weir_trace drawn_later[DRAWN_LATER];
	unsigned int n_drawn_later;
	/* to be printed after the line of the packet that is being processed */
	FILE *later;
	char *later_text;
	size_t later_size;
};

/* A frame's own memory, until it has left or ended; held ones come back by it. */
struct buffer {
	unsigned long number;
	uint8_t *data; /* FRAME_FRONT in front of the frame, FRAME_ROOM behind it */
};

static double seconds(const struct replay *r)
{
	return (double)(r->wall_ns - r->first_ns) / 1e9;
}

/*
 * Ladders
 */

static const struct weir_conn *conn_of(const struct replay *r, uint32_t conn)
{
	return conn != WEIR_CONN_NONE ? weir_table_conn(&r->px.table, conn) : NULL;
}

/* It is the end that the segment was made for, and of this connection. */
static bool is_for(const struct replay *r, const struct weir_conn *c, const struct weir_header *h,
	enum weir_side to)
{
	if (to == WEIR_CLIENT)
		return c->client.port_be == h->dport_be && weir_addr_eq(&c->client.addr, &h->dst);
	return c->local.port_be == h->sport_be && weir_addr_eq(&c->local.addr, &h->src) &&
		weir_addr_eq(&r->px.policy->backends[c->backend].addr, &h->dst);
}

/* The connection that a segment of the engine's own is of; NULL: it is of none. */
static const struct weir_conn *conn_of_header(const struct replay *r, const struct weir_header *h,
	enum weir_side to)
{
	static const struct weir_addr none; /* the client of a free conn: flow/table.h */

	for (uint32_t i = r->px.table.fresh; i-- > 0;) {
		const struct weir_conn *c = weir_table_conn(&r->px.table, i);

		if (!weir_addr_eq(&c->client.addr, &none) && is_for(r, c, h, to))
			return c;
	}
	return NULL;
}

static void draw(struct replay *r, struct weir_trace *t)
{
	struct weir_told told;

	t->wall_ns = r->wall_ns;
	if (weir_tell(&told, t, r->px.policy))
		(void)weir_ladders_draw(r->ladders, &told.of, &told.arrow);
}

static void draw_later(struct replay *r, const struct weir_trace *t)
{
	if (r->ladders != NULL && r->n_drawn_later < DRAWN_LATER)
		r->drawn_later[r->n_drawn_later++] = *t;
}

static void draw_what_was_later(struct replay *r)
{
	for (unsigned int i = 0; i < r->n_drawn_later; i++)
		draw(r, &r->drawn_later[i]);
	r->n_drawn_later = 0;
}

/* It was decided, and has not left yet. */
static void draw_packet(struct replay *r, const struct weir_pkt *pkt)
{
	const struct weir_conn *c = conn_of(r, pkt->conn);
	struct weir_trace t;

	if (r->ladders != NULL &&
		(pkt->kind == WEIR_KIND_CLIENT || pkt->kind == WEIR_KIND_BACKEND || c != NULL)) {
		weir_trace_packet(&t, pkt, c);
		draw(r, &t);
		if (weir_trace_answer(&t, pkt, c))
			draw(r, &t);
	}
	draw_what_was_later(r);
}

/*
 * Leaving
 */

/* A file has no ARP, so MACs are made of numbers: 02:00:00:KIND:INDEX (16 bits). */
enum mac_kind {
	MAC_PORT = 1,
	MAC_NEXTHOP = 2,
};

static void placeholder(uint8_t mac[6], enum mac_kind kind, unsigned int index)
{
	const uint8_t bytes[6] = {0x02, 0, 0, (uint8_t)kind, (uint8_t)(index >> 8), (uint8_t)index};

	memcpy(mac, bytes, sizeof(bytes));
}

static void say_sent(struct replay *r, uint8_t *frame, uint32_t captured, uint32_t len,
	uint16_t vlan)
{
	struct weir_pkt pkt = {.frame.data = frame, .frame.len = len, .frame.csum = WEIR_CSUM_GOOD};
	char text[WORDS_MAX];

	pkt.frame.head_len = pkt.frame.room = (uint16_t)captured;
	words_frame(text, &pkt, weir_pkt_parse(&pkt), vlan);
	fprintf(r->later, "%6s %11.6f  %s : SENT\n", "", seconds(r), text);
}

/* To that MAC address by that interface. A tag has room in front of the frame. */
static void leave(struct replay *r, uint8_t *frame, uint32_t captured, uint32_t len,
	uint8_t interface, const uint8_t mac[6])
{
	const struct weir_interface *by = &r->px.policy->interfaces[interface];
	uint8_t dst[6];

	memcpy(dst, mac, sizeof(dst)); /* mac may be the frame's own source */
	memcpy(frame, dst, sizeof(dst));
	placeholder(frame + 6, MAC_PORT, by->port);
	if (r->verbose)
		say_sent(r, frame, captured, len, by->vlan);
	if (by->vlan != 0) {
		frame -= WEIR_VLAN_LEN;
		weir_vlan_put_on(frame, by->vlan);
		captured += WEIR_VLAN_LEN;
		len += WEIR_VLAN_LEN;
	}
	r->send(r->arg, frame, captured, len, r->wall_ns);
}

static void leave_to_nexthop(struct replay *r, uint8_t *frame, uint32_t captured, uint32_t len,
	uint16_t nexthop)
{
	uint8_t mac[6];

	placeholder(mac, MAC_NEXTHOP, nexthop);
	leave(r, frame, captured, len, r->px.policy->nexthops[nexthop].interface, mac);
}

static void buffer_free(struct buffer *b)
{
	free(b->data);
	free(b);
}

/* Does what the core decided, and frees the buffer unless the core holds it. */
static void act(struct replay *r, struct weir_pkt *pkt)
{
	const struct weir_frame *f = &pkt->frame;

	switch ((enum weir_send)pkt->send) {
	case WEIR_SEND_HELD:
		return;
	case WEIR_SEND_NOTHING:
		break;
	case WEIR_SEND_BACK:
		leave(r, f->data, f->head_len, f->len, pkt->interface, f->data + 6);
		break;
	case WEIR_SEND_NEIGHBOUR:
		leave(r, f->data, f->head_len, f->len, pkt->neighbour.interface,
			pkt->neighbour.mac);
		break;
	case WEIR_SEND_NEXTHOP:
		leave_to_nexthop(r, f->data, f->head_len, f->len, pkt->nexthop);
		break;
	}
	buffer_free(pkt->buf);
}

static void ops_packet(void *shell, struct weir_pkt *pkt)
{
	struct replay *r = shell;
	const struct buffer *b = pkt->buf;
	struct weir_trace t;

	fprintf(r->later, "%6lu %11.6f  held until now : %s %s (%s)\n", b->number, seconds(r),
		words_verdict(pkt), weir_fates[pkt->fate].name, weir_fates[pkt->fate].text);
	weir_trace_released(&t, pkt, conn_of(r, pkt->conn));
	draw_later(r, &t);
	act(r, pkt);
}

static void ops_header(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
	uint8_t bytes[WEIR_VLAN_LEN + WEIR_BUILD_FRAME_MAX] __attribute__((aligned(2)));
	uint8_t *frame = bytes + WEIR_VLAN_LEN;
	struct replay *r = shell;
	uint16_t len = weir_build_segment(frame, h);
	const enum weir_side to = dest->send == WEIR_SEND_NEXTHOP ? WEIR_BACKEND : WEIR_CLIENT;
	struct weir_trace t;

	if (r->ladders != NULL) {
		weir_trace_header(&t, h, conn_of_header(r, h, to), to, r->px.policy);
		draw_later(r, &t);
	}
	if (dest->send == WEIR_SEND_NEXTHOP)
		leave_to_nexthop(r, frame, len, len, dest->nexthop);
	else
		leave(r, frame, len, len, dest->neighbour.interface, dest->neighbour.mac);
}

/*
 * Coming in
 */

/* A capture does not tell by which port a frame came in: takes the interface that leads to its source. */
static uint8_t interface_to(const struct weir_policy *p, const struct weir_addr *src)
{
	for (uint32_t b = 0; b < p->n_backends; b++)
		if (weir_addr_eq(&p->backends[b].addr, src))
			return p->backends[b].egress;
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		for (uint32_t a = 0; a < p->interfaces[i].n_addrs; a++) {
			const struct weir_interface_addr *net = &p->interfaces[i].addrs[a];

			if (weir_addr_in(src, &net->addr, net->prefix))
				return (uint8_t)i;
		}
	return 0;
}

/* The same for a frame that had that VLAN's tag (0: none). WEIR_NONE8: no port has such a VLAN. */
static uint8_t interface_in(const struct weir_policy *p, uint16_t vlan, const struct weir_addr *src)
{
	const uint8_t likely = interface_to(p, src);

	if (vlan == 0 || p->interfaces[likely].vlan == vlan)
		return likely;
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		if (p->interfaces[i].vlan == vlan)
			return (uint8_t)i;
	return WEIR_NONE8;
}

static struct weir_addr source_of(const struct weir_pkt *pkt, enum weir_parsed parsed)
{
	uint32_t addr_be = 0;

	if (parsed == WEIR_PARSED_TCP || parsed == WEIR_PARSED_ICMP || parsed == WEIR_PARSED_ND)
		return pkt->seg.src;
	if (parsed == WEIR_PARSED_ARP)
		memcpy(&addr_be, weir_arp(&pkt->frame)->sender_ip, 4);
	return weir_addr_v4(addr_be);
}

static bool is_nexthop(const struct weir_policy *p, const struct weir_addr *addr)
{
	for (uint32_t i = 0; i < p->n_nexthops; i++)
		if (weir_addr_eq(&p->nexthops[i].addr, addr))
			return true;
	return false;
}

/* In the packet's own buffer, which says len bytes now, to that MAC address. */
static void answer(struct weir_pkt *pkt, uint16_t len, const uint8_t mac[6], enum weir_fate fate)
{
	pkt->frame.len = pkt->frame.head_len = len;
	pkt->fate = (uint8_t)fate;
	pkt->send = WEIR_SEND_NEIGHBOUR;
	pkt->neighbour.interface = pkt->interface;
	memcpy(pkt->neighbour.mac, mac, sizeof(pkt->neighbour.mac));
}

/* Requests for our addresses are answered, next hops' replies are welcome, the rest is others'. */
static void take_arp(struct replay *r, struct weir_pkt *pkt)
{
	const struct weir_arp_hdr *arp = weir_arp(&pkt->frame);
	const struct weir_policy *p = r->px.policy;
	struct weir_addr sender, target;
	uint8_t asker[6], ours[6];
	uint16_t len;

	sender = weir_addr_v4(0);
	target = weir_addr_v4(0);
	memcpy(&sender.w[3], arp->sender_ip, 4);
	memcpy(&target.w[3], arp->target_ip, 4);
	memcpy(asker, arp->sender_mac, sizeof(asker));
	if (arp->op_be == weir_be16(WEIR_ARP_REQUEST) &&
		weir_endpoint_find(&p->endpoints, &target, 0) != NULL) {
		placeholder(ours, MAC_PORT, pkt->interface);
		len = weir_build_arp(pkt->frame.data, WEIR_ARP_REPLY, ours, target.w[3], asker,
			sender.w[3]);
		answer(pkt, len, asker, WEIR_FATE_arp_reply);
	} else {
		pkt->fate = is_nexthop(p, &sender) ? WEIR_FATE_arp_learned : WEIR_FATE_arp_other;
	}
}

/* The same for IPv6. (RFC 4861 §7.2.4; what only probes for an address hears with all nodes.) */
static void take_nd(struct replay *r, struct weir_pkt *pkt)
{
	const struct weir_policy *p = r->px.policy;
	const struct weir_addr asker = pkt->seg.src;
	enum weir_fate why;
	uint8_t ours[6], mac[6];
	struct weir_nd nd;
	uint16_t len;

	pkt->fate = WEIR_FATE_nd_other;
	if (!weir_nd_read(&pkt->frame, &pkt->seg, &nd, &why))
		return; /* the parser has read it already: it is good */
	memcpy(mac, pkt->frame.data + 6, sizeof(mac));
	if (nd.type == WEIR_ND_SOLICITATION &&
		weir_endpoint_find(&p->endpoints, &nd.target, 0) != NULL) {
		placeholder(ours, MAC_PORT, pkt->interface);
		len = weir_build_nd_advertisement(pkt->frame.data, ours, &nd.target,
			WEIR_ND_OVERRIDE | (nd.is_probe ? 0 : WEIR_ND_SOLICITED),
			nd.is_probe ? NULL : mac, nd.is_probe ? NULL : &asker);
		if (nd.is_probe)
			memcpy(mac, pkt->frame.data, sizeof(mac));
		answer(pkt, len, mac, WEIR_FATE_nd_reply);
	} else if (nd.type == WEIR_ND_ADVERTISEMENT && is_nexthop(p, &nd.target)) {
		pkt->fate = WEIR_FATE_nd_learned;
	}
}

static void decide(struct replay *r, struct weir_pkt *pkt, enum weir_parsed parsed, uint16_t vlan)
{
	const struct weir_addr src = source_of(pkt, parsed);

	pkt->send = WEIR_SEND_NOTHING;
	pkt->interface = interface_in(r->px.policy, vlan, &src);
	if (pkt->interface == WEIR_NONE8) {
		pkt->kind = WEIR_KIND_NONE;
		pkt->fate = WEIR_FATE_vlan_unknown;
		return;
	}
	weir_classify(r->px.policy, pkt, parsed);
	if (pkt->kind == WEIR_KIND_ARP)
		take_arp(r, pkt);
	else if (pkt->kind == WEIR_KIND_ND)
		take_nd(r, pkt);
	else if (pkt->kind != WEIR_KIND_NONE)
		weir_proxy_burst(&r->px, pkt, 1, r->wall_ns);
}

/* Prints and empties the lines that were kept for later. */
static void say_later(struct replay *r)
{
	fflush(r->later);
	fwrite(r->later_text, 1, r->later_size, r->out);
	rewind(r->later);
}

/* Timers run at the wheel's pace, whatever the file's. */
static void pass_time(struct replay *r, uint64_t until_ns)
{
	if (until_ns > r->wall_ns + GAP_MAX_NS)
		until_ns = r->wall_ns + GAP_MAX_NS;
	while (r->wall_ns < until_ns) {
		r->wall_ns = (r->wall_ns / WEIR_TICK_NS + 1) * WEIR_TICK_NS;
		if (r->wall_ns > until_ns)
			r->wall_ns = until_ns;
		weir_keyring_fill(&r->keyring, r->secret, r->wall_ns / 1000000000);
		weir_proxy_tick(&r->px, r->wall_ns);
		draw_what_was_later(r);
	}
	say_later(r);
}

static struct buffer *buffer_new(struct replay *r, const uint8_t *frame, uint32_t bytes)
{
	struct buffer *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->number = r->number;
	b->data = calloc(1, FRAME_FRONT + bytes + FRAME_ROOM);
	if (b->data == NULL) {
		free(b);
		return NULL;
	}
	memcpy(b->data + FRAME_FRONT, frame, bytes);
	return b;
}

/* The outermost tag is taken off, as ports do. The VLAN; 0: there is no tag, or one for priority only. */
static uint16_t take_tag(struct weir_frame *f)
{
	uint16_t vlan;

	if (!weir_vlan_is_tagged(f->data, f->head_len) || f->head_len < WEIR_VLAN_MIN ||
		f->len < WEIR_VLAN_MIN)
		return 0;
	vlan = weir_vlan_take_off(f->data);
	f->data += WEIR_VLAN_LEN;
	f->len -= WEIR_VLAN_LEN;
	f->head_len -= WEIR_VLAN_LEN;
	f->room -= WEIR_VLAN_LEN;
	return vlan;
}

int replay_frame(struct replay *r, const uint8_t *frame, uint32_t captured, uint32_t len,
	uint64_t wall_ns)
{
	uint32_t head = captured < HEAD_MAX - FRAME_ROOM ? captured : HEAD_MAX - FRAME_ROOM;
	struct weir_pkt pkt = {
		.frame.len = len, .frame.head_len = (uint16_t)head, .conn = WEIR_CONN_NONE};
	enum weir_parsed parsed;
	char text[WORDS_MAX];
	struct buffer *b;
	uint16_t vlan;

	pass_time(r, wall_ns);
	r->number++;
	b = buffer_new(r, frame, head);
	if (b == NULL)
		return -ENOMEM;
	pkt.buf = b;
	pkt.frame.data = b->data + FRAME_FRONT;
	pkt.frame.room = (uint16_t)(head + FRAME_ROOM);
	vlan = take_tag(&pkt.frame);
	parsed = weir_pkt_parse(&pkt);
	words_frame(text, &pkt, parsed, vlan);
	decide(r, &pkt, parsed, vlan);
	fprintf(r->out, "%6lu %11.6f  %s : %s", r->number, seconds(r), text, words_verdict(&pkt));
	if (pkt.send == WEIR_SEND_HELD)
		fprintf(r->out, " (until the backend answers)\n");
	else
		fprintf(r->out, " %s (%s)\n", weir_fates[pkt.fate].name, weir_fates[pkt.fate].text);
	draw_packet(r, &pkt);
	act(r, &pkt);
	say_later(r);
	return 0;
}

/*
 * Set-up
 */

/* Where there is memory, and how much: the measuring run and the real one differ in nothing else. */
static void init_proxy(struct replay *r, const struct weir_policy *policy)
{
	static const uint8_t seed[32] = "weirpcap has fixed random bytes";
	const struct weir_proxy_ops ops = {ops_header, ops_packet, r};

	weir_keyring_fill(&r->keyring, r->secret, r->wall_ns / 1000000000);
	r->arena.used = 0;
	weir_proxy_init(&r->px, &r->arena, policy, 0, seed, &ops, r->wall_ns, 0, &r->keyring);
}

struct replay *replay_new(const struct weir_policy *policy, const uint8_t secret[16],
	uint64_t wall_ns, FILE *out, bool verbose, replay_send_fn send, void *arg)
{
	struct replay *r = calloc(1, sizeof(*r));
	void *memory;

	if (r == NULL)
		return NULL;
	r->secret = secret;
	r->first_ns = r->wall_ns = wall_ns;
	r->out = out;
	r->verbose = verbose;
	r->send = send;
	r->arg = arg;
	r->later = open_memstream(&r->later_text, &r->later_size);
	if (r->later == NULL)
		goto err_free;
	init_proxy(r, policy);
	r->arena.size = r->arena.used;
	memory = mmap(NULL, r->arena.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		0);
	if (memory == MAP_FAILED)
		goto err_close;
	r->arena.base = memory;
	init_proxy(r, policy);
	return r;

err_close:
	fclose(r->later);
	free(r->later_text);
err_free:
	free(r);
	return NULL;
}

void replay_draw(struct replay *r, struct weir_ladders *ladders)
{
	r->ladders = ladders;
}

/* Held packets die with the core that holds them. */
static void free_held(struct replay *r)
{
	static const struct weir_addr none; /* the client of a free conn: flow/table.h */
	struct weir_pkt pkt;

	for (uint32_t i = 0; i < r->px.table.fresh; i++) {
		struct weir_conn *c = weir_table_conn(&r->px.table, i);

		if (weir_addr_eq(&c->client.addr, &none))
			continue;
		while (weir_conn_held(c) != WEIR_HELD_NONE &&
			weir_held_get(&r->px.held, &c->held, &pkt))
			buffer_free(pkt.buf);
	}
}

void replay_free(struct replay *r)
{
	if (r == NULL)
		return;
	free_held(r);
	munmap(r->arena.base, r->arena.size);
	fclose(r->later);
	free(r->later_text);
	free(r);
}
