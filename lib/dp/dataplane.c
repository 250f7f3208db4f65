// SPDX-License-Identifier: BSD-3-Clause
#include "dp/dataplane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_mempool.h>

#include "dp/rss.h"

/* Buffers that a worker uses at once in its loop: received bursts and gathered frames. */
#define IN_LOOP (4 * WEIR_BURST)

/*
 * Memory
 */

/* A receiving worker's buffers may be held, or wait in rings, on behalf of workers that receive less. */
static struct weir_pool_need pool_need(const struct weir_dataplane *dp, unsigned int w)
{
	const struct weir_policy *p = dp->policy;
	struct weir_pool_need need = {.least = IN_LOOP};
	uint32_t share = 0; /* number of workers whose packets this one receives, at most */

	for (unsigned int i = 0; i < p->n_ports; i++) {
		const struct weir_nic *nic = &dp->nics[i];

		need.least += WEIR_TX_GATHER;
		if (w < nic->n_rx)
			need.least += nic->rx_desc;
		if (w < nic->n_rx || w < nic->n_tx)
			need.least += nic->tx_desc;
		if (w < nic->n_rx)
			share = RTE_MAX(share, (p->n_workers + nic->n_rx - 1) / nic->n_rx);
	}
	need.least += need.least / 4; /* buffers in one lcore's cache are not available to others */
	need.wish =
		need.least + share * p->limits.held_packets + (p->n_workers - 1) * WEIR_STEER_RING;
	return need;
}

/* Runs init on an arena that measures, then on a mapped one. */
static int set_up_worker(struct weir_dataplane *dp, unsigned int i, const uint8_t seed[32],
	struct weir_dp_error *err)
{
	struct weir_dataplane_worker *dw = &dp->workers[i];
	struct weir_worker *scratch = calloc(1, sizeof(*scratch));
	struct weir_arena measured = {0};
	int rc;

	if (scratch == NULL)
		return weir_dp_fail(err, -ENOMEM, "out of memory");
	weir_arena_take(&measured, sizeof(*scratch));
	weir_worker_init(scratch, &measured, &dp->shared, i, dw->pool.mp, seed);
	free(scratch);
	rc = weir_memory_map(&dw->memory, measured.used, (int)rte_lcore_to_socket_id(dw->lcore),
		err);
	if (rc != 0)
		return rc;
	dw->worker = weir_arena_take(&dw->memory, sizeof(*dw->worker));
	weir_worker_init(dw->worker, &dw->memory, &dp->shared, i, dw->pool.mp, seed);
	return 0;
}

static int set_up_pools(struct weir_dataplane *dp, struct weir_dp_error *err)
{
	const struct weir_policy *p = dp->policy;
	int rc = 0;

	for (unsigned int i = 0; i < p->n_workers && rc == 0; i++) {
		struct weir_pool_need need = pool_need(dp, i);
		char name[RTE_MEMPOOL_NAMESIZE];

		snprintf(name, sizeof(name), "weir_pool_%u", i);
		rc = weir_pool_create(&dp->workers[i].pool, name, &need, weir_pool_data_room(p),
			(int)rte_lcore_to_socket_id(dp->workers[i].lcore), err);
	}
	return rc;
}

/*
 * Opening
 */

/* The families are those of the whole policy: a VIP in no subnet of a port is served there, too. */
static struct weir_nic_use use_of(const struct weir_policy *p, unsigned int port)
{
	struct weir_nic_use use = {.way_back = weir_rss_is_return_path(p, port),
		.host = weir_port_has_host(&p->ports[port])};

	for (unsigned int i = 0; i < p->n_interfaces; i++) {
		use.vlans |= p->interfaces[i].port == port && p->interfaces[i].vlan != 0;
		for (unsigned int a = 0; a < p->interfaces[i].n_addrs; a++)
			if (weir_addr_is_v4(&p->interfaces[i].addrs[a].addr))
				use.ipv4 = true;
			else
				use.ipv6 = true;
	}
	return use;
}

static int open_ports(struct weir_dataplane *dp, uint8_t *key, struct weir_dp_error *err)
{
	const struct weir_policy *p = dp->policy;
	int rc = 0;

	for (unsigned int i = 0; i < p->n_ports && rc == 0; i++) {
		const struct weir_nic_use use = use_of(p, i);

		rc = weir_nic_open(&dp->nics[i], &p->ports[i], p->n_workers, &use, key, err);
	}
	return rc;
}

static int start_ports(struct weir_dataplane *dp, struct weir_dp_error *err)
{
	const struct weir_policy *p = dp->policy;
	struct rte_mempool *pools[WEIR_WORKERS_MAX];
	int rc = 0;

	for (unsigned int i = 0; i < p->n_workers; i++)
		pools[i] = dp->workers[i].pool.mp;
	for (unsigned int i = 0; i < p->n_ports && rc == 0; i++)
		rc = weir_nic_start(&dp->nics[i], pools, err);
	return rc;
}

static void join_workers(struct weir_dataplane *dp)
{
	uint32_t n = dp->policy->n_workers;

	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = 0; j < n; j++)
			if (i != j)
				weir_worker_join(dp->workers[i].worker, dp->workers[j].worker);
}

/* The keys first: a worker that is told another time finds them. */
static void tell_time(struct weir_dataplane *dp)
{
	uint64_t offset_ns = weir_clock_wall_offset_ns(&dp->shared.clock);
	uint64_t wall_ns = weir_clock_ns(&dp->shared.clock) + offset_ns;

	weir_keyring_fill(&dp->shared.keyring, dp->secret, wall_ns / 1000000000);
	__atomic_store_n(&dp->shared.wall_offset_ns, offset_ns, __ATOMIC_RELEASE);
}

