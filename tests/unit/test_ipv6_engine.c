// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy engine on IPv6, frame by frame: a client of an IPv6 VIP with an IPv6 backend, in nat and fullnat.
 * The engine knows no family; what this shows is that it indeed needs none. Frames are verified by the naive
 * sums of frame6.h.
 */
#include "flow/classify.h"
#include "frame6.h"
#include "tcp/proxy.h"
#include "unit.h"

#define NAT      0
#define FULLNAT  1
#define NEXTHOP  0
#define WORKERS  1
#define LABEL    0xabcde /* of frame6_header() */
#define ISN      0xf0010203u
#define BACK_ISN 0x12345678u

static const uint8_t client_mac[6] = {2, 0, 0, 0, 0, 2};

/* A frame that the engine sent. */
struct sent {
	uint8_t bytes[FRAME_ROOM];
	size_t len;
	uint8_t send;
};

static struct {
	struct weir_policy *policy;
	struct weir_proxy px;
	void *memory;
	uint64_t now_ns;
	struct sent out[16];
	unsigned int n_out;
	struct weir_addr client, local;
	uint16_t mode;
} w;

static struct weir_addr vip(unsigned int mode)
{
	return frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, (uint16_t)(0x80 + mode));
}

static struct weir_addr backend(unsigned int mode)
{
	return frame6_addr(0x2001, 0xdb8, 0xb, 0, 0, 0, 0, (uint16_t)(0x10 + mode));
}

static struct weir_policy *make_policy(void)
{
	const struct weir_policy_room room = {
		.services = 2, .listeners = 2, .backends = 2, .members = 2, .nexthops = 1};
	struct weir_policy *p = weir_policy_alloc(&room);

	p->n_workers = WORKERS;
	p->n_ports = p->n_interfaces = p->n_nexthops = 1;
	p->n_services = p->n_backends = p->n_members = 2;
	p->interfaces[0].n_addrs = 1;
	p->interfaces[0].addrs[0] = (struct weir_interface_addr){w.local, 64};
	p->nexthops[0].addr = frame6_addr(0x2001, 0xdb8, 0xb, 0, 0, 0, 0, 0xfe);
	for (uint16_t i = 0; i < 2; i++) {
		const struct weir_addr addr = vip(i);

		p->services[i] = (struct weir_service){
			.mode = i == NAT ? WEIR_MODE_NAT : WEIR_MODE_FULLNAT,
			.profile = {.mss = 1440, .wscale = 7, .sack = true, .timestamps = true},
			.timeouts = {7440000, 300000, 60000, 64000, 200, 2000},
			.first_member = i,
			.n_members = 1,
		};
		p->backends[i].addr = backend(i);
		p->backends[i].port_be = weir_be16(8080);
		p->backends[i].service = i;
		p->members[i] = (struct weir_member){.backend = i, .weight = 1};
		weir_policy_listen(p, i, &addr, weir_be16(80));
	}
	p->limits = (struct weir_limits){.connections = 64,
		.held_packets = 64,
		.held_bytes = 14600,
		.syn_ack_ring = 16,
		.reply_budget = 1000,
		.refuse_closed_ports = true};
	CU_ASSERT_EQUAL_FATAL(weir_policy_finish(p), 0);
	return p;
}

static struct sent *leave(uint8_t send)
{
	CU_ASSERT_FATAL(w.n_out < sizeof(w.out) / sizeof(w.out[0]));
	w.out[w.n_out].send = send;
	return &w.out[w.n_out++];
}

static void on_header(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
	struct sent *s = leave(dest->send);

	s->len = weir_build_tcp(s->bytes, h);
}

static void on_packet(void *shell, struct weir_pkt *pkt)
{
	struct sent *s = leave(pkt->send);

	s->len = pkt->frame.len;
	memcpy(s->bytes, pkt->frame.data, s->len);
	free(pkt->buf);
}

