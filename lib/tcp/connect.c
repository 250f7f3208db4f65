// SPDX-License-Identifier: BSD-3-Clause
/*
 * The backend's side of the handshake: our SYN, what the backend answers, and the next backend or
 * local port when it does not accept. Ends in ESTABLISHED, or in CLOSED with RST to the client.
 */
#include "tcp/engine.h"
#include "tcp/handshake.h"
#include "tcp/inserted.h"

/* How often a connection may move to another backend or local port before its client gets RST. */
#define SWITCHES_MAX 3

/*
 * RFC 6528: ISN = a 4 us clock that never says the same twice + PRF(tuple); RFC 7323 §5.4: TSval = a 1 ms clock + PRF(tuple). Both
 * grow for one tuple, so that a backend in TIME_WAIT accepts the next SYN (RFC 6191, HC-33). The
 * tuple has the backend's address, not its number: a reload may renumber it.
 */
struct weir_numbers weir_connect_numbers(struct weir_proxy *px, const struct weir_conn *c)
{
	const struct weir_key *k = &c->local;
	const struct weir_backend *bk = &px->policy->backends[c->backend];
	uint64_t words[5] = {k->addr.q[0], k->addr.q[1], bk->addr.q[0], bk->addr.q[1],
		(uint64_t)bk->port_be << 16 | k->port_be};
	uint64_t prf = weir_siphash24_words(&px->isn_secret, words, 5, 0, 0);
	const uint64_t clock = px->now_ns / 4000;

	/* a port that was given back may be taken again within the burst */
	px->isn_clock = clock > px->isn_clock ? clock : px->isn_clock + 1;
	return (struct weir_numbers){(uint32_t)px->isn_clock + (uint32_t)prf,
		(uint32_t)now_ms(px) + (uint32_t)(prf >> 32)};
}

static void choose_numbers(struct weir_proxy *px, struct weir_conn *c)
{
	const struct weir_numbers ours = weir_connect_numbers(px, c);

	weir_backend_set_isn(c, ours.isn);
	if (c->flags & WEIR_CONN_TS)
		weir_handshake_set_syn_tsval(c, ours.tsval);
}

bool weir_connect_to(struct weir_proxy *px, struct weir_conn *c, uint16_t backend)
{
	if (!weir_conn_attach_backend(px, c, backend))
		return false;
	c->tries = 0;
	weir_count(&px->counters.backend[backend].opened, 1);
	event(px, WEIR_EVENT_backend_syn_sent);
	if (c->state == WEIR_SYN_RCVD) /* calm.c forwards the client's own SYN */
		return true;
	choose_numbers(px, c);
	weir_send_syn(px, c);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	return true;
}

/* The backend whose turn it is; the turn is taken. */
static uint16_t next_backend(struct weir_proxy *px, const struct weir_conn *c, uint16_t service,
	uint16_t avoid)
{
	struct weir_choice choice = weir_sched_pick(&px->sched, px->policy, service, avoid,
		&c->client.addr, px->now_ns);

	weir_sched_commit(&px->sched, service, choice);
	return choice.backend;
}

bool weir_connect(struct weir_proxy *px, struct weir_conn *c, uint16_t avoid, enum weir_fate *why)
{
	uint16_t service = weir_policy_service_of(px->policy, c->client.id);

	*why = WEIR_FATE_no_backend;
	for (unsigned int i = 0; i < 2; i++) {
		uint16_t backend = next_backend(px, c, service, avoid);

		if (backend == WEIR_NONE16 || (i > 0 && backend == avoid))
			break;
		if (weir_connect_to(px, c, backend))
			return true;
		*why = WEIR_FATE_no_local_port;
		avoid = backend;
	}
	return false;
}

/* c, of which its client knows by now or will not, is CLOSED. */
static void end(struct weir_proxy *px, struct weir_conn *c)
{
	weir_conn_drop_held(px, c);
	weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_RESET);
	event(px, WEIR_EVENT_conn_failed);
	weir_count(&service_counters(px, &c->client)->failed, 1);
}

/* No backend takes c. */
static void give_up(struct weir_proxy *px, struct weir_conn *c)
{
	if (tells_client(px, &c->client))
		weir_send_rst_to_client(px, c);
	else
		c->tries = WEIR_TRIES_SILENT;
	end(px, c);
}

