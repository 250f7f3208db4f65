// SPDX-License-Identifier: BSD-3-Clause
#include "dp/tag.h"

#include "wire/frame.h"

_Static_assert(RTE_PKTMBUF_HEADROOM >= WEIR_FRAME_FRONT + WEIR_VLAN_LEN,
	"a tag has room in front of every frame");

int weir_tag_take_off(struct rte_mbuf *m)
{
	uint16_t vlan;

	if (m->ol_flags & RTE_MBUF_F_RX_VLAN_STRIPPED)
		return m->vlan_tci & WEIR_VLAN_ID;
	if (m->data_len < WEIR_VLAN_MIN)
		return -1;
	vlan = weir_vlan_take_off(rte_pktmbuf_mtod(m, uint8_t *));
	rte_pktmbuf_adj(m, WEIR_VLAN_LEN);
	return vlan;
}

void weir_tag_put_on(struct rte_mbuf *m, uint16_t vlan, bool by_device)
{
	if (by_device) {
		m->ol_flags |= RTE_MBUF_F_TX_VLAN;
		m->vlan_tci = vlan;
		return;
	}
	rte_pktmbuf_prepend(m, WEIR_VLAN_LEN);
	weir_vlan_put_on(rte_pktmbuf_mtod(m, uint8_t *), vlan);
	if (m->ol_flags & RTE_MBUF_F_TX_TCP_CKSUM)
		m->l2_len += WEIR_VLAN_LEN;
}
