// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy engine between families, frame by frame: clients of an IPv6 VIP at an IPv4 backend, and the reverse, in
 * fullnat. What leaves is verified by the naive sums of frame6.h and parsed again.
 */
#include "flow/classify.h"
#include "frame6.h"
#include "tcp/proxy.h"
#include "unit.h"
#include "wire/l3.h"

#define ISN      0xf0010203u
#define BACK_ISN 0x12345678u
#define MSS      1440 /* what has room in 1500 bytes behind IPv6's header */

static const uint8_t client_mac[6] = {2, 0, 0, 0, 0, 2};

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
	struct weir_addr client, vip, local, backend;
	enum weir_family front, back;
} w;

static struct weir_addr addr(enum weir_family family, uint16_t net, uint16_t host)
{
	if (family == WEIR_FAMILY_IPV6)
		return frame6_addr(0x2001, 0xdb8, net, 0, 0, 0, 0, host);
	return weir_addr_v4(weir_be32(0x0a000000u | (uint32_t)net << 16 | host));
}

static struct weir_policy *make_policy(enum weir_syn_cookies syn_cookies)
{
	const struct weir_policy_room room = {
		.services = 1, .listeners = 1, .backends = 1, .members = 1, .nexthops = 1};
	struct weir_policy *p = weir_policy_alloc(&room);

	p->n_workers = p->n_ports = p->n_interfaces = p->n_nexthops = 1;
	p->n_services = p->n_backends = p->n_members = 1;
	p->ports[0].mtu = 1500;
	p->interfaces[0].n_addrs = 2; /* the first one is of the wrong family */
	p->interfaces[0].addrs[0] = (struct weir_interface_addr){addr(w.front, 1, 1), 112};
	p->interfaces[0].addrs[1] = (struct weir_interface_addr){w.local, 112};
	p->nexthops[0].addr = w.backend;
	p->services[0] = (struct weir_service){
		.mode = WEIR_MODE_FULLNAT,
		.syn_cookies = (uint8_t)syn_cookies,
		.profile = {.mss = MSS, .wscale = 7, .sack = true, .timestamps = true},
		.timeouts = {7440000, 300000, 60000, 64000, 200, 2000},
		.n_members = 1,
	};
	p->backends[0].addr = w.backend;
	p->backends[0].port_be = weir_be16(8080);
	p->members[0] = (struct weir_member){.backend = 0, .weight = 1};
	weir_policy_listen(p, 0, &w.vip, weir_be16(80));
	p->limits = (struct weir_limits){.connections = 64,
		.half_open = 16,
		.held_packets = 64,
		.held_bytes = 14600,
		.syn_ack_ring = 16,
		.reply_budget = 1000};
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

	CU_ASSERT(pkt->frame.len == pkt->frame.head_len && pkt->frame.len <= pkt->frame.room);
	s->len = pkt->frame.len;
	memcpy(s->bytes, pkt->frame.data, s->len);
	free(pkt->buf);
}

static void start(enum weir_family front, enum weir_family back, enum weir_syn_cookies syn_cookies)
{
	const uint8_t seed[32] = {6, 4, 6};
	const struct weir_proxy_ops ops = {on_header, on_packet, NULL};
	static struct weir_keyring keyring;
	struct weir_arena arena = {0};

	memset(&w, 0, sizeof(w));
	w.now_ns = 1000000000;
	weir_keyring_fill(&keyring, seed, w.now_ns / 1000000000);
	w.front = front;
	w.back = back;
	w.client = addr(front, 10, 0x203);
	w.vip = addr(front, 1, 80);
	w.local = addr(back, 2, 1);
	w.backend = addr(back, 2, 16);
	w.policy = make_policy(syn_cookies);
	weir_proxy_init(&w.px, &arena, w.policy, 0, seed, &ops, w.now_ns, 0, &keyring);
	w.memory = aligned_alloc(64, (arena.used + 63) & ~(size_t)63);
	memset(w.memory, 0, arena.used);
	arena = (struct weir_arena){.base = w.memory, .size = arena.used};
	weir_proxy_init(&w.px, &arena, w.policy, 0, seed, &ops, w.now_ns, 0, &keyring);
	weir_proxy_tick(&w.px, w.now_ns);
}

