/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tag of IEEE 802.1Q: four bytes between the Ethernet addresses and the type, of which twelve bits say which VLAN
 * the frame is in. Shells take the outermost one off before the core sees the frame, and put it on.
 */
#ifndef WEIR_WIRE_VLAN_H
#define WEIR_WIRE_VLAN_H

#include <stdbool.h>
#include <string.h>

#include "wire/hdr.h"

#define WEIR_VLAN_LEN 4
#define WEIR_VLAN_ID                                                                               \
	0x0fff /* of the tag control information; the others are priority and drop bits */
#define WEIR_VLAN_MACS 12 /* bytes in front of it */

#define WEIR_VLAN_MIN                                                                              \
	((unsigned int)sizeof(struct weir_eth_hdr) + WEIR_VLAN_LEN) /* of a frame with one */

/* The frame, of which len bytes are at hand, has a tag of 802.1Q, or the beginning of one. */
static inline bool weir_vlan_is_tagged(const uint8_t *frame, uint32_t len)
{
	return len >= sizeof(struct weir_eth_hdr) &&
		((const struct weir_eth_hdr *)frame)->type_be == weir_be16(WEIR_ETH_VLAN);
}

/* Takes it off: the frame, of at least WEIR_VLAN_MIN bytes, begins 4 bytes later. Its VLAN; 0: priority only. */
static inline uint16_t weir_vlan_take_off(uint8_t *frame)
{
	const uint8_t *tci = frame + WEIR_VLAN_MACS + 2;
	const uint16_t vlan = (uint16_t)((tci[0] << 8 | tci[1]) & WEIR_VLAN_ID);

	memmove(frame + WEIR_VLAN_LEN, frame, WEIR_VLAN_MACS);
	return vlan;
}

/* Puts one on: the frame begins 4 bytes earlier, which is at `frame`. Without priority. */
static inline void weir_vlan_put_on(uint8_t *frame, uint16_t vlan)
{
	const uint8_t tag[WEIR_VLAN_LEN] = {
		WEIR_ETH_VLAN >> 8, WEIR_ETH_VLAN & 0xff, (uint8_t)(vlan >> 8), (uint8_t)vlan};

	memmove(frame, frame + WEIR_VLAN_LEN, WEIR_VLAN_MACS);
	memcpy(frame + WEIR_VLAN_MACS, tag, sizeof(tag));
}

#endif
