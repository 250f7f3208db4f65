// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/inserted.h"

#include "base/seq.h"
#include "tcp/handshake.h"

/* Transmissions without progress, each given twice as long, before both ends get RST: 25 s by default. */
#define TRIES 7

/* switches: a duplicate ACK has caused a retransmission since the timer's last. */
#define RESENT 1

_Static_assert(WEIR_PPHDR_MAX <= WEIR_BUILD_PAYLOAD_MAX && WEIR_PPHDR_MAX <= UINT8_MAX,
	"a header fits a segment that is built, and its length a conn's byte");

/* What the connection is called in front of its backend: the same whenever it is asked for. */
static void name(const struct weir_proxy *px, const struct weir_conn *c, uint64_t id[2])
{
	const struct weir_key *k = &c->client;
	uint64_t words[4] = {k->addr.q[0], k->addr.q[1],
		(uint64_t)c->cookie << 32 | k->port_be << 16 | k->id, 0};

	id[0] = weir_siphash24_words(&px->isn_secret, words, 4, 0, 0);
	words[3] = 1;
	id[1] = weir_siphash24_words(&px->isn_secret, words, 4, 0, 0);
}

static unsigned int write_header(const struct weir_proxy *px, const struct weir_conn *c,
	uint8_t at[WEIR_PPHDR_MAX])
{
	const struct weir_service *s = conn_service(px, c);
	const struct weir_listener *l = &px->policy->listeners[c->client.id];
	struct weir_pphdr h = {
		.src = c->client.addr,
		.dst = l->vip,
		.sport_be = c->client.port_be,
		.dport_be = l->port_be,
		.service = s->name,
	};

	name(px, c, h.id);
	return weir_pphdr_write(at, &s->pphdr, &h);
}

/* In the client's space: the first inserted byte that is not acknowledged. */
static uint32_t unacked(const struct weir_conn *c)
{
	return weir_client_snd_start(c) - c->inserted + c->inserted_acked;
}

/* Bytes that the backend's window has room for from `seq` on. */
static uint32_t room_at(const struct weir_conn *c, uint32_t seq)
{
	const uint32_t edge = c->track[WEIR_CLIENT].max_end;

	return weir_seq_lt(seq, edge) ? edge - seq : 0;
}

/* RFC 9293 §3.7.1: the backend's MSS less our options. More than a header, nearly always. */
static uint32_t most_in_segment(const struct weir_conn *c)
{
	const uint32_t options = c->flags & WEIR_CONN_TS ? 12 : 0, mss = c->mss_index * 32u;

	return c->mss_index == 7 ? WEIR_PPHDR_MAX : mss > options ? mss - options : 1;
}

/*
 * What is not acknowledged and fits the window, in segments of the backend's size. probe: one byte at least
 * (RFC 9293 §3.8.6.1). false: a reload has changed the header's length, it cannot be sent any more.
 */
static bool send(struct weir_proxy *px, const struct weir_conn *c, bool probe)
{
	uint8_t bytes[WEIR_PPHDR_MAX];
	const uint32_t start = weir_client_snd_start(c), most = most_in_segment(c);
	uint32_t from = unacked(c), left = room_at(c, from);

	if (!weir_inserts(px, c) || write_header(px, c, bytes) != c->inserted)
		return false;
	if (left == 0 && probe)
		left = 1;
	while (left > 0 && from != start) {
		uint32_t n = start - from < left ? start - from : left;

		n = n < most ? n : most;
		weir_send_inserted(px, c, from, bytes + c->inserted - (start - from), n);
		from += n;
		left -= n;
	}
	return true;
}

/* Both ends are told that it has come to nothing. */
static void give_up(struct weir_proxy *px, struct weir_conn *c)
{
	weir_count(&service_counters(px, &c->client)->failed, 1);
	c->tries = 0; /* its client is told: WEIR_TRIES_SILENT */
	weir_expire_reset(px, c, WEIR_EVENT_conn_failed);
}

/*
 * The client's data goes on while the window has room for it. FINs are followed from ESTABLISHED on, so they
 * are held, as is what does not fit.
 */
static void pass_or_hold(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (weir_seq_lt(seg->seq, weir_client_snd_start(c)))
		drop(pkt, WEIR_FATE_out_of_window);
	else if ((seg->flags & WEIR_TCP_FIN) || room_at(c, seg->seq) < seg->payload_len)
		weir_accept_hold(px, c, pkt);
	else
		weir_forward(px, c, WEIR_CLIENT, pkt);
}

/* What was held until the backend answered: it passes, or is held on. */
static void sift_held(struct weir_proxy *px, struct weir_conn *c)
{
	uint32_t held = c->held;
	struct weir_pkt pkt;

	c->held = WEIR_HELD_NONE;
	while (weir_held_get(&px->held, &held, &pkt)) {
		pass_or_hold(px, c, &pkt);
		if (pkt.send == WEIR_SEND_HELD)
			continue;
		return_packet(px, &pkt);
		event(px, WEIR_EVENT_held_flushed);
	}
}

