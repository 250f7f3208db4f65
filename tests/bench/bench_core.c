// SPDX-License-Identifier: BSD-3-Clause
/*
 * What the core costs per packet, in memory: cycles (TSC) over a floor that only brings the frame in
 * and swaps its MAC addresses. Rows: SYN -> SYN-ACK, ACK with a bad cookie, segments of established
 * connections in either direction. One row is the median of ROUNDS rounds.
 *
 *	bench_core [CONNECTIONS]...    default 1000: what is established while the rows are measured
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <x86intrin.h>

#include "flow/classify.h"
#include "tcp/proxy.h"
#include "wire/build.h"
#include "wire/parse.h"

#define ROUNDS     31
#define FRAMES     8192u /* frames prepared per row: random sources or connections */
#define FRAME_ROOM 128u
#define VIP        "192.0.2.80"
#define LOCAL      "10.0.0.1"
#define BACKEND    "10.0.0.11"

static struct weir_policy *policy;
static struct weir_proxy proxy;
static struct weir_header last_header; /* the outlet's latest: our SYN to the backend */
static uint8_t work[WEIR_BURST][FRAME_ROOM] __attribute__((aligned(64)));
static uint64_t now_ns = 1000000000;

/* One prepared frame, as it will come in. */
struct frame {
	uint8_t data[FRAME_ROOM - 8];
	uint32_t len;
} __attribute__((aligned(64)));

static struct frame *frames;

static uint64_t random64(void)
{
	static uint64_t state = 42;
	uint64_t z = (state += 0x9e3779b97f4a7c15ull);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
	return z ^ (z >> 31);
}

static struct weir_addr addr(const char *text)
{
	struct weir_addr a;

	if (weir_addr_parse(text, &a) != 0)
		abort();
	return a;
}

static void on_header(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
	last_header = *h;
}

static void on_packet(void *shell, struct weir_pkt *pkt)
{
}

static void make_policy(uint32_t connections)
{
	policy = weir_policy_alloc(1, 1, 1, 1);
	policy->n_workers = 1;
	policy->n_ports = policy->n_services = policy->n_backends = 1;
	policy->n_members = policy->n_nexthops = 1;
	policy->ports[0].n_addrs = WEIR_LOCALS_MAX; /* 16 x 64 k local ports */
	for (unsigned int i = 0; i < WEIR_LOCALS_MAX; i++) {
		policy->ports[0].addrs[i].addr = addr(LOCAL);
		policy->ports[0].addrs[i].addr.b[14] = (uint8_t)i;
		policy->ports[0].addrs[i].prefix = 96 + 16;
	}
	policy->services[0] = (struct weir_service){
		.name = "bench",
		.vip = addr(VIP),
		.port_be = weir_be16(80),
		.mode = WEIR_MODE_FULLNAT,
		.profile = {.mss = 1460, .wscale = 7, .sack = true, .timestamps = true},
		.timeouts = {7440000, 300000, 60000, 60000, 200, 2000},
		.n_members = 1,
	};
	policy->members[0] = (struct weir_member){.backend = 0, .weight = 1};
	policy->backends[0] = (struct weir_backend){
		.name = "b1", .addr = addr(BACKEND), .port_be = weir_be16(80)};
	policy->nexthops[0].addr = addr(BACKEND);
	policy->limits = (struct weir_limits){.connections = connections,
		.held_packets = 1024,
		.held_bytes = 14600,
		.syn_ack_ring = 1024,
		.reply_budget = 1000};
	if (weir_policy_finish(policy) != 0)
		abort();
}

