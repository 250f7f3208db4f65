// SPDX-License-Identifier: BSD-3-Clause
#include "shell.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/classify.h"
#include "frame.h"
#include "shell_check.h"

#if !defined(__SANITIZE_ADDRESS__) && defined(__has_feature)
#if __has_feature(address_sanitizer) /* clang's way to say it */
#define __SANITIZE_ADDRESS__
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, size)   ((void)(at), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(at, size) ((void)(at), (void)(size))
#endif

/* Wall clock: some moment in 2024, in the middle of a key epoch. */
#define WALL_NS (1711111117ull * 1000000000)

/* Nothing that was reset lives that long. */
#define LONG_MS (2ull * WEIR_COOKIE_LIFE_MS + 3600000)

void shell_die(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "\nshell: ");
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	abort();
}

static void fill_service(struct weir_policy *p, unsigned int s, unsigned int n_each)
{
	struct weir_service *svc = &p->services[s];
	struct weir_addr vip = weir_addr_v4(weir_be32(SHELL_VIP(s)));

	*svc = (struct weir_service){
		.mode = s == SHELL_FULLNAT ? WEIR_MODE_FULLNAT : WEIR_MODE_NAT,
		.scheduler = WEIR_SCHED_RR,
		.profile = {.mss = 1460, .wscale = 7, .sack = true, .timestamps = true},
		.timeouts = {.established_ms = 7440000,
			.half_close_ms = 300000,
			.closing_ms = 60000,
			.time_wait_ms = 60000,
			.connect_ms = 200,
			.rst_pending_ms = 5000},
		.watermarks = {.queue_high = 50, .queue_low = 25, .rate_low = 10, .hold_ms = 5000},
		.first_member = p->n_members,
		.n_members = n_each,
	};
	weir_policy_listen(p, (uint16_t)s, &vip, weir_be16(SHELL_VIP_PORT));
	for (unsigned int i = 0; i < n_each; i++) {
		uint16_t b = (uint16_t)p->n_backends++;

		p->backends[b] = (struct weir_backend){
			.addr = weir_addr_v4(weir_be32(SHELL_BACKEND(s, i))),
			.port_be = weir_be16(SHELL_BACKEND_PORT),
			.service = (uint16_t)s,
			.nexthop = b,
			.egress = SHELL_BACKENDS,
		};
		p->nexthops[b] = (struct weir_nexthop){
			.addr = p->backends[b].addr, .interface = SHELL_BACKENDS};
		p->members[p->n_members++] = (struct weir_member){.backend = b, .weight = 1};
	}
}

struct weir_policy *shell_policy(unsigned int n_workers, unsigned int n_each)
{
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){.services = 2,
		.listeners = 2,
		.backends = 2 * n_each,
		.members = 2 * n_each,
		.nexthops = 2 * n_each});

	if (p == NULL)
		shell_die("no memory");
	p->n_workers = n_workers;
	p->n_ports = p->n_interfaces = 2;
	p->ports[SHELL_CLIENTS].mtu = p->ports[SHELL_BACKENDS].mtu = 1500;
	p->interfaces[SHELL_CLIENTS] = (struct weir_interface){.port = SHELL_CLIENTS,
		.n_addrs = 1,
		.addrs = {{weir_addr_v4(weir_be32(0xc6336401)), 120}}};
	p->interfaces[SHELL_BACKENDS] = (struct weir_interface){.port = SHELL_BACKENDS,
		.no_clients = true,
		.n_addrs = 1,
		.addrs = {{weir_addr_v4(weir_be32(SHELL_LOCAL)), 120}}};
	p->limits = (struct weir_limits){.connections = 256 * n_workers,
		.adaptive_start = 60,
		.adaptive_end = 100,
		.held_packets = 64,
		.held_bytes = 14600,
		.syn_ack_ring = 256,
		.half_open = 64 * n_workers,
		.reply_budget = 1000,
		.refuse_closed_ports = true};
	p->drain_ms = 1000;
	p->steer_secret = (struct weir_sipkey){0x0123456789abcdef, 0xfedcba9876543210};
	p->n_services = 2;
	p->n_nexthops = 2 * n_each;
	fill_service(p, SHELL_FULLNAT, n_each);
	fill_service(p, SHELL_NAT, n_each);
	return p;
}

static void speak(struct weir_addr *addr, enum weir_family family)
{
	*addr = ip_addr(family, ip_host(addr));
}

