/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A header template: a header-only TCP frame of which all but a few fields is known beforehand, its
 * checksums' sums included. What is sent millions of times a second (a SYN-ACK) is filled in rather than
 * built.
 */
#ifndef WEIR_WIRE_TEMPLATE_H
#define WEIR_WIRE_TEMPLATE_H

#include "base/csum.h"
#include "wire/build.h"
#include "wire/l3.h"

/* From the Ethernet type on: the addresses in front of it are the shell's. */
#define WEIR_TEMPLATE_AT 12

struct weir_template {
	uint8_t bytes[WEIR_HEADER_FRAME_MAX - WEIR_TEMPLATE_AT];
	uint8_t len;              /* of the frame */
	uint8_t ts_off;           /* of TSval in the frame; 0: it has no timestamps */
	uint16_t ip_sum, tcp_sum; /* folded, of all that is in it already */
};

/* The fields to be filled in. Numbers in host order unless the name says _be. */
struct weir_template_fields {
	const struct weir_addr *dst; /* of the template's family */
	uint16_t dport_be;
	uint16_t wnd; /* as it goes into the header */
	uint32_t seq, ack;
	uint32_t tsval, tsecr; /* when the template has timestamps */
};

/*
 * Makes a template of h, in which those fields are 0 (the destination: 0 of the source's family). With
 * timestamps h has an MSS, as a SYN or SYN-ACK does. Never fails.
 */
void weir_template_make(struct weir_template *t, const struct weir_header *h);

/*
 * Writes the frame, but for its Ethernet addresses, and returns its length: what weir_build_tcp() makes
 * of h with the fields in it. There is room for WEIR_HEADER_FRAME_MAX bytes, at an even address.
 */
static inline uint16_t weir_template_fill(uint8_t *frame, const struct weir_template *t,
	const struct weir_template_fields *v);

/* inline definitions */

static inline uint16_t weir_template_fill(uint8_t *frame, const struct weir_template *t,
	const struct weir_template_fields *v)
{
	struct weir_tcp_hdr *tcp = (void *)(frame + weir_l3_header_end(v->dst));
	const uint32_t seq_be = weir_be32(v->seq), ack_be = weir_be32(v->ack);
	const uint16_t wnd_be = weir_be16(v->wnd);
	uint64_t sum = (uint64_t)t->tcp_sum + v->dport_be + seq_be + ack_be + wnd_be;

	__builtin_memcpy(frame + WEIR_TEMPLATE_AT, t->bytes, sizeof(t->bytes));
	if (t->ts_off != 0) {
		const uint32_t ts_be[2] = {weir_be32(v->tsval), weir_be32(v->tsecr)};

		__builtin_memcpy(frame + t->ts_off, ts_be, sizeof(ts_be));
		sum += (uint64_t)ts_be[0] + ts_be[1];
	}
	sum += weir_l3_set_dst(frame, v->dst, t->ip_sum);
	tcp->dport_be = v->dport_be;
	tcp->seq_be = seq_be;
	tcp->ack_be = ack_be;
	tcp->wnd_be = wnd_be;
	tcp->csum = weir_csum_finish(sum);
	return t->len;
}

#endif