void weir_connect_count_refused(struct weir_proxy *px, const struct weir_conn *c)
{
	weir_count(&service_counters(px, &c->client)->refused, 1);
	weir_count(&px->counters.backend[c->backend].refused, 1);
}

void weir_connect_count_silent(struct weir_proxy *px, const struct weir_conn *c)
{
	weir_count(&service_counters(px, &c->client)->timed_out, 1);
	weir_count(&px->counters.backend[c->backend].timed_out, 1);
}

void weir_connect_count_unreachable(struct weir_proxy *px, const struct weir_conn *c)
{
	weir_count(&service_counters(px, &c->client)->unreachable, 1);
	weir_count(&px->counters.backend[c->backend].unreachable, 1);
}

bool weir_connect_has_other(const struct weir_proxy *px, const struct weir_conn *c)
{
	uint16_t service = weir_policy_service_of(px->policy, c->client.id);
	uint16_t other = weir_sched_pick(&px->sched, px->policy, service, c->backend,
		&c->client.addr, px->now_ns)
				 .backend;

	return c->switches < SWITCHES_MAX && other != WEIR_NONE16 && other != c->backend;
}

void weir_connect_blame(struct weir_proxy *px, const struct weir_conn *c)
{
	const bool proved = c->state != WEIR_SYN_RCVD;

	if (is_removed(px, c->backend) ||
		!weir_sched_failed(&px->sched, c->backend, &c->client.addr, proved, px->now_ns))
		return;
	event(px, WEIR_EVENT_backend_marked_down);
	weir_count(&px->counters.backend[c->backend].marked_down, 1);
}

void weir_connect_failed(struct weir_proxy *px, struct weir_conn *c)
{
	uint16_t failed = c->backend;
	enum weir_fate why;

	weir_connect_blame(px, c);
	if (!weir_connect_has_other(px, c)) {
		give_up(px, c);
		return;
	}
	c->switches++;
	weir_conn_detach_backend(px, c);
	if (weir_connect(px, c, failed, &why))
		event(px, WEIR_EVENT_backend_retried);
	else
		give_up(px, c);
}

/*
 * nat, or no more local ports to try: our SYN is retransmitted from the same port, and counts as the first retransmission. Once only:
 * of the older connection dozens of segments may be in flight. If that is not enough the timer sends
 * the next one.
 */
static void retransmit_syn(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->tries > 0)
		return;
	c->tries++;
	weir_send_syn(px, c);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	event(px, WEIR_EVENT_backend_syn_resent);
}

/*
 * HC-13, RFC 9293 §3.10.7.3: the backend still has an older connection on this pair of addresses and
 * ports. Our RST ends that one, unless it is in TIME_WAIT (RFC 1337); in fullnat the next SYN leaves
 * from another local port, a few times. The ACK has any number and may be forged, so it ends nothing (HC-63).
 */
static void reset_old_connection(struct weir_proxy *px, struct weir_conn *c, uint32_t ack)
{
	uint16_t backend = c->backend;
	enum weir_fate why;

	weir_send_rst_at(px, c, ack);
	if (!(c->flags & WEIR_CONN_LOCAL_PORT) || c->switches >= SWITCHES_MAX) {
		retransmit_syn(px, c);
		return;
	}
	c->switches++;
	event(px, WEIR_EVENT_backend_retried);
	weir_conn_detach_backend(px, c);
	if ((is_removed(px, backend) || !weir_connect_to(px, c, backend)) &&
		!weir_connect(px, c, backend, &why))
		give_up(px, c);
}

/* Both sequence spaces are known now: the backend's track moves from the client's view to its own. */
static void splice(struct weir_conn *c, const struct weir_seg *seg)
{
	uint32_t wnd_edge = c->track[WEIR_CLIENT].acked + seg->wnd; /* unscaled on a SYN */
	uint32_t open = c->track[WEIR_BACKEND].max_end - c->track[WEIR_BACKEND].acked;

	c->seq_delta[WEIR_BACKEND] = c->cookie - seg->seq;
	if (c->flags & WEIR_CONN_TS)
		c->ts_delta[WEIR_BACKEND] = weir_handshake_cookie_tsval(c) - seg->tsval;
	c->track[WEIR_BACKEND] =
		(struct weir_track){seg->seq + 1, seg->seq + 1, seg->seq + 1 + open};
	c->track[WEIR_CLIENT].max_end = wnd_edge;
	/* RFC 7323 §1.3: a window scale in a SYN-ACK counts only if our SYN offered one */
	c->backend_unscaled = c->no_wscale || seg->wscale == WEIR_WSCALE_NONE;
	c->wscale_backend = c->backend_unscaled ? 0 : seg->wscale & 0xf;
	c->max_wnd[WEIR_BACKEND] = seg->wnd >> c->wscale_backend;
	if ((c->flags & WEIR_CONN_SACK) && !seg->sack_ok)
		c->flags |= WEIR_CONN_STRIP_SACK;
	weir_handshake_note_mss(c, seg->mss);
}

