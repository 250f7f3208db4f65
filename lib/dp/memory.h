/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data path's memory, all of it taken at start: one mapping per worker for the engine's tables,
 * one pool of packet buffers per worker. Both are on the worker's NUMA node. Control thread.
 */
#ifndef WEIR_DP_MEMORY_H
#define WEIR_DP_MEMORY_H

#include <rte_mbuf.h>

#include "base/arena.h"
#include "dp/error.h"
#include "flow/policy.h"

/*
 * Zeroed memory of at least `bytes`, every page of it present, on that NUMA node (-1: any). Huge
 * pages if the system has free ones, else ordinary pages, which the kernel may merge to transparent
 * huge pages. arena->size is what was mapped. 0, or -ENOMEM with a text in err.
 */
int weir_memory_map(struct weir_arena *arena, size_t bytes, int node, struct weir_dp_error *err);
void weir_memory_unmap(struct weir_arena *arena);

/* What a worker's pool of buffers must hold. */
struct weir_pool_need {
	uint32_t least; /* with fewer the ports would run out of buffers */
	uint32_t wish;  /* includes held packets and full hand-over rings */
};

struct weir_pool {
	struct rte_mempool *mp;
	uint32_t count; /* buffers */
	size_t bytes;   /* that they take */
};

/* Bytes of data in one buffer, so that no frame of any port needs a second one. */
uint16_t weir_pool_data_room(const struct weir_policy *p);

/*
 * As many buffers as there is memory for, up to need->wish. Every buffer has room for a struct
 * weir_pkt (rte_mbuf_to_priv), for hand-over. 0, or -errno with what to raise in err.
 */
int weir_pool_create(struct weir_pool *pool, const char *name, const struct weir_pool_need *need,
	uint16_t data_room, int node, struct weir_dp_error *err);
void weir_pool_free(struct weir_pool *pool);

#endif
