// SPDX-License-Identifier: BSD-3-Clause
/* The side path: which requests are answered, what is learned, what is asked and announced, and how often. */
#include "../unit/frame.h"
#include "../unit/unit.h"
#include "rig.h"

#define GATEWAY 0xc63364feu /* 198.51.100.254, on port 0 */

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t peer[6] = {2, 0, 0, 0, 0xee, 1};

/* op 1: who has target? tell sender. op 2: sender is at peer's. Returns the length. */
static size_t arp(uint8_t *f, uint16_t op, const uint8_t to[6], uint32_t sender, uint32_t target)
{
	memset(f, 0, 60);
	memcpy(f, to, 6);
	memcpy(f + 6, peer, 6);
	frame_put16(f + 12, 0x0806);
	frame_put16(f + 14, 1);
	frame_put16(f + 16, 0x0800);
	f[18] = 6;
	f[19] = 4;
	frame_put16(f + 20, op);
	memcpy(f + 22, peer, 6);
	frame_put32(f + 28, sender);
	frame_put32(f + 38, target);
	return 60; /* as it comes from a wire, padded */
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

/* shell_policy(), with a gateway on the clients' side, whose subnet holds the first VIP or not. */
static void open_rig(struct rig *r, bool vip_in_subnet)
{
	struct weir_policy *old = shell_policy(2, 1),
			   *p = weir_policy_alloc(&(struct weir_policy_room){.services = 2,
				   .listeners = 2,
				   .backends = 2,
				   .members = 2,
				   .nexthops = 3});

	p->n_workers = old->n_workers;
	p->n_ports = old->n_ports;
	p->n_interfaces = old->n_interfaces;
	p->n_services = old->n_services;
	p->n_listeners = old->n_listeners;
	p->n_backends = old->n_backends;
	p->n_members = old->n_members;
	p->n_nexthops = 3;
	memcpy(p->ports, old->ports, sizeof(p->ports));
	memcpy(p->interfaces, old->interfaces, sizeof(p->interfaces));
	memcpy(p->services, old->services, 2 * sizeof(*p->services));
	memcpy(p->listeners, old->listeners, 2 * sizeof(*p->listeners));
	memcpy(p->backends, old->backends, 2 * sizeof(*p->backends));
	memcpy(p->members, old->members, 2 * sizeof(*p->members));
	memcpy(p->nexthops, old->nexthops, 2 * sizeof(*p->nexthops));
	p->nexthops[2] = (struct weir_nexthop){weir_addr_v4(weir_be32(GATEWAY)), 0};
	p->limits = old->limits;
	if (vip_in_subnet) {
		p->interfaces[0].n_addrs = 2;
		p->interfaces[0].addrs[1] =
			(struct weir_interface_addr){weir_addr_v4(weir_be32(0xc00002fe)), 96 + 24};
	}
	weir_policy_free(old);
	rig_open(r, p, 1, 1);
}

/* Puts an ARP request in at a port; whether it is answered, rightly. */
static bool answered(struct rig *r, unsigned int port, uint32_t target)
{
	uint8_t f[SEGMENT_FRAME_MAX];

	rig_discard(r);
	rig_put(r, port, 0, f, arp(f, 1, everybody, GATEWAY - 1, target), 0);
	rig_settle(r);
	if (rig_take(r, port, f) == 0)
		return false;
	CU_ASSERT_EQUAL(memcmp(f, peer, 6), 0);
	CU_ASSERT_EQUAL(memcmp(f + 6, r->dp.nics[port].mac, 6), 0);
	CU_ASSERT_EQUAL(frame_get16(f + 20), 2);
	CU_ASSERT_EQUAL(memcmp(f + 22, r->dp.nics[port].mac, 6), 0);
	CU_ASSERT_EQUAL(get32(f + 28), target);
	CU_ASSERT_EQUAL(memcmp(f + 32, peer, 6), 0);
	CU_ASSERT_EQUAL(get32(f + 38), GATEWAY - 1);
	return true;
}

static void test_answers(void)
{
	static struct rig r;

	open_rig(&r, false);
	rig_settle(&r);
	/* VIPs in nobody's subnet: anywhere */
	CU_ASSERT_TRUE(answered(&r, 0, SHELL_VIP(0)));
	CU_ASSERT_TRUE(answered(&r, 1, SHELL_VIP(0)));
	CU_ASSERT_TRUE(answered(&r, 1, SHELL_VIP(1)));
	/* the ports' own: there only */
	CU_ASSERT_TRUE(answered(&r, 0, 0xc6336401));
	CU_ASSERT_FALSE(answered(&r, 1, 0xc6336401));
	CU_ASSERT_TRUE(answered(&r, 1, SHELL_LOCAL));
	CU_ASSERT_FALSE(answered(&r, 0, SHELL_LOCAL));
	/* not ours */
	CU_ASSERT_FALSE(answered(&r, 0, SHELL_BACKEND(0, 0)));
	CU_ASSERT_FALSE(answered(&r, 1, SHELL_BACKEND(0, 0)));
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_reply), 5);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_other), 4);
	rig_close(&r);
}

