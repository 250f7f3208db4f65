// SPDX-License-Identifier: BSD-3-Clause
#include "deed.h"
#include "peer_parts.h"

/* Window probes that are answered may go on for ever, but get no rarer than by that many doublings. */
#define PROBE_BACKOFF 5

static unsigned int shift_theirs(const struct sim_peer *p)
{
	return p->wscale_theirs == SIM_NO_WSCALE ? 0 : p->wscale_theirs;
}

static void sample(struct sim_peer *p, uint64_t rtt_ns)
{
	/* RFC 6298 §2 */
	uint64_t off = rtt_ns > p->srtt_ns ? rtt_ns - p->srtt_ns : p->srtt_ns - rtt_ns;
	uint64_t min = p->flavour->rto_min_ms * SIM_MS;

	if (p->srtt_ns == 0) {
		p->srtt_ns = rtt_ns;
		p->rttvar_ns = rtt_ns / 2;
	} else {
		p->rttvar_ns = (3 * p->rttvar_ns + off) / 4;
		p->srtt_ns = (7 * p->srtt_ns + rtt_ns) / 8;
	}
	p->rto_ns = p->srtt_ns + 4 * p->rttvar_ns;
	if (p->rto_ns < min)
		p->rto_ns = min;
}

static void learn_rtt(struct sim_peer *p, const struct sim_seg *s)
{
	uint32_t ticks = sim_host_ts(p->host, p->flavour) - s->tsecr;

	if (p->ts && s->ts && ticks < 60000) {
		sample(p, (uint64_t)(ticks + 1) * p->flavour->ts_tick_ms * SIM_MS);
	} else if (p->timed_ns != 0 && weir_seq_le(p->timed, s->ack)) {
		sample(p, sim_peer_now(p) - p->timed_ns);
		p->timed_ns = 0;
	} else if (!p->ts && p->retries > 0 && p->rto_ns < SIM_S) {
		p->rto_ns *= 2; /* RFC 6298 §5.5: until there is a sample */
	}
}

/* RFC 9293 §3.10.7.3 */
static void in_syn_sent(struct sim_peer *p, const struct sim_seg *s)
{
	bool acks = (s->flags & WEIR_TCP_ACK) && s->ack == p->iss + 1;

	if ((s->flags & WEIR_TCP_ACK) && !acks) {
		if (!(s->flags & WEIR_TCP_RST)) {
			struct sim_peer at = *p;

			at.nxt = s->ack;
			sim_peer_send_rst(&at);
		}
		return;
	}
	if (s->flags & WEIR_TCP_RST) {
		if (acks)
			sim_peer_end(p, SIM_END_REFUSED);
		return;
	}
	if (!(s->flags & WEIR_TCP_SYN) || !acks)
		return;
	/* As Linux does: an echo of what was never said is of another connection. */
	if (s->ts && p->ts && sim_host_ts(p->host, p->flavour) - s->tsecr > 0x7fffffff) {
		sim_peer_send_rst(p);
		return;
	}
	p->irs = s->seq;
	p->rcv_nxt = p->rcv_read = p->promised = p->last_ack = s->seq + 1;
	p->ts = p->ts && s->ts;
	p->ts_recent = s->tsval;
	p->sack = p->flavour->sack && s->sack_ok;
	p->wscale_theirs = p->flavour->wscale == SIM_NO_WSCALE ? SIM_NO_WSCALE : s->wscale;
	p->wscale_ours = p->wscale_theirs == SIM_NO_WSCALE ? 0 : p->flavour->wscale;
	p->mss = s->mss ? s->mss : sim_family_mss_default(p->family);
	p->una = s->ack;
	p->wnd = p->max_wnd = s->wnd; /* RFC 7323 §2.2: unscaled */
	p->wl1 = s->seq;
	p->wl2 = s->ack;
	p->retries = 0;
	learn_rtt(p, s);
	p->state = SIM_ESTABLISHED;
	p->handshaken = true;
	p->to_ack = 1;
}

