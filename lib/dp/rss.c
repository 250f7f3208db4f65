// SPDX-License-Identifier: BSD-3-Clause
#include "dp/rss.h"

#include <string.h>

#include "flow/localport.h"

/* Bits of the input: two addresses, two ports. The key has 32 more, from the last of them on. */
#define INPUT_BITS(ipv6) ((ipv6) ? 288u : 96u)
#define KEY_BITS(ipv6)   (INPUT_BITS(ipv6) + 32)
#define RETA_MAX         2048

static bool holds_vip(const struct weir_policy *p, const struct weir_interface *interface)
{
	for (uint32_t i = 0; i < p->n_listeners; i++)
		for (unsigned int a = 0; a < interface->n_addrs; a++)
			if (weir_addr_in(&p->listeners[i].vip, &interface->addrs[a].addr,
				    interface->addrs[a].prefix))
				return true;
	return false;
}

static bool has_vip(const struct weir_policy *p, unsigned int port)
{
	for (uint32_t i = 0; i < p->n_interfaces; i++)
		if (p->interfaces[i].port == port && holds_vip(p, &p->interfaces[i]))
			return true;
	return false;
}

static bool has_backends(const struct weir_policy *p, unsigned int port, bool fullnat_only)
{
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->interfaces[p->backends[i].egress].port == port &&
			(!fullnat_only ||
				p->services[p->backends[i].service].mode == WEIR_MODE_FULLNAT))
			return true;
	return false;
}

bool weir_rss_is_return_path(const struct weir_policy *p, unsigned int port)
{
	bool clients_elsewhere = false;

	for (unsigned int i = 0; i < p->n_ports; i++)
		clients_elsewhere |= !has_backends(p, i, false);
	return clients_elsewhere && has_backends(p, port, true) && !has_vip(p, port);
}

bool weir_rss_can_split_ports(const struct rte_eth_dev_info *info, unsigned int n_workers,
	bool ipv6)
{
	const uint64_t type = ipv6 ? RTE_ETH_RSS_NONFRAG_IPV6_TCP : RTE_ETH_RSS_NONFRAG_IPV4_TCP;

	return info->flow_type_rss_offloads & type && 8u * info->hash_key_size >= KEY_BITS(ipv6) &&
		info->reta_size > 1 && info->reta_size <= RETA_MAX &&
		rte_is_power_of_2(info->reta_size) && info->reta_size % n_workers == 0;
}

void weir_rss_port_key(uint8_t *key, unsigned int size, unsigned int reta_size, bool ipv6)
{
	/* bit o of the hash is that bit of the key which is 31 - o behind an input bit's place */
	unsigned int at = KEY_BITS(ipv6) - 1 - rte_log2_u32(reta_size);

	memset(key, 0, size);
	key[at / 8] = (uint8_t)(0x80 >> at % 8);
}

uint16_t weir_rss_port_queue(unsigned int i, unsigned int reta_size, unsigned int n_workers)
{
	unsigned int port = 0;

	for (unsigned int bit = 1; bit < reta_size; bit <<= 1, i >>= 1)
		port = port << 1 | (i & 1);
	return (uint16_t)weir_localport_owner((uint16_t)port, n_workers);
}

int weir_rss_fill_table(uint16_t ethdev, unsigned int reta_size, unsigned int n_workers)
{
	struct rte_eth_rss_reta_entry64 table[RETA_MAX / RTE_ETH_RETA_GROUP_SIZE] = {0};

	for (unsigned int i = 0; i < reta_size; i++) {
		struct rte_eth_rss_reta_entry64 *group = &table[i / RTE_ETH_RETA_GROUP_SIZE];

		group->mask |= 1ull << i % RTE_ETH_RETA_GROUP_SIZE;
		group->reta[i % RTE_ETH_RETA_GROUP_SIZE] =
			weir_rss_port_queue(i, reta_size, n_workers);
	}
	return rte_eth_dev_rss_reta_update(ethdev, table, (uint16_t)reta_size);
}
