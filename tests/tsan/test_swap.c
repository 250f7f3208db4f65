// SPDX-License-Identifier: BSD-3-Clause
/*
 * What threads share, under ThreadSanitizer and without an EAL (issue 3): the policy that the control
 * side replaces while workers go by it, counters and offenders that it reads while they count, the
 * inquiry, the keyring, health and orders that it changes while they read, and the rings by which
 * workers hand packets over. The code is lib/dp's own (swap.c, neigh.c, steer.c) and the core; only
 * devices and packet buffers are the test's.
 *
 * TSan does not understand the compiler barriers of DPDK's x86 rings, so the same rings are built as
 * for other machines, with C11 atomics (RTE_USE_C11_MEM_MODEL: meson.build). rte_rcu_qsbr has those
 * anyhow. No suppressions.
 *
 * With an argument a hand-over is broken on purpose, and TSan must say so (exit status 66):
 *	plain-store    the policy is put in force by a store that is not atomic
 *	early-free     the old policy is freed before the grace period has passed
 *	plain-offender the offenders are read as if no thread wrote them
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dp/steer.h"
#include "dp/swap.h"
#include "flow/inquiry.h"
#include "segment.h"
#include "shell.h"

#define WORKERS 3
#define BUFFERS 64 /* of each: fewer than a ring holds */
#define ROUNDS  300

/* A packet buffer as far as hand-over knows it: the parsed view lies behind the header. */
struct buffer {
	struct rte_mbuf m;
	struct weir_pkt priv;
	uint8_t frame[SEGMENT_FRAME_MAX];
	uint32_t busy; /* atomic */
};

struct worker {
	struct weir_proxy px;
	struct weir_steer steer;
	struct weir_inquiry inquiry;
	struct buffer buffers[BUFFERS];
	struct weir_pkt pkts[WEIR_BURST];
	struct weir_neighs *neighs;
	struct weir_arena memory;
	struct weir_keys keys;        /* beside the engine's, of another time */
	struct weir_keyring unshared; /* what those should be */
	unsigned int self, next, keys_read;
	uint64_t now_ns;
	pthread_t thread;
};

static struct weir_swap swap;
static struct worker *workers;
static struct weir_nic nics[2];              /* no RSS: who receives hands over */
static struct weir_keyring keyring, hurried; /* of the engine's time, and of wall_s */
static struct weir_health health;
static struct weir_orders orders;
static uint64_t wall_s = SHELL_START_NS / 1000000000; /* atomic */
static uint32_t stop;

static void send_nothing(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
}

static void let_go(struct weir_pkt *pkt)
{
	struct buffer *b = (struct buffer *)pkt->buf;

	__atomic_store_n(&b->busy, 0, __ATOMIC_RELEASE);
}

static void held_no_more(void *shell, struct weir_pkt *pkt)
{
	let_go(pkt);
}

/* As lib/dp/worker.c does it. */
static void look_at_policy(struct worker *w)
{
	struct weir_snapshot *s = weir_swap_read(&swap);

	if (s->generation == w->px.generation)
		return;
	weir_proxy_adopt(&w->px, s->policy);
	w->steer.policy = s->policy;
	w->neighs = &s->neighs;
}

static void decide(struct worker *w, unsigned int n)
{
	weir_proxy_burst(&w->px, w->pkts, n, w->now_ns);
	for (unsigned int i = 0; i < n; i++) {
		weir_count(&w->px.counters.fate[w->pkts[i].fate], 1);
		let_go(&w->pkts[i]);
	}
}

/* A client's SYN, from so many that all workers own some. */
static bool receive(struct worker *w, struct weir_pkt *pkt)
{
	struct buffer *b = &w->buffers[w->next % BUFFERS];
	struct segment s = {.src = 0xcb007101u + w->next % 199,
		.dst = SHELL_VIP(w->next % 2),
		.sport = (uint16_t)(1024 + w->next),
		.dport = SHELL_VIP_PORT,
		.flags = WEIR_TCP_SYN,
		.ttl = 64,
		.wnd = 1000};

	if (__atomic_load_n(&b->busy, __ATOMIC_ACQUIRE))
		return false;
	w->next++;
	*pkt = (struct weir_pkt){.buf = &b->m,
		.frame.data = b->frame,
		.frame.room = sizeof(b->frame),
		.frame.csum = WEIR_CSUM_GOOD};
	pkt->frame.len = pkt->frame.head_len = (uint16_t)segment_frame(&s, b->frame);
	weir_classify(w->px.policy, pkt, weir_pkt_parse(pkt));
	b->busy = 1;
	return true;
}

