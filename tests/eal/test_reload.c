// SPDX-License-Identifier: BSD-3-Clause
/*
 * The policy is replaced while workers forward (HC-51). Every test ends in rig_close(): all packets
 * are accounted for, all buffers are back.
 */
#include <time.h>

#include "../unit/frame.h"
#include "../unit/wanted.h"
#include "flow/derive.h"
#include "rig_talk.h"

#define TALKS 48

/* The next one is in force from now on; the one before is returned: it may be looked at still. */
static struct weir_policy *replace_by(struct rig *r, struct weir_policy *wanted,
	struct weir_derivation how)
{
	struct weir_policy *was = r->policy;

	CU_ASSERT_EQUAL_FATAL(weir_policy_derive(r->policy, wanted, &how), 0);
	weir_policy_free(wanted);
	CU_ASSERT_EQUAL_FATAL(weir_dataplane_replace(&r->dp, how.next), 0);
	r->policy = how.next;
	return was;
}

static struct weir_policy *replace(struct rig *r, struct weir_policy *wanted)
{
	return replace_by(r, wanted, (struct weir_derivation){0});
}

/* The same; what was retired before has no connection, and its number is given away. */
static struct weir_policy *replace_idle(struct rig *r, struct weir_policy *wanted)
{
	static const bool idle[8];

	return replace_by(r, wanted,
		(struct weir_derivation){.busy_listeners = idle, .busy_backends = idle});
}

/* Not before every worker has had a turn. */
static void settle(struct rig *r, struct weir_policy *was)
{
	for (unsigned int w = 0; w < r->policy->n_workers; w++) {
		CU_ASSERT_FALSE(weir_dataplane_settle(&r->dp));
		CU_ASSERT_EQUAL(weir_dataplane_replace(&r->dp, r->policy), -EBUSY);
		weir_worker_turn(r->dp.workers[w].worker);
	}
	CU_ASSERT_TRUE(weir_dataplane_settle(&r->dp));
	weir_policy_free(was); /* ASan would see a look at it */
}

static struct weir_policy *wanted(const struct rig *r, unsigned int round)
{
	struct weir_policy *p = shell_wanted(r->policy);

	for (uint32_t i = 0; i < p->n_members; i++)
		p->members[i].weight = (uint16_t)(round + i) % 3;
	if (round % 2 == 1) /* one more, on an address that ARP has not been asked for */
		p->backends[0].addr = p->nexthops[p->backends[0].nexthop].addr =
			weir_addr_v4(weir_be32(0x0a000063));
	return p;
}

static void under_traffic(unsigned int workers, unsigned int n_rx)
{
	static struct rig r;
	static struct rig_talk talks[TALKS];

	rig_open_quiet(&r, workers, n_rx, n_rx);
	for (unsigned int i = 0; i < TALKS; i++)
		rig_handshake(&r, &talks[i], i, i & 1 ? SHELL_NAT : SHELL_FULLNAT);
	for (unsigned int round = 0; round < 6; round++) {
		settle(&r, replace(&r, wanted(&r, round % 2)));
		for (unsigned int i = 0; i < TALKS; i++)
			rig_exchange(&r, &talks[i], i, 0);
	}
	rig_close(&r);
}

static void test_one_worker(void)
{
	under_traffic(1, 1);
}

static void test_handed_over(void)
{
	under_traffic(3, 1);
}

static void test_all_queues(void)
{
	under_traffic(3, 3);
}

/* What was heard by a worker that had not seen the new policy yet is not forgotten with the old. */
static void test_neighbours(void)
{
	const uint8_t mac[6] = {2, 0, 0, 0, 0xbb, 0x77};
	static struct rig r;
	struct weir_neighs *before;
	struct weir_policy *was;
	uint8_t now[6];

	rig_open_quiet(&r, 1, 1, 1);
	before = rig_neighs(&r);
	was = replace(&r, shell_wanted(r.policy));
	CU_ASSERT_PTR_NOT_EQUAL(rig_neighs(&r), before);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 1, now));
	CU_ASSERT_EQUAL(now[5], 1);
	rig_teach(before, 1, mac, weir_clock_ns(&r.dp.shared.clock));
	settle(&r, was);
	CU_ASSERT_TRUE(weir_neigh_mac(rig_neighs(&r), 1, now));
	CU_ASSERT_EQUAL(now[5], 0x77);
	rig_close(&r);
}

