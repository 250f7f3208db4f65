// SPDX-License-Identifier: BSD-3-Clause
/* Several routers: which one a flow goes by, and what happens when one is down. */
#include "../unit/frame.h"
#include "../unit/unit.h"
#include "dp/multipath.h"
#include "rig_talk.h"

#define GROUP    2 /* of 0 and 1: to all backends of the fullnat service */
#define GATEWAYS 5 /* of 3 and 4: to the clients */
#define FLOWS    6000

static void put_group(struct weir_policy *p, uint16_t group, uint16_t first, unsigned int interface)
{
	p->nexthops[group] = (struct weir_nexthop){.interface = (uint8_t)interface,
		.n_members = 2,
		.members = {first, (uint16_t)(first + 1)}};
	for (unsigned int i = first; i < first + 2u; i++) {
		p->nexthops[i].interface = (uint8_t)interface;
		p->nexthops[i].is_member = true;
	}
}

/* Now, or not at all: requests would come between. */
static void look_at_nexthops(struct rig *r, bool now)
{
	r->dp.workers[0].worker->keeper.next_pass_ns = now ? 0 : UINT64_MAX;
}

static void open_rig(struct rig *r)
{
	struct weir_policy *p = shell_policy(1, 3);

	put_group(p, GROUP, 0, SHELL_BACKENDS);
	put_group(p, GATEWAYS, 3, SHELL_CLIENTS);
	p->interfaces[SHELL_CLIENTS].gateways[0] = GATEWAYS;
	p->interfaces[SHELL_CLIENTS].gateways[1] = WEIR_NONE16;
	for (unsigned int b = 0; b < p->n_backends; b++)
		p->backends[b].nexthop = GROUP;
	rig_open(r, p, 1, 1);
	rig_meet_neighbours(r);
	rig_settle(r);
	rig_discard(r); /* announcements */
	look_at_nexthops(r, false);
}

/* It was asked often enough, and did not answer; the keeper notices. */
static void go_down(struct rig *r, uint16_t nexthop)
{
	rig_neighs(r)->at[nexthop].probes = WEIR_NEIGH_PROBES + 1;
	rig_neighs(r)->at[nexthop].asked_ns = weir_clock_ns(&r->dp.shared.clock);
	look_at_nexthops(r, true);
	rig_settle(r);
	look_at_nexthops(r, false);
	rig_discard(r);
}

static uint64_t hash_of(unsigned int i)
{
	return (i + 1) * 0x9e3779b97f4a7c15ull;
}

/* Each member gets its share; of one that is down the others take over, and no other flow moves. */
static void test_choice(void)
{
	struct weir_policy *p = shell_policy(1, 4);
	unsigned int n[8] = {0}, moved[8] = {0};
	struct weir_nexthop *g = &p->nexthops[7];
	uint16_t was[FLOWS];
	static struct rig r;
	struct weir_neighs *neighs;

	*g = (struct weir_nexthop){
		.interface = SHELL_BACKENDS, .n_members = 3, .members = {4, 5, 6}};
	for (unsigned int b = 0; b < p->n_backends; b++)
		p->backends[b].nexthop = 7;
	rig_open(&r, p, 1, 1);
	neighs = rig_neighs(&r);
	CU_ASSERT_EQUAL(weir_multipath_choose(neighs, 7, 0), 4); /* nobody is known */
	rig_meet_neighbours(&r);
	for (unsigned int i = 0; i < FLOWS; i++)
		n[was[i] = weir_multipath_choose(neighs, 7, hash_of(i))]++;
	for (unsigned int m = 4; m < 7; m++)
		CU_ASSERT(n[m] > FLOWS / 3 - 200 && n[m] < FLOWS / 3 + 200);
	neighs->at[5].probes = WEIR_NEIGH_PROBES + 1;
	CU_ASSERT(weir_neigh_is_down(neighs, 5) && !weir_neigh_is_live(neighs, 5));
	for (unsigned int i = 0; i < FLOWS; i++) {
		const uint16_t now = weir_multipath_choose(neighs, 7, hash_of(i));

		CU_ASSERT_FATAL(was[i] == 5 ? now == 4 || now == 6 : now == was[i]);
		moved[now] += was[i] == 5;
	}
	CU_ASSERT(moved[4] > FLOWS / 6 - 200 && moved[6] > FLOWS / 6 - 200);
	neighs->at[4].probes = neighs->at[6].mac = 0;
	neighs->at[4].mac = 0;
	for (unsigned int i = 0; i < FLOWS;
		i++) /* the MAC of its last answer is better than none */
		CU_ASSERT_EQUAL_FATAL(weir_multipath_choose(neighs, 7, hash_of(i)), was[i]);
	rig_teach(neighs, 5, (const uint8_t[]){2, 0, 0, 0, 0xbb, 5}, 1);
	for (unsigned int i = 0; i < FLOWS; i++)
		CU_ASSERT_EQUAL_FATAL(weir_multipath_choose(neighs, 7, hash_of(i)), 5);
	rig_close(&r);
}

/* The next hop that the frames of a whole connection go to: the same for all. */
static uint8_t way_of(struct rig *r, unsigned int i)
{
	struct rig_talk t;

	rig_handshake(r, &t, i, SHELL_FULLNAT);
	rig_exchange(r, &t, i, 0);
	return t.backend.src_mac[5];
}

