// SPDX-License-Identifier: BSD-3-Clause
/* The adapter between DPDK's buffers and the core's packets. */
#include <rte_mempool.h>

#include "../unit/frame6.h"
#include "../unit/unit.h"
#include "dp/mbuf.h"
#include "dp/tag.h"
#include "rig.h"

static struct rte_mempool *mp;

static struct rte_mbuf *make(const uint8_t *frame, size_t len)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(mp);

	memcpy(rte_pktmbuf_append(m, (uint16_t)len), frame, len);
	return m;
}

/* The same frame in two buffers, the first of which ends after `head` bytes. */
static struct rte_mbuf *make_chain(const uint8_t *frame, size_t len, size_t head)
{
	struct rte_mbuf *m = make(frame, head);

	rte_pktmbuf_chain(m, make(frame + head, len - head));
	return m;
}

static void test_view(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 100);
	struct rte_mbuf *m = make(f, len);
	struct weir_pkt pkt;

	weir_mbuf_view(m, 5, &pkt);
	CU_ASSERT_PTR_EQUAL(pkt.frame.data, rte_pktmbuf_mtod(m, uint8_t *));
	CU_ASSERT_PTR_EQUAL(pkt.buf, m);
	CU_ASSERT_EQUAL(pkt.frame.len, len);
	CU_ASSERT_EQUAL(pkt.frame.head_len, len);
	CU_ASSERT_EQUAL(pkt.frame.room, m->buf_len - RTE_PKTMBUF_HEADROOM);
	CU_ASSERT_EQUAL(pkt.interface, 5);
	CU_ASSERT_EQUAL(pkt.frame.csum, WEIR_CSUM_UNKNOWN);
	rte_pktmbuf_free(m);
}

/* HC-29: taken off and put on again, in the frame or by the device; the second one stays. */
static void test_tag(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 10);
	struct rte_mbuf *m = make(f, len);

	CU_ASSERT_FALSE(weir_tag_is_on(m));
	m->ol_flags = RTE_MBUF_F_TX_TCP_CKSUM;
	m->l2_len = 14;
	weir_tag_put_on(m, 0x123, false);
	CU_ASSERT_EQUAL(m->l2_len, 18); /* where the device finds the IP header */
	CU_ASSERT_EQUAL(m->pkt_len, len + 4);
	CU_ASSERT_EQUAL(m->data_len, len + 4);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod(m, uint8_t *), f, 12), 0);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod_offset(m, uint8_t *, 12), "\x81\x00\x01\x23", 4),
		0);
	rte_pktmbuf_mtod(m, uint8_t *)[14] |= 0xf0; /* priority and drop bit do not matter */
	weir_tag_put_on(m, 7, false);
	CU_ASSERT_TRUE(weir_tag_is_on(m));
	CU_ASSERT_EQUAL(weir_tag_take_off(m), 7);
	CU_ASSERT_TRUE(weir_tag_is_on(m));
	CU_ASSERT_EQUAL(weir_tag_take_off(m), 0x123);
	CU_ASSERT_FALSE(weir_tag_is_on(m));
	CU_ASSERT_EQUAL(m->pkt_len, len);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod(m, uint8_t *), f, len), 0);
	rte_pktmbuf_free(m);
}

static void test_tag_by_device(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 10);
	struct rte_mbuf *m = make(f, len);

	m->ol_flags = RTE_MBUF_F_RX_VLAN | RTE_MBUF_F_RX_VLAN_STRIPPED;
	m->vlan_tci = 0xf123;
	CU_ASSERT_TRUE(weir_tag_is_on(m));
	CU_ASSERT_EQUAL(weir_tag_take_off(m), 0x123);
	m->ol_flags = 0;
	weir_tag_put_on(m, 0x321, true);
	CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_VLAN);
	CU_ASSERT_EQUAL(m->vlan_tci, 0x321);
	CU_ASSERT_EQUAL(m->pkt_len, len);
	CU_ASSERT_EQUAL(memcmp(rte_pktmbuf_mtod(m, uint8_t *), f, len), 0);
	rte_pktmbuf_free(m);
}

/* A tag that is cut off in the middle. */
static void test_tag_short(void)
{
	const uint8_t f[18] = {[12] = 0x81, 0, 0, 9};

	for (size_t len = 0; len < sizeof(f); len++) {
		struct rte_mbuf *m = make(f, len);

		CU_ASSERT_EQUAL(weir_tag_is_on(m), len >= 14);
		CU_ASSERT_TRUE(len < 14 || weir_tag_take_off(m) < 0);
		rte_pktmbuf_free(m);
	}
}

static void test_view_chain(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 1000);
	struct rte_mbuf *m = make_chain(f, len, 60);
	struct weir_pkt pkt;

	weir_mbuf_view(m, 0, &pkt);
	CU_ASSERT_EQUAL(pkt.frame.len, len);
	CU_ASSERT_EQUAL(pkt.frame.head_len, 60);
	CU_ASSERT_EQUAL(pkt.frame.room, 60);
	CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
	rte_pktmbuf_free(m);
}

