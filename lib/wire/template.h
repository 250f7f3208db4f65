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
	uint8_t family;           /* enum weir_family */
	uint8_t len;              /* of the frame */
	uint8_t ts_off;           /* of TSval in the frame; 0: it has no timestamps */
	uint16_t ip_sum, tcp_sum; /* folded, of all that is in it already */
	uint8_t bytes[WEIR_HEADER_FRAME_MAX - WEIR_TEMPLATE_AT];
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
 * Makes a template of h, in which those fields are 0 (the destination: 0 of either family; the
 * template is of the source's). With
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

/* Templates that are not of IPv4. */
uint16_t weir_template_fill_other(uint8_t *frame, const struct weir_template *t,
	const struct weir_template_fields *v);

/* For each family, whose lengths and offsets are constants. */
static inline __attribute__((always_inline)) uint16_t weir_template_fill_as(uint8_t *frame,
	const struct weir_template *t, const struct weir_template_fields *v,
	enum weir_family family)
{
	const unsigned int l4_off = weir_l3_header_end(family);
	struct weir_tcp_hdr *tcp = (void *)(frame + l4_off);
	const uint32_t seq_be = weir_be32(v->seq), ack_be = weir_be32(v->ack);
	const uint16_t wnd_be = weir_be16(v->wnd);
	uint64_t sum = (uint64_t)t->tcp_sum + v->dport_be + seq_be + ack_be + wnd_be;

	__builtin_memcpy(frame + WEIR_TEMPLATE_AT, t->bytes,
		l4_off + sizeof(*tcp) + WEIR_BUILD_OPTIONS_MAX - WEIR_TEMPLATE_AT);
	if (t->ts_off != 0) {
		const uint32_t ts_be[2] = {weir_be32(v->tsval), weir_be32(v->tsecr)};

		__builtin_memcpy(frame + t->ts_off, ts_be, sizeof(ts_be));
		sum += (uint64_t)ts_be[0] + ts_be[1];
	}
	sum += weir_l3_set_dst(frame, family, v->dst, t->ip_sum);
	tcp->dport_be = v->dport_be;
	tcp->seq_be = seq_be;
	tcp->ack_be = ack_be;
	tcp->wnd_be = wnd_be;
	tcp->csum = weir_csum_finish(sum);
	return t->len;
}

static inline uint16_t weir_template_fill(uint8_t *frame, const struct weir_template *t,
	const struct weir_template_fields *v)
{
	if (!weir_l3_is_ipv4(t->family)) {
		const struct weir_template_fields copy =
			*v; /* so that *v itself stays in registers */

		return weir_template_fill_other(frame, t, &copy);
	}
	return weir_template_fill_as(frame, t, v, WEIR_FAMILY_IPV4);
}

#endif
