// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/seq.h"
#include "tcp/parts.h"

/* Where the client's first byte stands: everything on its side is counted from here until answered. */
static uint32_t client_start(const struct weir_conn *c)
{
	return c->track[WEIR_CLIENT].acked;
}

/*
 * What the valid ACK and its cookie say. The backend's space is not known yet: until then its track
 * counts in what the client is shown, and its deltas are 0.
 */
static void fill_conn(struct weir_proxy *px, struct weir_conn *c, const struct weir_pkt *pkt,
	const struct weir_cookie *cookie, bool probe)
{
	const struct weir_seg *seg = &pkt->seg;
	const struct weir_agreed *a = &cookie->agreed;
	uint32_t start = seg->seq + (probe ? 1 : 0);
	uint32_t shown = cookie->isn + 1;

	c->cookie = cookie->isn;
	c->mss_index = a->mss_index & 7;
	c->no_wscale = a->wscale == WEIR_WSCALE_NONE;
	c->wscale_client = c->no_wscale ? 0 : a->wscale & 0xf;
	c->wscale_shown = c->no_wscale ? 0 : conn_service(px, c)->profile.wscale & 0xf;
	c->flags = (uint8_t)((a->ts ? WEIR_CONN_TS : 0) | (a->sack ? WEIR_CONN_SACK : 0) |
		(a->ecn ? WEIR_CONN_ECN : 0) |
		(px->now_ns < px->squeezed_until_ns ? WEIR_CONN_WND_UPDATE : 0));
	c->max_wnd[WEIR_CLIENT] = seg->wnd;
	c->track[WEIR_CLIENT] = (struct weir_track){start, start, start};
	c->track[WEIR_BACKEND] =
		(struct weir_track){shown, shown, shown + ((uint32_t)seg->wnd << c->wscale_client)};
	c->opening.cookie_tsval = cookie->tsval;
	c->opening.syn_tsval = seg->tsval; /* the client's; choose_numbers() makes it ours */
	c->neighbour = (struct weir_neighbour){.port = pkt->port, .known = 1};
	memcpy(c->neighbour.mac, pkt->data + 6, sizeof(c->neighbour.mac));
}

/*
 * RFC 6528: ISN = a clock of 4 us + PRF(tuple); RFC 7323 §5.4: TSval = a clock of 1 ms + PRF(tuple).
 * Both grow for one tuple, so that a backend in TIME_WAIT accepts the next SYN (RFC 6191, HC-33). By
 * the backend's address: a reload may give it another number.
 */
static void choose_numbers(struct weir_proxy *px, struct weir_conn *c)
{
	const struct weir_key *k = &c->local;
	const struct weir_backend *bk = &px->policy->backends[c->backend];
	uint64_t words[5] = {k->addr.q[0], k->addr.q[1], bk->addr.q[0], bk->addr.q[1],
		(uint64_t)bk->port_be << 16 | k->port_be};
	uint64_t prf = weir_siphash24_words(&px->isn_secret, words, 5, 0, 0);
	uint32_t client_tsval = c->opening.syn_tsval - c->ts_delta[WEIR_CLIENT];
	uint32_t isn = (uint32_t)(px->now_ns / 4000) + (uint32_t)prf;

	c->seq_delta[WEIR_CLIENT] = isn + 1 - client_start(c);
	if (c->flags & WEIR_CONN_TS) {
		c->opening.syn_tsval = (uint32_t)now_ms(px) + (uint32_t)(prf >> 32);
		c->ts_delta[WEIR_CLIENT] = c->opening.syn_tsval - client_tsval;
	}
}

bool weir_open_to(struct weir_proxy *px, struct weir_conn *c, uint16_t backend)
{
	if (!weir_conn_attach_backend(px, c, backend))
		return false;
	choose_numbers(px, c);
	c->tries = 0;
	weir_send_syn(px, c);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
	weir_count(&px->counters.backend[backend].opened, 1);
	event(px, WEIR_EVENT_backend_syn_sent);
	return true;
}

bool weir_open_backend(struct weir_proxy *px, struct weir_conn *c, uint16_t avoid,
	enum weir_fate *why)
{
	uint16_t backend = weir_sched_pick(&px->sched, px->policy, c->client.id, avoid, px->now_ns);

	*why = WEIR_FATE_no_backend;
	for (unsigned int i = 0; i < 2 && backend != WEIR_NONE16; i++) {
		if (weir_open_to(px, c, backend))
			return true;
		*why = WEIR_FATE_no_local_port;
		backend =
			weir_sched_pick(&px->sched, px->policy, c->client.id, backend, px->now_ns);
	}
	return false;
}

