// SPDX-License-Identifier: BSD-3-Clause
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "flow/classify.h"
#include "flow/pkt.h"
#include "wire/l3.h"

/* Half of what 16 addresses have: when a pool runs short, idle connections go. */
#define LOCALS_PER_BACKEND 500000u
#define START_NS           1000000000ull

static const uint8_t nexthop_mac[6] = {2, 0, 0, 0, 0, 2};
static const uint8_t own_mac[6] = {2, 0, 0, 0, 0, 1};

static void add_backends(const struct world *w, struct weir_policy *p, uint32_t n)
{
	p->n_backends = p->n_members = n;
	for (uint32_t i = 0; i < n; i++) {
		struct weir_backend *b = &p->backends[i];

		snprintf(b->name, sizeof(b->name), "b%u", i);
		b->addr = frame_addr_of(w->behind, 0x0a00ff01 + i); /* 10.0.255.1 .. */
		b->port_be = weir_be16(80);
		p->members[i] = (struct weir_member){.backend = (uint16_t)i, .weight = 1};
	}
}

static struct weir_policy *make_policy(const struct world *w, uint32_t connections,
	unsigned int workers)
{
	uint32_t n_backends = 1 + connections / LOCALS_PER_BACKEND;
	const uint8_t prefix = w->behind == WEIR_FAMILY_IPV6 ? 32 + 16 : 96 + 16;
	const struct weir_addr vip = frame_addr(w, WORLD_VIP);
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){.services = 1,
		.listeners = 1,
		.backends = n_backends,
		.members = n_backends,
		.nexthops = 1});

	if (p == NULL)
		abort();
	p->n_workers = workers;
	p->n_ports = p->n_interfaces = p->n_services = p->n_nexthops = 1;
	p->interfaces[0].n_addrs = WEIR_LOCALS_MAX;
	for (uint32_t i = 0; i < WEIR_LOCALS_MAX; i++)
		p->interfaces[0].addrs[i] = (struct weir_interface_addr){
			frame_addr_of(w->behind, 0x0a000001 + i), prefix};
	add_backends(w, p, n_backends);
	p->services[0] = (struct weir_service){
		.name = "bench",
		.mode = WEIR_MODE_FULLNAT,
		.profile = {.mss = weir_l3_mss(WEIR_FAMILY_IPV6 == w->behind ? w->behind
									     : w->family,
				    1500),
			.wscale = 7,
			.sack = true,
			.timestamps = true},
		.timeouts = {7440000, 300000, 60000, 64000, 200, 2000},
		.n_members = n_backends,
	};
	weir_policy_listen(p, 0, &vip, weir_be16(80));
	p->nexthops[0].addr = p->backends[0].addr;
	p->limits = (struct weir_limits){.connections = connections,
		.held_packets = 2048,
		.held_bytes = 14600,
		.syn_ack_ring = 1024,
		.reply_budget = 1000};
	if (weir_policy_finish(p) != 0)
		abort();
	return p;
}

static void on_header(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
	struct world *w = shell;
	uint8_t *frame = w->outbox[w->n_created % WEIR_BURST];

	if (w->n_created == WORLD_HEADERS)
		abort(); /* a burst makes at most a frame or two each */
	weir_build_tcp(frame, h);
	memcpy(frame, dest->send == WEIR_SEND_NEIGHBOUR ? dest->neighbour.mac : nexthop_mac, 6);
	memcpy(frame + 6, own_mac, 6);
	w->created[w->n_created++] = *h;
}

/* The bench sends no early data. */
static void on_packet(void *shell, struct weir_pkt *pkt)
{
	abort();
}

static double clock_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static const uint8_t secret[16] = {1, 2, 3};
static struct weir_keyring keyring;

static void open_proxy(struct world *w, unsigned int worker)
{
	const uint8_t seed[32] = {1, 2, 3, 4, 5, 6, 7, 8, 9, (uint8_t)worker};
	const struct weir_proxy_ops ops = {on_header, on_packet, w};
	struct weir_arena arena = {0};

	weir_keyring_fill(&keyring, secret, w->now_ns / 1000000000);
	weir_proxy_init(&w->px, &arena, w->policy, worker, seed, &ops, w->now_ns, 0, &keyring);
	w->memory_bytes = arena.used;
	w->memory = pages_map(arena.used, &w->pages);
	arena = (struct weir_arena){.base = w->memory, .size = w->memory_bytes};
	weir_proxy_init(&w->px, &arena, w->policy, worker, seed, &ops, w->now_ns, 0, &keyring);
}

static struct world *open_world(uint32_t connections, unsigned int worker, unsigned int workers,
	enum weir_family family, enum weir_family behind)
{
	struct world *w = aligned_alloc(64, (sizeof(*w) + 63) & ~63ul);
	double start;

