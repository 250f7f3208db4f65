// SPDX-License-Identifier: BSD-3-Clause
#include "rig.h"

#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "../unit/unit.h"
#include "dp/tag.h"

#define RING_SIZE 4096

static void die(const char *what)
{
	fprintf(stderr, "rig: %s\n", what);
	abort();
}

/* What the EAL leaves behind. */
static void clean_up(void)
{
	char command[PATH_MAX + 16];

	snprintf(command, sizeof(command), "rm -rf '%s'", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	if (system(command) != 0)
		fprintf(stderr, "rig: failed: %s\n", command);
}

void rig_eal(const char *program)
{
	char prefix[32], lcores[512] = "(0-3)@(";
	size_t at = strlen(lcores);
	cpu_set_t cpus;
	char *argv[] = {(char *)program, "--no-huge", "-m", "256", "--no-shconf", "--no-pci",
		"--no-telemetry", "--file-prefix", prefix, "--log-level", "*:error", "--lcores",
		lcores};

	snprintf(prefix, sizeof(prefix), "weir-test-%d", (int)getpid());
	sched_getaffinity(0, sizeof(cpus), &cpus);
	for (int cpu = 0, n = 0; cpu < CPU_SETSIZE && n < 8; cpu++)
		if (CPU_ISSET(cpu, &cpus))
			at += (size_t)snprintf(lcores + at, sizeof(lcores) - at, "%s%d",
				n++ ? "," : "", cpu);
	snprintf(lcores + at, sizeof(lcores) - at, ")");
	if (rte_eal_init(RTE_DIM(argv), argv) < 0)
		die("no EAL");
	atexit(clean_up);
}

static struct rte_ring *make_ring(const char *what, unsigned int port, unsigned int queue)
{
	static unsigned int number;
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "%s%u.%u.%u", what, number++, port, queue);
	ring = rte_ring_create(name, RING_SIZE, SOCKET_ID_ANY, 0);
	if (ring == NULL)
		die("no ring");
	return ring;
}

static void make_device(struct rig *r, unsigned int port)
{
	static unsigned int number;
	struct weir_port *p = &r->policy->ports[port];
	char name[32];
	int id;

	for (unsigned int q = 0; q < r->n_rx; q++)
		r->in[port][q] = make_ring("in", port, q);
	for (unsigned int q = 0; q < r->n_tx; q++)
		r->out[port][q] = make_ring("out", port, q);
	snprintf(name, sizeof(name), "rig%u", number++);
	id = rte_eth_from_rings(name, r->in[port], r->n_rx, r->out[port], r->n_tx,
		(unsigned int)SOCKET_ID_ANY);
	if (id < 0)
		die("no device");
	if (rte_eth_dev_get_name_by_port((uint16_t)id, p->device) != 0)
		die("no name");
	snprintf(p->name, sizeof(p->name), "%s", port == 0 ? "front" : "back");
	p->rx_desc = p->tx_desc = 256;
}

void rig_open(struct rig *r, struct weir_policy *policy, unsigned int n_rx, unsigned int n_tx)
{
	static const unsigned int lcores[] = {1, 2, 3};
	uint8_t seeds[WEIR_WORKERS_MAX][32];
	struct weir_dataplane_params params = {.policy = policy,
		.secret = shell_secret,
		.lcores = lcores,
		.sleep = true,
		.seeds = seeds};
	struct weir_dp_error err;

	memset(r, 0, sizeof(*r));
	r->policy = policy;
	r->n_rx = n_rx;
	r->n_tx = n_tx;
	for (unsigned int w = 0; w < WEIR_WORKERS_MAX; w++)
		memset(seeds[w], (int)w + 1, sizeof(seeds[w]));
	policy->limits.held_packets = 6000; /* which makes pools that hold what tests pile up */
	make_device(r, 0);
	make_device(r, 1);
	if (weir_policy_finish(policy) != 0)
		die("no policy");
	if (weir_dataplane_open(&r->dp, &params, &err) != 0)
		die(err.text);
	for (uint32_t w = 0; w < policy->n_workers; w++)
		r->pool_size[w] = rte_mempool_avail_count(r->dp.workers[w].pool.mp);
}

