/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How the services of others fare beside a hostile tenant's (HC-65): the same world is run twice, once
 * without it, and compared.
 */
#ifndef WEIR_SIM_TENANT_H
#define WEIR_SIM_TENANT_H

#include <stdint.h>

struct sim_world;

/* Of all honest connections. */
struct sim_fare {
	uint32_t conns, failed;
	uint64_t p50_ns, p99_ns; /* from the SYN to the backend's first byte */
};

/* The world has been run. */
struct sim_fare sim_tenant_fare(const struct sim_world *w);

/* At most 5 % more of them fail, and they wait at most 5 % longer, or the program ends. */
void sim_tenant_compare(const struct sim_fare *alone, const struct sim_fare *beside);

#endif