	if (w == NULL)
		abort();
	memset(w, 0, sizeof(*w));
	w->now_ns = START_NS;
	w->step_ns = WORLD_BURST_NS;
	w->family = family;
	w->behind = behind;
	w->policy = make_policy(w, connections, workers);
	start = clock_s();
	open_proxy(w, worker);
	w->open_s = clock_s() - start;
	return w;
}

struct world *world_open(uint32_t connections, unsigned int worker, unsigned int workers)
{
	return open_world(connections, worker, workers, WEIR_FAMILY_IPV4, WEIR_FAMILY_IPV4);
}

struct world *world_open_for(enum weir_family family, uint32_t connections, unsigned int worker,
	unsigned int workers)
{
	return open_world(connections, worker, workers, family, family);
}

struct world *world_open_mixed(uint32_t connections)
{
	return open_world(connections, 0, 1, WEIR_FAMILY_IPV4, WEIR_FAMILY_IPV6);
}

/* The policy is this world's own; the gate changes at its next look. */
void world_be_calm(struct world *w, uint32_t half_open)
{
	w->policy->services[0].syn_cookies = WEIR_SYN_COOKIES_NEVER;
	w->policy->limits.half_open = half_open;
	w->now_ns += 1000000; /* by then a worker looks at its gates again */
	weir_proxy_tick(&w->px, w->now_ns);
}

void world_close(struct world *w)
{
	pages_unmap(w->memory, w->memory_bytes);
	weir_policy_free(w->policy);
	free(w);
}

void world_receive(struct world *w, const struct frame *frames, unsigned int n)
{
	w->n_created = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct weir_pkt *pkt = &w->pkts[i];

		__builtin_prefetch(&frames[i + WEIR_BURST]);
		__builtin_prefetch(&frames[i + WEIR_BURST].data[64]);
		pkt->frame.data = w->work[i] + 64;
		memcpy(pkt->frame.data, frames[i].data, FRAME_COPY);
		if (frames[i].len > FRAME_COPY)
			memcpy(pkt->frame.data + FRAME_COPY, frames[i].data + FRAME_COPY,
				FRAME_MORE);
		pkt->buf = NULL;
		pkt->frame.len = frames[i].len;
		pkt->frame.head_len = (uint16_t)frames[i].len;
		pkt->frame.room = FRAME_ROOM;
		pkt->interface = 0;
		pkt->frame.csum = WEIR_CSUM_UNKNOWN;
	}
}

static inline void swap_macs(uint8_t *frame)
{
	uint8_t mac[6];

	memcpy(mac, frame, 6);
	memcpy(frame, frame + 6, 6);
	memcpy(frame + 6, mac, 6);
}

void world_floor(struct world *w, const struct frame *frames, unsigned int n)
{
	world_receive(w, frames, n);
	for (unsigned int i = 0; i < n; i++)
		swap_macs(w->work[i] + 64);
}

/* By a device that keeps each client on one queue, as dp/steer.h wants it: no hash for clients. */
static inline bool is_ours(const struct world *w, const struct weir_pkt *pkt)
{
	return pkt->kind != WEIR_KIND_BACKEND ||
		weir_owner(w->policy, pkt, w->px.worker) == w->px.worker;
}

/* The product's part of a burst, and nothing else: what bench_budget.sh counts instructions of. */
__attribute__((noinline)) static void through_core(struct world *w, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		weir_classify(w->policy, &w->pkts[i], weir_pkt_parse(&w->pkts[i]));
		if (!is_ours(w, &w->pkts[i]))
			abort(); /* every worker is only given what is its own */
	}
	weir_proxy_burst(&w->px, w->pkts, n, w->now_ns);
	weir_keyring_fill(&keyring, secret, w->now_ns / 1000000000);
	weir_proxy_tick(&w->px, w->now_ns);
}

/* MAC addresses are written and fates counted, as dp/worker.c does. */
static inline void leave_one(struct world *w, struct weir_pkt *pkt)
{
	if (pkt->send == WEIR_SEND_HELD)
		return; /* it has no fate yet */
	w->fates[pkt->fate]++;
	switch ((enum weir_send)pkt->send) {
	case WEIR_SEND_BACK:
		swap_macs(pkt->frame.data);
		return;
	case WEIR_SEND_NEIGHBOUR:
		memcpy(pkt->frame.data, pkt->neighbour.mac, 6);
		memcpy(pkt->frame.data + 6, own_mac, 6);
		return;
	case WEIR_SEND_NEXTHOP:
		memcpy(pkt->frame.data, nexthop_mac, 6);
		memcpy(pkt->frame.data + 6, own_mac, 6);
		return;
	case WEIR_SEND_NOTHING:
	case WEIR_SEND_HELD:
		return;
	}
}

void world_leave(struct world *w, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		leave_one(w, &w->pkts[i]);
	w->now_ns += w->step_ns;
}

void world_burst(struct world *w, const struct frame *frames, unsigned int n)
{
	world_receive(w, frames, n);
	through_core(w, n);
	world_leave(w, n);
}