static void start(unsigned int mode)
{
	const uint8_t seed[32] = {6, 6, 6};
	const struct weir_proxy_ops ops = {on_header, on_packet, NULL};
	static struct weir_keyring keyring;
	struct weir_arena arena = {0};

	memset(&w, 0, sizeof(w));
	w.now_ns = 1000000000;
	weir_keyring_fill(&keyring, seed, w.now_ns / 1000000000);
	w.mode = (uint16_t)mode;
	w.client = frame6_addr(0x2001, 0xdb8, 10, 0, 0, 0, 1, 0x203);
	w.local = frame6_addr(0x2001, 0xdb8, 0xb, 0, 0, 0, 0, 1);
	w.policy = make_policy();
	weir_proxy_init(&w.px, &arena, w.policy, 0, seed, &ops, w.now_ns, 0, &keyring);
	w.memory = aligned_alloc(64, (arena.used + 63) & ~(size_t)63);
	memset(w.memory, 0, arena.used);
	arena = (struct weir_arena){.base = w.memory, .size = arena.used};
	weir_proxy_init(&w.px, &arena, w.policy, 0, seed, &ops, w.now_ns, 0, &keyring);
}

static void stop(void)
{
	weir_policy_free(w.policy);
	free(w.memory);
}

/* A frame comes in; what became of it. */
static enum weir_fate put(const uint8_t *f, size_t len)
{
	uint8_t *buf = malloc(FRAME_ROOM);
	struct weir_pkt pkt = {.buf = buf, .conn = UINT32_MAX};
	enum weir_parsed parsed;

	memcpy(buf, f, len);
	memcpy(buf + 6, client_mac, 6);
	pkt.frame = (struct weir_frame){.data = buf, .len = (uint32_t)len, .room = FRAME_ROOM};
	pkt.frame.head_len = (uint16_t)len;
	w.now_ns += 1000000;
	w.n_out = 0;
	parsed = weir_pkt_parse(&pkt);
	weir_classify(w.policy, &pkt, parsed);
	if (pkt.kind == WEIR_KIND_NONE) {
		free(buf);
		return pkt.fate;
	}
	weir_proxy_burst(&w.px, &pkt, 1, w.now_ns);
	if (pkt.send == WEIR_SEND_HELD)
		return WEIR_FATES;
	if (pkt.send == WEIR_SEND_NOTHING)
		free(buf);
	else
		on_packet(NULL, &pkt);
	return pkt.fate;
}

/* A segment with `payload_len` bytes; to the engine. */
static enum weir_fate say(const struct weir_header *h, size_t payload_len)
{
	uint8_t f[FRAME_ROOM];
	size_t len = weir_build_tcp(f, h), header = len;

	for (len += payload_len; header < len; header++)
		f[header] = (uint8_t)(header * 7);
	f[15] |= 0x0a; /* a flow label, which is to be kept */
	frame_put16(f + 16, 0xbcde);
	frame_put16(f + 18, (uint16_t)(len - FRAME6_TCP));
	frame6_mend(f, FRAME6_TCP);
	return put(f, len);
}

static struct weir_header from_client(uint8_t flags, uint32_t seq, uint32_t ack)
{
	return (struct weir_header){
		.src = w.client,
		.dst = vip(w.mode),
		.sport_be = weir_be16(40000),
		.dport_be = weir_be16(80),
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.wnd = 1000,
		.wscale = WEIR_WSCALE_NONE,
	};
}

/* The n-th frame that was sent, as a segment: its sums are right. */
static struct weir_seg sent(unsigned int n)
{
	struct weir_pkt pkt;

