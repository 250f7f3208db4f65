// SPDX-License-Identifier: BSD-3-Clause
#include "capacity.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "flow/host.h"
#include "flow/localport.h"
#include "tcp/proxy.h"

/* Connections that "fullnat" can have to one backend: one for each local address and port. */
static uint64_t local_ports(const struct weir_policy *p, const struct weir_backend *b)
{
	return (uint64_t)__builtin_popcount(b->locals) *
		(p->local_ports_end - WEIR_LOCALPORT_FIRST);
}

static void print_service(const struct weir_policy *p, uint32_t service)
{
	const struct weir_service *s = &p->services[service];
	unsigned int backends = 0;
	uint64_t sum = 0;

	for (uint16_t i = s->first_backend; i != WEIR_NONE16; i = p->backends[i].next) {
		backends++;
		sum += local_ports(p, &p->backends[i]);
	}
	if (s->mode == WEIR_MODE_NAT)
		printf("service %s: nat, %u backends: as many connections as the table has\n",
			s->name, backends);
	else
		printf("service %s: fullnat, %u backends, addresses x ports towards them: %" PRIu64
		       " connections\n",
			s->name, backends, sum);
}

static void print_host(const struct weir_policy *p, uint32_t port)
{
	const struct weir_host *h = &p->ports[port].host;

	if (!weir_port_has_host(&p->ports[port]))
		return;
	printf("port %s: host interface %s; at most", p->ports[port].name, h->interface);
	for (unsigned int c = 0; c < WEIR_HOST_CLASSES; c++)
		printf("%s %" PRIu64 " %s", c > 0 ? "," : "", (uint64_t)h->rate[c] * p->n_workers,
			weir_host_class_name(c));
	printf(" frames/s; ports from %u on are the kernel's\n", p->local_ports_end);
}

/* What the engine of one worker will take; 0: there is no memory to find out. */
static size_t worker_memory(const struct weir_policy *p)
{
	static const uint8_t seed[32];
	const struct weir_proxy_ops none = {0};
	struct weir_arena measured = {0};
	struct weir_keyring keyring = {0};
	struct weir_proxy *px = malloc(sizeof(*px));

	if (px == NULL)
		return 0;
	weir_keyring_fill(&keyring, seed, 0);
	weir_proxy_init(px, &measured, p, 0, seed, &none, 0, 0, &keyring);
	free(px);
	return measured.used;
}

void weir_capacity_print(const struct weir_policy *p)
{
	const uint32_t each = (p->limits.connections + p->n_workers - 1) / p->n_workers;
	const double mb = (double)worker_memory(p) / (1 << 20);

	printf("connections: %u, of %u workers %u each; idle times shrink from %" PRIu64
	       " to %" PRIu64 " of these\n",
		p->limits.connections, p->n_workers, each,
		(uint64_t)each * p->limits.adaptive_start / 100,
		(uint64_t)each * p->limits.adaptive_end / 100);
	for (uint32_t i = 0; i < p->n_services; i++)
		print_service(p, i);
	for (uint32_t i = 0; i < p->n_ports; i++)
		print_host(p, i);
	printf("memory: %.1f MB of each worker, %.1f MB in all, and packet buffers\n", mb,
		mb * p->n_workers);
}
