/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A form: a header-only TCP frame of which all but a few fields is known beforehand, checksums
 * included. What is sent millions of times a second is filled in rather than built.
 */
#ifndef WEIR_WIRE_FORM_H
#define WEIR_WIRE_FORM_H

#include "base/csum.h"
#include "wire/build.h"

/* From the Ethernet type on: the addresses in front of it are the shell's. */
#define WEIR_FORM_AT 12

struct weir_form {
	uint8_t bytes[WEIR_HEADER_FRAME_MAX - WEIR_FORM_AT];
	uint8_t len;              /* of the frame */
	uint8_t ts_off;           /* of TSval in the frame; 0: it has no timestamps */
	uint16_t ip_sum, tcp_sum; /* folded, of all that is in it already */
};

/* The fields to be filled in. Numbers in host order unless the name says _be. */
struct weir_form_fields {
	uint32_t dst_be;
	uint16_t dport_be;
	uint16_t wnd; /* as it goes into the header */
	uint32_t seq, ack;
	uint32_t tsval, tsecr; /* when the form has timestamps */
};

/* Those fields of h must be 0. With timestamps h has an MSS, as a SYN or SYN-ACK does. */
void weir_form_make(struct weir_form *f, const struct weir_header *h);

/*
 * Writes the frame, but for its Ethernet addresses, and returns its length: what weir_build_tcp() makes
 * of h with the fields in it. There is room for WEIR_HEADER_FRAME_MAX bytes, at an even address.
 */
static inline uint16_t weir_form_fill(uint8_t *frame, const struct weir_form *f,
	const struct weir_form_fields *v);

/* inline definitions */

static inline uint16_t weir_form_fill(uint8_t *frame, const struct weir_form *f,
	const struct weir_form_fields *v)
{
	struct weir_ipv4_hdr *ip = (void *)(frame + sizeof(struct weir_eth_hdr));
	struct weir_tcp_hdr *tcp = (void *)(ip + 1);
	const uint32_t seq_be = weir_be32(v->seq), ack_be = weir_be32(v->ack);
	const uint16_t wnd_be = weir_be16(v->wnd);
	uint64_t sum = (uint64_t)f->tcp_sum + v->dst_be + v->dport_be + seq_be + ack_be + wnd_be;

	__builtin_memcpy(frame + WEIR_FORM_AT, f->bytes, sizeof(f->bytes));
	if (f->ts_off != 0) {
		const uint32_t ts_be[2] = {weir_be32(v->tsval), weir_be32(v->tsecr)};

		__builtin_memcpy(frame + f->ts_off, ts_be, sizeof(ts_be));
		sum += (uint64_t)ts_be[0] + ts_be[1];
	}
	ip->dst_be = v->dst_be;
	ip->csum = weir_csum_finish((uint64_t)f->ip_sum + v->dst_be);
	tcp->dport_be = v->dport_be;
	tcp->seq_be = seq_be;
	tcp->ack_be = ack_be;
	tcp->wnd_be = wnd_be;
	tcp->csum = weir_csum_finish(sum);
	return f->len;
}

#endif
