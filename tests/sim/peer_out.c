// SPDX-License-Identifier: BSD-3-Clause
#include "deed.h"
#include "peer_parts.h"
#include "stream.h"

/* Nobody has more than that in flight: links have no bandwidth that would limit it. */
#define FLIGHT_MAX 49152u

/* So many are read through the first window of a host that has one: more than a PROXY header. */
#define FIRST_BYTES 150

/* Bytes that come with a SYN and come again when they are not acknowledged. */
#define SYN_DATA 100

/*
 * The window field, and what it promises. The right edge is never moved to the left on purpose;
 * rounding by the scale may do so (RFC 7323 §2.4).
 */
static uint16_t offer(struct sim_peer *p, bool syn)
{
	const bool is_first = p->passive && p->rcv_read - p->irs - 1 < FIRST_BYTES;
	const uint32_t buf =
		is_first && p->host->first_wnd > 0 ? p->host->first_wnd : p->flavour->rcv_buf;
	uint32_t wnd =
		weir_seq_lt(p->rcv_read + buf, p->rcv_nxt) ? 0 : p->rcv_read + buf - p->rcv_nxt;
	unsigned int shift = syn ? 0 : p->wscale_ours;
	uint32_t field = wnd >> shift;

	if (field > 0xffff)
		field = 0xffff;
	p->promised = weir_seq_max(p->promised, p->rcv_nxt + (field << shift));
	return (uint16_t)field;
}

static void put_sacks(struct sim_peer *p, struct sim_seg *s)
{
	const unsigned int max = p->ts ? 3 : 4;
	const struct sim_ranges *r = &p->beyond;

	if (p->flavour->dsack && p->twice.left != p->twice.right)
		s->sacks[s->n_sacks++] = p->twice;
	p->twice.left = p->twice.right;
	for (uint32_t i = 0; i < r->n && s->n_sacks < max; i++)
		s->sacks[s->n_sacks++] = r->at[(r->last + i) % r->n]; /* the latest first */
}