static void stop(void)
{
	weir_policy_free(w.policy);
	free(w.memory);
}

/* A frame comes in; what became of it. WEIR_FATES: it is held. The buffer is of its exact size. */
static enum weir_fate put(const uint8_t *f, size_t len)
{
	const size_t room = len < 110 ? 110 : len; /* for the longest error */
	uint8_t *buf = malloc(WEIR_FRAME_FRONT + room);
	struct weir_pkt pkt = {.buf = buf, .conn = UINT32_MAX};

	memcpy(buf + WEIR_FRAME_FRONT, f, len);
	memcpy(buf + WEIR_FRAME_FRONT + 6, client_mac, 6);
	pkt.frame = (struct weir_frame){.data = buf + WEIR_FRAME_FRONT,
		.len = (uint32_t)len,
		.head_len = (uint16_t)len,
		.room = (uint16_t)room};
	w.now_ns += 1000000;
	w.n_out = 0;
	weir_classify(w.policy, &pkt, weir_pkt_parse(&pkt));
	CU_ASSERT_NOT_EQUAL_FATAL(pkt.kind, WEIR_KIND_NONE);
	weir_proxy_burst(&w.px, &pkt, 1, w.now_ns);
	if (pkt.send == WEIR_SEND_HELD)
		return WEIR_FATES;
	if (pkt.send == WEIR_SEND_NOTHING)
		free(buf);
	else
		on_packet(NULL, &pkt);
	return pkt.fate;
}

static enum weir_family family_of(const uint8_t *f)
{
	return frame_get16(f + 12) == 0x86dd ? WEIR_FAMILY_IPV6 : WEIR_FAMILY_IPV4;
}

/* A segment with `n` bytes and marks of its own in class and hop limit; to the engine. */
static enum weir_fate say(const struct weir_header *h, size_t n)
{
	uint8_t f[FRAME_ROOM];
	size_t len = weir_build_tcp(f, h), at = len;

	for (len += n; at < len; at++)
		f[at] = (uint8_t)(at * 7);
	if (family_of(f) == WEIR_FAMILY_IPV6) {
		frame_put32(f + FRAME_IP, 0x62e00000); /* class 0x2e */
		frame_put16(f + FRAME_IP + 4, (uint16_t)(len - FRAME6_TCP));
		f[FRAME_IP + 7] = 33;
		frame6_mend(f, FRAME6_TCP);
	} else {
		f[FRAME_IP + 1] = 0x2e;
		frame_put16(f + FRAME_IP + 2, (uint16_t)(len - FRAME_IP));
		f[FRAME_IP + 8] = 33;
		frame_mend(f, len);
	}
	return put(f, len);
}

/* What was sent, as a segment of that family: its sums are right. */
static struct weir_seg sent(unsigned int n, enum weir_family family)
{
	struct weir_pkt pkt;
	const uint8_t *f = w.out[n].bytes;

	CU_ASSERT_FATAL(n < w.n_out);
	CU_ASSERT_EQUAL_FATAL(frame_parse(&pkt, f, w.out[n].len), WEIR_PARSED_TCP);
	CU_ASSERT_EQUAL(pkt.seg.family, family);
	if (family == WEIR_FAMILY_IPV6) {
		CU_ASSERT_EQUAL(frame6_sum(f, FRAME6_TCP, 6), 0xffff);
	} else {
		CU_ASSERT_EQUAL(frame_tcp_sum(f), 0xffff);
		CU_ASSERT_EQUAL(frame_ip_sum(f), 0xffff);
	}
	return pkt.seg;
}

