// SPDX-License-Identifier: BSD-3-Clause
#include "rig_talk.h"

#include "../unit/frame.h"
#include "../unit/unit.h"

void rig_handshake(struct rig *r, struct rig_talk *t, unsigned int i, enum shell_service service)
{
	struct weir_seg seg;
	uint8_t to[6];

	t->client = rig_syn(i, service);
	rig_put_segment(r, 0, i % r->n_rx, &t->client);
	rig_settle(r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(r, 0, &seg, to));
	t->client.flags = WEIR_TCP_ACK;
	t->client.seq++;
	t->client.ack = seg.seq + 1;
	rig_timestamps(&t->client, 5100 + i, seg.tsval);
	rig_put_segment(r, 0, i % r->n_rx, &t->client);
	rig_settle(r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(r, 1, &seg, to));
	CU_ASSERT_EQUAL(seg.flags, WEIR_TCP_SYN);
	CU_ASSERT_EQUAL(to[4], 0xbb);
	t->backend = (struct segment){.src = weir_be32(seg.dst.w[3]),
		.dst = weir_be32(seg.src.w[3]),
		.sport = weir_be16(seg.dport_be),
		.dport = weir_be16(seg.sport_be),
		.seq = 77000 + i,
		.ack = seg.seq + 1,
		.wnd = 65000,
		.ttl = 64,
		.flags = WEIR_TCP_SYN | WEIR_TCP_ACK,
		.src_mac = {2, 0, 0, 0, 0xbb, to[5]}};
	segment_mss(&t->backend, 1460);
	segment_sack_ok(&t->backend);
	segment_timestamps(&t->backend, 900 + i, seg.tsval);
	segment_wscale(&t->backend, 7);
	rig_put_segment(r, 1, (i + 1) % r->n_rx, &t->backend);
	rig_settle(r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(r, 1, &seg, to));
	CU_ASSERT_EQUAL(seg.flags, WEIR_TCP_ACK);
	t->backend.flags = WEIR_TCP_ACK;
	t->backend.seq++;
	rig_timestamps(&t->backend, 901 + i, seg.tsval);
}

void rig_exchange(struct rig *r, struct rig_talk *t, unsigned int i, uint64_t ol_flags)
{
	uint8_t f[SEGMENT_FRAME_MAX], to[6];
	struct weir_seg seg;
	size_t len;

	t->client.payload_len = t->backend.payload_len = (uint16_t)(100 + i);
	len = segment_frame(&t->client, f);
	if (ol_flags != 0)
		frame_put16(f + FRAME_TCP + 16, 0x1234); /* not filled in, says the device */
	CU_ASSERT_TRUE_FATAL(rig_put(r, 0, i % r->n_rx, f, len, ol_flags));
	rig_put_segment(r, 1, (i + 1) % r->n_rx, &t->backend);
	rig_settle(r);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(r, 1, &seg, to)); /* which verifies checksums */
	CU_ASSERT_EQUAL(seg.payload_len, 100 + i);
	CU_ASSERT_EQUAL(seg.seq, t->backend.ack);
	CU_ASSERT_EQUAL(weir_be32(seg.dst.w[3]), t->backend.src);
	CU_ASSERT_EQUAL(to[4], 0xbb);
	CU_ASSERT_TRUE_FATAL(rig_take_segment(r, 0, &seg, to));
	CU_ASSERT_EQUAL(seg.payload_len, 100 + i);
	CU_ASSERT_EQUAL(seg.seq, t->client.ack);
	CU_ASSERT_EQUAL(weir_be32(seg.dst.w[3]), t->client.src);
	CU_ASSERT_EQUAL(to[4], 0xc1);
	CU_ASSERT_EQUAL(to[5], (uint8_t)i);
}