int weir_dataplane_open(struct weir_dataplane *dp, const struct weir_dataplane_params *params,
	struct weir_dp_error *err)
{
	const struct weir_policy *p = params->policy;
	uint8_t key[WEIR_NIC_KEY];
	int rc;

	memset(dp, 0, sizeof(*dp));
	memcpy(key, params->nic_key, sizeof(key));
	dp->policy = p;
	dp->shared.nics = dp->nics;
	dp->shared.sleep = params->sleep;
	weir_clock_init(&dp->shared.clock);
	dp->secret = params->secret;
	tell_time(dp);
	for (uint32_t i = 0; i < p->n_workers; i++)
		dp->workers[i].lcore = params->lcores[i];
	rc = open_ports(dp, key, err);
	if (rc == 0)
		rc = weir_kernel_open(&dp->kernel, p, dp->nics, err);
	if (rc == 0 && weir_swap_init(&dp->shared.swap, p) != 0)
		rc = weir_dp_fail(err, -ENOMEM, "out of memory");
	if (rc == 0)
		rc = set_up_pools(dp, err);
	for (uint32_t i = 0; i < p->n_workers && rc == 0; i++)
		rc = set_up_worker(dp, i, params->seeds[i], err);
	if (rc != 0)
		return rc;
	join_workers(dp);
	for (uint32_t i = 0; i < p->n_workers; i++)
		dp->kernel.ends[i] = &dp->workers[i].worker->host;
	return start_ports(dp, err);
}

void weir_dataplane_close(struct weir_dataplane *dp)
{
	weir_kernel_close(&dp->kernel);
	for (unsigned int i = 0; i < WEIR_PORTS_MAX; i++)
		weir_nic_close(&dp->nics[i]);
}

void weir_dataplane_free(struct weir_dataplane *dp)
{
	for (unsigned int i = 0; i < WEIR_WORKERS_MAX; i++) {
		weir_memory_unmap(&dp->workers[i].memory);
		weir_pool_free(&dp->workers[i].pool);
	}
	weir_swap_free(&dp->shared.swap);
}

/*
 * Running
 */

int weir_dataplane_launch(struct weir_dataplane *dp, struct weir_dp_error *err)
{
	for (uint32_t i = 0; i < dp->policy->n_workers; i++) {
		struct weir_dataplane_worker *dw = &dp->workers[i];
		int rc = rte_eal_remote_launch(weir_worker_run, dw->worker, dw->lcore);

		if (rc != 0)
			return weir_dp_fail(err, rc, "worker %u does not start on lcore %u: %s", i,
				dw->lcore, strerror(-rc));
		dw->launched = true;
	}
	return weir_kernel_start(&dp->kernel, err);
}

void weir_dataplane_tend(struct weir_dataplane *dp)
{
	tell_time(dp);
	for (uint32_t i = 0; i < dp->policy->n_ports; i++)
		weir_nic_watch(&dp->nics[i]);
	weir_kernel_watch(&dp->kernel, dp->nics);
}

int weir_dataplane_replace(struct weir_dataplane *dp, const struct weir_policy *policy)
{
	int rc;

	weir_health_adopt(&dp->shared.health, policy, dp->policy->generation);
	weir_orders_adopt(&dp->shared.orders, policy, dp->policy->generation);
	rc = weir_swap_publish(&dp->shared.swap, policy);
	if (rc == 0)
		dp->policy = policy;
	return rc;
}

uint32_t weir_dataplane_nexthop(struct weir_dataplane *dp, uint32_t i,
	struct weir_nexthop_record *r)
{
	const struct weir_snapshot *s = weir_swap_hold(&dp->shared.swap);
	const uint32_t n = s->policy->n_nexthops;

	if (i < n)
		*r = weir_neigh_look(&s->neighs, (uint16_t)i, weir_clock_ns(&dp->shared.clock));
	weir_swap_release(&dp->shared.swap);
	return n;
}

bool weir_dataplane_settle(struct weir_dataplane *dp)
{
	return weir_swap_settle(&dp->shared.swap);
}

void weir_dataplane_set_phase(struct weir_dataplane *dp, enum weir_phase phase)
{
	__atomic_store_n(&dp->shared.phase, phase, __ATOMIC_RELEASE);
}

uint64_t weir_dataplane_active(const struct weir_dataplane *dp)
{
	uint64_t sum = 0;

	for (uint32_t i = 0; i < dp->policy->n_workers; i++)
		sum += __atomic_load_n(&dp->workers[i].worker->active, __ATOMIC_ACQUIRE);
	return sum;
}

bool weir_dataplane_is_quiet(const struct weir_dataplane *dp)
{
	uint64_t in = 0, out = 0;

	for (uint32_t i = 0; i < dp->policy->n_workers; i++)
		if (!__atomic_load_n(&dp->workers[i].worker->reset, __ATOMIC_ACQUIRE))
			return false;
	for (uint32_t i = 0; i < dp->policy->n_workers; i++) {
		const struct weir_counters *c = &dp->workers[i].worker->px.counters;

		in += weir_counted(&c->handed_in);
		out += weir_counted(&c->handed_out);
	}
	return in == out;
}

void weir_dataplane_join(struct weir_dataplane *dp)
{
	weir_dataplane_set_phase(dp, WEIR_PHASE_EXIT);
	for (uint32_t i = 0; i < WEIR_WORKERS_MAX; i++)
		if (dp->workers[i].launched)
			rte_eal_wait_lcore(dp->workers[i].lcore);
	weir_kernel_stop(&dp->kernel);
}
