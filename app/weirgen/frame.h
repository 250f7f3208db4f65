/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames: templates of which thousands are made by copying, where only what differs is written and
 * added to the checksums; and single segments with payload.
 *
 * Payload is one endless text, the same in every connection: byte i of a stream is i % FRAME_TEXT_PERIOD.
 */
#ifndef WEIRGEN_FRAME_H
#define WEIRGEN_FRAME_H

#include <string.h>

#include "base/csum.h"
#include "wire/build.h"

#define FRAME_L4_OFF      (sizeof(struct weir_eth_hdr) + sizeof(struct weir_ipv4_hdr))
#define FRAME_MAX         1514
#define FRAME_TEXT_PERIOD 251

struct frame {
	/* whole lines of it are copied */
	uint8_t bytes[FRAME_MAX + 64] __attribute__((aligned(64)));
	uint16_t len;
	uint64_t ip_sum, tcp_sum; /* of all but what frame_stamp() writes */
};

/*
 * A template like h (its source, seq and ack do not count), with that much payload from the start of
 * the text. The Ethernet addresses are written too.
 */
void frame_make(struct frame *f, const struct weir_header *h, uint16_t payload_len,
	const uint8_t src_mac[6], const uint8_t dst_mac[6]);

/* One frame of it into `to`, which has room for f->len rounded up to whole 64 bytes. */
static inline void frame_stamp(const struct frame *f, uint8_t *to, uint32_t src_be,
	uint16_t sport_be, uint32_t seq, uint32_t ack);

/*
 * A segment with payload, both checksums, without Ethernet addresses. Returns its length. `frame` has
 * room for WEIR_HEADER_FRAME_MAX + payload_len.
 */
uint16_t frame_segment(uint8_t *frame, const struct weir_header *h, const uint8_t *payload,
	uint16_t payload_len);

/* The text from stream position `at` on: at least FRAME_MAX bytes of it. */
const uint8_t *frame_text(uint32_t at);

/* payload is the text from `at` on. */
bool frame_is_text(const uint8_t *payload, uint16_t len, uint32_t at);

/* inline definitions */

static inline void frame_stamp(const struct frame *f, uint8_t *to, uint32_t src_be,
	uint16_t sport_be, uint32_t seq, uint32_t ack)
{
	struct weir_ipv4_hdr *ip = (void *)(to + sizeof(struct weir_eth_hdr));
	struct weir_tcp_hdr *tcp = (void *)(to + FRAME_L4_OFF);
	uint32_t seq_be = weir_be32(seq), ack_be = weir_be32(ack);

	memcpy(to, f->bytes, 64);
	for (unsigned int at = 64; at < f->len; at += 64)
		memcpy(to + at, f->bytes + at, 64);
	ip->src_be = src_be;
	ip->csum = weir_csum_finish(f->ip_sum + src_be);
	tcp->sport_be = sport_be;
	tcp->seq_be = seq_be;
	tcp->ack_be = ack_be;
	tcp->csum = weir_csum_finish(f->tcp_sum + src_be + sport_be + seq_be + ack_be);
}

#endif