static uint16_t mss_less_options(const struct sim_peer *p)
{
	const uint16_t link = sim_family_mss(p->family, 1460);
	uint16_t mss = p->mss < link ? p->mss : link;

	return p->ts ? mss - 12 : mss;
}

static void established(struct sim_peer *p)
{
	p->mss = mss_less_options(p);
	sim_queue_cancel(p->host->queue, &p->resend_timer);
	if (!p->passive && !p->flavour->ack_with_data)
		sim_peer_send_ack(p);
	if (p->app != NULL)
		p->host->user->connected(p);
	if (p->state == SIM_CLOSED)
		return;
	sim_peer_output(p);
	if (p->to_ack > 0)
		sim_peer_send_ack(p);
}

/* RFC 7323 §5.3. RSTs are judged by their sequence number alone. */
static bool paws_fails(struct sim_peer *p, const struct sim_seg *s)
{
	if (!p->ts || (s->flags & WEIR_TCP_RST))
		return false;
	if (!s->ts)
		return p->flavour->needs_ts;
	return weir_seq_lt(s->tsval, p->ts_recent);
}

/* RFC 9293 §3.10.7.4, first check. Repetitions are not acceptable either: they are answered. */
static bool acceptable(const struct sim_peer *p, const struct sim_seg *s)
{
	uint32_t len = sim_seg_len(s);
	uint32_t wnd = p->promised - p->rcv_nxt;

	if (len == 0)
		return wnd == 0 ? s->seq == p->rcv_nxt : s->seq - p->rcv_nxt < wnd;
	if (wnd == 0)
		return false;
	return s->seq - p->rcv_nxt < wnd || s->seq + len - 1 - p->rcv_nxt < wnd;
}

static void unacceptable(struct sim_peer *p, const struct sim_seg *s)
{
	if (s->flags & WEIR_TCP_RST)
		return;
	if (s->payload_len > 0 && weir_seq_le(s->seq + s->payload_len, p->rcv_nxt))
		p->twice = (struct sim_range){s->seq, s->seq + s->payload_len};
	if (s->payload_len > 0 || (s->flags & WEIR_TCP_FIN)) {
		sim_peer_send_ack(p); /* it may be our ACK that was lost */
		return;
	}
	sim_peer_challenge(p);
}

/* RFC 5961 §3 */
static void in_rst(struct sim_peer *p, const struct sim_seg *s)
{
	if (s->seq != p->rcv_nxt) {
		sim_did(SIM_DID_rst_doubted);
		sim_peer_challenge(p);
		return;
	}
	if (p->state == SIM_TIME_WAIT && (p->flavour->keeps_time_wait || !p->end_read)) {
		sim_did(SIM_DID_rst_survived);
		return;
	}
	sim_did(SIM_DID_rst_taken);
	sim_peer_end(p, p->state == SIM_TIME_WAIT ? SIM_END_CLOSED : SIM_END_RESET);
}

static void set_window(struct sim_peer *p, const struct sim_seg *s)
{
	if (!weir_seq_lt(p->wl1, s->seq) && !(p->wl1 == s->seq && weir_seq_le(p->wl2, s->ack)))
		return;
	p->wnd = (uint32_t)s->wnd << shift_theirs(p);
	if (p->wnd == 0)
		sim_did(SIM_DID_window_zero);
	if (p->wnd > p->max_wnd)
		p->max_wnd = p->wnd;
	p->wl1 = s->seq;
	p->wl2 = s->ack;
}

static void learn_sacks(struct sim_peer *p, const struct sim_seg *s)
{
	for (unsigned int i = 0; i < s->n_sacks && p->sack; i++) {
		const struct sim_range *r = &s->sacks[i];

		if (weir_seq_le(r->right, s->ack)) {
			sim_did(SIM_DID_dsack_heard);
		} else if (weir_seq_lt(p->una, r->left) && weir_seq_lt(r->left, r->right) &&
			weir_seq_le(r->right, p->nxt)) {
			sim_did(SIM_DID_sack_heard);
			sim_ranges_add(&p->sacked, r->left, r->right);
		}
	}
}