/* Class and hop limit of what say() sent, one hop further. */
static void check_marks(enum weir_family family)
{
	const uint8_t *f = w.out[0].bytes;

	if (family == WEIR_FAMILY_IPV6)
		CU_ASSERT(frame_get32(f + FRAME_IP) == 0x62e00000 && f[FRAME_IP + 7] == 32)
	else
		CU_ASSERT(f[FRAME_IP + 1] == 0x2e && f[FRAME_IP + 8] == 32)
}

struct talk {
	uint32_t cookie, client_seq, back_seq;
	uint32_t isn; /* towards the backend */
	uint16_t sport_be;
};

static struct weir_header from_client(uint8_t flags, uint32_t seq, uint32_t ack)
{
	return (struct weir_header){
		.src = w.client,
		.dst = w.vip,
		.sport_be = weir_be16(40000),
		.dport_be = weir_be16(80),
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.wnd = 1000,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = 1000,
	};
}

static struct weir_header from_backend(const struct talk *t, uint8_t flags, uint32_t seq,
	uint32_t ack)
{
	return (struct weir_header){
		.src = w.backend,
		.dst = w.local,
		.sport_be = weir_be16(8080),
		.dport_be = t->sport_be,
		.flags = flags,
		.seq = seq,
		.ack = ack,
		.wnd = 60000,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = 7000,
		.tsecr = 1000,
	};
}

static struct weir_header offer(struct weir_header h)
{
	h.mss = weir_l3_mss(weir_l3_family(&h.src), 1500); /* 1460 or 1440 */
	h.wscale = 7;
	h.sack_ok = true;
	return h;
}

/* The SYN that the backend gets; it offers no segment that the other side has no room for. */
static void check_backend_syn(struct talk *t)
{
	struct weir_seg s = sent(0, w.back);

	CU_ASSERT(s.flags == WEIR_TCP_SYN && s.mss == MSS);
	CU_ASSERT_EQUAL(w.out[0].send, WEIR_SEND_NEXTHOP);
	CU_ASSERT(weir_addr_eq(&s.src, &w.local) && weir_addr_eq(&s.dst, &w.backend));
	t->sport_be = s.sport_be;
	t->isn = s.seq;
}

static void syn(struct talk *t)
{
	struct weir_header h = offer(from_client(WEIR_TCP_SYN, ISN, 0));
	struct weir_seg s;

	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_syn_cookie);
	s = sent(0, w.front);
	CU_ASSERT(s.flags == (WEIR_TCP_SYN | WEIR_TCP_ACK) && s.mss == MSS);
	t->cookie = s.seq;
	t->client_seq = ISN + 1;
	h = from_client(WEIR_TCP_ACK, ISN + 1, s.seq + 1);
	h.tsecr = s.tsval;
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_handshake_ack);
	check_backend_syn(t);
}

static void syn_ack(struct talk *t)
{
	struct weir_header h =
		offer(from_backend(t, WEIR_TCP_SYN | WEIR_TCP_ACK, BACK_ISN, t->isn + 1));

	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_backend_syn_ack);
	t->back_seq = BACK_ISN + 1;
}

static struct talk open(void)
{
	struct talk t = {0};
	struct weir_seg s;

	syn(&t);
	syn_ack(&t);
	s = sent(0, w.back);
	CU_ASSERT(s.flags == WEIR_TCP_ACK && s.ack == BACK_ISN + 1 && s.seq == t.isn + 1);
	return t;
}

static void client_sends(struct talk *t, size_t n, uint8_t flags)
{
	struct weir_header h = from_client(WEIR_TCP_ACK | flags, t->client_seq,
		t->cookie + 1 + (t->back_seq - (BACK_ISN + 1)));
	struct weir_seg s;

	CU_ASSERT_EQUAL(say(&h, n), WEIR_FATE_to_backend);
	s = sent(0, w.back);
	check_marks(w.back);
	CU_ASSERT(weir_addr_eq(&s.src, &w.local) && s.sport_be == t->sport_be);
	CU_ASSERT(weir_addr_eq(&s.dst, &w.backend) && s.dport_be == weir_be16(8080));
	CU_ASSERT(s.seq == t->isn + (t->client_seq - ISN) && s.ack == t->back_seq);
	CU_ASSERT(s.payload_len == n && (n == 0 || w.out[0].bytes[w.out[0].len - 1] != 0));
	t->client_seq += (uint32_t)n + (flags & WEIR_TCP_FIN ? 1 : 0);
}

