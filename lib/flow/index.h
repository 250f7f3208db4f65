/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an address and a port to a number, for the control side: so that the time to load and to reload a
 * configuration grows with its size, and not with its square. A table of endpoints (flow/endpoint.h),
 * whose keyed hash holds against addresses that were chosen to meet. Belongs to one thread.
 */
#ifndef WEIR_FLOW_INDEX_H
#define WEIR_FLOW_INDEX_H

#include "flow/endpoint.h"

#define WEIR_INDEX_NONE 0xffff

/* All zero: nothing is in it, and it may be freed. */
struct weir_index {
	struct weir_endpoints table;
	struct weir_endpoint *slots; /* weir_endpoints_size(most) of them */
	uint32_t size;
};

/* Memory for at most so many, and nothing in it. 0 or -ENOMEM. */
int weir_index_init(struct weir_index *x, uint32_t most, const struct weir_sipkey *secret);

/* Empties it, and takes another secret. */
void weir_index_clear(struct weir_index *x, const struct weir_sipkey *secret);

/* The number of (addr, port_be) is that one from here on. INVARIANT: there is room. */
void weir_index_put(struct weir_index *x, const struct weir_addr *addr, uint16_t port_be,
	uint16_t number);

/* Its number, or WEIR_INDEX_NONE. */
uint16_t weir_index_find(const struct weir_index *x, const struct weir_addr *addr,
	uint16_t port_be);

void weir_index_free(struct weir_index *x);

#endif