/* What is new of an acknowledgement. */
static void acked(struct sim_peer *p, const struct sim_seg *s)
{
	learn_rtt(p, s);
	p->una = s->ack;
	p->retries = 0;
	p->dupacks = 0;
	sim_ranges_cut(&p->sacked, p->una);
	if (p->recovering && !weir_seq_lt(p->una, p->recover))
		p->recovering = false;
	if (p->recovering)
		sim_peer_resend_some(p, 2);
	sim_peer_arm(p);
}

static void repeated_ack(struct sim_peer *p)
{
	p->dupacks++;
	if (p->recovering) {
		sim_peer_resend_some(p, 1);
	} else if (p->dupacks >= 3) { /* RFC 5681 §3.2 */
		sim_did(SIM_DID_fast_resend);
		sim_peer_resends(p);
		p->recover = p->nxt;
		p->resend = p->una;
		sim_peer_resend_some(p, 1);
	}
}

/* false: not to be believed. RFC 5961 §5 */
static bool in_ack(struct sim_peer *p, const struct sim_seg *s)
{
	if (weir_seq_lt(p->nxt, s->ack) || weir_seq_lt(s->ack, p->una - p->max_wnd)) {
		sim_peer_challenge(p);
		return false;
	}
	learn_sacks(p, s);
	if (weir_seq_lt(p->una, s->ack)) {
		acked(p, s);
		set_window(p, s);
	} else if (s->ack == p->una) {
		bool same = p->wnd == (uint32_t)s->wnd << shift_theirs(p);

		set_window(p, s);
		if ((p->una == p->nxt || p->wnd == 0) && p->retries > PROBE_BACKOFF)
			p->retries = PROBE_BACKOFF; /* a probe was answered */
		else if (same && s->payload_len == 0 && p->una != p->nxt && p->wnd > 0 &&
			!(s->flags & WEIR_TCP_FIN))
			repeated_ack(p);
	}
	return true;
}

/* Our FIN was acknowledged: RFC 9293 §3.10.7.4, fifth check. */
static void after_fin(struct sim_peer *p)
{
	if (!sim_peer_fin_sent(p) || p->una != p->nxt)
		return;
	if (p->state == SIM_FIN_WAIT_1)
		p->state = SIM_FIN_WAIT_2;
	else if (p->state == SIM_CLOSING)
		sim_peer_time_wait(p);
	else if (p->state == SIM_LAST_ACK && !p->end_read)
		sim_peer_time_wait(p);
	else if (p->state == SIM_LAST_ACK)
		sim_peer_end(p, SIM_END_CLOSED);
}

static void store(struct sim_peer *p, const struct sim_seg *s, uint32_t left, uint32_t right)
{
	for (uint32_t seq = left; seq != right; seq++)
		p->buf[(seq - p->irs - 1) & (p->flavour->rcv_buf - 1)] = s->payload[seq - s->seq];
}

/* true: bytes have come into order. */
static bool in_data(struct sim_peer *p, const struct sim_seg *s)
{
	uint32_t left = weir_seq_max(s->seq, p->rcv_nxt);
	uint32_t right = s->seq + s->payload_len;

	if (weir_seq_lt(p->promised, right))
		right = p->promised;
	if (!weir_seq_lt(left, right))
		return false;
	if (sim_ranges_find(&p->beyond, left) != NULL)
		p->twice = (struct sim_range){left, right};
	p->to_ack++;
	if (left != p->rcv_nxt) {
		sim_did(SIM_DID_out_of_order);
		p->to_ack++; /* at once: RFC 5681 §4.2 */
		if (p->flavour->reassembles && sim_ranges_add(&p->beyond, left, right))
			store(p, s, left, right);
		return false;
	}
	store(p, s, left, right);
	if (p->beyond.n > 0)
		p->to_ack++;
	p->rcv_nxt = sim_ranges_gap(&p->beyond, right);
	sim_ranges_cut(&p->beyond, p->rcv_nxt);
	return true;
}