static void make_proxy(void)
{
	const struct weir_outlet outlet = {on_header, on_packet, NULL};
	const uint8_t seed[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
	struct weir_arena arena = {0};

	weir_proxy_init(&proxy, &arena, policy, 0, seed, &outlet, now_ns, 0);
	arena = (struct weir_arena){.size = arena.used, .base = aligned_alloc(64, arena.used)};
	memset(arena.base, 0, arena.size);
	weir_proxy_init(&proxy, &arena, policy, 0, seed, &outlet, now_ns, 0);
	printf("# memory: %zu bytes for %u connections\n", arena.size, policy->limits.connections);
}

static void pkt_of(struct weir_pkt *pkt, uint8_t *data, uint32_t len)
{
	memset(pkt, 0, offsetof(struct weir_pkt, seg));
	pkt->data = data;
	pkt->len = len;
	pkt->head_len = (uint16_t)len;
	pkt->room = FRAME_ROOM;
	pkt->csum = WEIR_CSUM_UNKNOWN;
}

/* The whole way of a burst of frames through the core. */
static void run_burst(struct weir_pkt *pkts, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		weir_classify(policy, &pkts[i], weir_parse(&pkts[i]));
	weir_proxy_burst(&proxy, pkts, n, now_ns);
}

static struct weir_pkt run_one(const struct weir_header *h)
{
	struct weir_pkt pkt;

	pkt_of(&pkt, work[0], weir_build_tcp(work[0], h));
	run_burst(&pkt, 1);
	return pkt;
}

static struct weir_header client_header(uint32_t client_be, uint16_t port)
{
	return (struct weir_header){.src = weir_addr_v4(client_be),
		.dst = addr(VIP),
		.sport_be = weir_be16(port),
		.dport_be = weir_be16(80),
		.seq = (uint32_t)random64(),
		.wnd = 64240,
		.wscale = WEIR_WSCALE_NONE,
		.ts = true,
		.tsval = (uint32_t)random64()};
}

static struct weir_header syn_header(uint32_t client_be, uint16_t port)
{
	struct weir_header h = client_header(client_be, port);

	h.flags = WEIR_TCP_SYN;
	h.mss = 1460;
	h.wscale = 7;
	h.sack_ok = true;
	return h;
}

/* Source addresses 1.0.0.0 .. 126.255.255.255. */
static uint32_t random_client(void)
{
	return weir_be32(0x01000000 + (uint32_t)(random64() % 0x7d000000));
}

static void keep(struct frame *f, const struct weir_header *h)
{
	f->len = weir_build_tcp(f->data, h);
}

/* A connection through the whole handshake; its next segments of both directions. */
static void establish(uint32_t i, struct weir_header *from_client, struct weir_header *from_backend)
{
	uint32_t client = weir_be32(0x01000000 + i / 50000);
	struct weir_header h = syn_header(client, (uint16_t)(1024 + i % 50000)), back;
	struct weir_pkt pkt = run_one(&h);
	uint32_t backend_isn = (uint32_t)random64();

	weir_parse(&pkt);
	h.flags = WEIR_TCP_ACK;
	h.seq++;
	h.ack = pkt.seg.seq + 1;
	h.mss = 0;
	h.sack_ok = false;
	h.wscale = WEIR_WSCALE_NONE;
	h.tsecr = pkt.seg.tsval;
	pkt = run_one(&h);
	if (pkt.fate != WEIR_FATE_handshake_ack) {
		fprintf(stderr, "bench: ACK %u ended in %s\n", i, weir_fates[pkt.fate].name);
		exit(1);
	}
	back = last_header;
	back.src = last_header.dst;
	back.dst = last_header.src;
	back.sport_be = last_header.dport_be;
	back.dport_be = last_header.sport_be;
	back.seq = backend_isn;
	back.ack = last_header.seq + 1;
	back.flags = WEIR_TCP_SYN | WEIR_TCP_ACK;
	back.tsecr = last_header.tsval;
	back.tsval = (uint32_t)random64();
	pkt = run_one(&back);
	if (pkt.fate != WEIR_FATE_backend_syn_ack) {
		fprintf(stderr, "bench: handshake %u ended in %s\n", i, weir_fates[pkt.fate].name);
		exit(1);
	}
	back.seq++;
	back.flags = WEIR_TCP_ACK;
	back.mss = 0;
	back.sack_ok = false;
	back.wscale = WEIR_WSCALE_NONE;
	*from_client = h;
	*from_backend = back;
}

/* Brings a burst in, does `full` or only swaps the MACs, and says how many cycles a round took. */
static uint64_t round_cycles(uint32_t n_frames, bool full)
{
	struct weir_pkt pkts[WEIR_BURST];
	uint64_t start = __rdtsc();

	for (uint32_t at = 0; at < n_frames; at += WEIR_BURST) {
		for (unsigned int i = 0; i < WEIR_BURST; i++) {
			const struct frame *f = &frames[at + i];

			__builtin_prefetch(&frames[at + i + WEIR_BURST]);
			memcpy(work[i], f->data, 80);
			pkt_of(&pkts[i], work[i], f->len);
			if (!full) {
				uint8_t mac[6];

				memcpy(mac, work[i], 6);
				memcpy(work[i], work[i] + 6, 6);
				memcpy(work[i] + 6, mac, 6);
			}
		}
		if (full)
			run_burst(pkts, WEIR_BURST);
		now_ns += 10000;
	}
	return __rdtsc() - start;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(bool full)
{
	uint64_t c[ROUNDS];

	for (unsigned int i = 0; i < ROUNDS; i++)
		c[i] = round_cycles(FRAMES, full);
	qsort(c, ROUNDS, sizeof(c[0]), by_value);
	return (double)c[ROUNDS / 2] / FRAMES;
}

static void row(const char *work_name, uint32_t conns, enum weir_fate expected)
{
	double floor = median(false), full;
	struct weir_pkt pkt;

	/* The row measures what it says: the first frame ends as expected. */
	memcpy(work[0], frames[0].data, 80);
	pkt_of(&pkt, work[0], frames[0].len);
	run_burst(&pkt, 1);
	if (pkt.fate != expected) {
		fprintf(stderr, "bench: %s ended in %s\n", work_name, weir_fates[pkt.fate].name);
		exit(1);
	}
	full = median(true);
	printf("%-28s %10u %8.1f %8.1f %8.1f\n", work_name, conns, floor, full, full - floor);
}

static void prepare_syns(void)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct weir_header h = syn_header(random_client(), (uint16_t)(random64() | 1024));

		keep(&frames[i], &h);
	}
}