void shell_policy_speak(struct weir_policy *p, const enum weir_family family[2])
{
	const enum weir_family of_interface[2] = {
		[SHELL_CLIENTS] = family[WEIR_CLIENT], [SHELL_BACKENDS] = family[WEIR_BACKEND]};

	for (uint32_t i = 0; i < p->n_interfaces; i++)
		for (uint32_t a = 0; a < p->interfaces[i].n_addrs; a++) {
			speak(&p->interfaces[i].addrs[a].addr, of_interface[i]);
			p->interfaces[i].addrs[a].prefix = ip_prefix(of_interface[i], 24);
		}
	for (uint32_t i = 0; i < p->n_services; i++) /* the headers before it are longer */
		if (family[WEIR_CLIENT] == WEIR_FAMILY_IPV6 ||
			family[WEIR_BACKEND] == WEIR_FAMILY_IPV6)
			p->services[i].profile.mss -= IP_LEN_MAX - 20;
	for (uint32_t i = 0; i < p->n_listeners; i++)
		speak(&p->listeners[i].vip, family[WEIR_CLIENT]);
	for (uint32_t i = 0; i < p->n_backends; i++)
		speak(&p->backends[i].addr, family[WEIR_BACKEND]);
	for (uint32_t i = 0; i < p->n_nexthops; i++)
		speak(&p->nexthops[i].addr, of_interface[p->nexthops[i].interface]);
}

/* What a frame that left is remembered by; the bytes are copied to a buffer of their size. */
static struct shell_out *leave(struct shell_worker *w, const uint8_t *data, uint32_t len)
{
	struct shell *s = w->shell;
	struct shell_out *out;

	if (s->n_queue == s->queue_size) {
		s->queue_size = s->queue_size ? 2 * s->queue_size : 64;
		s->queue = realloc(s->queue, s->queue_size * sizeof(*s->queue));
	}
	out = &s->queue[s->n_queue++];
	*out = (struct shell_out){
		.len = len, .data = malloc(len), .nexthop = WEIR_NONE16, .worker = w->px.worker};
	memcpy(out->data, data, len);
	w->balance.out++;
	return out;
}

static void to_nexthop(const struct weir_policy *p, struct shell_out *out, uint16_t nexthop)
{
	if (nexthop >= p->n_nexthops)
		shell_die("next hop %u does not exist", nexthop);
	out->nexthop = nexthop;
	out->port = p->nexthops[nexthop].interface;
	out->neighbour = p->nexthops[nexthop].addr;
}

static void to_hop(struct shell_out *out, const struct weir_neighbour *hop)
{
	if (!hop->known)
		shell_die("sent to a neighbour that is not known");
	memcpy(out->mac, hop->mac, 6);
	out->port = hop->interface;
}

/* weir_proxy_ops.header */
static void out_header(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
	struct shell_worker *w = shell;
	uint8_t frame[WEIR_BUILD_FRAME_MAX] __attribute__((aligned(2)));
	struct shell_out *out;

	if (w->shell->starved != NULL && w->shell->starved(w->shell->starved_arg)) {
		weir_count(&w->px.counters.event[WEIR_EVENT_no_mbuf], 1);
		return;
	}
	out = leave(w, frame, weir_build_segment(frame, h));
	out->send = dest->send;
	out->fate = WEIR_FATE_created;
	if (dest->send == WEIR_SEND_NEXTHOP)
		to_nexthop(w->px.policy, out, dest->nexthop);
	else if (dest->send == WEIR_SEND_NEIGHBOUR)
		to_hop(out, &dest->neighbour);
	else
		shell_die("a frame of the core's own for nowhere");
	w->balance.created++;
	weir_count(&w->px.counters.fate[WEIR_FATE_created], 1);
	shell_check_out(w->shell, out);
}

static void leave_by(struct shell_worker *w, const struct weir_pkt *pkt)
{
	struct shell_out *out;

	if (pkt->frame.len > pkt->frame.room || pkt->frame.head_len != pkt->frame.len)
		shell_die("%u bytes in a buffer for %u", pkt->frame.len, pkt->frame.room);
	out = leave(w, pkt->frame.data, pkt->frame.len);
	out->send = pkt->send;
	out->fate = pkt->fate;
	if (pkt->send == WEIR_SEND_NEXTHOP) {
		to_nexthop(w->px.policy, out, pkt->nexthop);
	} else if (pkt->send == WEIR_SEND_NEIGHBOUR) {
		to_hop(out, &pkt->neighbour);
	} else {
		memcpy(out->mac, pkt->frame.data + 6, 6);
		out->port = pkt->interface;
	}
	shell_check_out(w->shell, out);
}

