// SPDX-License-Identifier: BSD-3-Clause
/*
 * A new incarnation of a client on the tuple of a connection that is in the table (RFC 9293 §3.4.2): its
 * SYN, its ACK with another cookie, and the ACK that is none, but the connection's own again. Owns the
 * question whether the connection is replaced (HC-24, HC-32, HC-63).
 */
#include "tcp/burst.h"
#include "tcp/calm.h"
#include "tcp/engine.h"
#include "tcp/handshake.h"

/*
 * A client that starts from a fixed ISN would be shown the cookie of a connection that it had, and be
 * taken for a replay (HC-35). So while c, its last one, is remembered, it is shown that of a higher ISN.
 */
static struct weir_seg shift_isn(const struct weir_conn *c, const struct weir_seg *seg)
{
	struct weir_seg shifted = *seg;

	shifted.seq += c->cookie | 1;
	return shifted;
}

/* The segment carries a valid cookie for c's tuple; after c's end one of a shifted ISN is valid, too. */
static bool check_incarnation(const struct weir_proxy *px, const struct weir_conn *c,
	const struct weir_seg *seg, struct weir_cookie *cookie, uint64_t *probe)
{
	struct weir_seg shifted = shift_isn(c, seg);
	const struct weir_seg *again = &shifted;

	return weir_cookie_check(&px->keys, &seg, cookie, probe, 1) != 0 ||
		(!is_alive(c) && weir_cookie_check(&px->keys, &again, cookie, probe, 1) != 0);
}

bool weir_incarnation(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	struct weir_cookie cookie;
	uint64_t probe, hash;

	if (!weir_may_carry_cookie(pkt) || seg->ack - 1 == c->cookie || !is_open(px, pkt->key.id) ||
		lacks_timestamps(px, pkt))
		return false;
	if (!check_incarnation(px, c, seg, &cookie, &probe)) {
		if (!is_alive(c) && !weir_window_acks(c, WEIR_CLIENT, seg))
			note_bad_cookie(px, pkt);
		return false;
	}
	if (may_be_guess(px, pkt)) {
		drop(pkt, WEIR_FATE_cookie_guess);
		return true;
	}
	hash = weir_key_hash(&px->table.secret, &pkt->key);
	if (weir_spent_is(&px->spent, hash, cookie.isn)) {
		drop(pkt, WEIR_FATE_old_cookie);
		event(px, WEIR_EVENT_cookie_stale);
		return true;
	}
	if (is_alive(c)) {
		weir_refuse_incarnation(px, c, pkt);
		return true;
	}
	if (is_active(c) && (c->flags & WEIR_CONN_KEYED_BACKEND))
		weir_send_rst_to_backend(px, c);
	weir_conn_evict(px, c);
	event(px, WEIR_EVENT_conn_replaced);
	weir_accept(px, pkt, hash, &cookie, probe != 0);
	return true;
}

bool weir_is_own_handshake(const struct weir_proxy *px, const struct weir_conn *c,
	const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	struct weir_cookie cookie;
	uint64_t probe;

	return seg->ack - 1 == c->cookie && seg->payload_len == 0 && seg->flags == WEIR_TCP_ACK &&
		weir_cookie_check(&px->keys, &seg, &cookie, &probe, 1) != 0 && probe == 0;
}

/* A SYN on an entry's tuple may reach its backend, which answers as a challenge does: within that budget. */
static bool may_pass(struct weir_proxy *px, const struct weir_pkt *pkt)
{
	const uint16_t service = weir_policy_service_of(px->policy, pkt->key.id);
	enum weir_fate why;

	return weir_replies_take(&px->replies, WEIR_REPLY_PEER, service, NULL, px->now_ns, &why);
}

/* RFC 5961 §4; c is alive. Whether none of its client's bytes was acknowledged: weir_window_asked(). */
void weir_challenge_syn(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt)
{
	if (c->state >= WEIR_ESTABLISHED && pkt->seg.seq + 1 == c->track[WEIR_CLIENT].acked)
		c->isn_again = 1;
	weir_reply_challenge(px, c, pkt);
}

bool weir_answer_known(struct weir_proxy *px, struct weir_pkt *pkt, struct weir_cookie *cookie)
{
	struct weir_conn *c;
	struct weir_seg shifted;
	const struct weir_seg *syn = &shifted;
	uint64_t hash;
	uint32_t conn;

	hash = weir_key_hash(&px->table.secret, &pkt->key);
	conn = weir_table_lookup(&px->table, &pkt->key, hash);
	if (conn == WEIR_CONN_NONE || !weir_bucket_take(&px->syn_lookups, px->now_ns))
		return false;
	c = conn_at(px, conn);
	if (c->state ==
		WEIR_SYN_RCVD) /* its backend answers (HC-73), within the budget of challenges */
		return may_pass(px, pkt) && weir_calm_syn(px, pkt, hash, c);
	if (is_alive(c)) {
		pkt->conn = conn;
		weir_challenge_syn(px, c, pkt);
		return true;
	}
	if (cookie->isn == c->cookie || weir_spent_is(&px->spent, hash, cookie->isn)) {
		shifted = shift_isn(c, &pkt->seg);
		weir_cookie_make(&px->keys, &syn, cookie, 1, now_ms(px));
	}
	return false;
}