static void prepare_bad_acks(void)
{
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct weir_header h =
			client_header(random_client(), (uint16_t)(random64() | 1024));

		h.flags = WEIR_TCP_ACK;
		h.ack = (uint32_t)random64();
		h.tsecr = (uint32_t)random64();
		keep(&frames[i], &h);
	}
}

/* Frames of random connections out of all. */
static void prepare_segments(const struct weir_header *headers, uint32_t conns)
{
	for (uint32_t i = 0; i < FRAMES; i++)
		keep(&frames[i], &headers[random64() % conns]);
}

static void bench(uint32_t conns)
{
	struct weir_header *in = calloc(conns, sizeof(*in));
	struct weir_header *out = calloc(conns, sizeof(*out));

	make_policy(conns + conns / 8 + 64);
	make_proxy();
	for (uint32_t i = 0; i < conns; i++)
		establish(i, &in[i], &out[i]);
	printf("%-28s %10s %8s %8s %8s\n", "# work", "conns", "floor", "full", "cycles");
	prepare_syns();
	row("syn", conns, WEIR_FATE_syn_cookie);
	prepare_bad_acks();
	row("bad_ack", conns, WEIR_FATE_bad_cookie);
	prepare_segments(in, conns);
	row("established_client", conns, WEIR_FATE_to_backend);
	prepare_segments(out, conns);
	row("established_backend", conns, WEIR_FATE_to_client);
	free(in);
	free(out);
}

int main(int argc, char **argv)
{
	frames = aligned_alloc(64, (FRAMES + WEIR_BURST) * sizeof(*frames));
	memset(frames, 0, (FRAMES + WEIR_BURST) * sizeof(*frames));
	if (argc < 2)
		bench(1000);
	for (int i = 1; i < argc; i++)
		bench((uint32_t)strtoul(argv[i], NULL, 10));
	return 0;
}