/* Does what the core said, once for every packet. */
static void act(struct shell_worker *w, struct weir_pkt *pkt)
{
	if (pkt->send == WEIR_SEND_HELD) {
		w->balance.held++;
		return;
	}
	if (pkt->fate >= WEIR_FATES || pkt->fate == WEIR_FATE_created)
		shell_die("a packet without a fate: %u", pkt->fate);
	weir_count(&w->px.counters.fate[pkt->fate], 1);
	switch (weir_fates[pkt->fate].class) {
	case WEIR_CLASS_PASS:
		if (pkt->send != WEIR_SEND_BACK && pkt->send != WEIR_SEND_NEIGHBOUR &&
			pkt->send != WEIR_SEND_NEXTHOP)
			shell_die("%s is not sent", weir_fates[pkt->fate].name);
		leave_by(w, pkt);
		break;
	case WEIR_CLASS_DROP:
	case WEIR_CLASS_CONSUME:
		if (pkt->send != WEIR_SEND_NOTHING)
			shell_die("%s is sent", weir_fates[pkt->fate].name);
		if (weir_fates[pkt->fate].class == WEIR_CLASS_DROP)
			w->balance.dropped++;
		else
			w->balance.consumed++;
		break;
	}
	free(pkt->buf);
}

/* weir_proxy_ops.packet */
static void out_packet(void *shell, struct weir_pkt *pkt)
{
	struct shell_worker *w = shell;

	if (pkt->send == WEIR_SEND_HELD)
		shell_die("a held packet comes back to be held");
	w->balance.held--; /* perhaps before its burst has said that it is held */
	act(w, pkt);
}

uint8_t shell_secret[16] = {5, 22, 39, 56, 73, 90, 107, 124, 141, 158, 175, 192, 209, 226, 243, 4};

void shell_fill_keys(struct shell *s, unsigned int worker)
{
	const struct weir_proxy *px = &s->workers[worker].px;

	weir_keyring_fill(&s->keyring, s->secret, (s->now_ns + px->wall_offset_ns) / 1000000000);
}

static void open_worker(struct shell *s, unsigned int i)
{
	struct shell_worker *w = &s->workers[i];
	struct weir_proxy_ops ops = {.header = out_header, .packet = out_packet, .shell = w};
	struct weir_arena arena = {.base = NULL};
	uint8_t seed[32];

	for (unsigned int j = 0; j < sizeof(seed); j++)
		seed[j] = (uint8_t)(j * 29 + 100 * i + 7);
	w->shell = s;
	weir_keyring_fill(&s->keyring, s->secret, (s->now_ns + WALL_NS) / 1000000000);
	weir_proxy_init(&w->px, &arena, s->policy, i, seed, &ops, s->now_ns, WALL_NS, &s->keyring);
	w->memory_bytes = arena.used;
	w->memory = aligned_alloc(64, arena.used);
	memset(w->memory, 0, arena.used);
	arena = (struct weir_arena){.base = w->memory, .size = arena.used};
	weir_proxy_init(&w->px, &arena, s->policy, i, seed, &ops, s->now_ns, WALL_NS, &s->keyring);
	if (arena.used != w->memory_bytes)
		shell_die("measured %zu bytes, took %zu", w->memory_bytes, arena.used);
}

struct shell *shell_open(struct weir_policy *policy, uint64_t start_ns)
{
	struct shell *s = calloc(1, sizeof(*s));

	if (s == NULL || weir_policy_finish(policy) != 0)
		shell_die("no memory");
	s->policy = policy;
	s->now_ns = start_ns;
	s->tick_ms = 8;
	memcpy(s->secret, shell_secret, sizeof(s->secret));
	s->workers = calloc(policy->n_workers, sizeof(*s->workers));
	for (unsigned int i = 0; i < policy->n_workers; i++)
		open_worker(s, i);
	return s;
}

void shell_close(struct shell *s)
{
	if (s->n_put != 0)
		shell_die("packets were put in and not run");
	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		if (s->workers[i].ring.n != 0)
			shell_die("packets were handed over and not taken");
	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		shell_adopt(s, i);
	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		while (!weir_proxy_reset_all(&s->workers[i].px, 64, s->now_ns))
			;
	shell_audit(s);
	s->tick_ms = 100;
	for (uint64_t ms = 0; ms < LONG_MS && shell_conns(s) > 0; ms += s->tick_ms)
		shell_wait_ms(s, s->tick_ms);
	shell_audit(s);
	for (unsigned int i = 0; i < s->policy->n_workers; i++) {
		if (s->workers[i].px.table.count != 0)
			shell_die("%u connections never end", s->workers[i].px.table.count);
		free(s->workers[i].memory);
	}
	shell_clear(s);
	free(s->queue);
	free(s->put);
	free(s->workers);
	weir_policy_free(s->policy);
	free(s);
}