static void test_vip_in_subnet(void)
{
	static struct rig r;

	open_rig(&r, true);
	rig_settle(&r);
	CU_ASSERT_TRUE(answered(&r, 0, SHELL_VIP(0)));
	CU_ASSERT_FALSE(answered(&r, 1, SHELL_VIP(0)));
	rig_close(&r);
}

/* Each interface on the other one's port: addresses and next hops go with the interface. */
static void test_interface_is_not_port(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	unsigned int asked = 0, elsewhere = 0;
	uint8_t f[SEGMENT_FRAME_MAX];
	static struct rig r;

	p->interfaces[SHELL_CLIENTS].port = SHELL_BACKENDS;
	p->interfaces[SHELL_BACKENDS].port = SHELL_CLIENTS;
	rig_open(&r, p, 1, 1);
	rig_settle(&r);
	while (rig_take(&r, SHELL_CLIENTS, f) > 0)
		asked += get32(f + 28) == SHELL_LOCAL && get32(f + 38) == SHELL_BACKEND(0, 0);
	while (rig_take(&r, SHELL_BACKENDS, f) > 0)
		elsewhere += get32(f + 38) == SHELL_BACKEND(0, 0);
	CU_ASSERT_EQUAL(asked, 1);
	CU_ASSERT_EQUAL(elsewhere, 0);
	CU_ASSERT_TRUE(answered(&r, SHELL_CLIENTS, SHELL_LOCAL));
	CU_ASSERT_FALSE(answered(&r, SHELL_BACKENDS, SHELL_LOCAL));
	CU_ASSERT_TRUE(answered(&r, SHELL_BACKENDS, 0xc6336401));
	CU_ASSERT_FALSE(answered(&r, SHELL_CLIENTS, 0xc6336401));
	rig_close(&r);
}

/* What went out: bit 0 a VIP, 1 the other, 2 the port's own address; requests go into *asked. */
static unsigned int announced(struct rig *r, unsigned int port, unsigned int *asked)
{
	const uint32_t own = port == 0 ? 0xc6336401 : SHELL_LOCAL;
	unsigned int set = 0;
	uint8_t f[SEGMENT_FRAME_MAX];

	*asked = 0;
	while (rig_take(r, port, f) > 0) {
		uint32_t sender = get32(f + 28), target = get32(f + 38);

		CU_ASSERT_EQUAL(memcmp(f, everybody, 6), 0);
		CU_ASSERT_EQUAL(frame_get16(f + 20), 1);
		CU_ASSERT_EQUAL(memcmp(f + 22, r->dp.nics[port].mac, 6), 0);
		if (sender != target) {
			CU_ASSERT_EQUAL(sender, own);
			(*asked)++;
		} else if (target == own) {
			set |= 4;
		} else {
			set |= 1u << (target - SHELL_VIP(0));
		}
	}
	return set;
}

/* At start, and when a link has come up again, but then there only. */
static void test_announcements(void)
{
	static struct rig r;
	unsigned int asked;

	open_rig(&r, false);
	rig_settle(&r);
	CU_ASSERT_EQUAL(announced(&r, 0, &asked), 7);
	CU_ASSERT_EQUAL(asked, 1); /* the gateway */
	CU_ASSERT_EQUAL(announced(&r, 1, &asked), 7);
	CU_ASSERT_EQUAL(asked, 2); /* the backends */
	rig_settle(&r);
	CU_ASSERT_EQUAL(announced(&r, 0, &asked), 0);
	CU_ASSERT_EQUAL(asked, 0);
	r.dp.nics[1].link_up = 0; /* it was down a second ago */
	weir_dataplane_tend(&r.dp);
	CU_ASSERT_EQUAL(r.dp.nics[1].link_up, 1);
	rig_settle(&r);
	CU_ASSERT_EQUAL(announced(&r, 0, &asked), 0);
	CU_ASSERT_EQUAL(announced(&r, 1, &asked), 7);
	rig_close(&r);
}