/* Every segment of a peer, RST apart. */
static void emit(struct sim_peer *p, uint8_t flags, uint32_t seq, uint32_t len)
{
	const bool syn = flags & WEIR_TCP_SYN;
	uint8_t data[SIM_PAYLOAD_MAX];
	struct sim_seg s = {
		.family = p->family,
		.src = p->host->addr,
		.dst = p->remote,
		.sport = p->lport,
		.dport = p->rport,
		.seq = seq,
		.ack = p->rcv_nxt,
		.flags = flags,
		.wscale = SIM_NO_WSCALE,
		.wnd = offer(p, syn),
		.ts = p->ts,
		.tsval = sim_host_ts(p->host, p->flavour),
		.tsecr = flags & WEIR_TCP_ACK ? p->ts_recent : 0,
		.payload_len = (uint16_t)len,
		.payload = data,
	};

	if (syn) {
		s.mss = p->flavour->mss ? sim_flavour_mss(p->flavour, p->family) : 0;
		s.wscale = p->passive && p->wscale_theirs == SIM_NO_WSCALE ? SIM_NO_WSCALE
									   : p->flavour->wscale;
		s.sealed = p->passive ? p->sealed : p->host->seals;
		s.sack_ok = p->passive ? p->sack : p->flavour->sack;
	} else if (p->sack && len == 0) {
		put_sacks(p, &s);
	}
	for (uint32_t i = 0, at = syn ? 0 : seq - p->iss - 1; i < len; i++)
		data[i] = sim_stream_byte(p->stream, at + i);
	if (flags & WEIR_TCP_ACK) {
		p->to_ack = 0;
		p->last_ack = p->rcv_nxt;
		sim_queue_cancel(p->host->queue, &p->ack_timer);
	}
	if (p->ts && p->n_said > 0 && s.tsval < p->said[(p->n_said - 1) % SIM_SAID])
		sim_did(SIM_DID_ts_wrapped);
	p->said[p->n_said++ % SIM_SAID] = s.tsval;
	sim_host_send(p->host, &s, p->flavour->odd);
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

void sim_peer_send_syn(struct sim_peer *p)
{
	if (p->passive)
		emit(p, WEIR_TCP_SYN | WEIR_TCP_ACK, p->iss, 0);
	else
		emit(p, WEIR_TCP_SYN, p->iss,
			p->flavour->syn_with_data ? least(SYN_DATA, p->syn_data) : 0);
}

void sim_peer_send_ack(struct sim_peer *p)
{
	emit(p, WEIR_TCP_ACK, p->nxt, 0);
}

void sim_peer_send_rst(struct sim_peer *p)
{
	struct sim_seg s = {
		.family = p->family,
		.src = p->host->addr,
		.dst = p->remote,
		.sport = p->lport,
		.dport = p->rport,
		.seq = p->nxt,
		.ack = p->rcv_nxt,
		.flags = WEIR_TCP_RST | WEIR_TCP_ACK,
		.wscale = SIM_NO_WSCALE,
	};

	sim_host_send(p->host, &s, false);
}

void sim_peer_challenge(struct sim_peer *p)
{
	uint64_t gap = p->flavour->challenge_gap_ms * SIM_MS;

	if (p->challenged_ns != 0 && sim_peer_now(p) - p->challenged_ns < gap)
		return;
	sim_did(SIM_DID_challenge_ack);
	p->challenged_ns = sim_peer_now(p);
	sim_peer_send_ack(p);
}

/* RFC 9293 §3.8.4: one below what is expected, with or without a byte of anything. */
void sim_peer_probe(struct sim_peer *p)
{
	bool data = p->flavour->probe_data && p->una == p->nxt && p->una != p->iss + 1;

	emit(p, WEIR_TCP_ACK, p->una - 1, data && !sim_peer_fin_sent(p) ? 1 : 0);
}

/* RFC 9293 §3.8.6.1. A byte beyond the window, or an ACK that must be answered. */
void sim_peer_probe_window(struct sim_peer *p)
{
	if (!p->flavour->probe_data || p->nxt == sim_peer_data_end(p)) {
		emit(p, WEIR_TCP_ACK, p->una - 1, 0);
		return;
	}
	emit(p, WEIR_TCP_ACK, p->nxt, 1);
	p->nxt++;
}

/* Bytes that may be sent from nxt on. */
static uint32_t usable(const struct sim_peer *p)
{
	uint32_t edge = p->una + p->wnd;
	uint32_t flight = p->nxt - p->una;

	if (flight >= FLIGHT_MAX || weir_seq_le(edge, p->nxt))
		return 0;
	return least(edge - p->nxt, FLIGHT_MAX - flight);
}

static void send_fin(struct sim_peer *p, uint32_t seq, uint32_t len)
{
	emit(p, WEIR_TCP_FIN | WEIR_TCP_ACK, seq, len);
	p->nxt = seq + len + 1;
	p->state = p->state == SIM_CLOSE_WAIT ? SIM_LAST_ACK : SIM_FIN_WAIT_1;
}

/* One segment of data; false: none can be sent now. */
static bool send_data(struct sim_peer *p)
{
	uint32_t left = sim_peer_data_end(p) - p->nxt;
	uint32_t room = usable(p);
	uint32_t n = least(least(left, room), p->mss);

	if (n == 0 || (n < p->mss && n < left && p->nxt != p->una))
		return false; /* RFC 9293 §3.8.6.2.1: no silly windows */
	if (p->state == SIM_CLOSE_WAIT)
		sim_did(SIM_DID_half_closed_data);
	if (n == left && p->shut && room > n && p->flavour->fin_with_data) {
		send_fin(p, p->nxt, n);
		return false;
	}
	emit(p, WEIR_TCP_ACK | (n == left ? WEIR_TCP_PSH : 0), p->nxt, n);
	p->nxt += n;
	if (!p->ts && p->timed_ns == 0) {
		p->timed = p->nxt;
		p->timed_ns = sim_peer_now(p);
	}
	return true;
}

void sim_peer_output(struct sim_peer *p)
{
	if (p->state != SIM_ESTABLISHED && p->state != SIM_CLOSE_WAIT)
		return;
	while (send_data(p))
		;
	if (p->shut && !sim_peer_fin_sent(p) && p->nxt == sim_peer_data_end(p) && usable(p) > 0)
		send_fin(p, p->nxt, 0);
	if (!sim_timer_is_set(&p->resend_timer))
		sim_peer_arm(p);
}

uint32_t sim_peer_resend(struct sim_peer *p, uint32_t seq)
{
	uint32_t end = sim_peer_data_end(p);
	uint32_t sent = sim_peer_fin_sent(p) ? end : p->nxt;
	uint32_t n = least(sent - seq, p->mss);

	p->timed_ns = 0; /* an acknowledgement would not say of which one (Karn) */
	if (seq == end) {
		emit(p, WEIR_TCP_FIN | WEIR_TCP_ACK, seq, 0);
		return seq + 1;
	}
	n = sim_ranges_free(&p->sacked, seq, n);
	if (seq + n == end && sim_peer_fin_sent(p) && p->flavour->fin_with_data) {
		emit(p, WEIR_TCP_FIN | WEIR_TCP_ACK, seq, n);
		return seq + n + 1;
	}
	emit(p, WEIR_TCP_ACK, seq, n);
	return seq + n;
}

void sim_peer_resends(struct sim_peer *p)
{
	p->recovering = true;
	if (!p->resent)
		sim_did(SIM_DID_resender);
	p->resent = true;
}

void sim_peer_resend_some(struct sim_peer *p, unsigned int n)
{
	p->resend = weir_seq_max(p->resend, p->una);
	while (n-- > 0) {
		p->resend = sim_ranges_gap(&p->sacked, p->resend);
		if (!weir_seq_lt(p->resend, p->recover))
			return;
		if (p->resend != p->una && !weir_seq_lt(p->resend, p->una + p->wnd))
			return; /* the window has shrunk */
		p->resend = sim_peer_resend(p, p->resend);
	}
}

void sim_peer_arm(struct sim_peer *p)
{
	bool waits = p->state == SIM_ESTABLISHED || p->state == SIM_CLOSE_WAIT;
	bool unsent = waits && (p->nxt != sim_peer_data_end(p) || p->shut);
	uint64_t rto = p->rto_ns << (p->retries < 16 ? p->retries : 16);

	if (p->una == p->nxt && !unsent) {
		sim_queue_cancel(p->host->queue, &p->resend_timer);
		return;
	}
	if (rto > SIM_RTO_MAX_NS)
		rto = SIM_RTO_MAX_NS;
	sim_queue_set(p->host->queue, &p->resend_timer, sim_peer_now(p) + rto);
}
