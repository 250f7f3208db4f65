// SPDX-License-Identifier: BSD-3-Clause
#include "meter.h"

const char *const meter_names[METER_CLASSES] = {
	[METER_SYN_ACK] = "syn_ack",
	[METER_SYN_ACK_WRONG] = "syn_ack_wrong",
	[METER_RST] = "rst",
	[METER_RST_WRONG] = "rst_wrong",
	[METER_TCP] = "tcp_other",
	[METER_BAD] = "bad",
	[METER_ICMP] = "icmp",
	[METER_ARP] = "arp",
	[METER_CONNS] = "conns",
};

/* To a capture's frames, whose numbers are not ours. */
static enum meter_class judge_unasked(const struct weir_seg *seg)
{
	if ((seg->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == (WEIR_TCP_SYN | WEIR_TCP_ACK))
		return METER_SYN_ACK;
	return seg->flags & WEIR_TCP_RST ? METER_RST : METER_TCP;
}

enum meter_class meter_judge(const struct meter *m, const struct weir_seg *seg, uint8_t flags)
{
	struct meter_numbers sent = meter_numbers(m->secret, seg->dst.w[3], seg->dport_be);
	bool syn = flags & WEIR_TCP_SYN;

	if (m->to_be == 0)
		return judge_unasked(seg);
	if (seg->src.w[3] != m->to_be || seg->sport_be != m->to_port_be)
		return METER_TCP;
	if ((seg->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == (WEIR_TCP_SYN | WEIR_TCP_ACK))
		return syn && seg->ack == sent.seq + 1 ? METER_SYN_ACK : METER_SYN_ACK_WRONG;
	if (!(seg->flags & WEIR_TCP_RST))
		return METER_TCP;
	/* RFC 9293 §3.10.7.1: of an ACK the reset takes the number; a SYN is acknowledged */
	if (syn ? seg->ack == sent.seq + 1 : seg->seq == sent.ack)
		return METER_RST;
	return METER_RST_WRONG;
}
