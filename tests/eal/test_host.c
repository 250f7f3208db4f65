// SPDX-License-Identifier: BSD-3-Clause
/*
 * The host beside us, without a kernel: what workers put into the rings for it and take out of the ring from it, and
 * that all of it adds up (rig_close()).
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../unit/frame.h"
#include "../unit/unit.h"
#include "dp/kernel.h"
#include "flow/localport.h"
#include "rig.h"

#define BACK   1
#define ROUTER 0x0a0000feu /* 10.0.0.254, on the link of port BACK */

static const uint8_t peer[6] = {2, 0, 0, 0, 0xee, 1};

struct beside {
	struct rig rig;
	void *memory[RIG_QUEUES];
};

/* A rig whose port BACK has a host interface, but for the TAP device. */
static void open_beside(struct beside *b, unsigned int workers, uint32_t rest)
{
	struct weir_policy *p;

	memset(b, 0, sizeof(*b));
	rig_open_quiet(&b->rig, workers, workers, workers);
	p = b->rig.policy;
	p->local_ports_end = WEIR_LOCALPORT_KERNEL;
	p->ports[BACK].host = (struct weir_host){.interface = "weir1",
		.rate = {[WEIR_HOST_ROUTING] = 100,
			[WEIR_HOST_NEIGHBOUR] = 10,
			[WEIR_HOST_ICMP] = 10,
			[WEIR_HOST_REST] = rest}};
	for (unsigned int w = 0; w < workers; w++) {
		struct weir_worker *worker = b->rig.dp.workers[w].worker;
		struct weir_arena arena = {0};

		weir_host_init(&worker->host, &arena, p, w, worker->now_ns);
		b->memory[w] = arena.base = aligned_alloc(64, arena.used);
		memset(arena.base, 0, arena.used);
		arena.size = arena.used;
		arena.used = 0;
		weir_host_init(&worker->host, &arena, p, w, worker->now_ns);
	}
}

static void close_beside(struct beside *b)
{
	rig_close(&b->rig);
	for (unsigned int w = 0; w < RIG_QUEUES; w++)
		free(b->memory[w]);
}

/* The next frame for the kernel out of a worker's ring. Its length; 0: none. */
static size_t take(struct beside *b, unsigned int worker, uint8_t f[SEGMENT_FRAME_MAX])
{
	struct weir_frames *to = &b->rig.dp.workers[worker].worker->host.to;
	const struct weir_slot *slot = weir_frames_next(to);
	size_t len = 0;

	if (slot == NULL)
		return 0;
	len = slot->len;
	CU_ASSERT_EQUAL(slot->port, BACK);
	memcpy(f, slot->data, len);
	weir_frames_take(to);
	return len;
}

static const struct weir_host_counters *counted(const struct beside *b)
{
	return &b->rig.dp.workers[0].worker->px.counters.port[BACK].host;
}

static struct segment to_local(uint32_t src, uint16_t sport, uint16_t dport, uint8_t flags)
{
	return (struct segment){.src = src,
		.dst = SHELL_LOCAL,
		.sport = sport,
		.dport = dport,
		.flags = flags,
		.ack = 1,
		.ttl = 64,
		.src_mac = {2, 0, 0, 0, 0xee, 1}};
}

/* ssh to our address, and the answer to a connection that the kernel has opened to a backend: as they came. */
static void test_tcp(void)
{
	static struct beside b;
	uint8_t f[SEGMENT_FRAME_MAX], sent[SEGMENT_FRAME_MAX];
	struct segment s[] = {to_local(ROUTER, 40000, 22, WEIR_TCP_SYN),
		to_local(SHELL_BACKEND(0, 0), SHELL_BACKEND_PORT, WEIR_LOCALPORT_KERNEL,
			WEIR_TCP_SYN | WEIR_TCP_ACK)};

	open_beside(&b, 1, 100);
	for (unsigned int i = 0; i < 2; i++) {
		size_t len = segment_frame(&s[i], sent);

		CU_ASSERT_TRUE(rig_put(&b.rig, BACK, 0, sent, len, 0));
		rig_settle(&b.rig);
		CU_ASSERT_EQUAL(take(&b, 0, f), len);
		CU_ASSERT_EQUAL(memcmp(f + 6, sent + 6, len - 6), 0);
	}
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_to_host), 2);
	CU_ASSERT_EQUAL(counted(&b)->passed[WEIR_HOST_REST], 2);
	/* a local port of synweir's: a stray, which gets its RST */
	s[1].dport = WEIR_LOCALPORT_KERNEL - 1;
	rig_put_segment(&b.rig, BACK, 0, &s[1]);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(take(&b, 0, f), 0);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_refused_stray), 1);
	/* by a port without a host interface: nothing */
	rig_put_segment(&b.rig, 0, 0, &s[0]);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(take(&b, 0, f), 0);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_not_ours), 1);
	close_beside(&b);
}