	CU_ASSERT_FATAL(n < w.n_out);
	CU_ASSERT_EQUAL(frame_parse(&pkt, w.out[n].bytes, w.out[n].len), WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(frame6_sum(w.out[n].bytes, FRAME6_TCP, 6), 0xffff);
	CU_ASSERT_EQUAL(pkt.seg.family, 6);
	return pkt.seg;
}

/* What a connection has come to. */
struct talk {
	uint32_t cookie, client_seq, back_seq; /* next sequence numbers, as each side says them */
	uint32_t isn;                          /* ours towards the backend */
	struct weir_addr src;                  /* as the backend sees the client */
	uint16_t sport_be;
};

static void syn(struct talk *t)
{
	struct weir_header h = from_client(WEIR_TCP_SYN, ISN, 0);
	struct weir_seg s;

	h.mss = 1440;
	h.wscale = 7;
	h.sack_ok = true;
	h.ts = true;
	h.tsval = 1000;
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_syn_cookie);
	s = sent(0);
	CU_ASSERT(s.flags == (WEIR_TCP_SYN | WEIR_TCP_ACK) && s.ack == ISN + 1);
	CU_ASSERT(weir_addr_eq(&s.src, &h.dst) && weir_addr_eq(&s.dst, &h.src));
	CU_ASSERT(s.mss == 1440 && s.wscale == 7 && s.sack_ok && s.tsecr == 1000);
	t->cookie = s.seq;
	t->client_seq = ISN + 1;
	h = from_client(WEIR_TCP_ACK, ISN + 1, s.seq + 1);
	h.ts = true;
	h.tsval = 1001;
	h.tsecr = s.tsval;
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_handshake_ack);
	s = sent(0);
	CU_ASSERT(s.flags == WEIR_TCP_SYN && s.mss == 1440 && w.out[0].send == WEIR_SEND_NEXTHOP);
	t->src = s.src;
	t->sport_be = s.sport_be;
	t->isn = s.seq;
}

static struct weir_header from_backend(const struct talk *t, uint8_t flags, uint32_t seq,
	uint32_t ack)
{
	return (struct weir_header){
		.src = backend(w.mode),
		.dst = t->src,
		.sport_be = weir_be16(8080),
		.dport_be = t->sport_be,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.wnd = 60000,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = 7000,
		.tsecr = 1001,
	};
}

static struct talk open(void)
{
	const struct weir_addr seen = w.mode == NAT ? w.client : w.local, to = backend(w.mode);
	struct talk t = {0};
	struct weir_header h;
	struct weir_seg s;

	syn(&t);
	s = sent(0);
	CU_ASSERT(weir_addr_eq(&s.src, &seen) && weir_addr_eq(&s.dst, &to));
	CU_ASSERT(s.dport_be == weir_be16(8080));
	h = from_backend(&t, WEIR_TCP_SYN | WEIR_TCP_ACK, BACK_ISN, t.isn + 1);
	h.mss = 1440;
	h.wscale = 7;
	h.sack_ok = true;
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_backend_syn_ack);
	s = sent(0);
	CU_ASSERT(s.flags == WEIR_TCP_ACK && s.ack == BACK_ISN + 1 && s.seq == t.isn + 1);
	t.back_seq = BACK_ISN + 1;
	return t;
}

/* Bytes 14 to 18 and the hop limit of what was forwarded: label kept, one hop less. */
static void check_header(const struct sent *s)
{
	CU_ASSERT_EQUAL(frame_get32(s->bytes + FRAME_IP) & 0xfffff, LABEL);
	CU_ASSERT_EQUAL(s->bytes[21], 63);
}

static void client_sends(struct talk *t, size_t n, uint8_t flags)
{
	struct weir_header h = from_client(WEIR_TCP_ACK | flags, t->client_seq,
		t->cookie + 1 + (t->back_seq - (BACK_ISN + 1)));
	struct weir_seg s;

	h.ts = true;
	h.tsval = 1002;
	CU_ASSERT_EQUAL(say(&h, n), WEIR_FATE_to_backend);
	s = sent(0);
	check_header(&w.out[0]);
	CU_ASSERT(weir_addr_eq(&s.src, &t->src) && s.sport_be == t->sport_be);
	CU_ASSERT(s.seq == t->isn + (t->client_seq - ISN) && s.ack == t->back_seq);
	CU_ASSERT_EQUAL(s.payload_len, n);
	t->client_seq += (uint32_t)n + (flags & WEIR_TCP_FIN ? 1 : 0);
}

