// SPDX-License-Identifier: BSD-3-Clause
/* Owns the life of a half-open entry: its age, its end, the end of its backend's part, the SYN that passes. */
#include "tcp/entry.h"

#include <string.h>

#include "tcp/calm.h"
#include "tcp/handshake.h"
#include "wire/l3.h"
#include "wire/opt.h"

/* Its timer was set once, by its first SYN. */
uint32_t weir_calm_age_ms(const struct weir_proxy *px, const struct weir_conn *c)
{
	const int32_t left = (int32_t)(c->deadline - weir_tick(px->now_ns)); /* < 0: overdue */
	const int64_t left_ms = left * (int64_t)(WEIR_TICK_NS / 1000000);

	return left_ms < WEIR_HALF_OPEN_MS ? (uint32_t)(WEIR_HALF_OPEN_MS - left_ms) : 0;
}

void weir_entry_leave(struct weir_proxy *px, struct weir_conn *c)
{
	struct weir_hashes hashes = weir_conn_hashes(px, c);

	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_RESET);
	weir_conn_end(px, c, &hashes);
}

void weir_entry_give_up(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->flags & WEIR_CONN_KEYED_BACKEND)
		weir_send_rst_to_backend(px, c);
	weir_entry_leave(px, c);
}

void weir_entry_leave_backend(struct weir_proxy *px, struct weir_conn *c)
{
	weir_connect_blame(px, c);
	c->switches++;
	weir_conn_detach_backend(px, c);
}

void weir_calm_expired(struct weir_proxy *px, struct weir_conn *c)
{
	if (!weir_calm_answered(c) && (c->flags & WEIR_CONN_KEYED_BACKEND))
		weir_connect_count_silent(px, c);
	event(px, WEIR_EVENT_half_open_expired);
	weir_entry_give_up(px, c);
}

void weir_calm_evict(struct weir_proxy *px, struct weir_conn *c)
{
	event(px, WEIR_EVENT_half_open_evicted);
	weir_entry_give_up(px, c);
}

/* A soft error (RFC 5461 §2): the client's next SYN tries another backend, or this one again. */
void weir_calm_unreachable(struct weir_proxy *px, struct weir_conn *c)
{
	if (weir_connect_has_other(px, c))
		weir_entry_leave_backend(px, c);
	else
		weir_connect_blame(px, c);
}

/* How long the headers of a segment are where they are longer, on this side of c or on the other. */
static inline unsigned int headers_len(const struct weir_conn *c, const struct weir_seg *seg)
{
	unsigned int end = seg->l4_off; /* with extension headers */

	if (__builtin_expect(!weir_addr_same_family(&c->client.addr, &c->local.addr), 0) &&
		end < weir_l3_header_end_max())
		end = weir_l3_header_end_max();
	return end - seg->l3_off + (unsigned int)sizeof(struct weir_tcp_hdr);
}

/*
 * The MSS option of a SYN or SYN-ACK held to what every port can carry, as a router does whose links
 * are narrower than its neighbours'. All other options stay as they are, whatever they are.
 */
static void clamp_mss(const struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt)
{
	struct weir_tcp_hdr *tcp = (void *)(pkt->frame.data + pkt->seg.l4_off);
	uint8_t *options = (uint8_t *)(tcp + 1);
	struct weir_changes ch = {0};
	struct weir_opt_iter it;
	const unsigned int headers = headers_len(c, &pkt->seg);
	uint16_t most = UINT16_MAX;

	for (uint32_t i = 0; i < px->policy->n_ports; i++)
		if (px->policy->ports[i].mtu - headers < most)
			most = (uint16_t)(px->policy->ports[i].mtu - headers);
	if (pkt->seg.mss <= most)
		return;
	for (weir_opt_start(&it, options, pkt->seg.opt_len); weir_opt_next(&it);) {
		const unsigned int off = (unsigned int)(it.data - (const uint8_t *)tcp);
		const uint16_t most_be = weir_be16(most);
		uint16_t was_be;

		if (it.kind != WEIR_OPT_MSS || it.data_len != 2)
			continue;
		memcpy(&was_be, it.data, 2);
		memcpy((uint8_t *)tcp + off, &most_be, 2);
		weir_changes_at(&ch, off, weir_csum_delta16(0, weir_be16(was_be), most));
	}
	tcp->csum = weir_csum_apply(tcp->csum, ch.memory + weir_csum_swap(ch.value));
}

void weir_entry_pass_syn(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	clamp_mss(px, c, pkt);
	weir_forward_as_is(px, c, side, pkt);
}