static size_t arp(uint8_t *f, uint16_t op, uint32_t sender, uint32_t target)
{
	memset(f, 0, 60);
	memset(f, op == 1 ? 0xff : 0, 6);
	f[0] = op == 1 ? 0xff : 2;
	f[5] = op == 1 ? 0xff : 1; /* to us: rig_put() */
	memcpy(f + 6, peer, 6);
	frame_put16(f + 12, 0x0806);
	frame_put16(f + 14, 1);
	frame_put16(f + 16, 0x0800);
	f[18] = 6;
	f[19] = 4;
	frame_put16(f + 20, op);
	memcpy(f + 22, peer, 6);
	frame_put32(f + 28, sender);
	frame_put32(f + 38, target);
	return 60;
}

/* Answers and announcements are both's; requests are synweir's to answer. */
static void test_neighbours(void)
{
	static struct beside b;
	uint8_t f[SEGMENT_FRAME_MAX], got[SEGMENT_FRAME_MAX];

	open_beside(&b, 1, 100);
	rig_put(&b.rig, BACK, 0, f, arp(f, 2, SHELL_BACKEND(0, 0), SHELL_LOCAL), 0);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(take(&b, 0, got), 60);
	rig_put(&b.rig, BACK, 0, f, arp(f, 1, ROUTER, ROUTER), 0);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(take(&b, 0, got), 60);
	rig_discard(&b.rig);
	rig_put(&b.rig, BACK, 0, f, arp(f, 1, ROUTER, SHELL_LOCAL), 0);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(take(&b, 0, got), 0);
	CU_ASSERT_EQUAL(rig_take(&b.rig, BACK, got), 42);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_arp_reply), 1);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_to_host), 0); /* copies are no fate */
	CU_ASSERT_EQUAL(counted(&b)->passed[WEIR_HOST_NEIGHBOUR], 2);
	close_beside(&b);
}

/* A class has its rate, a second's at once; frames beyond that have a fate of their own. */
static void test_limit(void)
{
	static struct beside b;
	struct segment s = to_local(ROUTER, 40000, 22, WEIR_TCP_SYN);

	open_beside(&b, 1, 20);
	for (unsigned int i = 0; i < 50; i++)
		rig_put_segment(&b.rig, BACK, 0, &s);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_to_host), 20);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_host_limit), 30);
	CU_ASSERT_EQUAL(counted(&b)->limited[WEIR_HOST_REST], 30);
	close_beside(&b);
}

/* The ring is not for one class alone: while the kernel takes nothing, routing has its quarter of it. */
static void test_routing_has_room(void)
{
	static struct beside b;
	uint8_t f[SEGMENT_FRAME_MAX];
	struct segment s = to_local(ROUTER, 40000, 22, WEIR_TCP_SYN);
	unsigned int n = 0;

	open_beside(&b, 1, 100000);
	for (unsigned int i = 0; i < 1000; i++)
		rig_put_segment(&b.rig, BACK, 0, &s);
	s.dport = 179;
	for (unsigned int i = 0; i < 100; i++)
		rig_put_segment(&b.rig, BACK, 0, &s);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(counted(&b)->passed[WEIR_HOST_REST], WEIR_FRAMES / 2);
	CU_ASSERT_EQUAL(counted(&b)->full[WEIR_HOST_REST], 1000 - WEIR_FRAMES / 2);
	CU_ASSERT_EQUAL(counted(&b)->passed[WEIR_HOST_ROUTING], 100);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_host_full), 1000 - WEIR_FRAMES / 2);
	while (take(&b, 0, f) > 0)
		n++;
	CU_ASSERT_EQUAL(n, WEIR_FRAMES / 2 + 100);
	close_beside(&b);
}

/* The kernel sends len bytes of that value. */
static void from_host(struct beside *b, uint8_t value, uint16_t len)
{
	struct weir_frames *from = &b->rig.dp.workers[0].worker->host.from;
	struct weir_slot *slot = weir_frames_free(from);

	if (slot == NULL)
		abort();
	memset(slot->data, value, len);
	slot->len = len;
	slot->port = BACK;
	weir_frames_put(from);
}

