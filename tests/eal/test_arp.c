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
	p->nexthops[2] = (struct weir_nexthop){.addr = weir_addr_v4(weir_be32(GATEWAY))};
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

static uint8_t mac_of_gateway(struct rig *r)
{
	uint8_t mac[6];

	return weir_neigh_mac(rig_neighs(r), 2, mac) ? mac[5] : 0;
}

/* The gateway at 02:..:ee:<last> says where it is. */
static void claim(struct rig *r, unsigned int port, uint16_t op, uint32_t sender, uint8_t last)
{
	uint8_t f[SEGMENT_FRAME_MAX];

	arp(f, op, op == 1 ? everybody : r->dp.nics[port].mac, sender, 0xc6336401);
	f[27] = last;
	rig_put(r, port, 0, f, 60, 0);
	rig_settle(r);
}

/* HC-67: what answers our request is learned, on its port; what was not asked for is not. */
static void test_hc67_learning(void)
{
	static struct rig r;

	open_rig(&r, false);
	claim(&r, 0, 2, GATEWAY, 1);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0); /* nothing was asked yet when it came */
	rig_neighs(&r)->at[2] = (struct weir_neigh){0};
	CU_ASSERT_EQUAL(weir_neigh_due(rig_neighs(&r), 2, weir_clock_ns(&r.dp.shared.clock), 0),
		WEIR_NEIGH_BROADCAST);
	claim(&r, 1, 2, GATEWAY, 1);     /* the other port */
	claim(&r, 0, 2, GATEWAY - 1, 1); /* another host */
	claim(&r, 0, 1, GATEWAY, 1);     /* no reply */
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_learned), 0);
	claim(&r, 0, 2, GATEWAY, 0); /* 02:00:00:00:ee:00 is one */
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_learned), 1);
	claim(&r, 0, 2, GATEWAY, 9); /* a second answer to one request */
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 0);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_learned), 1);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_arp_unverified), 1);
	rig_close(&r);
}

/* HC-67: a known next hop is asked by unicast before another MAC is believed. */
static void test_hc67_change(void)
{
	static struct rig r;
	struct weir_neighs *n;
	uint64_t t = 1000 * WEIR_NEIGH_REFRESH_NS;
	const uint8_t other[6] = {2, 0, 0, 0, 0xee, 2};
	const struct weir_addr hop = weir_addr_v4(weir_be32(GATEWAY));

	open_rig(&r, false);
	n = rig_neighs(&r);
	rig_teach(n, 2, peer, t);
	CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS), WEIR_NEIGH_NO_REQUEST);
	for (unsigned int round = 0; round < 3; round++) { /* it is there: nothing changes */
		CU_ASSERT_EQUAL(weir_neigh_claim(n, 0, &hop, other, round & 1, ++t),
			WEIR_NEIGH_DOUBTED);
		CU_ASSERT_EQUAL(weir_neigh_due(n, 2, ++t, 1), WEIR_NEIGH_UNICAST);
		CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t, 1), WEIR_NEIGH_NO_REQUEST);
		CU_ASSERT_EQUAL(weir_neigh_claim(n, 0, &hop, other, true, ++t), WEIR_NEIGH_DOUBTED);
		CU_ASSERT_EQUAL(weir_neigh_claim(n, 0, &hop, peer, true, ++t), WEIR_NEIGH_LEARNED);
		CU_ASSERT_EQUAL(mac_of_gateway(&r), 1);
		/* what came meanwhile has raised doubt again */
		CU_ASSERT_EQUAL(weir_neigh_due(n, 2, ++t, 1), WEIR_NEIGH_UNICAST);
		CU_ASSERT_EQUAL(weir_neigh_claim(n, 0, &hop, peer, true, ++t), WEIR_NEIGH_LEARNED);
		CU_ASSERT_EQUAL(weir_neigh_due(n, 2, ++t, 1), WEIR_NEIGH_NO_REQUEST);
	}
	weir_neigh_claim(n, 0, &hop, other, false, ++t);
	for (unsigned int i = 0; i < WEIR_NEIGH_PROBES; i++) { /* it is not there */
		CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t, 1), WEIR_NEIGH_UNICAST);
		CU_ASSERT_EQUAL(weir_neigh_claim(n, 0, &hop, other, true, t), WEIR_NEIGH_DOUBTED);
		CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t + WEIR_NEIGH_PROBE_NS - 1, 1),
			WEIR_NEIGH_NO_REQUEST);
		t += WEIR_NEIGH_PROBE_NS;
	}
	CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t, 1), WEIR_NEIGH_BROADCAST);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 1); /* the old one is kept meanwhile */
	CU_ASSERT_EQUAL(weir_neigh_claim(n, 0, &hop, other, true, ++t), WEIR_NEIGH_LEARNED);
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 2);
	rig_close(&r);
}