static void backend_sends(struct talk *t, size_t n, uint8_t flags)
{
	struct weir_header h =
		from_backend(t, WEIR_TCP_ACK | flags, t->back_seq, t->isn + (t->client_seq - ISN));
	const struct weir_addr from = vip(w.mode);
	struct weir_seg s;

	CU_ASSERT_EQUAL(say(&h, n), WEIR_FATE_to_client);
	s = sent(0);
	check_header(&w.out[0]);
	CU_ASSERT(weir_addr_eq(&s.src, &from) && s.sport_be == weir_be16(80));
	CU_ASSERT(weir_addr_eq(&s.dst, &w.client) && s.dport_be == weir_be16(40000));
	CU_ASSERT(s.seq == t->cookie + (t->back_seq - BACK_ISN) && s.ack == t->client_seq);
	CU_ASSERT_EQUAL(s.payload_len, n);
	t->back_seq += (uint32_t)n + (flags & WEIR_TCP_FIN ? 1 : 0);
}

static void connection(unsigned int mode)
{
	struct talk t;

	start(mode);
	t = open();
	for (size_t n = 0; n < 200; n += 33) {
		client_sends(&t, n, WEIR_TCP_PSH);
		backend_sends(&t, 3 * n, WEIR_TCP_PSH);
	}
	client_sends(&t, 0, WEIR_TCP_FIN);
	backend_sends(&t, 10, WEIR_TCP_FIN);
	client_sends(&t, 0, 0);
	CU_ASSERT_EQUAL(weir_proxy_active(&w.px), 0);
	stop();
}

static void in_nat(void)
{
	connection(NAT);
}

static void in_fullnat(void)
{
	connection(FULLNAT);
}

/* HC-04: data before the backend has answered is held, and follows. */
static void early_data(void)
{
	struct weir_header h;
	struct talk t = {0};
	struct weir_seg s;

	start(FULLNAT);
	syn(&t);
	h = from_client(WEIR_TCP_ACK | WEIR_TCP_PSH, ISN + 1, t.cookie + 1);
	h.ts = true;
	h.tsval = 1002;
	CU_ASSERT_EQUAL(say(&h, 77), WEIR_FATES);
	h = from_backend(&t, WEIR_TCP_SYN | WEIR_TCP_ACK, BACK_ISN, t.isn + 1);
	h.mss = 1440;
	h.wscale = 7;
	h.sack_ok = true;
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_backend_syn_ack);
	CU_ASSERT_EQUAL_FATAL(w.n_out, 1); /* it is the third step of the handshake, too */
	s = sent(0);
	CU_ASSERT(s.payload_len == 77 && s.seq == t.isn + 1 && s.ack == BACK_ISN + 1);
	check_header(&w.out[0]);
	stop();
}

/* Extension headers stay where they are, and the numbers behind them are rewritten. */
static void with_extensions(void)
{
	static const uint8_t options[16] = {0, 0, 1, 12};
	struct weir_header h;
	uint8_t f[FRAME_ROOM];
	struct talk t;
	struct weir_pkt pkt;
	size_t len;

	start(FULLNAT);
	t = open();
	h = from_client(WEIR_TCP_ACK, t.client_seq, t.cookie + 1);
	h.ts = true;
	h.tsval = 1002;
	len = frame6_insert(f, weir_build_tcp(f, &h), 60, options, sizeof(options));
	CU_ASSERT_EQUAL(put(f, len), WEIR_FATE_to_backend);
	CU_ASSERT_EQUAL_FATAL(w.n_out, 1);
	CU_ASSERT_EQUAL(frame_parse(&pkt, w.out[0].bytes, w.out[0].len), WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(frame6_sum(w.out[0].bytes, FRAME6_TCP + 16, 6), 0xffff);
	CU_ASSERT(pkt.seg.l4_off == FRAME6_TCP + 16 && pkt.seg.ack == BACK_ISN + 1);
	CU_ASSERT(weir_addr_eq(&pkt.seg.src, &w.local));
	stop();
}

static void refused(void)
{
	struct weir_header h;
	struct talk t = {0};
	struct weir_seg s;

	start(NAT);
	h = from_client(WEIR_TCP_SYN, ISN, 0);
	h.dport_be = weir_be16(81);
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_refused_port);
	s = sent(0);
	CU_ASSERT(s.flags == (WEIR_TCP_RST | WEIR_TCP_ACK) && s.ack == ISN + 1);
	h = from_client(WEIR_TCP_ACK, ISN + 1, 12345);
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_bad_cookie);
	syn(&t);
	h = from_backend(&t, WEIR_TCP_RST | WEIR_TCP_ACK, 0, t.isn + 1);
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_backend_refused);
	s = sent(w.n_out - 1);
	CU_ASSERT(s.flags & WEIR_TCP_RST && weir_addr_eq(&s.dst, &w.client));
	stop();
}

