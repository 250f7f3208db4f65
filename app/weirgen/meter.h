/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers to a flood. The numbers in a flood's segments are a function of their source, so that every
 * answer can be verified without state.
 */
#ifndef WEIRGEN_METER_H
#define WEIRGEN_METER_H

#include "random.h"
#include "flow/pkt.h"

enum meter_class {
	METER_SYN_ACK,       /* it acknowledges our SYN */
	METER_SYN_ACK_WRONG, /* it does not */
	METER_RST,           /* with the number that our segment asked for */
	METER_RST_WRONG,
	METER_TCP, /* any other segment, or from another service than the target */
	METER_BAD, /* does not parse: a checksum, a length */
	METER_ICMP,
	METER_ARP,
	METER_CONNS, /* of our own connections: counted there */
	METER_CLASSES
};

extern const char *const meter_names[METER_CLASSES];

struct meter {
	/* the target of floods; 0: there is none, and answers are not verified */
	uint32_t to_be;
	uint16_t to_port_be;
	uint64_t secret;
	/* atomics, by one writer: weir_count() */
	uint64_t seen[METER_CLASSES];
};

struct meter_numbers {
	uint32_t seq, ack;
};

/* The numbers of a flood's segment from that source. */
static inline struct meter_numbers meter_numbers(uint64_t secret, uint32_t src_be,
	uint16_t sport_be)
{
	uint64_t x = random_mix(secret ^ ((uint64_t)src_be << 16 | sport_be));

	return (struct meter_numbers){.seq = (uint32_t)(x >> 32), .ack = (uint32_t)x};
}

/* Classifies a received segment as an answer to a flood of flags (SYN or ACK). */
enum meter_class meter_judge(const struct meter *m, const struct weir_seg *seg, uint8_t flags);

#endif
