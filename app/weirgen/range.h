/* SPDX-License-Identifier: BSD-3-Clause */
/* Addresses times ports: the sources of load, in order or at random. */
#ifndef WEIRGEN_RANGE_H
#define WEIRGEN_RANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "random.h"

struct range {
	uint32_t first, n; /* addresses, host order */
	uint16_t first_port;
	uint32_t n_ports; /* 1 .. 65536 */
	uint64_t next;    /* the tuple that range_sweep() takes next: 0 .. n * n_ports - 1 */
};

struct range_tuple {
	uint32_t addr;
	uint16_t port;
};

/* "192.0.2.1", "192.0.2.0/24" (all of it) or "192.0.2.1-192.0.2.9". 0 or -EINVAL. */
int range_parse_addrs(struct range *r, const char *text);

/* "80" or "1024-65535". 0 or -EINVAL. */
int range_parse_ports(struct range *r, const char *text);

static inline uint64_t range_size(const struct range *r)
{
	return (uint64_t)r->n * r->n_ports;
}

static inline bool range_has(const struct range *r, uint32_t addr)
{
	return addr - r->first < r->n;
}

static inline bool range_has_port(const struct range *r, uint16_t port)
{
	return (uint32_t)(uint16_t)(port - r->first_port) < r->n_ports;
}

bool range_overlap(const struct range *a, const struct range *b);

/* Every tuple once, addresses first, then again from the start. */
static inline struct range_tuple range_sweep(struct range *r)
{
	struct range_tuple t = {
		.addr = r->first + (uint32_t)(r->next % r->n),
		.port = (uint16_t)(r->first_port + r->next / r->n),
	};

	if (++r->next == range_size(r))
		r->next = 0;
	return t;
}

/* Any tuple, all of them as likely (but for 2^-32 times the range's size). */
static inline struct range_tuple range_draw(const struct range *r, uint64_t *random)
{
	uint64_t x = random_next(random);

	return (struct range_tuple){
		.addr = r->first + (uint32_t)((x >> 32) * r->n >> 32),
		.port = (uint16_t)(r->first_port + ((x & 0xffffffff) * r->n_ports >> 32)),
	};
}

#endif
