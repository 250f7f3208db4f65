// SPDX-License-Identifier: BSD-3-Clause
/*
 * The side path for ARP (dp/arp.h, dp/neigh.h) against a naive twin: who is answered, with what, and
 * whose address is believed. Without EAL: buffers are of malloc() in a pool of this file's own, and
 * what would be sent comes here.
 *
 * Input: a sequence of steps. A byte says what: bit 0: port; bit 1: nothing arrives, time passes and
 * next hops are looked after; bit 2: a byte follows that says how many bytes the frame is shorter; else
 * 4 bytes for addresses out of a small set, then 28 bytes that are XORed into a good ARP frame.
 */
#include "dp/arp.h"
#include "dp/keeper.h"
#include "dp/mbuf.h"

#include "fuzz.h"
#include "mend.h"
#include "shell.h"
#include "wire/arp.h"

#define FRAME_LEN WEIR_ARP_FRAME_LEN
#define EACH      2 /* backends of each of the two services: next hops */
#define NEXTHOPS  (2 * EACH)

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 0xaa};

/* What the twin knows, and what became of the last frame. */
static struct {
	struct weir_policy *policy;
	struct rte_mempool pool;
	struct weir_neighs neighs;
	struct weir_counters counters;
	struct weir_nic nic;
	struct weir_tx tx;
	struct weir_mld mld;
	uint64_t macs[NEXTHOPS], asked_ns[NEXTHOPS], answered_ns[NEXTHOPS];
	unsigned int unanswered[NEXTHOPS]; /* requests since then */
	unsigned int conflicts;
	unsigned int buffers; /* that are out of the pool */
	unsigned int sent, asked;
	uint8_t reply[FRAME_LEN];
} w;

/* The pool: buffers come one by one and go back one by one. */

static int pool_put(struct rte_mempool *pool, void *const *objects, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct rte_mbuf *m = objects[i];

		FUZZ_MUST(w.buffers-- > 0);
		free(m->buf_addr);
		free(m);
	}
	return 0;
}

static int pool_get(struct rte_mempool *pool, void **objects, unsigned int n)
{
	return -1;
}

static unsigned int pool_count(const struct rte_mempool *pool)
{
	return 0;
}

static int pool_alloc(struct rte_mempool *pool)
{
	return 0;
}

static const struct rte_mempool_ops pool_ops = {
	.name = "fuzz",
	.alloc = pool_alloc,
	.enqueue = pool_put,
	.dequeue = pool_get,
	.get_count = pool_count,
};

static struct rte_mbuf *buffer(const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = aligned_alloc(64, sizeof(*m));

	memset(m, 0, sizeof(*m));
	m->buf_addr = fuzz_copy(frame, len);
	m->buf_len = m->data_len = (uint16_t)len;
	m->pkt_len = (uint32_t)len;
	m->pool = &w.pool;
	m->nb_segs = 1;
	rte_mbuf_refcnt_set(m, 1);
	w.buffers++;
	return m;
}

/* dp/tx.h as far as dp/arp.c calls it. */

void weir_tx_to_mac(struct weir_tx *tx, struct rte_mbuf *m, uint8_t interface, const uint8_t mac[6])
{
	FUZZ_MUST(m->pkt_len == FRAME_LEN && m->data_len == FRAME_LEN && m->buf_len >= FRAME_LEN);
	FUZZ_MUST(interface < w.policy->n_interfaces);
	w.sent++;
	memcpy(w.reply, m->buf_addr, FRAME_LEN);
	FUZZ_MUST(memcmp(w.reply, mac, 6) == 0);
	rte_pktmbuf_free(m);
}

void weir_tx_ask(struct weir_tx *tx, uint16_t nexthop, uint64_t retry_ns)
{
	FUZZ_MUST(nexthop < NEXTHOPS);
	switch (weir_neigh_due(tx->neighs, nexthop, tx->now_ns, retry_ns)) {
	case WEIR_NEIGH_NO_REQUEST:
		return;
	case WEIR_NEIGH_UNICAST:
		FUZZ_MUST(w.macs[nexthop] != 0 && w.unanswered[nexthop] < WEIR_NEIGH_PROBES);
		break;
	case WEIR_NEIGH_ROUTERS:
		FUZZ_MUST(false);
		break;
	case WEIR_NEIGH_BROADCAST:
		FUZZ_MUST(w.macs[nexthop] == 0 || w.unanswered[nexthop] >= WEIR_NEIGH_PROBES);
		break;
	}
	w.asked++;
	w.unanswered[nexthop]++;
	w.asked_ns[nexthop] = tx->now_ns;
}

