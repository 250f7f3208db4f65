// SPDX-License-Identifier: BSD-3-Clause
/*
 * Workers with something full, gone or no good: it is dropped by name, counted, and nothing else
 * happens. Every test ends in rig_close(), which looks whether all packets are accounted for and all
 * buffers are back.
 */
#include <rte_mempool.h>

#include "../unit/frame.h"
#include "../unit/unit.h"
#include "rig.h"

static const uint8_t everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

/*
 * What is full, or gone (HC-52)
 */

/* An owner that does not get its turn: the giver drops by name and goes on. */
static void test_handover_full(void)
{
	static struct rig r;

	rig_open_quiet(&r, 2, 1, 1);
	for (unsigned int i = 0; i < 3000; i++) {
		struct segment s = rig_syn(i, SHELL_FULLNAT);

		rig_put_segment(&r, 0, 0, &s);
	}
	while (weir_worker_turn(r.dp.workers[0].worker))
		rig_discard(&r);
	CU_ASSERT_EQUAL(r.dp.workers[0].worker->px.counters.handed_out, WEIR_STEER_RING - 1);
	CU_ASSERT(rig_fate(&r, WEIR_FATE_handover_full) > 200);
	rig_settle(&r);
	rig_close(&r);
}

/* A worker without a queue, and nobody to take its frames: the same on the way out. */
static void test_relay_full(void)
{
	static struct rig r;
	unsigned int handed;

	rig_open_quiet(&r, 2, 2, 1);
	for (unsigned int i = 0; i < 3000; i++) {
		struct segment s = rig_syn(i, SHELL_FULLNAT);

		rig_put_segment(&r, 0, 1, &s);
	}
	while (weir_worker_turn(r.dp.workers[1].worker))
		;
	handed = (unsigned int)r.dp.workers[1].worker->px.counters.event[WEIR_EVENT_handed_over];
	CU_ASSERT_EQUAL(r.dp.workers[1].worker->px.counters.handed_out,
		handed + WEIR_STEER_RING - 1);
	CU_ASSERT(rig_fate(&r, WEIR_FATE_handover_full) > 200);
	rig_settle(&r);
	rig_close(&r);
}

static void test_tx_full(void)
{
	static struct rig r;

	rig_open_quiet(&r, 1, 1, 1);
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 2500; i++) {
			struct segment s = rig_syn(i, SHELL_FULLNAT);

			rig_put_segment(&r, 0, 0, &s);
		}
		rig_settle(&r);
	}
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_syn_cookie), 5000);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_tx_full), 5000 - 4095); /* what the ring holds */
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_port_down), 0);
	CU_ASSERT_EQUAL(rig_discard(&r), 4095);
	rig_close(&r);
}

/* The same while the link is down has another name. */
static void test_port_down(void)
{
	static struct rig r;

	rig_open_quiet(&r, 1, 1, 1);
	r.dp.nics[0].link_up = 0;
	for (unsigned int round = 0; round < 2; round++) {
		for (unsigned int i = 0; i < 2500; i++) {
			struct segment s = rig_syn(i, SHELL_FULLNAT);

			rig_put_segment(&r, 0, 0, &s);
		}
		rig_settle(&r);
	}
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_tx_full), 0);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_port_down), 5000 - 4095);
	rig_close(&r);
}

/* Without a buffer there is no SYN to the backend; it is sent again when there is one. */
static void test_no_mbuf(void)
{
	static struct rig r;
	static struct rte_mbuf *hoard[65536];
	struct segment s = rig_syn(1, SHELL_FULLNAT);
	struct weir_seg seg;
	uint8_t to[6], f[SEGMENT_FRAME_MAX];
	unsigned int n = 0;
	size_t len;

	rig_open_quiet(&r, 1, 1, 1);
	rig_put_segment(&r, 0, 0, &s);
	rig_settle(&r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 0, &seg, to));
	s.flags = WEIR_TCP_ACK;
	s.seq++;
	s.ack = seg.seq + 1;
	rig_timestamps(&s, 5200, seg.tsval);
	len = segment_frame(&s, f);
	CU_ASSERT_TRUE(rig_put(&r, 0, 0, f, len, 0));
	while ((hoard[n] = rte_pktmbuf_alloc(r.dp.workers[0].pool.mp)) != NULL)
		n++;
	weir_worker_turn(r.dp.workers[0].worker);
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_no_mbuf), 1);
	CU_ASSERT_FALSE(rig_take_segment(&r, 1, &seg, to));
	rte_pktmbuf_free_bulk(hoard, n);
	for (unsigned int i = 0; i < 100 && rig_event(&r, WEIR_EVENT_backend_syn_resent) == 0;
		i++) {
		rte_delay_us_sleep(10000);
		rig_settle(&r);
	}
	CU_ASSERT_TRUE(rig_take_segment(&r, 1, &seg, to));
	CU_ASSERT_EQUAL(seg.flags, WEIR_TCP_SYN);
	rig_close(&r);
}

