// SPDX-License-Identifier: BSD-3-Clause
/*
 * The client's side of the handshake: from an ACK with a valid cookie to a connection in SYN_SENT,
 * and the client's segments until the backend answers. Owns early data: what is held, what an early
 * RST ends.
 */
#include <string.h>

#include "base/seq.h"
#include "tcp/engine.h"
#include "tcp/handshake.h"

/*
 * What the valid ACK and its cookie say. The backend's sequence space is unknown in SYN_SENT: until
 * the backend answers, its track counts in the client's view and its deltas are 0.
 */
static void fill_conn(struct weir_proxy *px, struct weir_conn *c, const struct weir_pkt *pkt,
	const struct weir_cookie *cookie, bool probe)
{
	const struct weir_seg *seg = &pkt->seg;
	const struct weir_agreed *a = &cookie->agreed;
	uint32_t start = seg->seq + (probe ? 1 : 0);
	uint32_t shown = cookie->isn + 1;
	const uint16_t service = weir_policy_service_of(px->policy, c->client.id);

	c->cookie = cookie->isn;
	c->mss_index = a->mss_index & 7;
	c->no_wscale = a->wscale == WEIR_WSCALE_NONE;
	c->wscale_client = c->no_wscale ? 0 : a->wscale & 0xf;
	c->wscale_shown = c->no_wscale ? 0 : conn_service(px, c)->profile.wscale & 0xf;
	c->flags = (uint8_t)((a->ts ? WEIR_CONN_TS : 0) | (a->sack ? WEIR_CONN_SACK : 0) |
		(a->ecn ? WEIR_CONN_ECN : 0) |
		(px->now_ns < px->squeezed_until_ns[service] ? WEIR_CONN_WND_UPDATE : 0));
	c->max_wnd[WEIR_CLIENT] = seg->wnd;
	c->track[WEIR_CLIENT] = (struct weir_track){start, start, start};
	c->track[WEIR_BACKEND] =
		(struct weir_track){shown, shown, shown + ((uint32_t)seg->wnd << c->wscale_client)};
	weir_handshake_start(c, cookie->tsval, seg->tsval);
	c->neighbour = (struct weir_neighbour){.interface = pkt->interface, .known = 1};
	memcpy(c->neighbour.mac, weir_eth_src(&pkt->frame), sizeof(c->neighbour.mac));
}

/* HC-04: within the announced window, the packet limit, and the service's share of the pool. */
void weir_accept_hold(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	uint32_t room = px->policy->limits.held_bytes;
	uint32_t off = pkt->seg.seq - weir_client_snd_start(c);
	const uint16_t service = weir_policy_service_of(px->policy, c->client.id);
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
		!weir_held_may(&px->held, service) ||
		!weir_held_put(&px->held, service, &c->held, pkt)) {
		drop(pkt, WEIR_FATE_early_limit);
		return;
	}
	pkt->send = WEIR_SEND_HELD;
	event(px, WEIR_EVENT_held);
}

/* HC-65: there is a place for one more of the service; if not, room is made among its own. */
static bool has_part(struct weir_proxy *px, uint16_t service)
{
	const uint32_t kept = weir_kept_back(px, service);

	if (kept == 0 || px->table.capacity - weir_settled_conns(px) > kept)
		return true;
	weir_pressure_begin(px);
	return false;
}

void weir_count_off(struct weir_proxy *px, const struct weir_key *client)
{
	weir_crowd_give(&px->crowd, &client->addr);
	px->settled[weir_policy_service_of(px->policy, client->id)]--;
}

bool weir_may_open(struct weir_proxy *px, const struct weir_key *client, enum weir_fate *why)
{
	const uint16_t service = weir_policy_service_of(px->policy, client->id);

	*why = WEIR_FATE_source_rate;
	if (weir_sources_limited(&px->sources) &&
		!weir_sources_take(&px->sources, weir_addr_hash(&px->addr_secret, &client->addr),
			px->now_ns / 1000000000))
		return false;
	if (!has_part(px, service)) {
		*why = WEIR_FATE_service_share;
		return false;
	}
	switch (weir_crowd_take(&px->crowd, &client->addr)) {
	case WEIR_CROWD_ROOM:
		px->settled[service]++;
		return true;
	case WEIR_CROWD_ADDRESS_FULL:
		*why = WEIR_FATE_source_limit;
		break;
	case WEIR_CROWD_PREFIX_FULL:
		*why = WEIR_FATE_prefix_limit;
		break;
	}
	weir_count(&service_counters(px, client)->crowded, 1);
	return false;
}

