/* SPDX-License-Identifier: BSD-3-Clause */
/* The Ethernet header of a frame that has one (head_len >= WEIR_ETH_LEN). No VLAN tag: dp/ takes those off. */
#ifndef WEIR_WIRE_ETH_H
#define WEIR_WIRE_ETH_H

#include "wire/frame.h"
#include "wire/hdr.h"

#define WEIR_ETH_LEN ((unsigned int)sizeof(struct weir_eth_hdr))

static inline const struct weir_eth_hdr *weir_eth(const struct weir_frame *f)
{
	return (const struct weir_eth_hdr *)f->data;
}

/* The MAC address, 6 bytes, of the neighbour that sent the frame. */
static inline const uint8_t *weir_eth_src(const struct weir_frame *f)
{
	return weir_eth(f)->src;
}

#endif
