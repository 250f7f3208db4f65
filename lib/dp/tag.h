/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * VLAN tags of packet buffers: taken off by the device where it can (the buffer then tells the VLAN), else here; put on
 * likewise. The core sees frames without tags, and interfaces. A second tag stays on, and the parser has a name for it.
 */
#ifndef WEIR_DP_TAG_H
#define WEIR_DP_TAG_H

#include <rte_mbuf.h>

#include "wire/vlan.h"

/* The buffer has, or had, a tag. */
static inline bool weir_tag_is_on(const struct rte_mbuf *m);

/* Takes it off a received frame. The VLAN, 0: none, or priority only; -1: the frame is too short for it. */
int weir_tag_take_off(struct rte_mbuf *m);

/*
 * Puts one on a frame that is complete, checksum requests included. by_device: the device does it.
 * INVARIANT: there is headroom; every buffer begins with RTE_PKTMBUF_HEADROOM bytes of it, of which only an IPv6 header
 * in an IPv4 header's place takes some (WEIR_FRAME_FRONT).
 */
void weir_tag_put_on(struct rte_mbuf *m, uint16_t vlan, bool by_device);

/* inline definitions */

static inline bool weir_tag_is_on(const struct rte_mbuf *m)
{
	if (__builtin_expect((m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED) != 0, 0))
		return true;
	return weir_vlan_is_tagged(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len);
}

#endif
