/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks a draft: the rules between values. Fills in what follows from them: the backends' next hops
 * and egress interfaces, defaults that depend on other keys.
 */
#ifndef WEIR_CONFIG_CHECK_H
#define WEIR_CONFIG_CHECK_H

#include "config/draft.h"
#include "flow/derive.h"

/* All checks below. 0; -EINVAL: refused, d->err is the message; -ENOMEM. */
int weir_check(struct weir_draft *d);

/*
 * What a reload of `running` may not change: devices, cores and memory. After weir_check(), and after
 * the secret was read.
 */
int weir_check_running(struct weir_draft *d, const struct weir_config *running);

/* Makes the message for a policy that weir_policy_derive() refused. Returns -EINVAL. */
int weir_check_refused(struct weir_draft *d, const struct weir_derivation *how,
	const struct weir_limits *running);

/* Ports and VLANs: names, devices, ids. Lists the interfaces. */
int weir_check_ports(struct weir_draft *d);

/* Interfaces: addresses, gateways, routes. After the ports. */
int weir_check_interfaces(struct weir_draft *d);

/* The ports' host interfaces: names, peers. After the interfaces. */
int weir_check_hosts(struct weir_draft *d);

/* Services' names, addresses and ports; fills in d->vips and d->n_listeners. After the interfaces. */
int weir_check_vips(struct weir_draft *d);

/* How many addresses a VIP is; more than 2^31 count as so many. */
uint64_t weir_check_addresses(const struct weir_interface_addr *vip);

/* Its n-th address. */
struct weir_addr weir_check_address(const struct weir_interface_addr *vip, uint32_t n);

/* The ports of the service, which each of its addresses has. */
uint32_t weir_check_count_ports(const struct weir_draft_service *s);

/* Where the file has the service's i-th VIP. */
const config_setting_t *weir_check_vip_at(const struct weir_draft_service *s, uint32_t i);

/* Services and backends on their own: names, addresses, profiles, timeouts. After the interfaces. */
int weir_check_services(struct weir_draft *d);

/* The service's health check, and what its backends say of it. */
int weir_check_health(struct weir_draft *d, struct weir_draft_service *s);

/* Rules between services and interfaces: addresses and ports that may not be shared. After both. */
int weir_check_sharing(struct weir_draft *d);

/* Limits, between each other and against what there is. After the services. */
int weir_check_limits(struct weir_draft *d);

/* NULL, or why this is no host's address: "is a multicast address". */
const char *weir_check_host(const struct weir_addr *a);

/* The same, for an address that may lie in a subnet of the interfaces': "is a broadcast address". */
const char *weir_check_host_in(const struct weir_draft *d, const struct weir_addr *a);

/* a with the bits behind the prefix all 0 or all 1: a subnet's first or last address. */
struct weir_addr weir_check_edge(const struct weir_addr *a, unsigned int prefix, bool ones);

/* The prefix as it is written: of IPv4's 32 bits or IPv6's 128. */
unsigned int weir_check_bits(const struct weir_interface_addr *net);

/* What it is called in a message: "port" or "VLAN". */
const char *weir_check_kind(const struct weir_draft_interface *interface);

/* The interface that has this address as its own, or NULL. */
const struct weir_draft_interface *weir_check_owner(const struct weir_draft *d,
	const struct weir_addr *a);

/*
 * The way to an address: by the longest prefix among the interfaces' subnets, routes and gateways; false:
 * none. It points to what the draft has, and to *to when that is on-link.
 */
bool weir_check_route(const struct weir_draft *d, const struct weir_addr *to,
	struct weir_draft_way *via);

/* The way over those routers. */
struct weir_draft_way weir_check_way(const struct weir_draft_hops *hops, uint32_t interface);

/* What the way leads over, number i < way->n. */
struct weir_nexthop weir_check_hop(const struct weir_draft_way *way, uint32_t i);

/* It is one of those routers. */
bool weir_check_has_hop(const struct weir_draft_hops *hops, const struct weir_addr *addr);

/* Sets no_clients of the interfaces, once backends' ways are known (HC-66). */
void weir_check_client_interfaces(struct weir_draft *d);

#endif