/* The segment is lost, and a request goes out at once; when it is answered, the next one passes. */
static void test_no_neighbour(void)
{
	static struct rig r;
	struct segment s = rig_syn(1, SHELL_FULLNAT);
	struct weir_seg seg;
	uint8_t to[6], f[SEGMENT_FRAME_MAX];
	unsigned int asked = 0;
	size_t len;

	rig_open(&r, shell_policy(2, 1), 1, 1);
	rig_settle(&r);
	rig_discard(&r);
	rte_delay_us_sleep(110000); /* WEIR_NEIGH_URGENT_NS */
	rig_put_segment(&r, 0, 0, &s);
	rig_settle(&r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(&r, 0, &seg, to));
	s.flags = WEIR_TCP_ACK;
	s.seq++;
	s.ack = seg.seq + 1;
	rig_timestamps(&s, 5200, seg.tsval);
	rig_put_segment(&r, 0, 0, &s);
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_no_neighbour), 1);
	while ((len = rig_take(&r, 1, f)) > 0) {
		CU_ASSERT_EQUAL(len, 42);
		CU_ASSERT_EQUAL(memcmp(f, everybody, 6), 0);
		CU_ASSERT_EQUAL(frame_get16(f + 12), 0x0806);
		CU_ASSERT_EQUAL(frame_get16(f + 40), SHELL_BACKEND(0, 0) & 0xffff);
		asked++;
	}
	CU_ASSERT_EQUAL(asked, 1);
	rig_meet_neighbours(&r);
	for (unsigned int i = 0; i < 100 && rig_event(&r, WEIR_EVENT_backend_syn_resent) == 0;
		i++) {
		rte_delay_us_sleep(10000);
		rig_settle(&r);
	}
	CU_ASSERT_TRUE(rig_take_segment(&r, 1, &seg, to));
	CU_ASSERT_EQUAL(seg.flags, WEIR_TCP_SYN);
	rig_close(&r);
}

/*
 * What is not for us, or no good (HC-50)
 */

static void test_macs(void)
{
	static struct rig r;
	uint8_t f[SEGMENT_FRAME_MAX];
	struct segment s = rig_syn(1, SHELL_FULLNAT);
	size_t len = segment_frame(&s, f);

	rig_open_quiet(&r, 1, 1, 1);
	f[5] = 9; /* somebody else */
	rig_put(&r, 0, 0, f, len, 0);
	memcpy(f, everybody, 6);
	rig_put(&r, 0, 0, f, len, 0);
	segment_frame(&s, f);
	f[6] |= 1; /* from a group: the answer would flood the wire */
	rig_put(&r, 0, 0, f, len, 0);
	memset(f + 6, 0xff, 6);
	rig_put(&r, 0, 0, f, len, 0);
	rig_put(&r, 0, 0, f, 9, 0); /* too short to say */
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_other_mac), 2);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_martian), 2);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_short_frame), 1);
	CU_ASSERT_EQUAL(rig_discard(&r), 0);
	rig_close(&r);
}

static void test_garbage(void)
{
	static struct rig r;
	uint8_t f[SEGMENT_FRAME_MAX];
	uint64_t seed = 11;

	rig_open_quiet(&r, 3, 2, 1);
	for (unsigned int i = 0; i < 20000; i++) {
		size_t len = rig_garbage(&seed, f);

		rig_put(&r, i & 1, (i >> 1) & 1, f, len, 0);
		if (i % 100 != 0)
			continue;
		rig_settle(&r);
		rig_discard(&r);
		for (unsigned int w = 0; w < 3; w++)
			CU_ASSERT_EQUAL(rig_unaccounted(&r, w), 0);
	}
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"HC-52 hand-over ring full", test_handover_full},
		{"HC-52 ring to the worker with the queue full", test_relay_full},
		{"HC-52 device full", test_tx_full},
		{"HC-52 link down", test_port_down},
		{"HC-52 no buffers", test_no_mbuf},
		{"HC-52 next hop unknown", test_no_neighbour},
		{"MAC addresses", test_macs},
		{"HC-50 garbage is accounted for", test_garbage},
	};

	rig_eal(argv[0]);
	return unit_main("faults", tests, RTE_DIM(tests));
}
