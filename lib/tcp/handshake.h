/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The handshake part of a connection: all that happens before both sides are ESTABLISHED, and the
 * fields that only this time needs. What comes after it is the splice (forward.c, window.h,
 * translate.h), which knows deltas, windows and FINs. Private to tcp/.
 *
 *	accept.c    the client's side: the ACK with a valid cookie, and what it sends before the
 *	            backend has answered (early data)
 *	connect.c   the backend's side: SYN, its retransmission by expire.c, the backend's answer,
 *	            another backend or local port, giving up
 *	inserted.c  bytes of our own before the client's first, until the backend has them (inserted.h)
 *
 * INVARIANT: struct weir_handshake shares its memory with the FINs' numbers, so these accessors are
 * valid until the first FIN (fin_noted == 0), even one that was cancelled. Nothing else opens that union.
 */
#ifndef WEIR_TCP_HANDSHAKE_H
#define WEIR_TCP_HANDSHAKE_H

#include "tcp/cookie.h"
#include "tcp/proxy.h"

/* SYNs to a backend without an answer, each given twice as long, if there is no other backend (HC-11). */
#define WEIR_SYN_TRIES_ALONE 5

/* Segments of one connection that may be held until its backend answers (HC-04). */
#define WEIR_HELD_PKTS_MAX 16

/* Sequence number of the client's first byte, in the client's space. Valid in SYN_SENT and HEADER_SENT. */
static inline uint32_t weir_client_snd_start(const struct weir_conn *c)
{
	return c->track[WEIR_CLIENT].acked;
}

/*
 * Sequence number of the client's first byte in the backend's space: our ISN + 1, and from HEADER_SENT on
 * plus the bytes that we insert before it (tcp/inserted.h). Valid in SYN_SENT, once a backend was chosen, and
 * in HEADER_SENT.
 */
static inline uint32_t weir_backend_snd_start(const struct weir_conn *c)
{
	return weir_client_snd_start(c) + c->seq_delta[WEIR_CLIENT];
}

/* Our ISN towards the backend: the sequence number of our SYN. Valid in SYN_SENT. */
static inline uint32_t weir_backend_isn(const struct weir_conn *c)
{
	return weir_backend_snd_start(c) - 1;
}

/* Maps the client's first byte to the number behind our ISN. */
static inline void weir_backend_set_isn(struct weir_conn *c, uint32_t isn)
{
	c->seq_delta[WEIR_CLIENT] = isn + 1 - weir_client_snd_start(c);
}

/* TSval of the SYN-ACK that the client was sent, as its ACK echoed it. */
static inline uint32_t weir_handshake_cookie_tsval(const struct weir_conn *c)
{
	return c->handshake.cookie_tsval;
}

/* TSval of our SYN to the backend. */
static inline uint32_t weir_handshake_syn_tsval(const struct weir_conn *c)
{
	return c->handshake.syn_tsval;
}

/* TSval of the client's ACK that carried the cookie: what the client expects to be echoed. */
static inline uint32_t weir_handshake_client_tsval(const struct weir_conn *c)
{
	return c->handshake.syn_tsval - c->ts_delta[WEIR_CLIENT];
}

/* What the ACK with the cookie said. ts_delta is 0 until weir_handshake_set_syn_tsval(). */
static inline void weir_handshake_start(struct weir_conn *c, uint32_t cookie_tsval,
	uint32_t client_tsval)
{
	c->handshake.cookie_tsval = cookie_tsval;
	c->handshake.syn_tsval = client_tsval;
}

/* Our SYN says `tsval`; the client's later TSvals are moved by as much as its first one was. */
static inline void weir_handshake_set_syn_tsval(struct weir_conn *c, uint32_t tsval)
{
	const uint32_t client_tsval = weir_handshake_client_tsval(c);

	c->handshake.syn_tsval = tsval;
	c->ts_delta[WEIR_CLIENT] = tsval - client_tsval;
}

/* The backend's SYN-ACK says that MSS. */
static inline void weir_handshake_note_mss(struct weir_conn *c, uint16_t mss)
{
	c->mss_index = mss / 32 < 7 ? mss / 32 & 7 : 7;
}

/*
 * ESTABLISHED, nothing is held: what only the handshake has needed is free for what the splice remembers.
 */
static inline void weir_handshake_end(struct weir_conn *c)
{
	c->client_start = weir_client_snd_start(c);
	c->tries = 0;
	c->switches = 0;
	c->mss_index = 0;
}

/* accept.c */

/*
 * The ACK in pkt carries a valid cookie: opens a connection and sends a SYN to a backend. hash is
 * weir_key_hash() of pkt->key; probe: the ACK is a keep-alive or zero-window probe, one below the
 * first byte (HC-06). Sets send and fate of pkt: the connection's, or those of the RST that says why
 * there is none; then nothing is left of it.
 */
void weir_accept(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash,
	const struct weir_cookie *cookie, bool probe);

/* A further segment of the client while c is in SYN_SENT: held, dropped, or an RST. */
void weir_accept_early(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

/*
 * A segment of the client with data or FIN, of which nothing may be sent to the backend yet: held, or
 * dropped. Sets send and fate of pkt.
 */
void weir_accept_hold(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

/* A RST of the client in SYN_SENT or HEADER_SENT: ends c, or is dropped or challenged. */
void weir_accept_rst(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

static inline bool weir_has_data_or_fin(const struct weir_seg *seg)
{
	return seg->payload_len > 0 || (seg->flags & WEIR_TCP_FIN);
}

/* connect.c */

/*
 * c is ESTABLISHED: the client's held segments go to the backend, and what the handshake has put off is done.
 * syn_ack: the backend's, which is still to be acknowledged, by them or an ACK of ours; NULL: it is.
 */
void weir_connect_flow(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *syn_ack);

/*
 * Sends a SYN to that backend, from a local port that c gets for it; in SYN_RCVD it sends none: the
 * client's own is to be forwarded. false: there is no local port, or no room for the key; c is as before.
 */
bool weir_connect_to(struct weir_proxy *px, struct weir_conn *c, uint16_t backend);

/*
 * Chooses a backend, not `avoid` when there is another (WEIR_NONE16: any), and sends it a SYN.
 * false: none can be had, c is as before and *why is the fate that says so.
 */
bool weir_connect(struct weir_proxy *px, struct weir_conn *c, uint16_t avoid, enum weir_fate *why);

/* Any segment of the backend while c is in SYN_SENT. Sets send and fate of pkt. */
void weir_connect_answer(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

/* Our ISN and TSval for a SYN from c's local address and port to its backend now (HC-33). */
struct weir_numbers {
	uint32_t isn, tsval;
};
struct weir_numbers weir_connect_numbers(struct weir_proxy *px, const struct weir_conn *c);

/* c's backend did not accept, by RST, silence or ICMP (HC-74): counted for service and backend. */
void weir_connect_count_refused(struct weir_proxy *px, const struct weir_conn *c);
void weir_connect_count_silent(struct weir_proxy *px, const struct weir_conn *c);
void weir_connect_count_unreachable(struct weir_proxy *px, const struct weir_conn *c);
/* ... and held against the backend, which is avoided after several failures (flow/sched.h). */
void weir_connect_blame(struct weir_proxy *px, const struct weir_conn *c);

/* There is another backend that c may be moved to. Changes nothing. */
bool weir_connect_has_other(const struct weir_proxy *px, const struct weir_conn *c);

/*
 * c's backend refused, or did not answer: moves c to another backend, or ends it with RST to the
 * client; then c is CLOSED.
 */
void weir_connect_failed(struct weir_proxy *px, struct weir_conn *c);

#endif