int64_t rig_unaccounted(const struct rig *r, unsigned int worker)
{
	const struct weir_counters *c = &r->dp.workers[worker].worker->px.counters;
	int64_t sum = (int64_t)(c->fate[WEIR_FATE_created] + c->fate[WEIR_FATE_from_host] +
		c->handed_in - c->handed_out - c->held);

	for (uint32_t i = 0; i < r->policy->n_ports; i++)
		sum += (int64_t)(c->port[i].rx_pkts - c->port[i].tx_pkts);
	for (unsigned int f = 0; f < WEIR_FATES; f++)
		if (weir_fates[f].class != WEIR_CLASS_PASS)
			sum -= (int64_t)c->fate[f];
	return sum;
}

static void free_rings(struct rig *r)
{
	for (unsigned int port = 0; port < 2; port++)
		for (unsigned int q = 0; q < RIG_QUEUES; q++) {
			rte_ring_free(r->in[port][q]);
			rte_ring_free(r->out[port][q]);
		}
}

void rig_close(struct rig *r)
{
	rig_settle(r);
	rig_discard(r);
	for (uint32_t w = 0; w < r->policy->n_workers; w++) {
		const struct rte_mempool *mp = r->dp.workers[w].pool.mp;
		uint64_t held = r->dp.workers[w].worker->px.counters.held;

		if (rig_unaccounted(r, w) != 0)
			die("a worker's packets do not add up");
		if (held == 0 && rte_mempool_avail_count(mp) != r->pool_size[w])
			die("buffers are missing");
	}
	weir_dataplane_close(&r->dp);
	weir_dataplane_free(&r->dp);
	free_rings(r);
	weir_policy_free(r->policy);
}

bool rig_put(struct rig *r, unsigned int port, unsigned int queue, const uint8_t *frame, size_t len,
	uint64_t ol_flags)
{
	static const uint8_t us[6] = {2, 0, 0, 0, 0, 1}; /* what segment_frame() writes */
	struct rte_mbuf *m = rte_pktmbuf_alloc(r->dp.workers[queue].pool.mp);
	uint8_t *data;

	if (m == NULL)
		die("no buffer for a frame that arrives");
	data = (uint8_t *)rte_pktmbuf_append(m, (uint16_t)len);
	memcpy(data, frame, len);
	if (len >= sizeof(us) && memcmp(data, us, sizeof(us)) == 0)
		memcpy(data, r->dp.nics[port].mac, sizeof(us));
	m->ol_flags = ol_flags;
	if (r->vlan[port] != 0)
		weir_tag_put_on(m, r->vlan[port], false);
	if (rte_ring_enqueue(r->in[port][queue], m) == 0)
		return true;
	rte_pktmbuf_free(m);
	return false;
}

size_t rig_take(struct rig *r, unsigned int port, uint8_t frame[SEGMENT_FRAME_MAX])
{
	struct rte_mbuf *m;
	size_t len;

	for (unsigned int q = 0; q < r->n_tx; q++) {
		if (rte_ring_dequeue(r->out[port][q], (void **)&m) != 0)
			continue;
		if (r->vlan[port] != 0 &&
			(!weir_tag_is_on(m) || weir_tag_take_off(m) != r->vlan[port]))
			die("a frame that is not of the port's VLAN");
		len = m->pkt_len;
		if (m->nb_segs != 1 || m->data_len != len || len > SEGMENT_FRAME_MAX)
			die("a frame that cannot be");
		memcpy(frame, rte_pktmbuf_mtod(m, uint8_t *), len);
		rte_pktmbuf_free(m);
		return len;
	}
	return 0;
}

void rig_settle(struct rig *r)
{
	for (unsigned int idle = 0; idle < 3; idle++)
		for (uint32_t w = 0; w < r->policy->n_workers; w++)
			if (weir_worker_turn(r->dp.workers[w].worker))
				idle = 0;
}

unsigned int rig_discard(struct rig *r)
{
	uint8_t frame[SEGMENT_FRAME_MAX];
	unsigned int n = 0;

	for (unsigned int port = 0; port < 2; port++)
		while (rig_take(r, port, frame) > 0)
			n++;
	return n;
}

uint64_t rig_fate(const struct rig *r, enum weir_fate fate)
{
	uint64_t sum = 0;

	for (uint32_t w = 0; w < r->policy->n_workers; w++)
		sum += r->dp.workers[w].worker->px.counters.fate[fate];
	return sum;
}

uint64_t rig_event(const struct rig *r, enum weir_event event)
{
	uint64_t sum = 0;

	for (uint32_t w = 0; w < r->policy->n_workers; w++)
		sum += r->dp.workers[w].worker->px.counters.event[event];
	return sum;
}