static void backend_sends(struct talk *t, size_t n, uint8_t flags)
{
	struct weir_header h =
		from_backend(t, WEIR_TCP_ACK | flags, t->back_seq, t->isn + (t->client_seq - ISN));
	struct weir_seg s;

	CU_ASSERT_EQUAL(say(&h, n), WEIR_FATE_to_client);
	s = sent(0, w.front);
	check_marks(w.front);
	CU_ASSERT(weir_addr_eq(&s.src, &w.vip) && s.sport_be == weir_be16(80));
	CU_ASSERT(weir_addr_eq(&s.dst, &w.client) && s.dport_be == weir_be16(40000));
	CU_ASSERT(s.seq == t->cookie + (t->back_seq - BACK_ISN) && s.ack == t->client_seq);
	CU_ASSERT_EQUAL(s.payload_len, n);
	t->back_seq += (uint32_t)n + (flags & WEIR_TCP_FIN ? 1 : 0);
}

static void converse(struct talk *t)
{
	for (size_t n = 0; n < 700; n += 33) {
		client_sends(t, 2 * n, WEIR_TCP_PSH);
		backend_sends(t, n, WEIR_TCP_PSH);
	}
	client_sends(t, 0, WEIR_TCP_FIN);
	backend_sends(t, 10, WEIR_TCP_FIN);
	client_sends(t, 0, 0);
	CU_ASSERT_EQUAL(weir_proxy_active(&w.px), 0);
}

static void connection(void)
{
	struct talk t = open();

	converse(&t);
}

/* HC-04: data before the backend has answered is held in its own family, and leaves in the other. */
static void early_data(void)
{
	struct weir_header h;
	struct talk t = {0};
	struct weir_seg s;

	syn(&t);
	h = from_client(WEIR_TCP_ACK | WEIR_TCP_PSH, ISN + 1, t.cookie + 1);
	CU_ASSERT_EQUAL(say(&h, 77), WEIR_FATES);
	syn_ack(&t);
	CU_ASSERT_EQUAL_FATAL(w.n_out, 1);
	s = sent(0, w.back);
	CU_ASSERT(s.payload_len == 77 && s.seq == t.isn + 1 && s.ack == BACK_ISN + 1);
	check_marks(w.back);
}

/* HC-70: the ends' own SYN and SYN-ACK pass, and neither offers what the other side has no room for. */
static void calm(void)
{
	struct weir_header h = offer(from_client(WEIR_TCP_SYN, ISN, 0));
	struct talk t = {.client_seq = ISN + 1, .back_seq = BACK_ISN + 1};
	struct weir_seg s;

	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_to_backend);
	check_backend_syn(&t);
	h = offer(from_backend(&t, WEIR_TCP_SYN | WEIR_TCP_ACK, BACK_ISN, t.isn + 1));
	CU_ASSERT_EQUAL(say(&h, 0), WEIR_FATE_to_client);
	s = sent(0, w.front);
	CU_ASSERT(s.mss == MSS && s.ack == ISN + 1);
	t.cookie = s.seq;
	client_sends(&t, 0, 0);
	converse(&t);
}

/* A router's error about the n-th frame that was sent, with that MTU; f has room for it. */
static size_t too_big(uint8_t *f, unsigned int n, uint16_t mtu)
{
	const uint8_t *quote = w.out[n].bytes + FRAME_IP;
	size_t len;

	if (family_of(w.out[n].bytes) == WEIR_FAMILY_IPV6) {
		len = frame6_icmp(f, 2, 0, mtu, quote, 60);
		memcpy(f + FRAME6_DST, quote + 8, 16);
		frame6_mend_icmp(f, FRAME6_TCP);
		return len;
	}
	len = frame_icmp(f, 3, 4, 40);
	memcpy(f + FRAME_IP + 16, quote + 12, 4);
	memcpy(f + FRAME_QUOTE, quote, 40);
	frame_put32(f + FRAME_TCP + 4, mtu);
	frame_put16(f + FRAME_TCP + 2, 0);
	frame_put16(f + FRAME_TCP + 2, (uint16_t)~frame_sum(0, f + FRAME_TCP, len - FRAME_TCP));
	frame_mend_ip(f);
	return len;
}

