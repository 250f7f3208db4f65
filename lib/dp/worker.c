// SPDX-License-Identifier: BSD-3-Clause
/*
 * The worker's loop: receive a burst, parse and classify, keep what this worker owns and hand over
 * the rest, let the engine decide, do what it decided; then packets that other workers handed over, and
 * house-keeping. Owns the dropped buffers until they are freed together.
 */
#include "dp/worker.h"

#include <time.h>

#include <rte_ethdev.h>
#include <rte_prefetch.h>

#include "dp/arp.h"
#include "dp/mbuf.h"
#include "dp/nd.h"
#include "dp/signals.h"
#include "dp/tag.h"
#include "wire/build.h"
#include "wire/eth.h"
#include "wire/nd.h"

#define PREFETCH_AHEAD 4
#define RESETS         64 /* connections that are reset in one turn of the loop */

/* Idle sleep: begins after some turns without work, and grows; a port's queue must not overflow. */
#define SLEEP_AFTER  8
#define SLEEP_MIN_NS 10000
#define SLEEP_MAX_NS 200000

/*
 * What becomes of a packet
 */

static inline void count_fate(struct weir_worker *w, uint8_t fate)
{
	weir_count(&w->px.counters.fate[fate], 1);
}

static void free_dropped(struct weir_worker *w)
{
	if (w->n_dropped > 0)
		rte_pktmbuf_free_bulk(w->dropped, w->n_dropped);
	w->n_dropped = 0;
}

static inline void drop(struct weir_worker *w, struct weir_pkt *pkt, uint8_t fate)
{
	count_fate(w, fate);
	w->dropped[w->n_dropped++] = pkt->buf;
	if (w->n_dropped == RTE_DIM(w->dropped))
		free_dropped(w);
}

/* The kernel gets a copy if it wants one, in that VLAN. The port has a host interface. */
static void give(struct weir_worker *w, struct weir_pkt *pkt, unsigned int port, uint16_t vlan)
{
	const enum weir_host_class class = weir_host_class(w->px.policy, port, &pkt->frame);

	if (class != WEIR_HOST_CLASSES)
		pkt->fate = (uint8_t)weir_host_copy(&w->host, &w->tx, pkt->buf, port, vlan, class);
}

/* It is the kernel's, if that wants it, or is dropped. */
static void drop_or_give(struct weir_worker *w, struct weir_pkt *pkt)
{
	const struct weir_interface *interface = &w->px.policy->interfaces[pkt->interface];

	if (weir_host_is_on(&w->host, interface->port))
		give(w, pkt, interface->port, interface->vlan);
	drop(w, pkt, pkt->fate);
}

/* Packets that synweir has no use for. */
static inline void reject(struct weir_worker *w, struct weir_pkt *pkt)
{
	if (unlikely(w->host.ports != 0) && weir_host_may_want(pkt->fate))
		drop_or_give(w, pkt);
	else
		drop(w, pkt, pkt->fate);
}

static inline bool lacks_csum(const struct weir_pkt *pkt)
{
	return pkt->frame.csum == WEIR_CSUM_PARTIAL &&
		(pkt->kind == WEIR_KIND_CLIENT || pkt->kind == WEIR_KIND_BACKEND);
}

static uint8_t egress_interface(const struct weir_worker *w, const struct weir_pkt *pkt)
{
	switch ((enum weir_send)pkt->send) {
	case WEIR_SEND_NEIGHBOUR:
		return pkt->neighbour.interface;
	case WEIR_SEND_NEXTHOP:
		return w->px.policy->nexthops[pkt->nexthop].interface;
	case WEIR_SEND_BACK:
	case WEIR_SEND_NOTHING:
	case WEIR_SEND_HELD:
		break;
	}
	return pkt->interface;
}

/* HC-28: no connection of this worker's; true: another worker is asked. */
static bool pass_along(struct weir_worker *w, struct weir_pkt *pkt)
{
	return pkt->kind == WEIR_KIND_ICMP_ERROR && pkt->conn == WEIR_CONN_NONE &&
		weir_steer_pass_along(&w->steer, pkt, w->now_ns);
}