static void in_fin(struct sim_peer *p)
{
	p->fin_taken = true;
	p->rcv_nxt++;
	p->to_ack += 2;
	if (p->state == SIM_ESTABLISHED) {
		p->state = SIM_CLOSE_WAIT;
	} else if (p->state == SIM_FIN_WAIT_1) {
		sim_did(SIM_DID_fins_crossed);
		p->state = SIM_CLOSING;
	} else if (p->state == SIM_FIN_WAIT_2) {
		sim_peer_time_wait(p);
	}
}

/* true: the application has something to read, or knows that there is no more. */
static bool in_text(struct sim_peer *p, const struct sim_seg *s)
{
	bool news = false;

	if (p->fin_taken)
		return false;
	if (s->payload_len > 0)
		news = in_data(p, s);
	if (s->flags & WEIR_TCP_FIN) {
		p->fin_seq = s->seq + s->payload_len;
		p->fin_there = true;
		p->to_ack += 2;
	}
	if (p->fin_there && p->rcv_nxt == p->fin_seq) {
		in_fin(p);
		news = true;
	}
	return news;
}

static void acknowledge(struct sim_peer *p)
{
	if (p->to_ack == 0 || p->state == SIM_CLOSED)
		return;
	if (p->to_ack >= 2)
		sim_peer_send_ack(p);
	else if (!sim_timer_is_set(&p->ack_timer))
		sim_queue_set(p->host->queue, &p->ack_timer,
			sim_peer_now(p) + p->flavour->delack_ms * SIM_MS);
}

static void in_synchronized(struct sim_peer *p, const struct sim_seg *s)
{
	bool news;

	if (paws_fails(p, s)) {
		sim_did(SIM_DID_paws_drop);
		unacceptable(p, s);
		return;
	}
	if (!acceptable(p, s)) {
		if (p->state == SIM_TIME_WAIT && (s->flags & WEIR_TCP_FIN))
			sim_did(SIM_DID_fin_again);
		unacceptable(p, s);
		/* RFC 9293 §3.10.7.4: with window 0, ACKs and RSTs at the edge still count. */
		if (s->seq != p->rcv_nxt || (s->flags & (WEIR_TCP_SYN | WEIR_TCP_RST)))
			return;
	}
	if (s->flags & WEIR_TCP_RST) {
		in_rst(p, s);
		return;
	}
	if (s->flags & WEIR_TCP_SYN) { /* RFC 5961 §4 */
		sim_peer_challenge(p);
		return;
	}
	if (!(s->flags & WEIR_TCP_ACK))
		return;
	if (p->ts && s->ts && weir_seq_le(s->seq, p->last_ack))
		p->ts_recent = weir_seq_max(p->ts_recent, s->tsval);
	if (!in_ack(p, s))
		return;
	after_fin(p);
	if (p->state == SIM_CLOSED)
		return;
	news = in_text(p, s);
	sim_peer_output(p);
	acknowledge(p);
	if (news && p->app != NULL)
		p->host->user->readable(p);
}

/* true: the segment goes on as one of a synchronized connection. */
static bool in_syn_rcvd(struct sim_peer *p, const struct sim_seg *s)
{
	const uint8_t kind = s->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);

	if (kind == WEIR_TCP_SYN && s->seq == p->irs) {
		sim_peer_send_syn(p); /* our SYN-ACK was lost, or is late */
		return false;
	}
	if (kind != WEIR_TCP_ACK || paws_fails(p, s) || !acceptable(p, s))
		return true;
	if (s->ack != p->iss + 1)
		return false;
	p->state = SIM_ESTABLISHED;
	p->handshaken = true;
	p->una = s->ack;
	p->retries = 0;
	p->wl1 = s->seq;
	p->wl2 = s->ack;
	p->wnd = p->max_wnd = (uint32_t)s->wnd << shift_theirs(p);
	established(p);
	return p->state != SIM_CLOSED;
}

void sim_peer_receive(struct sim_peer *p, const struct sim_seg *s)
{
	p->last_rx_ns = sim_peer_now(p);
	if (p->state == SIM_SYN_SENT) {
		in_syn_sent(p, s);
		if (p->state == SIM_ESTABLISHED)
			established(p);
		return;
	}
	if (p->state == SIM_SYN_RCVD && !in_syn_rcvd(p, s))
		return;
	in_synchronized(p, s);
}