static void test_csum_flags(void)
{
	static const struct {
		uint64_t ol_flags;
		enum weir_csum_state state;
	} cases[] = {
		{RTE_MBUF_F_RX_L4_CKSUM_UNKNOWN, WEIR_CSUM_UNKNOWN},
		{RTE_MBUF_F_RX_L4_CKSUM_GOOD, WEIR_CSUM_GOOD},
		{RTE_MBUF_F_RX_L4_CKSUM_BAD, WEIR_CSUM_BAD},
		{RTE_MBUF_F_RX_L4_CKSUM_NONE, WEIR_CSUM_PARTIAL},
		{RTE_MBUF_F_RX_L4_CKSUM_GOOD | RTE_MBUF_F_RX_RSS_HASH, WEIR_CSUM_GOOD},
	};
	uint8_t f[FRAME_ROOM];
	struct rte_mbuf *m = make(f, frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 0));
	struct weir_pkt pkt;

	for (unsigned int i = 0; i < RTE_DIM(cases); i++) {
		m->ol_flags = cases[i].ol_flags;
		weir_mbuf_view(m, 0, &pkt);
		CU_ASSERT_EQUAL(pkt.frame.csum, cases[i].state);
	}
	rte_pktmbuf_free(m);
}

/* A reply is longer or shorter than what it answers, and never has the asker's tail. */
static void test_reply_lengths(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 1000);
	unsigned int before = rte_mempool_in_use_count(mp);
	struct rte_mbuf *chain = make_chain(f, len, 200), *m;
	struct weir_pkt pkt;

	weir_mbuf_view(chain, 0, &pkt);
	pkt.frame.len = pkt.frame.head_len = 74;
	m = weir_mbuf_of(&pkt);
	CU_ASSERT_PTR_EQUAL(m, chain);
	CU_ASSERT_EQUAL(m->nb_segs, 1);
	CU_ASSERT_PTR_NULL(m->next);
	CU_ASSERT_EQUAL(m->pkt_len, 74);
	CU_ASSERT_EQUAL(m->data_len, 74);
	CU_ASSERT_EQUAL(rte_mempool_in_use_count(mp), before + 1);
	rte_pktmbuf_free(m);
}

static void test_forward_keeps_chain(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 1000);
	struct rte_mbuf *m = make_chain(f, len, 200);
	struct weir_pkt pkt;

	m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_GOOD;
	weir_mbuf_view(m, 0, &pkt);
	m = weir_mbuf_of(&pkt);
	CU_ASSERT_EQUAL(m->nb_segs, 2);
	CU_ASSERT_EQUAL(m->pkt_len, len);
	CU_ASSERT_EQUAL(m->data_len, 200);
	CU_ASSERT_EQUAL(m->ol_flags, 0);
	rte_pktmbuf_free(m);
}

/* Whatever the length and wherever the buffer ends, software's checksum is the naive one. */
static void test_complete_in_software(void)
{
	uint8_t f[FRAME_ROOM];
	uint64_t seed = 3;

	for (unsigned int i = 0; i < 500; i++) {
		size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, unit_random(&seed) % 1400);
		uint16_t right = frame_get16(f + FRAME_TCP + 16), got;
		size_t head = FRAME_OPT + unit_random(&seed) % (len - FRAME_OPT + 1);
		struct weir_pkt pkt;
		struct rte_mbuf *m;

		frame_put16(f + FRAME_TCP + 16, (uint16_t)unit_random(&seed));
		memset(f + len, 0xee, 6); /* Ethernet's padding is no part of it */
		m = head < len ? make_chain(f, len, head) : make(f, len + 6);
		m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
		weir_mbuf_view(m, 0, &pkt);
		CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
		weir_mbuf_complete_csum(m, &pkt, false);
		got = frame_get16(rte_pktmbuf_mtod(m, uint8_t *) + FRAME_TCP + 16);
		CU_ASSERT_EQUAL(got, right);
		rte_pktmbuf_free(m);
	}
}

/* The device is told where the headers are, and finds the pseudo header's sum. */
static void test_complete_by_device(void)
{
	uint8_t f[FRAME_ROOM];
	size_t len = frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 333);
	uint16_t right = frame_get16(f + FRAME_TCP + 16);
	struct rte_mbuf *m = make(f, len);
	uint8_t *data = rte_pktmbuf_mtod(m, uint8_t *);
	struct weir_pkt pkt;
	uint16_t sum;

	m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
	weir_mbuf_view(m, 0, &pkt);
	CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
	weir_mbuf_complete_csum(m, &pkt, true);
	CU_ASSERT_EQUAL(m->l2_len, 14);
	CU_ASSERT_EQUAL(m->l3_len, 20);
	CU_ASSERT((m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM) != 0);
	CU_ASSERT((m->ol_flags & RTE_MBUF_F_TX_IP_CKSUM) != 0);
	/* what a device does: sums from the TCP header on, over what stands in the field */
	sum = (uint16_t)~frame_sum(0, data + FRAME_TCP, len - FRAME_TCP);
	CU_ASSERT_EQUAL(sum, right);
	CU_ASSERT_EQUAL(frame_get16(data + FRAME_IP + 10), 0);
	rte_pktmbuf_free(m);
}

