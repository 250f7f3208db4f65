// SPDX-License-Identifier: BSD-3-Clause
/*
 * Fullnat's way back by the device's hash. The device is DPDK's own Toeplitz hash: whatever else is in
 * the packet, the queue is that of the local port's owner.
 */
#include <rte_thash.h>

#include "../unit/unit.h"
#include "dp/nic.h"
#include "dp/rss.h"
#include "flow/localport.h"
#include "shell.h"

static uint64_t random_state = 1;

static uint32_t random_u32(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 32);
}

/* The queue that a device with this key and table would choose. */
static unsigned int deliver(const uint8_t *key, unsigned int reta_size, unsigned int workers,
	uint16_t port, bool ipv6)
{
	uint32_t t[RTE_THASH_V6_L4_LEN];
	const unsigned int words = ipv6 ? RTE_THASH_V6_L4_LEN : RTE_THASH_V4_L4_LEN;
	uint32_t hash;

	for (unsigned int i = 0; i < words; i++)
		t[i] = random_u32();
	t[words - 1] = (t[words - 1] & 0xffff0000) | port;
	hash = rte_softrss(t, words, key);

	return weir_rss_port_queue(hash & (reta_size - 1), reta_size, workers);
}

static void test_owner_of(bool ipv6)
{
	uint8_t key[WEIR_NIC_KEY];
	unsigned int wrong = 0;

	for (unsigned int reta_size = 2; reta_size <= 2048; reta_size *= 2)
		for (unsigned int workers = 2; workers <= 32 && workers <= reta_size;
			workers *= 2) {
			weir_rss_port_key(key, sizeof(key), reta_size, ipv6);
			for (unsigned int i = 0; i < 3000; i++) {
				uint16_t port = (uint16_t)random_u32();

				wrong += deliver(key, reta_size, workers, port, ipv6) !=
					weir_localport_owner(port, workers);
			}
		}
	CU_ASSERT_EQUAL(wrong, 0);
}

static void test_owner(void)
{
	test_owner_of(false);
	test_owner_of(true);
}

static void test_devices(void)
{
	struct rte_eth_dev_info info = {.flow_type_rss_offloads = RTE_ETH_RSS_NONFRAG_IPV4_TCP,
		.hash_key_size = 40,
		.reta_size = 128};

	CU_ASSERT_TRUE(weir_rss_can_split_ports(&info, 2, false));
	CU_ASSERT_TRUE(weir_rss_can_split_ports(&info, 32, false));
	CU_ASSERT_FALSE(weir_rss_can_split_ports(&info, 3, false));
	CU_ASSERT_FALSE(weir_rss_can_split_ports(&info, 2, true));
	info.flow_type_rss_offloads |= RTE_ETH_RSS_NONFRAG_IPV6_TCP;
	CU_ASSERT_TRUE(weir_rss_can_split_ports(&info, 2, true));
	info.hash_key_size = 39;
	CU_ASSERT_FALSE(weir_rss_can_split_ports(&info, 2, true));
	info.hash_key_size = 40;
	info.reta_size = 0;
	CU_ASSERT_FALSE(weir_rss_can_split_ports(&info, 2, false));
	info.reta_size = 128;
	info.hash_key_size = 0;
	CU_ASSERT_FALSE(weir_rss_can_split_ports(&info, 2, false));
	info.hash_key_size = 40;
	info.flow_type_rss_offloads = RTE_ETH_RSS_IPV4;
	CU_ASSERT_FALSE(weir_rss_can_split_ports(&info, 2, false));
}

/* The key is for a port without clients, or they would all share a queue. */
static void test_which_port(void)
{
	struct weir_policy *p = shell_policy(2, 2);

	CU_ASSERT_FALSE(weir_rss_is_return_path(p, 0));
	CU_ASSERT_TRUE(weir_rss_is_return_path(p, 1));
	p->interfaces[1].addrs[0].addr = p->listeners[SHELL_FULLNAT].vip;
	CU_ASSERT_FALSE(weir_rss_is_return_path(p, 1));
	weir_policy_free(p);
	p = shell_policy(2, 2);
	for (unsigned int i = 0; i < p->n_services; i++)
		p->services[i].mode = WEIR_MODE_NAT; /* goes by the client's port */
	CU_ASSERT_FALSE(weir_rss_is_return_path(p, 1));
	weir_policy_free(p);
	p = shell_policy(2, 1);
	CU_ASSERT_FALSE(weir_rss_is_return_path(p, 0));
	p->interfaces[0].port = 1; /* the backends' interface is on the other port */
	p->interfaces[1].port = 0;
	CU_ASSERT_TRUE(weir_rss_is_return_path(p, 0));
	CU_ASSERT_FALSE(weir_rss_is_return_path(p, 1));
	weir_policy_free(p);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"the hash leads to the local port's owner", test_owner},
		{"devices that can do it", test_devices},
		{"the port that it is for", test_which_port},
	};

	return unit_main("rss", tests, sizeof(tests) / sizeof(*tests));
}