/* The error that was sent, in that family, says so of a segment from src:port with that sequence number. */
static void check_too_big(enum weir_family family, const struct weir_addr *src, uint16_t port,
	uint32_t seq, uint16_t mtu)
{
	const bool six = family == WEIR_FAMILY_IPV6;
	const uint8_t *f = w.out[0].bytes, *m = f + (six ? FRAME6_TCP : FRAME_TCP);
	const uint8_t *tcp = m + 8 + (six ? 40 : 20);

	CU_ASSERT_EQUAL_FATAL(w.n_out, 1);
	CU_ASSERT_EQUAL(family_of(f), family);
	CU_ASSERT_EQUAL(frame_get16(m), six ? 0x0200 : 0x0304);
	CU_ASSERT_EQUAL(frame_get32(m + 4), mtu);
	CU_ASSERT_EQUAL(memcmp(six ? m + 16 : m + 20, src->b + (six ? 0 : 12), six ? 16 : 4), 0);
	CU_ASSERT_EQUAL(frame_get16(tcp), port);
	CU_ASSERT_EQUAL(frame_get32(tcp + 4), seq);
	if (six)
		CU_ASSERT_EQUAL(frame6_sum(f, FRAME6_TCP, 58), 0xffff)
	else
		CU_ASSERT_EQUAL(frame_sum(0, m, 36), 0xffff)
}

/* HC-28: each end hears of a narrow path on the other side, in its own family and numbers. */
static void path_mtu(void)
{
	const int more = w.front == WEIR_FAMILY_IPV6
		? 20
		: -20; /* what fits in front, of what does behind */
	struct talk t = open();
	uint8_t f[FRAME_ROOM];
	const uint32_t client_seq = t.client_seq, back_seq = t.back_seq;

	client_sends(&t, 1400, 0);
	CU_ASSERT_EQUAL(put(f, too_big(f, 0, 1400)), WEIR_FATE_icmp_forwarded);
	check_too_big(w.front, &w.client, 40000, client_seq, (uint16_t)(1400 + more));
	backend_sends(&t, 1400, 0);
	CU_ASSERT_EQUAL(put(f, too_big(f, 0, 1400)), WEIR_FATE_icmp_forwarded);
	check_too_big(w.back, &w.backend, 8080, back_seq, (uint16_t)(1400 - more));
}

static void both_ways(enum weir_syn_cookies syn_cookies, void (*test)(void))
{
	start(WEIR_FAMILY_IPV6, WEIR_FAMILY_IPV4, syn_cookies);
	test();
	stop();
	start(WEIR_FAMILY_IPV4, WEIR_FAMILY_IPV6, syn_cookies);
	test();
	stop();
}

static void connections(void)
{
	both_ways(WEIR_SYN_COOKIES_ALWAYS, connection);
}

static void early(void)
{
	both_ways(WEIR_SYN_COOKIES_ALWAYS, early_data);
}

static void half_open(void)
{
	both_ways(WEIR_SYN_COOKIES_NEVER, calm);
}

static void path_mtus(void)
{
	both_ways(WEIR_SYN_COOKIES_ALWAYS, path_mtu);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-20 mixed families: a connection", connections},
		{"HC-04 mixed families: early data", early},
		{"HC-70 mixed families: a half-open entry", half_open},
		{"HC-28 mixed families: path MTU", path_mtus},
	};

	return unit_main("mixed_engine", tests, sizeof(tests) / sizeof(tests[0]));
}