/* IPv6, with an extension header: the same sum both ways, and no checksum of IP. */
static void test_complete_ipv6(void)
{
	static const uint8_t options[8] = {0, 0, 1, 4};
	uint8_t f[FRAME_ROOM];
	size_t len = frame6_insert(f, frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 333), 60, options, 8);
	uint16_t right = frame_get16(f + FRAME6_TCP + 8 + 16);

	for (unsigned int by_device = 0; by_device < 2; by_device++) {
		struct rte_mbuf *m = make(f, len);
		uint8_t *tcp = rte_pktmbuf_mtod_offset(m, uint8_t *, FRAME6_TCP + 8);
		struct weir_pkt pkt;

		frame_put16(tcp + 16, 0xbeef);
		m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
		weir_mbuf_view(m, 0, &pkt);
		CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
		m->ol_flags = 0;
		weir_mbuf_complete_csum(m, &pkt, by_device);
		if (by_device) {
			CU_ASSERT_EQUAL(m->ol_flags, RTE_MBUF_F_TX_IPV6 | RTE_MBUF_F_TX_TCP_CKSUM);
			CU_ASSERT(m->l2_len == 14 && m->l3_len == 48);
			frame_put16(tcp + 16, (uint16_t)~frame_sum(0, tcp, len - FRAME6_TCP - 8));
		}
		CU_ASSERT_EQUAL(frame_get16(tcp + 16), right);
		rte_pktmbuf_free(m);
	}
}

/* One that leaves as another family's begins earlier or later; the checksum that it lacked is of what it is now. */
static void test_crossed(void)
{
	const struct weir_addr four[2] = {
		weir_addr_v4(weir_be32(0x0a000001)), weir_addr_v4(weir_be32(0x0a000002))};
	const struct weir_addr six[2] = {frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
		frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)};

	for (unsigned int to_six = 0; to_six < 2; to_six++) {
		const struct weir_addr *to = to_six ? six : four;
		const int more = to_six ? 20 : -20;
		uint8_t f[FRAME_ROOM];
		size_t len = to_six ? frame_tcp(f, WEIR_TCP_ACK, NULL, 0, 1000)
				    : frame6_tcp(f, WEIR_TCP_ACK, NULL, 0, 1000);
		struct rte_mbuf *m = make_chain(f, len, 301);
		const uint16_t data_off = m->data_off;
		uint8_t out[FRAME_ROOM];
		struct weir_pkt pkt;

		m->ol_flags = RTE_MBUF_F_RX_L4_CKSUM_NONE;
		weir_mbuf_view(m, 0, &pkt);
		CU_ASSERT_EQUAL(weir_pkt_parse(&pkt), WEIR_PARSED_TCP);
		weir_l3_rewrite(&pkt.frame, &pkt.seg, &to[0], &to[1]);
		m = weir_mbuf_of(&pkt);
		weir_mbuf_complete_csum(m, &pkt, false);
		CU_ASSERT_EQUAL(m->data_off, data_off - more);
		CU_ASSERT(m->nb_segs == 2 && m->data_len == 301 + more);
		CU_ASSERT_EQUAL(m->pkt_len, len + more);
		CU_ASSERT_EQUAL(rte_pktmbuf_read(m, 0, m->pkt_len, out), out);
		CU_ASSERT_EQUAL(to_six ? frame6_sum(out, FRAME6_TCP, 6) : frame_tcp_sum(out),
			0xffff);
		rte_pktmbuf_free(m);
	}
}

int main(int argc, char **argv)
{
	static const struct unit_test tests[] = {
		{"view of a buffer", test_view},
		{"view of a chain", test_view_chain},
		{"HC-29 VLAN tag", test_tag},
		{"HC-29 VLAN tag by the device", test_tag_by_device},
		{"HC-29 VLAN tag cut off", test_tag_short},
		{"HC-29 VLAN tag", test_tag},
		{"HC-29 VLAN tag by the device", test_tag_by_device},
		{"HC-29 VLAN tag cut off", test_tag_short},
		{"what the device says of checksums", test_csum_flags},
		{"replies have their own length", test_reply_lengths},
		{"forwarded chains stay whole", test_forward_keeps_chain},
		{"checksum completed in software", test_complete_in_software},
		{"checksum completed by the device", test_complete_by_device},
		{"checksum completed, IPv6", test_complete_ipv6},
		{"another family's header", test_crossed},
	};

	rig_eal(argv[0]);
	mp = rte_pktmbuf_pool_create("mbuf", 255, 0, 256, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return mp == NULL ? 2 : unit_main("mbuf", tests, RTE_DIM(tests));
}