void weir_tx_announce(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr)
{
	FUZZ_MUST(interface < w.policy->n_interfaces);
	FUZZ_MUST(weir_endpoint_find(&w.policy->endpoints, addr, 0) != NULL);
}

void weir_tx_probe(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr)
{
	FUZZ_MUST(false); /* all of its addresses are IPv4's */
}

void weir_tx_report(struct weir_tx *tx, uint8_t interface, enum weir_mld_report why,
	const struct weir_addr *addr)
{
	FUZZ_MUST(false); /* likewise */
}

/* The policy is made once; neighbours are unknown at the start of each input. */
static void reset(void)
{
	static _Alignas(64) uint8_t memory[8192];
	struct weir_arena arena = {.base = memory, .size = sizeof(memory)};

	if (w.policy == NULL) {
		w.policy = shell_policy(1, EACH);
		FUZZ_MUST(weir_policy_finish(w.policy) == 0);
		w.pool.ops_index = rte_mempool_register_ops(&pool_ops);
		FUZZ_MUST(w.pool.ops_index >= 0);
		memcpy(w.nic.mac, our_mac, 6);
	}
	memset(memory, 0, sizeof(memory));
	memset(w.macs, 0, sizeof(w.macs));
	memset(w.asked_ns, 0, sizeof(w.asked_ns));
	memset(w.answered_ns, 0, sizeof(w.answered_ns));
	memset(w.unanswered, 0, sizeof(w.unanswered));
	w.conflicts = 0;
	memset(&w.counters, 0, sizeof(w.counters));
	weir_neighs_init(&w.neighs, &arena, w.policy);
	FUZZ_MUST(arena.used <= arena.size);
	w.tx = (struct weir_tx){.counters = &w.counters,
		.neighs = &w.neighs,
		.mld = &w.mld,
		.n_ports = 2,
		.now_ns = SHELL_START_NS};
	weir_bucket_init(&w.tx.answers[0], 1000000000, SHELL_START_NS);
	weir_bucket_init(&w.tx.answers[1], 1000000000, SHELL_START_NS);
	w.tx.port[0].nic = w.tx.port[1].nic = &w.nic;
	w.nic.announce++;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

/* Addresses that mean something: ours, next hops', VIPs, and nobody's. */
static uint32_t some_addr(uint8_t pick)
{
	static const uint32_t addrs[] = {SHELL_LOCAL, SHELL_VIP(0), SHELL_VIP(1),
		SHELL_BACKEND(0, 0), SHELL_BACKEND(0, 1), SHELL_BACKEND(1, 0), SHELL_BACKEND(1, 1),
		0xc6336401, 0x0a0000fe, 0xc0000203};

	return addrs[pick % (sizeof(addrs) / sizeof(addrs[0]))];
}

/* RFC 826: an address of a service or of a port; each port answers for its own, either for VIPs. */
static bool is_ours(uint32_t addr, unsigned int port)
{
	if (addr == SHELL_LOCAL)
		return port == SHELL_BACKENDS;
	if (addr == 0xc6336401)
		return port == SHELL_CLIENTS;
	return addr == SHELL_VIP(0) || addr == SHELL_VIP(1);
}

/* HC-67: only what was asked for is learned, and another MAC than the known one only if that is silent. */
static bool may_learn(unsigned int i, uint64_t word, bool is_reply)
{
	if (!is_reply || w.asked_ns[i] <= w.answered_ns[i] ||
		w.tx.now_ns > w.asked_ns[i] + WEIR_NEIGH_ANSWER_NS)
		return false;
	return w.macs[i] == 0 || w.macs[i] == word || w.unanswered[i] > WEIR_NEIGH_PROBES;
}

/* What the twin makes of a good frame: the fate, if it asks for nothing. */
static enum weir_fate believe(const uint8_t *f, unsigned int port)
{
	bool is_reply = frame_get16(f + 20) == WEIR_ARP_REPLY;
	enum weir_fate fate = WEIR_FATE_arp_other;
	uint32_t sender = get32(f + 28);
	uint64_t word = 0;

	memcpy(&word, f + 22, 6);
	for (unsigned int i = 0; i < NEXTHOPS && port == SHELL_BACKENDS && word != 0; i++) {
		if (sender != SHELL_BACKEND(i / EACH, i % EACH))
			continue;
		if (may_learn(i, word, is_reply)) {
			w.macs[i] = word;
			w.answered_ns[i] = w.tx.now_ns;
			w.unanswered[i] = 0;
			fate = WEIR_FATE_arp_learned;
		} else if (w.macs[i] != 0 && w.macs[i] != word) {
			fate = WEIR_FATE_arp_unverified;
		}
	}
	return fate;
}

static void check_neighbours(void)
{
	for (uint16_t i = 0; i < NEXTHOPS; i++) {
		uint8_t mac[6];
		bool known = weir_neigh_mac(&w.neighs, i, mac);

		FUZZ_MUST(known == (w.macs[i] != 0));
		FUZZ_MUST(!known || memcmp(mac, &w.macs[i], 6) == 0);
	}
}

/* Who asked gets what he asked for, from us. */
static void check_reply(const uint8_t *f)
{
	const uint8_t *r = w.reply;

	FUZZ_MUST(memcmp(r, f + 22, 6) == 0 && memcmp(r + 6, our_mac, 6) == 0);
	FUZZ_MUST(frame_get16(r + 12) == WEIR_ETH_ARP && get32(r + 14) == 0x00010800);
	FUZZ_MUST(frame_get16(r + 18) == 0x0604 && frame_get16(r + 20) == WEIR_ARP_REPLY);
	FUZZ_MUST(memcmp(r + 22, our_mac, 6) == 0 && get32(r + 28) == get32(f + 38));
	FUZZ_MUST(memcmp(r + 32, f + 22, 6) == 0 && get32(r + 38) == get32(f + 28));
}

static void arrives(const uint8_t *frame, size_t len, unsigned int port)
{
	struct rte_mbuf *m = buffer(frame, len);
	enum weir_fate otherwise;
	bool asks_us;
	struct weir_pkt pkt;

	memset(&pkt, 0xa5, sizeof(pkt));
	weir_mbuf_view(m, (uint8_t)port, &pkt);
	if (weir_pkt_parse(&pkt) != WEIR_PARSED_ARP) {
		FUZZ_MUST(weir_fates[pkt.fate].class == WEIR_CLASS_DROP);
		rte_pktmbuf_free(m);
		return;
	}
	FUZZ_MUST(len >= FRAME_LEN && get32(frame + 14) == 0x00010800);
	FUZZ_MUST(frame_get16(frame + 18) == 0x0604 && (frame[22] & 1) == 0);
	w.sent = 0;
	weir_arp_receive(&w.tx, &pkt);
	otherwise = believe(frame, port);
	w.conflicts += is_ours(get32(frame + 28), port) && memcmp(frame + 22, our_mac, 6) != 0;
	FUZZ_MUST(w.counters.event[WEIR_EVENT_address_conflict] == w.conflicts);
	asks_us = frame_get16(frame + 20) == WEIR_ARP_REQUEST && is_ours(get32(frame + 38), port);
	FUZZ_MUST(w.sent == asks_us);
	if (asks_us)
		check_reply(frame);
	FUZZ_MUST(pkt.fate == (asks_us ? WEIR_FATE_arp_reply : otherwise));
	FUZZ_MUST(w.counters.fate[pkt.fate] > 0);
}

static void frame_step(struct fuzz_in *in, unsigned int port, bool shorter)
{
	uint8_t sender_mac[6] = {2, 0, 0, 0, 0, 1}, target_mac[6] = {0};
	uint8_t frame[FRAME_LEN], change[28];
	uint16_t op = fuzz_u8(in) & 1 ? WEIR_ARP_REPLY : WEIR_ARP_REQUEST;
	uint32_t sender = some_addr(fuzz_u8(in)), target = some_addr(fuzz_u8(in));
	size_t cut = shorter ? fuzz_u8(in) : 0;
	uint8_t *exact;

	sender_mac[5] = fuzz_u8(in);
	weir_build_arp(frame, op, sender_mac, weir_be32(sender), target_mac, weir_be32(target));
	fuzz_bytes(in, change, sizeof(change));
	for (size_t i = 0; i < sizeof(change); i++)
		frame[14 + i] ^= change[i];
	cut = cut > FRAME_LEN ? FRAME_LEN : cut;
	exact = fuzz_copy(frame, FRAME_LEN - cut);
	arrives(exact, FRAME_LEN - cut, port);
	free(exact);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct weir_keeper keeper = {0};

	reset();
	while (fuzz_left(&in) > 0) {
		uint8_t step = fuzz_u8(&in);

		if (step & 2) {
			w.tx.now_ns += (uint64_t)fuzz_u8(&in) << 28;
			w.asked = 0;
			weir_keeper_turn(&keeper, &w.tx);
			FUZZ_MUST(w.asked <= NEXTHOPS);
		} else {
			frame_step(&in, step & 1, step & 4);
		}
		FUZZ_MUST(w.buffers == 0);
		check_neighbours();
	}
	return 0;
}