void shell_put(struct shell *s, const uint8_t *frame, size_t len, enum shell_port port)
{
	uint16_t room = (uint16_t)(len > WEIR_FRAME_ROOM ? len : WEIR_FRAME_ROOM);
	struct weir_pkt *pkt;

	if (s->n_put == s->put_size) {
		s->put_size = s->put_size ? 2 * s->put_size : 64;
		s->put = realloc(s->put, s->put_size * sizeof(*s->put));
	}
	pkt = &s->put[s->n_put++];
	memset(pkt, 0xa5, sizeof(*pkt)); /* nothing may rely on what was there before */
	pkt->buf = malloc(WEIR_FRAME_FRONT + room);
	pkt->frame.data = (uint8_t *)pkt->buf + WEIR_FRAME_FRONT;
	pkt->frame.len = (uint32_t)len;
	pkt->frame.head_len = (uint16_t)len;
	pkt->frame.room = room;
	pkt->interface = (uint8_t)port;
	pkt->frame.csum = WEIR_CSUM_UNKNOWN;
	memcpy(pkt->frame.data, frame, len);
}

/* Parsing sees the frame only; what is around it is for replies, and for another family's header. */
static unsigned int sort(struct shell *s, unsigned int worker, struct weir_pkt *pkt)
{
	const struct weir_policy *p = s->workers[worker].px.policy;
	enum weir_parsed parsed;

	ASAN_POISON_MEMORY_REGION(pkt->buf, WEIR_FRAME_FRONT);
	ASAN_POISON_MEMORY_REGION(pkt->frame.data + pkt->frame.len,
		pkt->frame.room - pkt->frame.len);
	parsed = weir_pkt_parse(pkt);
	weir_classify(p, pkt, parsed);
	ASAN_UNPOISON_MEMORY_REGION(pkt->buf, WEIR_FRAME_FRONT + pkt->frame.room);
	return weir_owner(p, pkt, worker);
}

static void burst(struct shell *s, unsigned int worker, struct weir_pkt *pkts, unsigned int n)
{
	struct shell_worker *w = &s->workers[worker];

	for (unsigned int i = 0; i < n; i++)
		pkts[i].send = 0xee;
	weir_proxy_burst(&w->px, pkts, n, s->now_ns);
	s->last = pkts[n - 1];
	for (unsigned int i = 0; i < n; i++) {
		if (pkts[i].kind >= WEIR_KIND_ARP) /* the shell's own business: this one has none */
			pkts[i].fate = WEIR_FATE_arp_other;
		if ((pkts[i].fate == WEIR_FATE_to_backend || pkts[i].fate == WEIR_FATE_to_client) &&
			pkts[i].conn >= w->px.table.capacity)
			shell_die("a packet is forwarded that is of no connection");
		act(w, &pkts[i]);
	}
}

/* INVARIANT: what the worker decides was classified by its own policy. */
static void decide(struct shell *s, unsigned int worker, struct weir_pkt *pkts, unsigned int n)
{
	for (unsigned int done = 0; done < n; done += WEIR_BURST)
		burst(s, worker, &pkts[done], n - done < WEIR_BURST ? n - done : WEIR_BURST);
}

/* To the end of a list that grows. */
static void append(struct shell_ring *r, const struct weir_pkt *pkt)
{
	if (r->n == r->size) {
		r->size = r->size ? 2 * r->size : 64;
		r->pkts = realloc(r->pkts, r->size * sizeof(*r->pkts));
	}
	r->pkts[r->n++] = *pkt;
}

void shell_receive(struct shell *s)
{
	struct shell_worker *rx = &s->workers[s->rx];
	struct shell_ring own = {0};
	unsigned int n = s->n_put;

	s->n_put = 0;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int owner = sort(s, s->rx, &s->put[i]);

		if (owner >= s->policy->n_workers)
			shell_die("worker %u does not exist", owner);
		rx->balance.in++;
		if (owner == s->rx) {
			append(&own, &s->put[i]);
			continue;
		}
		rx->balance.handed_out++;
		s->put[i].generation = rx->px.generation;
		append(&s->workers[owner].ring, &s->put[i]);
		if (rx->px.policy == s->policy)
			s->workers[owner].ring.must_adopt = true;
	}
	decide(s, s->rx, own.pkts, own.n);
	free(own.pkts);
	shell_check_step(s);
}