/* One hop is left: not forwarded (RFC 8200 §3), and answered (RFC 4443 §3.3). */
static void last_hop(void)
{
	struct weir_header h;
	uint8_t f[FRAME_ROOM];
	struct talk t;
	size_t len;

	start(NAT);
	t = open();
	h = from_client(WEIR_TCP_ACK, t.client_seq, t.cookie + 1);
	h.ts = true;
	h.tsval = 1002;
	len = weir_build_tcp(f, &h);
	f[21] = 1;
	CU_ASSERT_EQUAL(put(f, len), WEIR_FATE_time_exceeded);
	f[21] = 0;
	CU_ASSERT_EQUAL(put(f, len), WEIR_FATE_time_exceeded);
	f[21] = 2;
	CU_ASSERT_EQUAL(put(f, len), WEIR_FATE_to_backend);
	stop();
}

/* A ping to the VIP, and an error about our SYN to the backend. */
static void icmp(void)
{
	const struct weir_addr to = vip(FULLNAT);
	uint8_t f[FRAME_ROOM], quote[FRAME_ROOM];
	struct talk t = {0};
	struct weir_seg s;
	size_t len, quote_len;

	start(FULLNAT);
	len = frame6_icmp(f, 128, 0, 0x77010002, NULL, 0);
	memcpy(f + FRAME6_DST, &to, 16);
	frame6_mend_icmp(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(put(f, len), WEIR_FATE_icmp_echo);
	CU_ASSERT_EQUAL_FATAL(w.n_out, 1);
	CU_ASSERT_EQUAL(frame6_sum(w.out[0].bytes, FRAME6_TCP, 58), 0xffff);
	CU_ASSERT_EQUAL(w.out[0].bytes[FRAME6_TCP], 129);
	CU_ASSERT_EQUAL(memcmp(w.out[0].bytes + FRAME6_SRC, &to, 16), 0);

	syn(&t);
	quote_len = w.out[0].len - FRAME_IP;
	memcpy(quote, w.out[0].bytes + FRAME_IP, quote_len);
	len = frame6_icmp(f, 1, 3, 0, quote, quote_len);
	memcpy(f + FRAME6_DST, &w.local, 16);
	frame6_mend_icmp(f, FRAME6_TCP);
	CU_ASSERT_EQUAL(put(f, len), WEIR_FATE_backend_unreachable);
	s = sent(w.n_out - 1);
	CU_ASSERT(w.n_out == 1 && (s.flags & WEIR_TCP_RST) && weir_addr_eq(&s.dst, &w.client));
	stop();
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 IPv6 engine: a connection in nat", in_nat},
		{"HC-20 IPv6 engine: a connection in fullnat", in_fullnat},
		{"HC-04 IPv6 engine: early data", early_data},
		{"HC-29 IPv6 engine: extension headers", with_extensions},
		{"HC-12 HC-14 IPv6 engine: refused", refused},
		{"HC-20 IPv6 engine: the last hop", last_hop},
		{"HC-12 IPv6 engine: ping and unreachable", icmp},
	};

	return unit_main("ipv6_engine", tests, sizeof(tests) / sizeof(tests[0]));
}
