// SPDX-License-Identifier: BSD-3-Clause
/*
 * Workers between devices: who gets a packet, how it comes there, where it leaves. Every test ends
 * in rig_close(), which looks whether all packets are accounted for and all buffers are back.
 */
#include <rte_mempool.h>

#include "../unit/frame.h"
#include "../unit/unit.h"
#include "rig_talk.h"

/*
 * Steering
 */

/* Answers go back to the MAC address that asked, and come from the worker that owns the client. */
static void answer_syns(unsigned int workers, unsigned int n_rx, unsigned int n_tx)
{
	static struct rig r;
	struct weir_seg seg;
	uint8_t to[6];
	unsigned int n = 0;

	rig_open_quiet(&r, workers, n_rx, n_tx);
	for (unsigned int i = 0; i < 300; i++) {
		struct segment s = rig_syn(i, i & 1 ? SHELL_NAT : SHELL_FULLNAT);

		rig_put_segment(&r, 0, i % n_rx, &s);
	}
	rig_settle(&r);
	for (; rig_take_segment(&r, 0, &seg, to); n++) {
		unsigned int i = weir_be16(seg.dport_be) - 20000u;

		CU_ASSERT_EQUAL(seg.flags, WEIR_TCP_SYN | WEIR_TCP_ACK);
		CU_ASSERT_EQUAL(seg.ack, 1000000 * i + 8);
		CU_ASSERT_EQUAL(to[4], 0xc1);
		CU_ASSERT_EQUAL(to[5], (uint8_t)i);
	}
	CU_ASSERT_EQUAL(n, 300);
	for (unsigned int w = 0; w < workers; w++) {
		const struct weir_counters *c = &r.dp.workers[w].worker->px.counters;

		CU_ASSERT(c->event[WEIR_EVENT_syn_received] > 300 / workers / 2);
		CU_ASSERT_EQUAL(c->port[0].rx_pkts > 0, w < n_rx);
		CU_ASSERT_EQUAL(c->port[0].tx_pkts > 0, w < n_tx);
	}
	CU_ASSERT_EQUAL(rig_handed(&r) > 0, workers > 1);
	rig_close(&r);
}

static void test_one_worker(void)
{
	answer_syns(1, 1, 1);
}

static void test_one_queue(void)
{
	answer_syns(3, 1, 1);
}

static void test_fewer_queues(void)
{
	answer_syns(3, 2, 2);
}

static void test_all_queues(void)
{
	answer_syns(3, 3, 3);
}

/* rss = on: a fullnat client stays where the device put it, a nat client goes to its owner. */
static void test_rss(void)
{
	static struct rig r;
	struct weir_policy *p = shell_policy(3, 2);

	p->ports[0].rss = WEIR_RSS_ON;
	rig_open(&r, p, 3, 3);
	rig_meet_neighbours(&r);
	CU_ASSERT_TRUE(r.dp.nics[0].rss);
	CU_ASSERT_FALSE(r.dp.nics[1].rss);
	for (unsigned int i = 0; i < 90; i++) {
		struct segment s = rig_syn(i, SHELL_FULLNAT);

		rig_put_segment(&r, 0, 2, &s);
	}
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_handed(&r), 0);
	CU_ASSERT_EQUAL(r.dp.workers[2].worker->px.counters.event[WEIR_EVENT_syn_received], 90);
	for (unsigned int i = 0; i < 90; i++) {
		struct segment s = rig_syn(i, SHELL_NAT);

		rig_put_segment(&r, 0, 2, &s);
	}
	rig_settle(&r);
	CU_ASSERT(rig_handed(&r) > 30);
	CU_ASSERT_EQUAL(rig_event(&r, WEIR_EVENT_handed_over), rig_handed(&r));
	rig_close(&r);
}

/* The operator's word counts only if every worker has a queue. */
static void test_rss_too_few_queues(void)
{
	static struct rig r;
	struct weir_policy *p = shell_policy(3, 2);

	p->ports[0].rss = WEIR_RSS_ON;
	rig_open(&r, p, 2, 2);
	CU_ASSERT_FALSE(r.dp.nics[0].rss);
	rig_close(&r);
}