/* Time flies, so that keys are read while they are written; they must be of one epoch, whole. */
static void look_at_keys(struct worker *w)
{
	uint64_t now_s = __atomic_load_n(&wall_s, __ATOMIC_ACQUIRE);
	const struct weir_sipkey *should = w->unshared.key;

	if (!weir_keys_update(&w->keys, now_s))
		return;
	weir_keyring_fill(&w->unshared, shell_secret, now_s);
	for (unsigned int i = 0; i < 2; i++) {
		const struct weir_sipkey *is = &w->keys.key[(w->keys.epoch - i) & 1];

		if (is->k0 != should[1 - i].k0 || is->k1 != should[1 - i].k1)
			shell_die("a key is torn");
	}
	w->keys_read++;
}

/* Two connections of an address, and one too many. */
static void meet_offender(struct worker *w)
{
	const struct weir_addr a = weir_addr_v4(weir_be32(0xcb007101u + w->next % 400));
	unsigned int taken = 0;

	for (unsigned int i = 0; i < 3; i++)
		taken += weir_crowd_take(&w->px.crowd, &a) == WEIR_CROWD_ROOM;
	while (taken-- > 0)
		weir_crowd_give(&w->px.crowd, &a);
}

static void turn(struct worker *w)
{
	uint8_t mac[6] = {2, 0, 0, 0, 0, (uint8_t)w->self};
	unsigned int ours = 0;

	weir_swap_quiescent(&swap, w->self);
	look_at_policy(w);
	w->now_ns += 1000000;
	for (unsigned int i = 0; i < 16 && receive(w, &w->pkts[ours]); i++) {
		unsigned int owner = weir_steer_owner(&w->steer, &w->pkts[ours]);

		if (owner == w->self)
			ours++;
		else
			weir_steer_give(&w->steer, owner, &w->pkts[ours]);
	}
	weir_steer_send(&w->steer);
	decide(w, ours);
	for (unsigned int from = 0; from < WORKERS; from++) {
		unsigned int n = from == w->self ? 0 : weir_steer_take(&w->steer, from, w->pkts);

		if (n > 0) {
			look_at_policy(w);
			decide(w, n);
		}
	}
	weir_neigh_doubt(w->neighs, 0, w->now_ns);
	weir_neigh_due(w->neighs, 0, w->now_ns, WEIR_NEIGH_RETRY_NS);
	weir_neigh_claim(w->neighs, SHELL_BACKENDS, &w->px.policy->nexthops[0].addr, mac, true,
		w->now_ns);
	look_at_keys(w);
	meet_offender(w);
	weir_proxy_tick(&w->px, w->now_ns);
	weir_inquiry_serve(&w->inquiry, &w->px.table, w->px.policy, weir_tick(w->now_ns));
}

static void *work(void *arg)
{
	struct worker *w = arg;

	while (!__atomic_load_n(&stop, __ATOMIC_ACQUIRE)) {
		turn(w);
		sched_yield();
	}
	weir_swap_leave(&swap, w->self);
	return NULL;
}

static void cut(struct worker *w, struct weir_arena *arena, const struct weir_policy *p)
{
	const struct weir_proxy_ops ops = {send_nothing, held_no_more, w};
	const uint8_t seed[32] = {(uint8_t)w->self, 1};

	weir_keyring_fill(&keyring, shell_secret, SHELL_START_NS / 1000000000);
	weir_keyring_fill(&hurried, shell_secret, SHELL_START_NS / 1000000000);
	weir_proxy_init(&w->px, arena, p, w->self, seed, &ops, SHELL_START_NS, 0, &keyring);
	for (unsigned int from = 0; from < WORKERS; from++)
		weir_steer_ring_init(&w->steer.from[from], arena);
}

static void open_worker(struct worker *w, unsigned int self, const struct weir_policy *p)
{
	struct weir_arena arena = {0};

	w->self = self;
	w->now_ns = SHELL_START_NS;
	cut(w, &arena, p);
	arena.base = aligned_alloc(64, arena.used);
	memset(arena.base, 0, arena.used);
	arena.size = arena.used;
	arena.used = 0;
	cut(w, &arena, p);
	weir_proxy_heed(&w->px, &health);
	weir_proxy_obey(&w->px, &orders);
	weir_keys_init(&w->keys, &hurried, wall_s);
	w->memory = arena;
	w->steer.policy = p;
	w->steer.nics = nics;
	w->steer.counters = &w->px.counters;
	w->steer.self = self;
	w->neighs = &swap.current->neighs;
}