uint64_t rig_handed(const struct rig *r)
{
	uint64_t sum = 0;

	for (uint32_t w = 0; w < r->policy->n_workers; w++)
		sum += r->dp.workers[w].worker->px.counters.handed_out;
	return sum;
}

struct weir_neighs *rig_neighs(struct rig *r)
{
	return &r->dp.shared.swap.current->neighs;
}

void rig_teach(struct weir_neighs *n, uint16_t nexthop, const uint8_t mac[6], uint64_t now_ns)
{
	struct weir_neigh *at = &n->at[nexthop];

	memcpy(&at->mac, mac, 6);
	at->asked_ns = now_ns - 1;
	at->confirmed_ns = now_ns;
	at->probes = at->doubted = 0;
}

void rig_meet_neighbours(struct rig *r)
{
	for (uint32_t i = 0; i < r->policy->n_nexthops; i++) {
		const uint8_t mac[6] = {2, 0, 0, 0, 0xbb, (uint8_t)i};

		if (!weir_nexthop_is_group(&r->policy->nexthops[i]))
			rig_teach(rig_neighs(r), (uint16_t)i, mac,
				weir_clock_ns(&r->dp.shared.clock));
	}
}

struct segment rig_syn(unsigned int i, enum shell_service service)
{
	struct segment s = {
		.src = 0xcb007101u + i % 200, /* 203.0.113.x */
		.dst = SHELL_VIP(service),
		.sport = (uint16_t)(20000 + i),
		.dport = SHELL_VIP_PORT,
		.seq = 1000000 * i + 7,
		.wnd = 64240,
		.flags = WEIR_TCP_SYN,
		.ttl = 64,
		.src_mac = {2, 0, 0, 0, 0xc1, (uint8_t)i},
	};

	segment_mss(&s, 1460);
	segment_sack_ok(&s);
	segment_timestamps(&s, 5000 + i, 0);
	segment_wscale(&s, 7);
	return s;
}

void rig_put_segment(struct rig *r, unsigned int port, unsigned int queue, const struct segment *s)
{
	uint8_t f[SEGMENT_FRAME_MAX];

	if (!rig_put(r, port, queue, f, segment_frame(s, f), 0))
		die("a segment does not fit into the ring");
}

bool rig_take_segment(struct rig *r, unsigned int port, struct weir_seg *seg, uint8_t to[6])
{
	uint8_t f[SEGMENT_FRAME_MAX];
	size_t len = rig_take(r, port, f);
	struct weir_pkt pkt = {
		.frame.data = f, .frame.len = (uint32_t)len, .frame.head_len = (uint16_t)len};

	if (len == 0 || memcmp(f + 6, r->dp.nics[port].mac, 6) != 0 ||
		weir_pkt_parse(&pkt) != WEIR_PARSED_TCP)
		return false;
	memcpy(to, f, 6);
	*seg = pkt.seg;
	return true;
}

void rig_open_quiet(struct rig *r, unsigned int workers, unsigned int n_rx, unsigned int n_tx)
{
	struct weir_policy *p = shell_policy(workers, 2);

	p->limits.services = 4; /* for reloads */
	p->limits.backends = 16;
	rig_open(r, p, n_rx, n_tx);
	rig_meet_neighbours(r);
	rig_settle(r);
	rig_discard(r); /* announcements */
}

void rig_timestamps(struct segment *s, uint32_t tsval, uint32_t tsecr)
{
	s->opt_len = 0;
	segment_nop(s);
	segment_nop(s);
	segment_timestamps(s, tsval, tsecr);
}

size_t rig_garbage(uint64_t *seed, uint8_t f[SEGMENT_FRAME_MAX])
{
	struct segment s = rig_syn((unsigned int)(unit_random(seed) % 1000), SHELL_FULLNAT);
	size_t len;

	s.flags = (uint8_t)unit_random(seed);
	s.ack = (uint32_t)unit_random(seed);
	s.dst += unit_random(seed) % 3;
	s.payload_len = (uint16_t)(unit_random(seed) % 200);
	len = segment_frame(&s, f);
	for (unsigned int n = unit_random(seed) % 4; n > 0; n--)
		f[12 + unit_random(seed) % (len - 12)] = (uint8_t)unit_random(seed);
	if (unit_random(seed) % 8 == 0)
		len = 1 + unit_random(seed) % len;
	return len;
}
