/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Translation of a segment from one side of a connection to the other (HC-20): every number in its
 * header, in place. Private to tcp/.
 */
#ifndef WEIR_TCP_TRANSLATE_H
#define WEIR_TCP_TRANSLATE_H

#include <string.h>

#include "flow/conn.h"
#include "flow/policy.h"
#include "tcp/window.h"
#include "wire/l3.h"

/*
 * Rewrites a segment of `side` into the other side's numbers: addresses, ports, sequence and
 * acknowledgement number, window scale, TSval, TSecr, SACK blocks. Both checksums are updated
 * incrementally, so that a wrong one stays wrong. pkt->seg keeps the numbers of the sender.
 */
static inline void weir_translate(const struct weir_conn *c, const struct weir_policy *p,
	enum weir_side side, struct weir_pkt *pkt);

/* A window field of `side` rescaled for the other side, rounded down. */
static inline uint16_t weir_translate_window(const struct weir_conn *c, enum weir_side side,
	uint16_t wnd);

/* inline definitions */

/*
 * The sum of all changes to a header, for its checksum. INVARIANT: every store into the header is
 * added here. Numbers are summed by value, that is byte-swapped against memory.
 */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are swapped words");
struct weir_changes {
	uint64_t memory; /* words as they lie in memory; numbers at odd places */
	uint64_t value;  /* numbers at even places */
};

static inline void weir_store_be32(uint8_t *at, uint32_t value)
{
	value = weir_be32(value);
	memcpy(at, &value, 4);
}

static inline uint32_t weir_load_be32(const uint8_t *at)
{
	uint32_t word;

	memcpy(&word, at, 4);
	return weir_be32(word);
}

/* Stores from + add and returns delta with that change, by value. */
static inline uint64_t weir_add32(uint8_t *at, uint32_t from, uint32_t add, uint64_t delta)
{
	weir_store_be32(at, from + add);
	return weir_csum_delta32(delta, from, from + add);
}

/* Changes of numbers at that offset. At an odd one they are swapped twice, that is not at all. */
static inline void weir_changes_at(struct weir_changes *ch, unsigned int off, uint64_t values)
{
	if (off & 1)
		ch->memory += values;
	else
		ch->value += values;
}

/* RFC 2018 §3: left and right edges, acknowledging the other side's data. */
void weir_shift_sack(uint8_t *tcp, const struct weir_seg *seg, uint32_t add,
	struct weir_changes *ch);

/*
 * The backend's to the client. HC-80: a D-SACK of inserted bytes is not for the client, and what is beside it comes
 * again: NOPs.
 */
void weir_shift_backend_sack(const struct weir_conn *c, const struct weir_policy *p, uint8_t *tcp,
	const struct weir_seg *seg, struct weir_changes *ch);

/*
 * HC-80: c is ESTABLISHED or later, and the number, in the client's space, is that of an inserted byte, as far as
 * can be known: tcp/inserted.h.
 */
bool weir_is_inserted(const struct weir_conn *c, const struct weir_policy *p, uint32_t seq);

/* HC-03: the backend never offered SACK, so it gets NOPs. */
void weir_strip_sack(uint8_t *tcp, const struct weir_seg *seg, struct weir_changes *ch);

static inline uint16_t weir_translate_window(const struct weir_conn *c, enum weir_side side,
	uint16_t wnd)
{
	uint32_t bytes = (uint32_t)wnd << weir_window_shift(c, side);
	unsigned int shown = side == WEIR_BACKEND ? c->wscale_shown
		: c->backend_unscaled             ? 0
						  : c->wscale_client;

	bytes >>= shown;
	return bytes > 0xffff ? 0xffff : (uint16_t)bytes;
}

/* Addresses and ports. */
static inline void weir_set_tuple(struct weir_pkt *pkt, struct weir_tcp_hdr *tcp,
	const struct weir_addr *src, uint16_t sport_be, const struct weir_addr *dst,
	uint16_t dport_be, struct weir_changes *ch)
{
	const uint16_t ports_be[2] = {sport_be, dport_be};
	uint32_t from, to;

	ch->memory += weir_l3_rewrite(&pkt->frame, &pkt->seg, src, dst);
	memcpy(&from, &tcp->sport_be, sizeof(from));
	memcpy(&to, ports_be, sizeof(to));
	ch->memory = weir_csum_delta32(ch->memory, from, to);
	memcpy(&tcp->sport_be, &to, sizeof(to));
}

/* RFC 7323 §3.2: TSecr is valid only with ACK. */
static inline void weir_shift_timestamps(const struct weir_conn *c, enum weir_side side,
	uint8_t *tcp, const struct weir_seg *seg, struct weir_changes *ch)
{
	uint8_t *ts = tcp + seg->ts_off;
	uint64_t values = weir_add32(ts, seg->tsval, c->ts_delta[side], 0);

	if (seg->flags & WEIR_TCP_ACK)
		values = weir_add32(ts + 4, seg->tsecr, 0u - c->ts_delta[weir_other(side)], values);
	weir_changes_at(ch, seg->ts_off, values);
}

static inline __attribute__((always_inline)) void weir_translate(const struct weir_conn *c,
	const struct weir_policy *p, enum weir_side side, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	const struct weir_listener *listener = &p->listeners[c->client.id];
	const struct weir_backend *bk = &p->backends[c->backend];
	struct weir_tcp_hdr *tcp = (void *)(pkt->frame.data + seg->l4_off);
	const uint32_t ack_add = 0u - c->seq_delta[weir_other(side)];
	const uint16_t wnd = weir_translate_window(c, side, seg->wnd);
	struct weir_changes ch = {0};

	if (side == WEIR_CLIENT)
		weir_set_tuple(pkt, tcp, &c->local.addr, c->local.port_be, &bk->addr, bk->port_be,
			&ch);
	else
		weir_set_tuple(pkt, tcp, &listener->vip, listener->port_be, &c->client.addr,
			c->client.port_be, &ch);
	ch.value = weir_add32((uint8_t *)&tcp->seq_be, seg->seq, c->seq_delta[side], ch.value);
	if (seg->flags & WEIR_TCP_ACK)
		ch.value = weir_add32((uint8_t *)&tcp->ack_be, seg->ack, ack_add, ch.value);
	ch.value = weir_csum_delta16(ch.value, seg->wnd, wnd);
	tcp->wnd_be = weir_be16(wnd);
	if (seg->ts_off != 0)
		weir_shift_timestamps(c, side, (uint8_t *)tcp, seg, &ch);
	if (seg->sack_blocks != 0 && side == WEIR_CLIENT && (c->flags & WEIR_CONN_STRIP_SACK))
		weir_strip_sack((uint8_t *)tcp, seg, &ch);
	else if (seg->sack_blocks != 0 && side == WEIR_BACKEND)
		weir_shift_backend_sack(c, p, (uint8_t *)tcp, seg, &ch);
	else if (seg->sack_blocks != 0)
		weir_shift_sack((uint8_t *)tcp, seg, ack_add, &ch);
	tcp->csum = weir_csum_apply(tcp->csum, ch.memory + weir_csum_swap(ch.value));
}

#endif