/* A new VIP is announced; a reload without one says nothing. */
static void test_announced(void)
{
	static struct rig r;
	struct weir_policy *p = shell_policy(1, 2);
	struct weir_addr vip = weir_addr_v4(weir_be32(SHELL_VIP(2)));
	unsigned int all;

	p->limits.services = 3;
	rig_open(&r, p, 1, 1);
	rig_meet_neighbours(&r);
	rig_settle(&r);
	all = rig_discard(&r);
	CU_ASSERT(all > 0);
	settle(&r, replace(&r, shell_wanted(r.policy)));
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	p = shell_wanted(r.policy);
	p->services[2] = p->services[0];
	weir_policy_listen(p, 2, &vip, weir_be16(SHELL_VIP_PORT));
	p->services[2].n_members = 0;
	p->n_services = 3;
	settle(&r, replace(&r, p));
	rig_settle(&r);
	CU_ASSERT(rig_discard(&r) > all);
	rig_close(&r);
}

/* So many bursts of SYNs to the nat service; those of worker 1's are in its ring. */
static void hand_over(struct rig *r, unsigned int bursts)
{
	for (unsigned int i = 0; i < bursts * WEIR_BURST; i++) {
		struct segment syn = rig_syn(i, SHELL_NAT);

		rig_put_segment(r, SHELL_CLIENTS, 0, &syn);
		if (i % WEIR_BURST == WEIR_BURST - 1)
			weir_worker_turn(r->dp.workers[0].worker);
	}
	rig_discard(r);
}

/*
 * SYNs that wait in a ring for two reloads: the first retires their service, the second gives its number
 * to another one. They are not of that one.
 */
static void test_number_reused(void)
{
	static struct rig r;
	struct weir_policy *p = shell_policy(2, 2);
	const uint32_t other_be = weir_be32(SHELL_VIP(2));
	uint8_t f[SEGMENT_FRAME_MAX];

	p->limits.services = 3;
	rig_open(&r, p, 1, 1);
	rig_meet_neighbours(&r);
	rig_settle(&r);
	rig_discard(&r);
	hand_over(&r, 8);
	CU_ASSERT(rig_handed(&r) > 3 * WEIR_BURST);
	p = shell_wanted(r.policy);
	drop_service(p, SHELL_NAT);
	settle(&r, replace(&r, p));
	p = shell_wanted(r.policy);
	add_service(p);
	settle(&r, replace_idle(&r, p));
	CU_ASSERT_EQUAL_FATAL(weir_be32(r.policy->listeners[SHELL_NAT].vip.w[3]), SHELL_VIP(2));
	rig_settle(&r);
	CU_ASSERT(rig_fate(&r, WEIR_FATE_not_ours) > WEIR_BURST);
	while (rig_take(&r, SHELL_CLIENTS, f) > 0)
		CU_ASSERT_FALSE(f[FRAME_IP + 9] == 6 &&
			memcmp(f + FRAME_IP + 12, &other_be, 4) == 0);
	rig_close(&r);
}

static void nap(void)
{
	nanosleep(&(struct timespec){0, 100000}, NULL);
}

/* Workers on lcores of their own, SYNs and garbage all the while. */
static void test_lcores(void)
{
	static struct rig r;
	struct weir_dp_error err;
	uint8_t f[SEGMENT_FRAME_MAX];
	uint64_t seed = 51;
	unsigned int n = 0;

	rig_open_quiet(&r, 3, 1, 1);
	CU_ASSERT_EQUAL_FATAL(weir_dataplane_launch(&r.dp, &err), 0);
	for (unsigned int round = 0; round < 100; round++) {
		struct weir_policy *was = replace(&r, wanted(&r, round % 2));

		do {
			for (unsigned int i = 0; i < 32; i++, n++) {
				struct segment s = rig_syn(n, n & 1);
				size_t len = n % 3 ? segment_frame(&s, f) : rig_garbage(&seed, f);

				if (rte_mempool_avail_count(r.dp.workers[0].pool.mp) > 1000)
					rig_put(&r, n & 1, 0, f, len, 0);
			}
			rig_discard(&r);
			nap();
		} while (!weir_dataplane_settle(&r.dp));
		weir_policy_free(was);
	}
	weir_dataplane_join(&r.dp);
	for (unsigned int w = 0; w < 3; w++) {
		r.dp.workers[w].launched = false;
		CU_ASSERT_EQUAL(r.dp.workers[w].worker->px.generation, r.policy->generation);
	}
	/* what the workers left in their queues is received by rig_close()'s turns */
	weir_dataplane_set_phase(&r.dp, WEIR_PHASE_RUN);
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"HC-51 one worker", test_one_worker},
		{"HC-51 three workers, one queue", test_handed_over},
		{"HC-51 three workers, a queue each", test_all_queues},
		{"HC-51 what was heard meanwhile", test_neighbours},
		{"HC-51 a new VIP is announced", test_announced},
		{"HC-51 a number given away while packets wait", test_number_reused},
		{"HC-51 workers on lcores of their own", test_lcores},
	};

	rig_eal(argv[0]);
	return unit_main("reload", tests, sizeof(tests) / sizeof(tests[0]));
}