/* Does what the engine decided. */
static void execute(struct weir_worker *w, struct weir_pkt *pkt)
{
	struct rte_mbuf *m;
	uint8_t mac[6], interface;

	if (pkt->send == WEIR_SEND_HELD)
		return; /* its fate is not decided yet */
	if (pkt->send == WEIR_SEND_NOTHING) {
		if (unlikely(pkt->fate == WEIR_FATE_to_host))
			drop_or_give(w, pkt);
		else if (likely(!pass_along(w, pkt)))
			drop(w, pkt, pkt->fate);
		return;
	}
	count_fate(w, pkt->fate);
	m = weir_mbuf_of(pkt);
	interface = egress_interface(w, pkt);
	if (unlikely(lacks_csum(pkt)))
		weir_mbuf_complete_csum(m, pkt, weir_tx_nic(&w->tx, interface)->tx_csum);
	if (pkt->send == WEIR_SEND_NEXTHOP) {
		weir_tx_to_nexthop(&w->tx, m, pkt->nexthop);
	} else if (pkt->send == WEIR_SEND_NEIGHBOUR) {
		weir_tx_to_neighbour(&w->tx, m, &pkt->neighbour);
	} else {
		memcpy(mac, weir_eth_src(&pkt->frame), sizeof(mac));
		weir_tx_to_mac(&w->tx, m, interface, mac);
	}
}

static void ops_packet(void *shell, struct weir_pkt *pkt)
{
	execute(shell, pkt);
}

static void ops_header(void *shell, const struct weir_header *h, const struct weir_dest *dest)
{
	struct weir_worker *w = shell;
	struct rte_mbuf *m = weir_tx_new(&w->tx);

	if (m == NULL)
		return;
	m->pkt_len = m->data_len = weir_build_segment(rte_pktmbuf_mtod(m, uint8_t *), h);
	if (dest->unanswered)
		weir_tx_to_doubted(&w->tx, m, dest->nexthop);
	else if (dest->send == WEIR_SEND_NEXTHOP)
		weir_tx_to_nexthop(&w->tx, m, dest->nexthop);
	else
		weir_tx_to_neighbour(&w->tx, m, &dest->neighbour);
}

/*
 * Receive
 */

/* The first n of w->pkts are this worker's. */
static void decide(struct weir_worker *w, unsigned int n)
{
	weir_proxy_burst(&w->px, w->pkts, n, w->now_ns);
	for (unsigned int i = 0; i < n; i++)
		execute(w, &w->pkts[i]);
	weir_steer_send(&w->steer);
}