unsigned int shell_take_over(struct shell *s, unsigned int worker)
{
	struct shell_worker *w = &s->workers[worker];
	struct shell_ring ring = w->ring;

	if (ring.n == 0)
		return 0;
	w->ring = (struct shell_ring){0};
	if (ring.must_adopt)
		shell_adopt(s, worker);
	w->balance.handed_in += ring.n;
	for (unsigned int i = 0; i < ring.n; i++)
		if (ring.pkts[i].generation != w->px.generation &&
			sort(s, worker, &ring.pkts[i]) != worker)
			shell_die("a reload gives a packet another owner");
	decide(s, worker, ring.pkts, ring.n);
	free(ring.pkts);
	shell_check_step(s);
	return ring.n;
}

void shell_run(struct shell *s)
{
	shell_receive(s);
	for (unsigned int w = 0; w < s->policy->n_workers; w++)
		shell_take_over(s, w);
}

unsigned int shell_in(struct shell *s, const uint8_t *frame, size_t len, enum shell_port port)
{
	shell_put(s, frame, len, port);
	shell_run(s);
	return s->last.send == WEIR_SEND_HELD ? (unsigned int)WEIR_FATES : s->last.fate;
}

void shell_squeeze_ports(struct shell *s, uint32_t keep)
{
	for (unsigned int w = 0; w < s->policy->n_workers; w++) {
		for (uint32_t i = 0; i < shell_pools(&s->workers[w].px); i++) {
			struct weir_localports *pool = &s->workers[w].px.pools[i];

			pool->count = keep;
			pool->start = 0;
			pool->stride = pool->back = 1;
			pool->turn = (1ull << keep) - 1;
		}
	}
}

void shell_tick(struct shell *s)
{
	for (unsigned int i = 0; i < s->policy->n_workers; i++) {
		shell_fill_keys(s, i);
		weir_proxy_tick(&s->workers[i].px, s->now_ns);
		shell_check_gauges(&s->workers[i]);
	}
	shell_check_step(s);
}

void shell_wait_ms(struct shell *s, uint64_t ms)
{
	while (ms > 0) {
		uint64_t step = ms < s->tick_ms ? ms : s->tick_ms;

		s->now_ns += step * 1000000;
		ms -= step;
		shell_tick(s);
	}
}

const struct shell_out *shell_take(struct shell *s)
{
	if (s->queue_at == s->n_queue)
		return NULL;
	return &s->queue[s->queue_at++];
}

unsigned int shell_clear(struct shell *s)
{
	unsigned int n = s->n_queue - s->queue_at;

	for (unsigned int i = 0; i < s->n_queue; i++)
		free(s->queue[i].data);
	s->n_queue = s->queue_at = 0;
	return n;
}

uint64_t shell_fates(const struct shell *s, enum weir_fate fate)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		n += s->workers[i].px.counters.fate[fate];
	return n;
}

uint64_t shell_events(const struct shell *s, enum weir_event event)
{
	uint64_t n = 0;

	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		n += s->workers[i].px.counters.event[event];
	return n;
}

uint32_t shell_conns(const struct shell *s)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		n += s->workers[i].px.table.count;
	return n;
}

uint32_t shell_in_state(const struct shell *s, enum weir_state state)
{
	uint32_t n = 0;

	for (unsigned int i = 0; i < s->policy->n_workers; i++)
		n += s->workers[i].px.by_state[state];
	return n;
}

const struct weir_conn *shell_conn(const struct shell *s, unsigned int listener, uint32_t client,
	uint16_t port)
{
	const bool v4 = weir_addr_is_v4(&s->policy->listeners[listener].vip);
	struct weir_key key = {.addr = ip_addr(v4 ? WEIR_FAMILY_IPV4 : WEIR_FAMILY_IPV6, client),
		.port_be = weir_be16(port),
		.id = (uint16_t)listener};

	for (unsigned int i = 0; i < s->policy->n_workers; i++) {
		const struct weir_table *t = &s->workers[i].px.table;
		uint32_t conn = weir_table_lookup(t, &key, weir_key_hash(&t->secret, &key));

		if (conn != WEIR_CONN_NONE)
			return weir_table_conn(t, conn);
	}
	return NULL;
}