/* A connection whose SYN was sent to a backend; NULL: *why says what was missing. */
static struct weir_conn *open_conn(struct weir_proxy *px, const struct weir_pkt *pkt, uint64_t hash,
	const struct weir_cookie *cookie, bool probe, enum weir_fate *why)
{
	struct weir_hashes hashes;
	struct weir_conn *c;

	if (!weir_may_open(px, &pkt->key, why))
		return NULL;
	*why = WEIR_FATE_table_full;
	c = weir_conn_begin(px, &pkt->key, hash);
	if (c == NULL) {
		weir_count_off(px, &pkt->key);
		return NULL;
	}
	fill_conn(px, c, pkt, cookie, probe);
	if (weir_connect(px, c, WEIR_NONE16, why))
		return c;
	hashes = weir_conn_hashes(px, c);
	weir_conn_end(px, c, &hashes);
	return NULL;
}

void weir_accept(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash,
	const struct weir_cookie *cookie, bool probe)
{
	struct weir_service_counters *count = service_counters(px, &pkt->key);
	enum weir_fate why;
	struct weir_conn *c;

	event(px, WEIR_EVENT_cookie_accepted);
	weir_count(&count->cookies_ok, 1);
	c = open_conn(px, pkt, hash, cookie, probe, &why);
	pkt->conn = WEIR_CONN_NONE;
	if (c == NULL) {
		event(px, WEIR_EVENT_conn_failed);
		weir_count(&count->failed, 1);
		if (why == WEIR_FATE_no_backend && !tells_client(px, &pkt->key))
			drop(pkt, WEIR_FATE_no_backend_drop);
		else
			weir_reply_rst_budgeted(px, WEIR_REPLY_REFUSAL, pkt, why);
		return;
	}
	weir_known_note(&px->known, &pkt->key.addr);
	event(px, WEIR_EVENT_conn_opened);
	weir_count(&count->opened, 1);
	pkt->conn = conn_index(px, c);
	if (!probe && weir_has_data_or_fin(&pkt->seg))
		weir_accept_hold(px, c, pkt);
	else
		drop(pkt, WEIR_FATE_handshake_ack);
}

/* The client's window may have grown since its first ACK; our ACK to the backend announces it. */
static void note_window(struct weir_conn *c, const struct weir_seg *seg)
{
	struct weir_track *shown = &c->track[WEIR_BACKEND];
	uint32_t edge = seg->ack + ((uint32_t)seg->wnd << c->wscale_client);

	shown->max_end = weir_seq_max(shown->max_end, edge);
	if (seg->wnd > c->max_wnd[WEIR_CLIENT])
		c->max_wnd[WEIR_CLIENT] = seg->wnd;
}

/*
 * RFC 5961 §3.2. A RST is exact where the client stands for all we know: at its first byte, which a
 * challenge ACK names, or at the end of all that is held, or was sent on. These are three numbers, so a blind
 * sender needs 2^30 packets (HC-63). Elsewhere in the window it may follow data that was lost, or be of the previous
 * incarnation: a challenge ACK asks the client.
 */
void weir_accept_rst(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const uint32_t seq = pkt->seg.seq, start = weir_client_snd_start(c);

	if (!weir_seq_between(start, seq, start + px->policy->limits.held_bytes)) {
		drop(pkt, WEIR_FATE_out_of_window);
		return;
	}
	if (seq != start && seq != c->track[WEIR_CLIENT].end &&
		seq != weir_held_end(&px->held, c->held, start)) {
		weir_reply_challenge(px, c, pkt);
		return;
	}
	drop(pkt, WEIR_FATE_client_abort);
	weir_conn_drop_held(px, c);
	weir_send_rst_to_backend(px, c);
	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_RESET);
	event(px, WEIR_EVENT_conn_reset);
}

void weir_accept_early(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	if (seg->flags & WEIR_TCP_RST) {
		weir_accept_rst(px, c, pkt);
		return;
	}
	if (seg->ack != c->cookie + 1) {
		drop(pkt, WEIR_FATE_bad_ack);
		return;
	}
	if (weir_has_data_or_fin(seg)) {
		weir_accept_hold(px, c, pkt);
		return;
	}
	note_window(c, seg);
	drop(pkt, WEIR_FATE_duplicate_ack);
}