/* Both routers carry connections; when one is down, new and old ones go by the other. */
static void test_to_backends(void)
{
	unsigned int n[2] = {0}, i;
	struct rig_talk old[2];
	static struct rig r;
	uint8_t to[6];
	struct weir_seg seg;

	open_rig(&r);
	for (i = 0; i < 40; i++) {
		const uint8_t way = way_of(&r, i);

		CU_ASSERT_FATAL(way < 2);
		n[way]++;
	}
	CU_ASSERT(n[0] > 8 && n[1] > 8);
	for (n[0] = n[1] = 0; n[0] == 0 || n[1] == 0; i++) {
		struct rig_talk t;

		rig_handshake(&r, &t, i, SHELL_FULLNAT);
		old[t.backend.src_mac[5]] = t;
		n[t.backend.src_mac[5]]++;
	}
	go_down(&r, 1);
	for (unsigned int w = 0; w < 2; w++) {
		old[w].client.payload_len = 10;
		rig_put_segment(&r, 0, 0, &old[w].client);
		rig_settle(&r);
		CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 1, &seg, to));
		CU_ASSERT_EQUAL(to[5], 0);
	}
	for (unsigned int more = 0; more < 20; more++)
		CU_ASSERT_EQUAL(way_of(&r, i + more), 0);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_no_neighbour), 0);
	rig_close(&r);
}

/* An unanswered SYN casts doubt on the router that it went by, not on the other one. */
static void test_doubt(void)
{
	struct rig_talk t = {.client = rig_syn(1, SHELL_FULLNAT)};
	static struct rig r;
	struct weir_neighs *n;
	struct weir_seg seg;
	uint8_t to[6];

	open_rig(&r);
	n = rig_neighs(&r);
	for (unsigned int i = 0; i < 2; i++) /* long enough ago */
		n->at[i].confirmed_ns -= WEIR_NEIGH_MEMBER_NS / 2;
	rig_put_segment(&r, 0, 0, &t.client);
	rig_settle(&r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 0, &seg, to));
	t.client.flags = WEIR_TCP_ACK;
	t.client.seq++;
	t.client.ack = seg.seq + 1;
	rig_timestamps(&t.client, 5101, seg.tsval);
	rig_put_segment(&r, 0, 0, &t.client);
	rig_settle(&r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 1, &seg, to));
	for (unsigned int ms = 0; ms < 400 && n->at[to[5]].doubted + n->at[to[5]].probes == 0;
		ms++) {
		rte_delay_us_sleep(1000);
		rig_settle(&r);
	}
	CU_ASSERT_EQUAL(n->at[to[5]].doubted, 1);
	CU_ASSERT_EQUAL(n->at[!to[5]].doubted, 0);
	rig_close(&r);
}

/* A client's gateway is down: its answers go by the other one. Other neighbours' clients are left alone. */
static void test_to_clients(void)
{
	uint8_t to[6];
	struct rig_talk t, other;
	static struct rig r;
	struct weir_seg seg;

	open_rig(&r);
	rig_handshake(&r, &t, 1, SHELL_FULLNAT);
	rig_handshake(&r, &other, 2, SHELL_FULLNAT);
	rig_teach(rig_neighs(&r), 3, t.client.src_mac, weir_clock_ns(&r.dp.shared.clock));
	rig_exchange(&r, &t, 1, 0);
	go_down(&r, 3);
	CU_ASSERT_EQUAL(rig_neighs(&r)->n_down, 1);
	t.backend.seq += t.backend.payload_len;
	other.backend.payload_len = 10;
	rig_put_segment(&r, 1, 0, &t.backend);
	rig_put_segment(&r, 1, 0, &other.backend);
	rig_settle(&r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 0, &seg, to));
	CU_ASSERT(to[4] == 0xbb && to[5] == 4);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 0, &seg, to));
	CU_ASSERT(to[4] == 0xc1 && to[5] == 2);
	go_down(&r, 4); /* no other one is left */
	rig_put_segment(&r, 1, 0, &t.backend);
	rig_settle(&r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 0, &seg, to));
	CU_ASSERT(to[4] == 0xc1 && to[5] == 1);
	rig_close(&r);
}

/* One of several is asked every second, a group never, and a claim for its address goes nowhere. */
static void test_asked(void)
{
	static struct rig r;
	struct weir_neighs *n;
	uint64_t t = 1000 * WEIR_NEIGH_REFRESH_NS;
	const struct weir_addr any = weir_addr_any(true);

	open_rig(&r);
	n = rig_neighs(&r);
	rig_teach(n, 0, (const uint8_t[]){2, 0, 0, 0, 0xbb, 0}, t);
	CU_ASSERT_EQUAL(weir_neigh_due(n, 0, t + WEIR_NEIGH_MEMBER_NS - 1, WEIR_NEIGH_RETRY_NS),
		WEIR_NEIGH_NO_REQUEST);
	CU_ASSERT_EQUAL(weir_neigh_due(n, 0, t + WEIR_NEIGH_MEMBER_NS, WEIR_NEIGH_RETRY_NS),
		WEIR_NEIGH_UNICAST);
	CU_ASSERT_EQUAL(weir_neigh_due(n, GROUP, t, WEIR_NEIGH_RETRY_NS), WEIR_NEIGH_NO_REQUEST);
	CU_ASSERT_EQUAL(weir_neigh_claim(n, SHELL_BACKENDS, &any,
				(const uint8_t[]){2, 0, 0, 0, 0xee, 1}, true, t),
		WEIR_NEIGH_NO_HOP);
	CU_ASSERT_EQUAL(n->at[GROUP].mac, 0);
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"a member for each flow", test_choice},
		{"routers to backends", test_to_backends},
		{"a SYN without an answer casts doubt on its router", test_doubt},
		{"gateways to clients", test_to_clients},
		{"when members are asked", test_asked},
	};

	rig_eal(argv[0]);
	return unit_main("multipath", tests, RTE_DIM(tests));
}