/* A reply, a request and an announcement: all tell where the next hop is; on its port only. */
static void test_learning(void)
{
	static struct rig r;
	uint8_t f[SEGMENT_FRAME_MAX], mac[6];

	open_rig(&r, false);
	CU_ASSERT_FALSE(weir_neigh_mac(rig_neighs(&r), 2, mac));
	rig_put(&r, 1, 0, f, arp(f, 2, r.dp.nics[1].mac, GATEWAY, 0xc6336401), 0);
	rig_put(&r, 0, 0, f, arp(f, 2, r.dp.nics[0].mac, GATEWAY - 1, 0xc6336401), 0);
	rig_settle(&r);
	CU_ASSERT_FALSE(weir_neigh_mac(rig_neighs(&r), 2, mac));
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_other), 2);
	rig_put(&r, 0, 0, f, arp(f, 2, r.dp.nics[0].mac, GATEWAY, 0xc6336401), 0);
	rig_settle(&r);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 2, mac));
	CU_ASSERT_EQUAL(memcmp(mac, peer, 6), 0);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_learned), 1);
	/* it moves: an announcement */
	arp(f, 1, everybody, GATEWAY, GATEWAY);
	f[27] = 2;
	rig_put(&r, 0, 0, f, 42, 0);
	rig_settle(&r);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 2, mac));
	CU_ASSERT_EQUAL(mac[5], 2);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_learned), 2);
	/* it asks us: it is answered, and known by that */
	rig_put(&r, 0, 0, f, arp(f, 1, everybody, GATEWAY, SHELL_VIP(0)), 0);
	rig_settle(&r);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 2, mac));
	CU_ASSERT_EQUAL(mac[5], 1);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_reply), 1);
	/* nobody has no address */
	arp(f, 2, r.dp.nics[0].mac, GATEWAY, 0xc6336401);
	memset(f + 22, 0, 6);
	rig_put(&r, 0, 0, f, 60, 0);
	rig_settle(&r);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 2, mac));
	CU_ASSERT_EQUAL(mac[5], 1);
	rig_close(&r);
}

/* How often: known and fresh never; unknown after the retry; known and old after it too. */
static void test_when_due(void)
{
	static struct rig r;
	struct weir_neighs *n;
	uint64_t t = 1000 * WEIR_NEIGH_REFRESH_NS;
	uint8_t mac[6];

	open_rig(&r, false);
	n = rig_neighs(&r);
	n->at[2] = (struct weir_neigh){0};
	CU_ASSERT_TRUE(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_RETRY_NS - 1, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_URGENT_NS - 1, WEIR_NEIGH_URGENT_NS));
	CU_ASSERT_TRUE(weir_neigh_due(n, 2, t + WEIR_NEIGH_URGENT_NS, WEIR_NEIGH_URGENT_NS));
	t += 2 * WEIR_NEIGH_RETRY_NS;
	CU_ASSERT_TRUE(weir_neigh_learn(n, 0, weir_be32(GATEWAY), peer, t));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_REFRESH_NS - 1, WEIR_NEIGH_RETRY_NS));
	t += WEIR_NEIGH_REFRESH_NS;
	CU_ASSERT_TRUE(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + 1, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_TRUE(weir_neigh_due(n, 2, t + WEIR_NEIGH_RETRY_NS, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_TRUE(weir_neigh_mac(n, 2, mac)); /* the old one is kept meanwhile */
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"which requests are answered", test_answers},
		{"a VIP in a port's subnet is answered for there", test_vip_in_subnet},
		{"arp goes by interface, not by port", test_interface_is_not_port},
		{"announced at start and when a link comes up", test_announcements},
		{"next hops are learned", test_learning},
		{"when a next hop is asked for", test_when_due},
	};

	rig_eal(argv[0]);
	return unit_main("arp", tests, RTE_DIM(tests));
}