void weir_inserted_begin(struct weir_proxy *px, struct weir_conn *c)
{
	uint8_t bytes[WEIR_PPHDR_MAX];

	c->inserted = (uint8_t)write_header(px, c, bytes);
	c->inserted_acked = 0;
	c->seq_delta[WEIR_CLIENT] += c->inserted;
	c->track[WEIR_CLIENT].max_end -= c->inserted;
	c->tries = 0;
	c->switches = 0;
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	event(px, WEIR_EVENT_header_sent);
	if (room_at(c, unacked(c)) == 0)
		weir_send_inserted(px, c, unacked(c), NULL, 0);
	else
		send(px, c, false);
	sift_held(px, c);
}

static void resend(struct weir_proxy *px, struct weir_conn *c, bool probe)
{
	if (send(px, c, probe))
		event(px, WEIR_EVENT_header_resent);
	else
		give_up(px, c);
}

void weir_inserted_expired(struct weir_proxy *px, struct weir_conn *c)
{
	c->tries++;
	if (c->tries >= TRIES) {
		weir_connect_count_silent(px, c);
		weir_connect_blame(px, c);
		give_up(px, c);
		return;
	}
	c->switches = 0;
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	resend(px, c, true);
}

/*
 * The client's side
 */

static void client_segment(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (seg->flags & WEIR_TCP_RST) {
		weir_accept_rst(px, c, pkt);
	} else if (seg->flags & WEIR_TCP_SYN) {
		drop(pkt, WEIR_FATE_stray_syn_ack);
	} else if (seg->ack != c->cookie + 1) { /* nothing of the backend was passed */
		drop(pkt, WEIR_FATE_bad_ack);
	} else if (weir_has_data_or_fin(seg)) {
		pass_or_hold(px, c, pkt);
	} else {
		weir_window_update(c, WEIR_CLIENT, seg);
		drop(pkt, WEIR_FATE_duplicate_ack);
	}
}

/*
 * The backend's side
 */

/* Its SYN-ACK again: our ACK, which is the header, was lost, or it is late. */
static void syn_ack_again(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if (!(pkt->seg.flags & WEIR_TCP_ACK)) {
		drop(pkt, WEIR_FATE_syn_from_backend);
		return;
	}
	if (pkt->seg.seq + 1 != c->track[WEIR_BACKEND].acked) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	drop(pkt, WEIR_FATE_backend_syn_ack);
	resend(px, c, true);
}

/* It does not take the connection, or not what it is told: an exact one is believed (RFC 5961 §3). */
static void backend_rst(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if (weir_window_rst(c, WEIR_BACKEND, pkt->seg.seq) != WEIR_RST_EXACT) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	drop(pkt, WEIR_FATE_backend_refused);
	weir_conn_drop_held(px, c);
	weir_send_rst_to_client(px, c);
	weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_RESET);
	event(px, WEIR_EVENT_conn_reset);
}

/* true: more of the header fits the backend's window than before. */
static bool note_window(struct weir_conn *c, const struct weir_seg *seg, uint32_t ack)
{
	uint32_t *edge = &c->track[WEIR_CLIENT].max_end;
	const uint32_t was = *edge, is = ack + ((uint32_t)seg->wnd << c->wscale_backend);

	*edge = weir_seq_max(was, is);
	return weir_seq_lt(was, weir_client_snd_start(c)) && weir_seq_lt(was, is);
}

/* All of it has arrived: from here on the two ends' numbers are spliced. */
static void acknowledged(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	c->max_wnd[WEIR_BACKEND] = 0;
	weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_HEADER_ACKED);
	weir_connect_flow(px, c, NULL);
	weir_forward(px, c, WEIR_BACKEND, pkt);
}

/* A part of it, or nothing, has arrived. What did not fit goes out, or all that a duplicate ACK misses. */
static void partly_acknowledged(struct weir_proxy *px, struct weir_conn *c, uint32_t ack,
	bool window_opens)
{
	const uint32_t was = unacked(c);

	if (weir_seq_lt(ack, was))
		return;
	if (ack != was) {
		c->inserted_acked = (uint8_t)(c->inserted_acked + (ack - was));
		c->tries = 0;
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	} else if (!window_opens && c->switches != RESENT) {
		c->switches = RESENT;
		resend(px, c, false);
	}
	if (window_opens)
		resend(px, c, false);
}

static void backend_segment(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	const uint32_t start = weir_client_snd_start(c);
	const uint32_t ack = seg->ack - c->seq_delta[WEIR_CLIENT]; /* in the client's space */

	if (seg->flags & WEIR_TCP_RST) {
		backend_rst(px, c, pkt);
	} else if (seg->flags & WEIR_TCP_SYN) {
		syn_ack_again(px, c, pkt);
	} else if (!weir_seq_between(start - c->inserted, ack, c->track[WEIR_CLIENT].end)) {
		drop(pkt, WEIR_FATE_bad_ack);
	} else if (weir_window_check(c, WEIR_BACKEND, seg) != WEIR_WINDOW_IN) {
		drop(pkt, WEIR_FATE_out_of_window);
	} else {
		const bool window_opens = note_window(c, seg, ack);

		drop(pkt,
			weir_has_data_or_fin(seg) ? WEIR_FATE_header_unacked
						  : WEIR_FATE_header_ack);
		if (weir_seq_le(start, ack))
			acknowledged(px, c, pkt);
		else
			partly_acknowledged(px, c, ack, window_opens);
	}
}

void weir_inserted_segment(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt)
{
	if (side == WEIR_CLIENT)
		client_segment(px, c, pkt);
	else
		backend_segment(px, c, pkt);
}