/* "Fragmentation needed" about what the VIP has sent to the i-th client. Returns its length. */
static size_t too_big(uint8_t *f, unsigned int i, const struct weir_seg *sent)
{
	const size_t len = frame_icmp(f, 3, 4, 28);
	uint8_t *quote = f + FRAME_QUOTE;
	const uint32_t src = weir_addr_v4_be(&sent->src), dst = weir_addr_v4_be(&sent->dst);

	memcpy(f + FRAME_IP + 16, &src, 4);
	memset(quote, 0, 28);
	quote[0] = 0x45;
	quote[8] = 60;
	quote[9] = 6;
	memcpy(quote + 12, &src, 4);
	memcpy(quote + 16, &dst, 4);
	memcpy(quote + 20, &sent->sport_be, 2);
	memcpy(quote + 22, &sent->dport_be, 2);
	frame_put32(quote + 24, sent->seq);
	frame_put32(f + FRAME_TCP + 4, 1280 + i);
	frame_put16(f + FRAME_TCP + 2, 0);
	frame_put16(f + FRAME_TCP + 2, (uint16_t)~frame_sum(0, f + FRAME_TCP, 36));
	frame_mend_ip(f);
	return len;
}

/* The backend has sent data to the i-th client, who has not acknowledged it: what the client is shown of it. */
static struct weir_seg send_to_client(struct rig *r, struct rig_talk *t)
{
	struct weir_seg seg = {0};
	uint8_t to[6];

	t->backend.payload_len = 100;
	rig_put_segment(r, 1, 0, &t->backend);
	rig_settle(r);
	CU_ASSERT_TRUE(rig_take_segment(r, 0, &seg, to));
	return seg;
}

/*
 * HC-28: the device has chosen the client's worker, and puts errors about segments to that client on another queue, or
 * on that one. One that is of no connection ends, after every worker was asked, and many of them are dropped at once.
 */
static void test_error_finds_worker(void)
{
	static struct rig r;
	static struct rig_talk t;
	struct weir_policy *p = shell_policy(3, 2);
	uint8_t f[FRAME_ROOM], out[SEGMENT_FRAME_MAX];
	struct weir_seg sent;
	uint64_t handed;
	size_t len;

	p->ports[0].rss = WEIR_RSS_ON;
	rig_open(&r, p, 3, 3);
	rig_meet_neighbours(&r);
	rig_settle(&r);
	rig_discard(&r);
	rig_handshake(&r, &t, 1, SHELL_FULLNAT);
	sent = send_to_client(&r, &t);
	for (unsigned int queue = 0; queue < 3; queue++) {
		len = too_big(f, queue, &sent);
		CU_ASSERT_TRUE(rig_put(&r, 0, queue, f, len, 0));
		rig_settle(&r);
		CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_icmp_forwarded), queue + 1);
		CU_ASSERT_EQUAL_FATAL(rig_take(&r, 1, out), FRAME_QUOTE + 28);
		CU_ASSERT_EQUAL(frame_get32(out + FRAME_TCP + 4), 1280 + queue);
	}
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_icmp_other), 0);
	sent.dport_be = weir_be16(9);
	len = too_big(f, 0, &sent);
	handed = rig_handed(&r);
	CU_ASSERT_TRUE(rig_put(&r, 0, 1, f, len, 0));
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_handed(&r), handed + 2);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_icmp_other), 1);
	for (unsigned int i = 0; i < 3000; i++) {
		CU_ASSERT_TRUE(rig_put(&r, 0, 1, f, len, 0));
		rig_settle(&r);
	}
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_icmp_other), 3001);
	CU_ASSERT(rig_handed(&r) < handed + 2 * 2500);
	rig_close(&r);
}

/*
 * Whole connections
 */

