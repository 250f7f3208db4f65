// SPDX-License-Identifier: BSD-3-Clause
#include "dp/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_errno.h>
#include <rte_ether.h>
#include <rte_lcore.h>

#include "compat/dpdk.h"
#include "dp/netdev.h"
#include "flow/pkt.h"

#define HUGE_PAGE (2ul << 20)
#define MPOL_BIND 2 /* linux/mempolicy.h, which libc6-dev has no copy of */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* Linux 5.14 */
#endif

static void bind_to_node(void *at, size_t size, int node)
{
	unsigned long mask[4] = {0};

	if (node < 0 || rte_socket_count() < 2 || node >= (int)(8 * sizeof(mask)))
		return;
	mask[node / 64] = 1ul << node % 64;
	/* a wish: memory on the wrong node is slow, but no reason not to serve */
	syscall(SYS_mbind, at, size, MPOL_BIND, mask, 8 * sizeof(mask), 0);
}

/* Every page, now: what is missing must show at start and not in a flood. */
static bool populate(void *at, size_t size)
{
	if (madvise(at, size, MADV_POPULATE_WRITE) == 0)
		return true;
	if (errno != EINVAL)
		return false;
	memset(at, 0, size); /* an older kernel: MAP_NORESERVE is not asked for, so this works */
	return true;
}

static void *map_huge(size_t size, int node)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	bind_to_node(at, size, node);
	if (madvise(at, size, MADV_POPULATE_WRITE) == 0)
		return at;
	munmap(at, size); /* without it, a page that is not there is a SIGBUS */
	return NULL;
}

static void *map_plain(size_t size, int node)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return NULL;
	bind_to_node(at, size, node);
	madvise(at, size, MADV_HUGEPAGE);
	if (populate(at, size))
		return at;
	munmap(at, size);
	return NULL;
}

int weir_memory_map(struct weir_arena *arena, size_t bytes, int node, struct weir_dp_error *err)
{
	size_t size = RTE_ALIGN_CEIL(RTE_MAX(bytes, 1u), HUGE_PAGE);
	void *at = map_huge(size, node);

	if (at == NULL)
		at = map_plain(size, node);
	if (at == NULL)
		return weir_dp_fail(err, -ENOMEM,
			"a worker needs %zu MB of memory and the system has not got it: lower "
			"limits.connections, or add memory",
			size >> 20);
	*arena = (struct weir_arena){.base = at, .size = size};
	return 0;
}

void weir_memory_unmap(struct weir_arena *arena)
{
	if (arena->base != NULL)
		munmap(arena->base, arena->size);
	*arena = (struct weir_arena){0};
}

uint16_t weir_pool_data_room(const struct weir_policy *p)
{
	uint32_t frame = RTE_MBUF_DEFAULT_DATAROOM;

	for (uint32_t i = 0; i < p->n_ports; i++) {
		frame = RTE_MAX(frame,
			p->ports[i].mtu + (uint32_t)RTE_ETHER_HDR_LEN + RTE_ETHER_CRC_LEN +
				2 * RTE_VLAN_HLEN);
		/* net_af_packet wants a buffer for a whole slot, however long frames are */
		frame = RTE_MAX(frame, weir_netdev_slot_bytes(p->ports[i].device));
	}
	return (uint16_t)RTE_MIN(RTE_PKTMBUF_HEADROOM + RTE_ALIGN_CEIL(frame, 64u), 65472u);
}

static struct rte_mempool *make_pool(const char *name, uint32_t count, uint16_t data_room, int node)
{
	/* the cache is what makes a worker's own buffers free of atomics; it may be half empty */
	uint32_t cache = RTE_MIN((uint32_t)RTE_MEMPOOL_CACHE_MAX_SIZE / 2, count / 8);

	return rte_pktmbuf_pool_create(name, count, WEIR_MEMPOOL_CACHE(cache),
		RTE_ALIGN_CEIL(sizeof(struct weir_pkt), RTE_MBUF_PRIV_ALIGN), data_room, node);
}

int weir_pool_create(struct weir_pool *pool, const char *name, const struct weir_pool_need *need,
	uint16_t data_room, int node, struct weir_dp_error *err)
{
	size_t each = sizeof(struct rte_mbuf) + sizeof(struct weir_pkt) + data_room;

	for (uint32_t n = need->wish;; n = RTE_MAX(n - n / 4, need->least)) {
		pool->mp = make_pool(name, n, data_room, node);
		if (pool->mp != NULL) {
			pool->count = n;
			pool->bytes = n * each;
			return 0;
		}
		if (rte_errno != ENOMEM || n <= need->least)
			break;
	}
	return weir_dp_fail(err, -rte_errno,
		"%u packet buffers (%zu MB) for a worker do not fit (%s): raise \"-m\" (MB) in "
		"eal, "
		"add huge pages, or lower the ports' descriptors",
		need->least, need->least * each >> 20, rte_strerror(rte_errno));
}

void weir_pool_free(struct weir_pool *pool)
{
	rte_mempool_free(pool->mp);
	pool->mp = NULL;
}