/* The kernel's frames leave as they are, tags and all; and every worker has a way to the kernel. */
static void test_from_host(void)
{
	static struct beside b;
	uint8_t f[SEGMENT_FRAME_MAX], got[SEGMENT_FRAME_MAX];
	struct segment s = to_local(ROUTER, 40000, 22, WEIR_TCP_SYN);

	open_beside(&b, 3, 100);
	for (unsigned int i = 0; i < 100; i++)
		from_host(&b, (uint8_t)i, (uint16_t)(64 + i));
	rig_settle(&b.rig);
	for (unsigned int i = 0; i < 100; i++) {
		memset(f, (int)i, 64 + i);
		CU_ASSERT_EQUAL(rig_take(&b.rig, BACK, got), 64 + i);
		CU_ASSERT_EQUAL(memcmp(f, got, 64 + i), 0);
	}
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_from_host), 100);
	CU_ASSERT_EQUAL(counted(&b)->sent, 100);
	for (unsigned int w = 0; w < 3; w++)
		rig_put_segment(&b.rig, BACK, w, &s);
	rig_settle(&b.rig);
	for (unsigned int w = 0; w < 3; w++)
		CU_ASSERT_TRUE(take(&b, w, got) > 0);
	close_beside(&b);
}

/* Without a buffer nothing is lost: the kernel's frame waits. */
static void test_no_buffer(void)
{
	static struct beside b;
	static struct rte_mbuf *all[1 << 16];
	struct rte_mempool *mp;
	unsigned int n = 0;
	uint8_t got[SEGMENT_FRAME_MAX];

	open_beside(&b, 1, 100);
	mp = b.rig.dp.workers[0].pool.mp;
	while (n < RTE_DIM(all) && (all[n] = rte_pktmbuf_alloc(mp)) != NULL)
		n++;
	from_host(&b, 7, 64);
	weir_worker_turn(b.rig.dp.workers[0].worker);
	CU_ASSERT_EQUAL(rig_fate(&b.rig, WEIR_FATE_from_host), 0);
	CU_ASSERT_TRUE(rig_event(&b.rig, WEIR_EVENT_no_mbuf) > 0);
	rte_pktmbuf_free_bulk(all, n);
	rig_settle(&b.rig);
	CU_ASSERT_EQUAL(rig_take(&b.rig, BACK, got), 64);
	close_beside(&b);
}

/* A reload frees the policy that the ports were opened with; the thread and the watch go on. */
static void test_policy_is_freed(void)
{
	static struct weir_nic nics[WEIR_PORTS_MAX];
	static struct weir_host_end ends[2];
	static struct weir_policy whole;
	struct weir_policy *p = weir_policy_alloc(&(struct weir_policy_room){.services = 1});
	struct weir_kernel k;
	struct weir_dp_error err;

	p->n_ports = p->n_workers = 2;
	CU_ASSERT_EQUAL_FATAL(weir_kernel_open(&k, p, nics, &err), 0);
	whole = *p;
	memset(p, 0xff, sizeof(*p)); /* as freed memory may be */
	nics[1].link_up = 1;
	k.ends[0] = &ends[0];
	k.ends[1] = &ends[1];
	weir_kernel_watch(&k, nics);
	CU_ASSERT_FALSE(k.carrier[0]);
	CU_ASSERT_TRUE(k.carrier[1]);
	CU_ASSERT_FALSE(k.carrier[2]);
	weir_kernel_close(&k);
	*p = whole;
	weir_policy_free(p);
}

static uint64_t monotonic_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/*
 * "ip link del" of a TAP device leaves its file in error, as a pipe is that nobody reads: that is told once, and
 * the thread goes on sleeping.
 */
static void test_deleted(void)
{
	const long wait_ns = 20000000;
	static struct weir_kernel k;
	static struct beside b;
	uint64_t before_ns;
	int ends[2];

	open_beside(&b, 1, 100);
	CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
	close(ends[0]);
	k.n_workers = 1;
	k.ends[0] = &b.rig.dp.workers[0].worker->host;
	k.taps[BACK] = (struct weir_tap){.open = true, .fd = ends[1]};
	CU_ASSERT_EQUAL(weir_kernel_gone(&k), 0);
	CU_ASSERT_FALSE(weir_kernel_turn(&k, wait_ns));
	CU_ASSERT_EQUAL(weir_kernel_gone(&k), 1u << BACK);
	before_ns = monotonic_ns();
	CU_ASSERT_FALSE(weir_kernel_turn(&k, wait_ns));
	CU_ASSERT_TRUE(monotonic_ns() - before_ns >= (uint64_t)wait_ns);
	weir_kernel_close(&k);
	close_beside(&b);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"TCP of the kernel", test_tcp},
		{"neighbours are both's", test_neighbours},
		{"a class has its rate", test_limit},
		{"routing has room", test_routing_has_room},
		{"frames from the kernel", test_from_host},
		{"no buffer", test_no_buffer},
		{"the policy of the start is freed", test_policy_is_freed},
		{"the interface is deleted", test_deleted},
	};

	rig_eal(argv[0]);
	return unit_main("eal-host", tests, RTE_DIM(tests));
}