static void converse(unsigned int n_rx, unsigned int n_tx, uint64_t ol_flags)
{
	static struct rig r;
	static struct rig_talk talks[64];
	struct segment late = rig_syn(100, SHELL_FULLNAT);

	rig_open_quiet(&r, 3, n_rx, n_tx);
	for (unsigned int i = 0; i < RTE_DIM(talks); i++) {
		rig_handshake(&r, &talks[i], i, i & 1 ? SHELL_NAT : SHELL_FULLNAT);
		rig_exchange(&r, &talks[i], i, ol_flags);
	}
	for (unsigned int w = 0; w < 3; w++)
		CU_ASSERT(r.dp.workers[w].worker->px.counters.conns > 8);
	/* HC-54: nobody new, then RST to both ends of what is left */
	weir_dataplane_set_phase(&r.dp, WEIR_PHASE_DRAIN);
	CU_ASSERT_NOT_EQUAL(weir_dataplane_active(&r.dp), 0); /* nobody has said so (HC-52) */
	rig_put_segment(&r, 0, 0, &late);
	rig_settle(&r);
	CU_ASSERT_EQUAL(rig_fate(&r, WEIR_FATE_draining), 1);
	CU_ASSERT_EQUAL(weir_dataplane_active(&r.dp), RTE_DIM(talks));
	CU_ASSERT_FALSE(weir_dataplane_is_quiet(&r.dp));
	weir_dataplane_set_phase(&r.dp, WEIR_PHASE_RESET);
	rig_settle(&r);
	CU_ASSERT_TRUE(weir_dataplane_is_quiet(&r.dp));
	for (unsigned int port = 0; port < 2; port++) {
		struct weir_seg seg;
		uint8_t to[6];
		unsigned int n = 0;

		for (; rig_take_segment(&r, port, &seg, to); n++)
			CU_ASSERT_TRUE(seg.flags & WEIR_TCP_RST);
		CU_ASSERT_EQUAL(n, RTE_DIM(talks));
	}
	rig_close(&r);
}

static void test_talk_one_queue(void)
{
	converse(1, 1, 0);
}

static void test_talk_all_queues(void)
{
	converse(3, 3, 0);
}

static void test_talk_partial(void)
{
	converse(3, 1, RTE_MBUF_F_RX_L4_CKSUM_NONE);
}

/*
 * On lcores of their own
 */

static void test_lcores(void)
{
	static struct rig r;
	struct weir_dp_error err;
	uint8_t f[SEGMENT_FRAME_MAX];
	uint64_t seed = 12, handed_in = 0;
	unsigned int put_in = 0;

	rig_open_quiet(&r, 3, 1, 1);
	CU_ASSERT_EQUAL_FATAL(weir_dataplane_launch(&r.dp, &err), 0);
	for (unsigned int i = 0; i < 30000; i++) {
		struct segment s = rig_syn(i, i & 1);
		size_t len = i % 3 ? segment_frame(&s, f) : rig_garbage(&seed, f);

		/* the pool is the workers'; what is under way must leave some of it */
		while (rte_mempool_avail_count(r.dp.workers[0].pool.mp) < 1000)
			rig_discard(&r);
		put_in += rig_put(&r, i & 1, 0, f, len, 0);
		rig_discard(&r);
	}
	for (unsigned int i = 0; i < 1000 && !weir_dataplane_is_quiet(&r.dp); i++) {
		bool empty = rte_ring_empty(r.in[0][0]) && rte_ring_empty(r.in[1][0]);

		rig_discard(&r);
		if (empty)
			weir_dataplane_set_phase(&r.dp, WEIR_PHASE_RESET);
		rte_delay_us_sleep(5000);
	}
	CU_ASSERT_TRUE(weir_dataplane_is_quiet(&r.dp));
	weir_dataplane_join(&r.dp);
	for (unsigned int w = 0; w < 3; w++) {
		const struct weir_counters *c = &r.dp.workers[w].worker->px.counters;

		handed_in += c->handed_in;
		CU_ASSERT(c->event[WEIR_EVENT_syn_received] > 1000);
		CU_ASSERT_EQUAL(rig_unaccounted(&r, w), 0);
	}
	CU_ASSERT_EQUAL(handed_in, rig_handed(&r));
	CU_ASSERT_EQUAL(r.dp.workers[0].worker->px.counters.port[0].rx_pkts +
			r.dp.workers[0].worker->px.counters.port[1].rx_pkts,
		put_in);
	rig_close(&r);
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"one worker", test_one_worker},
		{"3 workers, 1 queue: handed over both ways", test_one_queue},
		{"3 workers, 2 queues", test_fewer_queues},
		{"3 workers, 3 queues", test_all_queues},
		{"RSS trusted: fullnat stays, nat goes to its owner", test_rss},
		{"RSS with too few queues is not trusted", test_rss_too_few_queues},
		{"HC-54 connections over 1 queue, then drained", test_talk_one_queue},
		{"HC-54 connections over 3 queues, then drained", test_talk_all_queues},
		{"connections whose sender leaves checksums open", test_talk_partial},
		{"HC-28 an error finds the client's worker", test_error_finds_worker},
		{"3 workers on lcores", test_lcores},
	};

	rig_eal(argv[0]);
	return unit_main("worker", tests, RTE_DIM(tests));
}