/* Frames that are not to our MAC, and those with a group address as source, which no sender has. */
static inline bool wrong_mac(const struct weir_nic *nic, struct weir_pkt *pkt)
{
	static const uint8_t broadcast[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
	const struct weir_eth_hdr *eth = weir_eth(&pkt->frame);

	if (unlikely(pkt->frame.head_len < sizeof(*eth)))
		return false; /* the parser has a name for that */
	if (unlikely(eth->src[0] & 1)) {
		pkt->fate = WEIR_FATE_martian;
		return true;
	}
	pkt->fate = WEIR_FATE_other_mac;
	if (likely(memcmp(eth->dst, nic->mac, sizeof(nic->mac)) == 0))
		return false;
	if (eth->type_be == weir_be16(WEIR_ETH_ARP))
		return memcmp(eth->dst, broadcast, sizeof(broadcast)) != 0;
	return !weir_nd_is_to_group(&pkt->frame) && !weir_mld_is_to_group(&pkt->frame);
}

/* What the far end of a port's wire sends wrongly, every time: the log names the port. */
static void count_unusable(struct weir_worker *w, const struct weir_pkt *pkt)
{
	const struct weir_policy *p = w->px.policy;
	struct weir_port_counters *c = &w->px.counters.port[p->interfaces[pkt->interface].port];

	if (pkt->fate == WEIR_FATE_truncated)
		weir_count(&c->rx_truncated, 1);
	else if (pkt->fate == WEIR_FATE_tcp_checksum_partial)
		weir_count(&c->rx_partial, 1);
}

/* The neighbour protocols: of either family. */
static void take_neighbour(struct weir_worker *w, struct weir_pkt *pkt)
{
	const struct weir_interface *interface = &w->px.policy->interfaces[pkt->interface];

	if (weir_host_is_on(&w->host, interface->port) && weir_host_wants_neighbour(pkt))
		(void)weir_host_copy(&w->host, &w->tx, pkt->buf, interface->port, interface->vlan,
			WEIR_HOST_NEIGHBOUR);
	if (pkt->kind == WEIR_KIND_ARP)
		weir_arp_receive(&w->tx, pkt);
	else
		weir_nd_receive(&w->tx, pkt);
}

/* Parses and classifies one frame. true: this worker owns it, the engine decides. */
static inline bool sort(struct weir_worker *w, struct weir_pkt *pkt)
{
	unsigned int owner;

	weir_classify(w->px.policy, pkt, weir_pkt_parse(pkt));
	if (pkt->kind == WEIR_KIND_NONE) {
		count_unusable(w, pkt);
		reject(w, pkt);
		return false;
	}
	if (unlikely(pkt->kind >= WEIR_KIND_ARP)) {
		take_neighbour(w, pkt);
		return false;
	}
	owner = weir_steer_owner(&w->steer, pkt);
	if (owner == w->self)
		return true;
	weir_steer_give(&w->steer, owner, pkt);
	return false;
}

static enum weir_fate fate_without_interface(const struct weir_pkt *pkt)
{
	const struct weir_frame *f = &pkt->frame;

	return f->head_len >= WEIR_ETH_LEN && weir_eth(f)->type_be == weir_be16(WEIR_ETH_QINQ)
		? WEIR_FATE_qinq
		: WEIR_FATE_vlan_unknown;
}

/* It came by none of the port's interfaces, and has its tag. */
static void reject_without_interface(struct weir_worker *w, uint8_t port, struct weir_pkt *pkt)
{
	pkt->fate = (uint8_t)fate_without_interface(pkt);
	if (unlikely(weir_host_is_on(&w->host, port)))
		give(w, pkt, port, 0);
	drop(w, pkt, pkt->fate);
}

/* Of what is not to our MAC address the kernel gets what is to a group. */
static void reject_wrong_mac(struct weir_worker *w, struct weir_pkt *pkt)
{
	if (pkt->fate == WEIR_FATE_other_mac && weir_eth(&pkt->frame)->dst[0] & 1)
		reject(w, pkt);
	else
		drop(w, pkt, pkt->fate);
}

/* The interface that a tagged frame came in by, whose tag is taken off; WEIR_NONE8: none, and the tag is on. */
static uint8_t take_tag(const struct weir_policy *p, uint8_t port, struct rte_mbuf *m)
{
	const int vlan = weir_tag_take_off(m);
	const uint8_t interface = p->interface_of[port][vlan < 0 ? 0 : vlan];

	if (interface == WEIR_NONE8 && vlan > 0)
		weir_tag_put_on(m, (uint16_t)vlan, false);
	return interface;
}

/* The same for a frame that a port has received; untagged: the interface of frames without a tag. */
static inline bool admit(struct weir_worker *w, uint8_t port, struct rte_mbuf *m, uint8_t untagged,
	struct weir_pkt *pkt)
{
	if (unlikely(weir_tag_is_on(m)))
		untagged = take_tag(w->px.policy, port, m);
	weir_mbuf_view(m, untagged, pkt);
	if (unlikely(untagged == WEIR_NONE8)) {
		reject_without_interface(w, port, pkt);
		return false;
	}
	if (wrong_mac(weir_tx_nic(&w->tx, pkt->interface), pkt)) {
		reject_wrong_mac(w, pkt);
		return false;
	}
	return sort(w, pkt);
}

static unsigned int receive(struct weir_worker *w, uint8_t port)
{
	const struct weir_nic *nic = &w->shared->nics[port];
	struct weir_port_counters *c = &w->px.counters.port[port];
	struct rte_mbuf *bufs[WEIR_BURST];
	unsigned int n, ours = 0;
	uint64_t bytes = 0;
	uint8_t untagged;

	if (w->self >= nic->n_rx)
		return 0;
	n = rte_eth_rx_burst(nic->id, (uint16_t)w->self, bufs, WEIR_BURST);
	if (n == 0)
		return 0;
	untagged = w->px.policy->interface_of[port][0];
	for (unsigned int i = 0; i < n && i < PREFETCH_AHEAD; i++)
		rte_prefetch0(rte_pktmbuf_mtod(bufs[i], void *));
	for (unsigned int i = 0; i < n; i++) {
		if (i + PREFETCH_AHEAD < n)
			rte_prefetch0(rte_pktmbuf_mtod(bufs[i + PREFETCH_AHEAD], void *));
		bytes += bufs[i]->pkt_len;
		ours += admit(w, port, bufs[i], untagged, &w->pkts[ours]);
	}
	weir_count(&c->rx_pkts, n);
	weir_count(&c->rx_bytes, bytes);
	weir_steer_send(&w->steer);
	decide(w, ours);
	return n;
}

/* Between bursts: changes to the current policy if it was replaced. */
static void update_policy(struct weir_worker *w)
{
	struct weir_snapshot *s = weir_swap_read(&w->shared->swap);

	if (likely(s->generation == w->px.generation))
		return;
	weir_proxy_adopt(&w->px, s->policy);
	w->steer.policy = s->policy;
	w->tx.neighs = &s->neighs;
	if (w->self == 0 && s->announce)
		weir_keeper_announce(&w->keeper, &w->tx);
}

/* n packets were handed over. Those that another policy has classified are sorted again; how many stay. */
static unsigned int readmit(struct weir_worker *w, unsigned int n)
{
	unsigned int ours = 0;

	for (unsigned int i = 0; i < n; i++) {
		if (unlikely(i != ours))
			w->pkts[ours] = w->pkts[i];
		ours += likely(w->pkts[ours].generation == w->px.generation) ||
			sort(w, &w->pkts[ours]);
	}
	weir_steer_send(&w->steer);
	return ours;
}

/* What other workers hand over: packets of this worker's connections, frames for its queues. */
static unsigned int receive_handed_over(struct weir_worker *w)
{
	unsigned int total = 0, n;

	for (unsigned int from = 0; from < w->px.policy->n_workers; from++) {
		if (from == w->self)
			continue;
		n = weir_steer_take(&w->steer, from, w->pkts);
		if (n > 0) {
			update_policy(
				w); /* the newest that any of them was classified by, or newer */
			decide(w, readmit(w, n));
		}
		total += n;
		if (w->relays[from] != NULL)
			total += weir_tx_relay(&w->tx, w->relays[from]);
	}
	return total;
}

/*
 * The loop
 */

static void update_clock(struct weir_worker *w)
{
	uint64_t now_ns = weir_clock_ns(&w->shared->clock);

	if (now_ns > w->now_ns)
		w->now_ns = now_ns;
	w->tx.now_ns = w->now_ns;
	weir_proxy_set_wall_offset(&w->px,
		__atomic_load_n(&w->shared->wall_offset_ns, __ATOMIC_ACQUIRE));
}

/* Before anything is received: a worker that drains takes no new connections. */
static void start_draining(struct weir_worker *w, enum weir_phase phase)
{
	if (phase != WEIR_PHASE_RUN && !w->px.draining)
		weir_proxy_drain(&w->px);
}

/* Resets what is open. A packet in flight between workers may open one more: this is called again. */
static bool reset_some(struct weir_worker *w)
{
	return weir_proxy_active(&w->px) == 0 || weir_proxy_reset_all(&w->px, RESETS, w->now_ns);
}

/* Last in a turn: a reader that sees it sees the counters of the turn, too, and its frames are sent. */
static void report(struct weir_worker *w, bool all_reset)
{
	__atomic_store_n(&w->active, weir_proxy_active(&w->px), __ATOMIC_RELEASE);
	__atomic_store_n(&w->reset, all_reset, __ATOMIC_RELEASE);
}

static void keep_house(struct weir_worker *w)
{
	weir_proxy_tick(&w->px, w->now_ns);
	if (w->self == 0)
		weir_keeper_turn(&w->keeper, &w->tx);
	weir_inquiry_serve(&w->inquiry, &w->px.table, w->px.policy, weir_tick(w->now_ns));
}

bool weir_worker_turn(struct weir_worker *w)
{
	enum weir_phase phase = __atomic_load_n(&w->shared->phase, __ATOMIC_ACQUIRE);
	bool all_reset = false;
	unsigned int n = 0;

	weir_swap_quiescent(&w->shared->swap, w->self);
	update_policy(w);
	update_clock(w);
	start_draining(w, phase);
	if (w->host.from.memory != NULL) /* first: a flood's answers may fill the queue */
		n += weir_host_send(&w->host, &w->tx);
	if (phase < WEIR_PHASE_RESET)
		for (unsigned int i = 0; i < w->px.policy->n_ports; i++)
			n += receive(w, (uint8_t)i);
	if (w->px.policy->n_workers > 1)
		n += receive_handed_over(w);
	keep_house(w);
	if (phase == WEIR_PHASE_RESET)
		all_reset = reset_some(w);
	weir_tx_flush(&w->tx);
	free_dropped(w);
	if (phase != WEIR_PHASE_RUN)
		report(w, all_reset);
	weir_count(&w->px.counters.loops, 1);
	if (n > 0)
		weir_count(&w->px.counters.busy_loops, 1);
	return n > 0;
}

static void sleep_when_idle(struct weir_worker *w, bool busy)
{
	struct timespec nap = {0, SLEEP_MIN_NS};

	if (busy || !w->shared->sleep) {
		w->empty_loops = 0;
		return;
	}
	if (++w->empty_loops <= SLEEP_AFTER)
		return;
	nap.tv_nsec = RTE_MIN(SLEEP_MIN_NS * (w->empty_loops - SLEEP_AFTER), SLEEP_MAX_NS);
	nanosleep(&nap, NULL);
}

int weir_worker_run(void *arg)
{
	struct weir_worker *w = arg;

	if (w->self == 0)
		weir_signals_receive();
	while (__atomic_load_n(&w->shared->phase, __ATOMIC_ACQUIRE) != WEIR_PHASE_EXIT)
		sleep_when_idle(w, weir_worker_turn(w));
	weir_swap_leave(&w->shared->swap, w->self);
	return 0;
}

/*
 * Set-up
 */

static void init_tx(struct weir_worker *w, struct rte_mempool *pool)
{
	struct weir_shared *s = w->shared;

	w->tx.counters = &w->px.counters;
	w->tx.mld = &s->mld;
	w->tx.neighs = &s->swap.current->neighs;
	w->tx.pool = pool;
	w->tx.n_ports = w->px.policy->n_ports;
	for (unsigned int i = 0; i < RTE_DIM(w->tx.answers); i++)
		weir_bucket_init(&w->tx.answers[i], WEIR_NEIGH_ANSWERS_PER_S, w->now_ns);
	for (unsigned int i = 0; i < w->tx.n_ports; i++) {
		w->tx.port[i].nic = &s->nics[i];
		w->tx.port[i].queue = (uint16_t)w->self;
	}
}

/* Worker `from` has no transmit queue of its own on some port, and sends there through `home`. */
static bool relays_for(const struct weir_shared *s, unsigned int from, unsigned int home)
{
	for (unsigned int i = 0; i < s->swap.current->policy->n_ports; i++)
		if (from >= s->nics[i].n_tx && from % s->nics[i].n_tx == home)
			return true;
	return false;
}

static void init_rings(struct weir_worker *w, struct weir_arena *arena)
{
	w->steer.policy = w->px.policy;
	w->steer.nics = w->shared->nics;
	w->steer.counters = &w->px.counters;
	w->steer.self = w->self;
	weir_bucket_init(&w->steer.searches, WEIR_STEER_SEARCHES_PER_S, w->now_ns);
	for (unsigned int from = 0; from < w->px.policy->n_workers; from++) {
		if (from == w->self)
			continue;
		weir_steer_ring_init(&w->steer.from[from], arena);
		if (relays_for(w->shared, from, w->self))
			weir_steer_ring_init(&w->relays[from], arena);
	}
}

void weir_worker_init(struct weir_worker *w, struct weir_arena *arena, struct weir_shared *shared,
	unsigned int self, struct rte_mempool *pool, const uint8_t seed[32])
{
	struct weir_proxy_ops ops = {ops_header, ops_packet, w};

	w->shared = shared;
	w->self = self;
	w->active = WEIR_ACTIVE_UNREPORTED;
	w->now_ns = weir_clock_ns(&shared->clock);
	weir_proxy_init(&w->px, arena, shared->swap.current->policy, self, seed, &ops, w->now_ns,
		shared->wall_offset_ns, &shared->keyring);
	weir_proxy_heed(&w->px, &shared->health);
	weir_proxy_obey(&w->px, &shared->orders);
	init_tx(w, pool);
	init_rings(w, arena);
	weir_host_init(&w->host, arena, w->px.policy, self, w->now_ns);
}

void weir_worker_join(struct weir_worker *w, struct weir_worker *other)
{
	const struct weir_shared *s = w->shared;

	w->steer.to[other->self] = other->steer.from[w->self];
	for (unsigned int i = 0; i < w->px.policy->n_ports; i++)
		if (w->self >= s->nics[i].n_tx && w->self % s->nics[i].n_tx == other->self)
			w->tx.port[i].home = other->relays[w->self];
}
