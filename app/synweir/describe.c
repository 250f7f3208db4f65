// SPDX-License-Identifier: BSD-3-Clause
#include "describe.h"

#include <inttypes.h>
#include <stdio.h>

#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "dp/eal.h"
#include "flow/localport.h"
#include "log.h"

#define MB(bytes) (((bytes) + (1 << 20) - 1) >> 20)

/* The CPU that an lcore is pinned to, or -1. */
static int cpu_of(unsigned int lcore)
{
	rte_cpuset_t set = rte_lcore_cpuset(lcore);

	if (CPU_COUNT(&set) != 1)
		return -1;
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &set))
			return cpu;
	return -1;
}

static void view_port(struct weir_view_port *v, const struct weir_nic *nic)
{
	snprintf(v->driver, sizeof(v->driver), "%s", nic->driver);
	snprintf(v->iface, sizeof(v->iface), "%s", nic->iface);
	memcpy(v->mac, nic->mac, sizeof(v->mac));
	v->queues = nic->n_rx;
	v->rss = nic->rss || nic->rss_by_port;
	v->csum_offload = nic->tx_csum;
}

void weir_describe_view(struct weir_view *view, const struct weir_dataplane *dp)
{
	const struct weir_policy *p = dp->policy;

	view->policy = p;
	for (uint32_t i = 0; i < p->n_ports; i++)
		view_port(&view->port[i], &dp->nics[i]);
	for (uint32_t i = 0; i < p->n_workers; i++) {
		const struct weir_dataplane_worker *dw = &dp->workers[i];

		view->worker[i] = (struct weir_view_worker){
			.counters = &dw->worker->px.counters,
			.crowd = &dw->worker->px.crowd,
			.inquiry = &dw->worker->inquiry,
			.lcore = dw->lcore,
			.cpu = cpu_of(dw->lcore),
			.conns_max = dw->worker->px.table.capacity,
			.memory_bytes = dw->memory.used,
		};
		view->memory_bytes += dw->memory.size + dw->pool.bytes;
		view->mbufs += dw->pool.count;
	}
}

void weir_describe_ports(struct weir_view *view, struct weir_dataplane *dp)
{
	for (uint32_t i = 0; i < dp->policy->n_ports; i++) {
		struct weir_nic *nic = &dp->nics[i];
		struct weir_view_port *v = &view->port[i];
		struct rte_eth_stats stats;
		struct rte_eth_link link;

		for (unsigned int c = 0; c < WEIR_HOST_CLASSES; c++)
			weir_gauge(&v->host_refused[c], weir_counted(&dp->kernel.refused[i][c]));
		weir_gauge(&v->host_gone, weir_kernel_gone(&dp->kernel) >> i & 1);
		weir_gauge(&v->link_up, __atomic_load_n(&nic->link_up, __ATOMIC_RELAXED));
		if (rte_eth_link_get_nowait(nic->id, &link) == 0 &&
			link.link_speed != RTE_ETH_SPEED_NUM_UNKNOWN)
			weir_gauge(&v->link_mbps, link.link_speed);
		if (rte_eth_stats_get(nic->id, &stats) != 0)
			continue;
		weir_gauge(&v->rx_missed, weir_nic_missed(nic, stats.imissed));
		weir_gauge(&v->rx_no_mbuf, stats.rx_nombuf);
		weir_gauge(&v->tx_errors, stats.oerrors);
	}
}

static void describe_port(const struct weir_nic *nic, unsigned int n_workers)
{
	const uint8_t *m = nic->mac;

	weir_log(WEIR_LOG_INFO,
		"port %s: %s (%s), MAC %02x:%02x:%02x:%02x:%02x:%02x, link %s, %u receive and %u "
		"transmit queues of %u and %u, steering: %s, checksums: %s in, %s out",
		nic->port->name, nic->port->device, nic->driver, m[0], m[1], m[2], m[3], m[4], m[5],
		!nic->link_known       ? "not known to the driver"
			: nic->link_up ? "up"
				       : "down",
		nic->n_rx, nic->n_tx, nic->rx_desc, nic->tx_desc, weir_nic_steering(nic, n_workers),
		nic->rx_csum ? "device" : "software", nic->tx_csum ? "device" : "software");
}

/* The kernel and synweir must not open connections from the same ports of one address. */
static void warn_of_shared_ports(const struct weir_policy *p)
{
	FILE *f = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
	unsigned int first = WEIR_LOCALPORT_KERNEL, last;

	if (f != NULL && fscanf(f, "%u %u", &first, &last) == 2 && first < p->local_ports_end)
		weir_log(WEIR_LOG_WARNING,
			"host interfaces: the kernel opens connections from ports %u to %u, and so "
			"does synweir from those below %u: \"sysctl "
			"net.ipv4.ip_local_port_range='%u 65535'\"",
			first, last, p->local_ports_end, p->local_ports_end);
	if (f != NULL)
		fclose(f);
}