/* Offenders of a worker, and what they have now. */
static uint64_t look_at_offenders(const struct weir_crowd *c, bool plain)
{
	struct weir_offender o;
	uint64_t sum = 0;

	for (uint32_t i = 0; i < WEIR_OFFENDERS; i++) {
		if (plain)
			sum += *(volatile uint64_t *)&c->offenders[i].refused;
		else if (weir_crowd_offender(c, i, &o))
			sum += o.refused + weir_crowd_now(c, &o.addr);
	}
	return sum;
}

/* What the control side changes while workers read. */
static void change(unsigned int round)
{
	const uint64_t next_s = wall_s + WEIR_EPOCH_S;

	weir_keyring_fill(&hurried, shell_secret, next_s);
	__atomic_store_n(&wall_s, next_s, __ATOMIC_RELEASE);
	weir_health_set(&health, (uint16_t)(round % 4), round % 3 == 0);
	weir_orders_set(&orders, round % 2, (uint8_t)(round % 4));
}

/* Everything that the control side looks at. */
static uint64_t watch(bool plain)
{
	uint64_t sum = 0;

	for (unsigned int i = 0; i < WORKERS; i++) {
		const struct weir_counters *c = &workers[i].px.counters;
		struct weir_inquiry *q = &workers[i].inquiry;

		for (unsigned int f = 0; f < WEIR_FATES; f++)
			sum += weir_counted(&c->fate[f]);
		for (unsigned int s = 0; s < 2; s++)
			sum += weir_counted(&c->service[s].syn);
		sum += weir_counted(&c->handed_in) + weir_counted(&c->backend[0].conns);
		sum += look_at_offenders(&workers[i].px.crowd, plain);
		if (__atomic_load_n(&q->state, __ATOMIC_ACQUIRE) == WEIR_INQUIRY_ASKED)
			continue;
		q->cursor = 0;
		q->limit = 8;
		q->service = q->backend = q->conn_state = WEIR_NONE16;
		__atomic_store_n(&q->state, WEIR_INQUIRY_ASKED, __ATOMIC_RELEASE);
	}
	return sum;
}

static struct weir_policy *replace(struct weir_policy *was, unsigned int round, const char *broken)
{
	struct weir_policy *wanted = shell_wanted(was);
	struct weir_derivation how = {0};

	change(round);
	watch(strcmp(broken, "plain-offender") == 0);
	wanted->members[0].weight = (uint16_t)(round % 3);
	if (weir_policy_derive(was, wanted, &how) != 0 || weir_swap_publish(&swap, how.next) != 0)
		shell_die("no policy");
	weir_policy_free(wanted);
	if (strcmp(broken, "plain-store") == 0) {
		struct weir_snapshot *volatile *current =
			(struct weir_snapshot *volatile *)&swap.current;

		*current = *current;
	}
	if (strcmp(broken, "early-free") != 0)
		while (!weir_swap_settle(&swap)) {
			watch(false);
			nanosleep(&(struct timespec){.tv_nsec = 20000}, NULL);
		}
	weir_policy_free(was);
	while (!weir_swap_settle(&swap))
		sched_yield();
	return how.next;
}

int main(int argc, char **argv)
{
	struct weir_policy *p = shell_policy(WORKERS, 2);
	unsigned int keys_read = 0;
	const char *broken = argc > 1 ? argv[1] : "";
	uint64_t handed = 0;

	p->limits.source_connections = 2;
	workers = aligned_alloc(64, WORKERS * ((sizeof(*workers) + 63) / 64 * 64));
	memset(workers, 0, WORKERS * sizeof(*workers));
	if (weir_policy_finish(p) != 0 || weir_swap_init(&swap, p) != 0)
		shell_die("no memory");
	for (unsigned int i = 0; i < WORKERS; i++)
		open_worker(&workers[i], i, p);
	for (unsigned int i = 0; i < WORKERS; i++)
		for (unsigned int j = 0; j < WORKERS; j++)
			if (i != j)
				workers[i].steer.to[j] = workers[j].steer.from[i];
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_create(&workers[i].thread, NULL, work, &workers[i]);
	for (unsigned int round = 0; round < ROUNDS; round++)
		p = replace(p, round, broken);
	__atomic_store_n(&stop, 1, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	for (unsigned int i = 0; i < WORKERS; i++) {
		handed += workers[i].px.counters.handed_in;
		keys_read += workers[i].keys_read;
		free(workers[i].memory.base);
	}
	weir_swap_free(&swap);
	weir_policy_free(p);
	free(workers);
	printf("%u policies, %llu packets handed over, keys read %u times\n", ROUNDS,
		(unsigned long long)handed, keys_read);
	return handed > ROUNDS && keys_read > ROUNDS / 10 ? 0 : 1;
}
