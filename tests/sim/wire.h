/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segments as the peers of the simulator see them, from and to frames, by nothing of the code under
 * test. Hosts by number (tests/lib/ip.h), ports and numbers in host order.
 */
#ifndef WEIR_SIM_WIRE_H
#define WEIR_SIM_WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "ip.h"
#include "wire/hdr.h"

#define SIM_FRAME_MAX   1514
#define SIM_HEADERS     54 /* Ethernet, IPv4 and TCP without options */
#define SIM_NO_WSCALE   0xff
#define SIM_SACKS_MAX   4
#define SIM_PAYLOAD_MAX (SIM_FRAME_MAX - SIM_HEADERS)

struct sim_range {
	uint32_t left, right;
};

struct sim_seg {
	uint8_t family; /* enum weir_family; 0: IPv4 */
	uint32_t src, dst;
	uint16_t sport, dport;
	uint32_t seq, ack;
	uint16_t wnd;
	uint8_t flags; /* WEIR_TCP_* */
	uint8_t wscale;
	bool sack_ok, ts;
	uint16_t mss; /* 0: none */
	uint32_t tsval, tsecr;
	/*
	 * SYN and SYN-ACK: an option that no code knows (RFC 4727), with sums of all that is not to be
	 * changed on its way. Of a segment that was read: it was there, and what was kept.
	 */
	bool sealed, kept_shape, kept_numbers;
	uint8_t opt_len; /* of a segment that was read */
	uint8_t n_sacks;
	struct sim_range sacks[SIM_SACKS_MAX];
	uint16_t payload_len;
	const uint8_t *payload; /* of a segment that was read: in its frame */
};

/*
 * Headers, options and payload, with both checksums. odd: options follow each other without padding,
 * so that numbers stand at odd addresses. Returns the frame's length.
 */
uint32_t sim_wire_write(uint8_t frame[SIM_FRAME_MAX], const struct sim_seg *s, bool odd);

/*
 * The seal says of the segment's shape: flags, window, length and every byte of its options but for the
 * timestamps; and of its numbers: the sequence number and TSval.
 */

/* Makes checksums right for the bytes as they are. */
void sim_wire_mend(uint8_t *frame);

/* A frame with anything wrong, the checksums included, is false. */
bool sim_wire_read(struct sim_seg *s, const uint8_t *frame, uint32_t len);

/*
 * An ICMP error, whole and right: *s has the addresses, ports and sequence number of the segment that it is
 * about, and no more.
 */
bool sim_wire_read_error(struct sim_seg *s, const uint8_t *frame, uint32_t len);

/* Sequence numbers that the segment takes up. */
static inline uint32_t sim_seg_len(const struct sim_seg *s)
{
	return s->payload_len + ((s->flags & WEIR_TCP_SYN) != 0) + ((s->flags & WEIR_TCP_FIN) != 0);
}

#endif