/* HC-67: what the file says is not asked about, and not changed. */
static void test_hc67_static(void)
{
	struct weir_policy *p = shell_policy(1, 1);
	const uint8_t other[6] = {2, 0, 0, 0, 0xee, 2};
	static struct rig r;
	struct weir_neighs *n;
	uint8_t mac[6];

	memcpy(p->nexthops[0].mac, peer, 6);
	rig_open(&r, p, 1, 1);
	n = rig_neighs(&r);
	CU_ASSERT_TRUE(weir_neigh_mac(n, 0, mac) && mac[5] == 1);
	CU_ASSERT_EQUAL(weir_neigh_due(n, 0, 1ull << 60, 0), WEIR_NEIGH_NO_REQUEST);
	n->at[0].asked_ns = 5;
	CU_ASSERT_EQUAL(weir_neigh_claim(n, SHELL_BACKENDS, &p->nexthops[0].addr, other, true, 6),
		WEIR_NEIGH_NO_HOP);
	CU_ASSERT_TRUE(weir_neigh_mac(n, 0, mac) && mac[5] == 1);
	rig_close(&r);
}

/* HC-67: replies have a budget; known next hops have their own. */
static void test_hc67_budget(void)
{
	static struct rig r;
	uint8_t f[SEGMENT_FRAME_MAX];

	open_rig(&r, false);
	rig_settle(&r);
	rig_teach(rig_neighs(&r), 2, peer, weir_clock_ns(&r.dp.shared.clock));
	for (unsigned int i = 0; i < 3 * WEIR_NEIGH_ANSWERS_PER_S; i++) {
		rig_put(&r, 0, 0, f, arp(f, 1, everybody, GATEWAY - 1, SHELL_VIP(0)), 0);
		if (i % 32 == 31) {
			rig_settle(&r);
			rig_discard(&r);
		}
	}
	rig_settle(&r);
	rig_discard(&r);
	CU_ASSERT(rig_fate(&r, WEIR_FATE_reply_budget) > WEIR_NEIGH_ANSWERS_PER_S);
	CU_ASSERT(rig_fate(&r, WEIR_FATE_arp_reply) >= WEIR_NEIGH_ANSWERS_PER_S);
	rig_put(&r, 0, 0, f, arp(f, 1, everybody, GATEWAY, SHELL_VIP(0)), 0);
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_discard(&r), 1);
	rig_close(&r);
}

static uint32_t conflict_of(const struct weir_counters *c)
{
	const struct weir_addr a = {.q = {c->conflict_addr[0], c->conflict_addr[1]}};

	return weir_addr_is_v4(&a) ? weir_be32(weir_addr_v4_be(&a)) : 0;
}

