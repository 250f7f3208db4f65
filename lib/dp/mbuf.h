/* SPDX-License-Identifier: BSD-3-Clause */
/* Conversion between DPDK's packet buffers (mbufs) and the core's view of a frame. */
#ifndef WEIR_DP_MBUF_H
#define WEIR_DP_MBUF_H

#include <rte_mbuf.h>

#include "base/csum.h"
#include "flow/pkt.h"
#include "wire/l3.h"

_Static_assert(RTE_PKTMBUF_HEADROOM >= WEIR_FRAME_FRONT, "a frame may grow in front");

/*
 * Fills in what the core wants to know of a received buffer. interface: that it came in by, an index
 * into the policy's interfaces.
 */
static inline void weir_mbuf_view(struct rte_mbuf *m, uint8_t interface, struct weir_pkt *pkt);

/* The buffer of a packet after the core's decision, with the lengths that the core has set. */
static inline struct rte_mbuf *weir_mbuf_of(const struct weir_pkt *pkt);

/*
 * For a forwarded segment that came in as WEIR_CSUM_PARTIAL: its checksum is filled in here, or by the
 * device when that can. m is the packet's buffer.
 */
static inline void weir_mbuf_complete_csum(struct rte_mbuf *m, const struct weir_pkt *pkt,
	bool by_device);

/* inline definitions */

static inline enum weir_csum_state weir_mbuf_csum(const struct rte_mbuf *m)
{
	switch (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) {
	case RTE_MBUF_F_RX_L4_CKSUM_GOOD:
		return WEIR_CSUM_GOOD;
	case RTE_MBUF_F_RX_L4_CKSUM_BAD:
		return WEIR_CSUM_BAD;
	case RTE_MBUF_F_RX_L4_CKSUM_NONE: /* "not correct in the data, but the data is good" */
		return WEIR_CSUM_PARTIAL;
	}
	return WEIR_CSUM_UNKNOWN;
}

static inline void weir_mbuf_view(struct rte_mbuf *m, uint8_t interface, struct weir_pkt *pkt)
{
	uint32_t room = (uint32_t)m->data_len + rte_pktmbuf_tailroom(m);

	pkt->frame.data = rte_pktmbuf_mtod(m, uint8_t *);
	pkt->buf = m;
	pkt->frame.len = m->pkt_len;
	pkt->frame.head_len = m->data_len;
	/* in a chain the tailroom must not be used: what follows is in the next buffer */
	pkt->frame.room = (uint16_t)(m->nb_segs == 1 ? room : m->data_len);
	pkt->interface = interface;
	pkt->frame.csum = (uint8_t)weir_mbuf_csum(m);
}

static inline struct rte_mbuf *weir_mbuf_of(const struct weir_pkt *pkt)
{
	struct rte_mbuf *m = pkt->buf;

	if (m->nb_segs > 1 &&
		pkt->frame.len ==
			pkt->frame
				.head_len) { /* a reply: the other buffers held the rest of the request */
		rte_pktmbuf_free(m->next);
		m->next = NULL;
		m->nb_segs = 1;
	}
	/* it begins elsewhere when its address family is another one now */
	m->data_off = (uint16_t)(pkt->frame.data - (uint8_t *)m->buf_addr);
	m->pkt_len = pkt->frame.len;
	m->data_len = pkt->frame.head_len;
	m->ol_flags = 0; /* they describe the received frame */
	return m;
}

/*
 * The folded sum of len bytes from off on. (rte_raw_cksum_mbuf() of DPDK 22.11 is wrong when a buffer
 * before the last ends at an odd place: it swaps a sum's bytes before it has folded it.)
 */
static inline uint16_t weir_mbuf_sum(const struct rte_mbuf *m, uint32_t off, uint32_t len)
{
	uint64_t sum = 0;
	uint32_t done = 0;

	for (; m != NULL && done < len; m = m->next) {
		uint32_t n;
		uint16_t part;

		if (off >= m->data_len) {
			off -= m->data_len;
			continue;
		}
		n = RTE_MIN(m->data_len - off, len - done);
		part = weir_csum_fold(weir_csum_add(0,
			rte_pktmbuf_mtod_offset(m, const uint8_t *, off), n));
		sum += done & 1 ? __builtin_bswap16(part) : part; /* RFC 1071 §2 B */
		done += n;
		off = 0;
	}
	return weir_csum_fold(sum);
}

static inline void weir_mbuf_complete_csum(struct rte_mbuf *m, const struct weir_pkt *pkt,
	bool by_device)
{
	const struct weir_seg *seg = &pkt->seg;
	const uint16_t l4_len = weir_seg_l4_len(seg);
	struct weir_tcp_hdr *tcp = (struct weir_tcp_hdr *)(pkt->frame.data + seg->l4_off);
	uint64_t addr_sum = weir_l3_addr_sum_of(&pkt->frame, seg);

	tcp->csum = 0;
	if (!by_device) {
		tcp->csum = weir_csum_finish(weir_mbuf_sum(m, seg->l4_off, l4_len) +
			weir_pseudo_sum(addr_sum, l4_len));
		return;
	}
	m->l2_len = seg->l3_off;
	m->l3_len = seg->l4_off - seg->l3_off;
	/* an mbuf with this flag has to name the family; IPv6's header has no checksum */
	m->ol_flags |= RTE_MBUF_F_TX_TCP_CKSUM |
		(weir_l3_is_ipv4(seg->family) ? RTE_MBUF_F_TX_IPV4 | RTE_MBUF_F_TX_IP_CKSUM
					      : RTE_MBUF_F_TX_IPV6);
	weir_l3_zero_csum(&pkt->frame, seg);
	tcp->csum = weir_csum_fold(weir_pseudo_sum(addr_sum, l4_len));
}

#endif