static void describe_hosts(const struct weir_dataplane *dp)
{
	const struct weir_policy *p = dp->policy;
	bool any = false;

	for (uint32_t i = 0; i < p->n_ports; i++) {
		const struct weir_host *h = &p->ports[i].host;

		if (!weir_port_has_host(&p->ports[i]))
			continue;
		any = true;
		weir_log(WEIR_LOG_INFO,
			"port %s: host interface %s%s; routing, neighbour, icmp, rest: %u, %u, %u, "
			"%u frames/s per worker",
			p->ports[i].name, h->interface,
			h->addresses ? ", with the port's addresses" : "",
			h->rate[WEIR_HOST_ROUTING], h->rate[WEIR_HOST_NEIGHBOUR],
			h->rate[WEIR_HOST_ICMP], h->rate[WEIR_HOST_REST]);
	}
	if (any)
		warn_of_shared_ports(p);
}

static void warn_of_links(const struct weir_dataplane *dp)
{
	for (uint32_t i = 0; i < dp->policy->n_ports; i++) {
		const struct weir_nic *nic = &dp->nics[i];

		if (!nic->link_known || nic->link_up)
			continue;
		weir_log(WEIR_LOG_WARNING, "port %s: its link is down, nothing comes or goes%s%s%s",
			nic->port->name, nic->iface[0] != '\0' ? ": \"ip link set " : "",
			nic->iface, nic->iface[0] != '\0' ? " up\", or look at its other end" : "");
	}
}

/* A worker far from a port works, but more slowly: every packet crosses from one memory to the other. */
static void warn_of_far_ports(const struct weir_dataplane *dp)
{
	for (uint32_t i = 0; i < dp->policy->n_ports; i++) {
		const struct weir_nic *nic = &dp->nics[i];
		uint32_t far = 0;

		/* where a virtual device says it is means nothing */
		if (nic->node < 0 || !weir_eal_is_pci(nic->port->device))
			continue;
		for (uint32_t w = 0; w < dp->policy->n_workers; w++)
			far += rte_lcore_to_socket_id(dp->workers[w].lcore) !=
				(unsigned int)nic->node;
		if (far > 0)
			weir_log(WEIR_LOG_WARNING,
				"port %s is on NUMA node %d, and %u of its workers are not: give "
				"CPUs of that node in workers.lcores",
				nic->port->name, nic->node, far);
	}
}

void weir_describe_start(const struct weir_view *view, const struct weir_dataplane *dp)
{
	const struct weir_policy *p = dp->policy;
	size_t tables = 0, pools = 0;

	for (uint32_t i = 0; i < p->n_ports; i++)
		describe_port(&dp->nics[i], p->n_workers);
	describe_hosts(dp);
	warn_of_links(dp);
	warn_of_far_ports(dp);
	for (uint32_t i = 0; i < p->n_workers; i++) {
		const struct weir_dataplane_worker *dw = &dp->workers[i];
		char cpu[16] = "any CPU of ours";

		if (view->worker[i].cpu >= 0)
			snprintf(cpu, sizeof(cpu), "CPU %d", view->worker[i].cpu);
		weir_log(WEIR_LOG_INFO,
			"worker %u: lcore %u, %s, NUMA node %u, %u connections and what else it "
			"remembers in "
			"%zu MB, %u packet buffers in %zu MB",
			i, dw->lcore, cpu, rte_lcore_to_socket_id(dw->lcore),
			dw->worker->px.table.capacity, MB(dw->memory.size), dw->pool.count,
			MB(dw->pool.bytes));
		tables += dw->memory.size;
		pools += dw->pool.bytes;
	}
	weir_log(WEIR_LOG_INFO, "room for %u services and %u backends, reloads included",
		weir_policy_service_room(p), weir_policy_backend_room(p));
	weir_log(WEIR_LOG_INFO, "memory: %zu MB, and %zu MB of packet buffers in the EAL's",
		MB(tables), MB(pools));
}

void weir_describe_end(const struct weir_view *view)
{
	struct weir_balance sum = {0};

	for (uint32_t i = 0; i < view->policy->n_workers; i++) {
		struct weir_balance b = weir_view_balance(view, i);

		sum.rx += b.rx;
		sum.created += b.created;
		sum.tx += b.tx;
		sum.dropped += b.dropped;
		sum.consumed += b.consumed;
		sum.balance += b.balance;
	}
	weir_log(WEIR_LOG_INFO,
		"stopped: %" PRIu64 " packets received, %" PRIu64 " made, %" PRIu64
		" sent, %" PRIu64 " dropped, %" PRIu64 " consumed, %" PRId64 " unaccounted for",
		sum.rx, sum.created, sum.tx, sum.dropped, sum.consumed, sum.balance);
}