/* HC-67, RFC 5227 §2.4: another host says that it has an address of ours: noted, and defended once. */
static void test_hc67_conflict(void)
{
	static struct rig r;
	const struct weir_counters *c;
	uint8_t f[SEGMENT_FRAME_MAX];

	open_rig(&r, false);
	rig_settle(&r);
	rig_discard(&r);
	c = &r.dp.workers[0].worker->px.counters;
	claim(&r, 0, 1, SHELL_VIP(1), 7);
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_address_conflict), 1);
	CU_ASSERT_EQUAL(conflict_of(c), SHELL_VIP(1));
	CU_ASSERT_EQUAL(((const uint8_t *)&c->conflict_mac)[5], 7);
	CU_ASSERT(rig_take(&r, 0, f) > 0);
	CU_ASSERT(memcmp(f, everybody, 6) == 0 && get32(f + 28) == SHELL_VIP(1));
	rig_discard(&r);
	claim(&r, 0, 2, SHELL_VIP(1), 7);
	claim(&r, 0, 2, SHELL_LOCAL, 7); /* not ours there */
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_address_conflict), 2);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	arp(f, 1, everybody, SHELL_VIP(1), SHELL_VIP(1)); /* our own announcement comes back */
	memcpy(f + 6, r.dp.nics[1].mac, 6);
	memcpy(f + 22, r.dp.nics[1].mac, 6);
	rig_put(&r, 0, 0, f, 60, 0);
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_address_conflict), 2);
	rig_discard(&r);                  /* our answer to it */
	claim(&r, 0, 2, SHELL_VIP(0), 7); /* another address is defended all the same */
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_address_conflict), 3);
	CU_ASSERT(rig_take(&r, 0, f) > 0);
	CU_ASSERT(memcmp(f, everybody, 6) == 0 && get32(f + 28) == SHELL_VIP(0));
	rig_discard(&r);
	claim(&r, 0, 2, SHELL_VIP(0), 7);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	rig_close(&r);
}

/* How often: known and fresh never; unknown after the retry; known and old after it too. */
static void test_when_due(void)
{
	static struct rig r;
	struct weir_neighs *n;
	uint64_t t = 1000 * WEIR_NEIGH_REFRESH_NS;

	open_rig(&r, false);
	n = rig_neighs(&r);
	n->at[2] = (struct weir_neigh){0};
	CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS), WEIR_NEIGH_BROADCAST);
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_RETRY_NS - 1, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_URGENT_NS - 1, WEIR_NEIGH_URGENT_NS));
	CU_ASSERT_TRUE(weir_neigh_due(n, 2, t + WEIR_NEIGH_URGENT_NS, WEIR_NEIGH_URGENT_NS));
	rig_teach(n, 2, peer, t);
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_REFRESH_NS - 1, WEIR_NEIGH_RETRY_NS));
	/* what does not answer us is asked at once, but not what has just answered */
	weir_neigh_doubt(n, 2, t + WEIR_NEIGH_PROBE_NS - 1);
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + WEIR_NEIGH_PROBE_NS, WEIR_NEIGH_RETRY_NS));
	weir_neigh_doubt(n, 2, t + WEIR_NEIGH_PROBE_NS);
	CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t + WEIR_NEIGH_PROBE_NS, 0), WEIR_NEIGH_UNICAST);
	rig_teach(n, 2, peer, t);
	t += WEIR_NEIGH_REFRESH_NS;
	CU_ASSERT_EQUAL(weir_neigh_due(n, 2, t, WEIR_NEIGH_RETRY_NS), WEIR_NEIGH_UNICAST);
	CU_ASSERT_FALSE(weir_neigh_due(n, 2, t + 1, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_TRUE(weir_neigh_due(n, 2, t + WEIR_NEIGH_PROBE_NS, WEIR_NEIGH_RETRY_NS));
	CU_ASSERT_EQUAL(mac_of_gateway(&r), 1); /* the old one is kept meanwhile */
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"which requests are answered", test_answers},
		{"a VIP in a port's subnet is answered for there", test_vip_in_subnet},
		{"arp goes by interface, not by port", test_interface_is_not_port},
		{"announced at start and when a link comes up", test_announcements},
		{"HC-67 next hops are learned by asking", test_hc67_learning},
		{"HC-67 another MAC is believed when the known one is silent", test_hc67_change},
		{"HC-67 a static next hop", test_hc67_static},
		{"HC-67 replies have a budget", test_hc67_budget},
		{"HC-67 a conflict for an address of ours", test_hc67_conflict},
		{"when a next hop is asked for", test_when_due},
	};

	rig_eal(argv[0]);
	return unit_main("arp", tests, RTE_DIM(tests));
}