/* HC-04: within the announced window, the packet limit and the pool. */
static void hold(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	uint32_t room = px->policy->limits.held_bytes;
	uint32_t off = pkt->seg.seq - client_start(c);
	uint32_t pkts, bytes;

	weir_held_sum(&px->held, c->held, &pkts, &bytes);
	if (off > room || pkt->seg.payload_len > room - off) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	if (weir_held_has(&px->held, c->held, &pkt->seg)) {
		drop(pkt, WEIR_FATE_early_again);
		return;
	}
	if (pkts >= WEIR_HELD_PKTS_MAX || bytes + pkt->seg.payload_len > room ||
		!weir_held_put(&px->held, &c->held, pkt)) {
		drop(pkt, WEIR_FATE_early_limit);
		return;
	}
	pkt->send = WEIR_SEND_HELD;
	event(px, WEIR_EVENT_held);
}

static bool carries_something(const struct weir_seg *seg)
{
	return seg->payload_len > 0 || (seg->flags & WEIR_TCP_FIN);
}

/* HC-35: its address has not had too many this second. */
static bool may_open(struct weir_proxy *px, const struct weir_addr *client)
{
	struct weir_key address = {.addr = *client};

	return !weir_sources_limited(&px->sources) ||
		weir_sources_take(&px->sources, weir_key_hash(&px->table.secret, &address),
			px->now_ns / 1000000000);
}

/* The connection, its SYN on the way to a backend; NULL: *why says what is in the way. */
static struct weir_conn *open_conn(struct weir_proxy *px, const struct weir_pkt *pkt, uint64_t hash,
	const struct weir_cookie *cookie, bool probe, enum weir_fate *why)
{
	struct weir_hashes hashes;
	struct weir_conn *c;

	*why = WEIR_FATE_source_rate;
	if (!may_open(px, &pkt->key.addr))
		return NULL;
	*why = WEIR_FATE_table_full;
	c = weir_conn_begin(px, &pkt->key, hash);
	if (c == NULL)
		return NULL;
	fill_conn(px, c, pkt, cookie, probe);
	if (weir_open_backend(px, c, WEIR_NONE16, why))
		return c;
	hashes = weir_conn_hashes(px, c);
	weir_conn_end(px, c, &hashes);
	return NULL;
}

void weir_open(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash,
	const struct weir_cookie *cookie, bool probe)
{
	struct weir_service_counters *count = &px->counters.service[pkt->key.id];
	enum weir_fate why;
	struct weir_conn *c = open_conn(px, pkt, hash, cookie, probe, &why);

	pkt->conn = WEIR_CONN_NONE;
	if (c == NULL) {
		event(px, WEIR_EVENT_conn_failed);
		weir_count(&count->failed, 1);
		weir_reply_rst(pkt, why); /* it proved its address: no budget */
		return;
	}
	event(px, WEIR_EVENT_conn_opened);
	weir_count(&count->opened, 1);
	pkt->conn = conn_index(px, c);
	if (!probe && carries_something(&pkt->seg))
		hold(px, c, pkt);
	else
		drop(pkt, WEIR_FATE_handshake_ack);
}

/* The window may have opened since the ACK that proved the client: ours to the backend tells it. */
static void note_window(struct weir_conn *c, const struct weir_seg *seg)
{
	struct weir_track *shown = &c->track[WEIR_BACKEND];
	uint32_t edge = seg->ack + ((uint32_t)seg->wnd << c->wscale_client);

	shown->max_end = weir_seq_max(shown->max_end, edge);
	if (seg->wnd > c->max_wnd[WEIR_CLIENT])
		c->max_wnd[WEIR_CLIENT] = seg->wnd;
}

/*
 * RFC 5961 §3.2. Exact is what the client has sent for all that is known: its beginning, or an end of
 * what is held. Further on it may have sent what was lost, or the RST is of its life before this one.
 */
static void early_rst(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const uint32_t seq = pkt->seg.seq, start = client_start(c);

	if (!weir_seq_between(start, seq, start + px->policy->limits.held_bytes)) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	if (seq != start && !weir_held_ends_at(&px->held, c->held, seq)) {
		weir_reply_challenge(px, c, pkt);
		return;
	}
	drop(pkt, WEIR_FATE_client_abort);
	weir_conn_drop_held(px, c);
	weir_send_rst_to_backend(px, c);
	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_RESET);
	event(px, WEIR_EVENT_conn_reset);
}

void weir_open_early(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (seg->flags & WEIR_TCP_RST) {
		early_rst(px, c, pkt);
		return;
	}
	if (seg->ack != c->cookie + 1) {
		drop(pkt, WEIR_FATE_bad_ack);
		return;
	}
	if (carries_something(seg)) {
		hold(px, c, pkt);
		return;
	}
	note_window(c, seg);
	drop(pkt, WEIR_FATE_duplicate_ack);
}