/* The client's early segments in order; true: one fits the backend's window, others are dropped. */
static bool flush_held(struct weir_proxy *px, struct weir_conn *c, uint32_t held)
{
	bool acked = false;
	struct weir_pkt pkt;

	while (weir_held_get(&px->held, &held, &pkt)) {
		weir_forward(px, c, WEIR_CLIENT, &pkt);
		acked |= pkt.send != WEIR_SEND_NOTHING;
		return_packet(px, &pkt);
		event(px, WEIR_EVENT_held_flushed);
	}
	return acked;
}

void weir_connect_flow(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *syn_ack)
{
	const uint32_t held = c->held;

	weir_handshake_end(c);
	if (!flush_held(px, c, held) && syn_ack != NULL)
		weir_send_ack_to_backend(px, c, syn_ack->tsval);
	if (c->flags & WEIR_CONN_WND_UPDATE) {
		weir_send_window_update(px, c);
		weir_conn_timer(px, c, conn_service(px, c)->timeouts.connect_ms);
	}
}

static void establish(struct weir_proxy *px, struct weir_conn *c, const struct weir_seg *seg)
{
	splice(c, seg);
	weir_sched_answered(&px->sched, c->backend);
	if (weir_inserts(px, c)) {
		weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_HEADER);
		weir_inserted_begin(px, c);
	} else {
		weir_conn_step(px, c, WEIR_BACKEND, WEIR_TCP_SYN_ACK);
		weir_connect_flow(px, c, seg);
	}
	event(px, WEIR_EVENT_conn_established);
	weir_count(&service_counters(px, &c->client)->established, 1);
	weir_count(&px->counters.backend[c->backend].established, 1);
}

/*
 * HC-03: the client was promised timestamps, and the promise cannot be taken back: the connection
 * ends. This worker promises none to the service's later clients, unless the service requires them.
 */
static void end_without_timestamps(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	weir_send_rst_at(px, c, pkt->seg.ack);
	drop(pkt, WEIR_FATE_backend_timestamps);
	if (!conn_service(px, c)->profile.require_timestamps)
		px->no_timestamps[weir_policy_service_of(px->policy, c->client.id)] = true;
	weir_count(&service_counters(px, &c->client)->timestamps_withdrawn, 1);
	weir_send_rst_to_client(px, c);
	end(px, c);
}

static void handle_syn_ack(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if ((c->flags & WEIR_CONN_TS) && pkt->seg.ts_off == 0) {
		end_without_timestamps(px, c, pkt);
		return;
	}
	drop(pkt, WEIR_FATE_backend_syn_ack);
	establish(px, c, &pkt->seg);
}

static void handle_refusal(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	drop(pkt, WEIR_FATE_backend_refused);
	weir_connect_count_refused(px, c);
	weir_connect_failed(px, c);
}

void weir_connect_answer(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	const uint8_t kind = seg->flags & (WEIR_TCP_SYN | WEIR_TCP_ACK | WEIR_TCP_RST);
	bool acks_syn = (seg->flags & WEIR_TCP_ACK) && seg->ack == weir_backend_isn(c) + 1;

	if (kind & WEIR_TCP_RST) {
		if (acks_syn)
			handle_refusal(px, c, pkt);
		else
			drop(pkt, WEIR_FATE_stray_rst);
	} else if (!(kind & WEIR_TCP_ACK)) {
		drop(pkt, WEIR_FATE_syn_from_backend);
	} else if (!acks_syn) {
		drop(pkt, WEIR_FATE_backend_old_ack);
		reset_old_connection(px, c, seg->ack);
	} else if (kind & WEIR_TCP_SYN) {
		handle_syn_ack(px, c, pkt);
	} else {
		drop(pkt, WEIR_FATE_out_of_window);
	}
}
