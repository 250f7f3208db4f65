// SPDX-License-Identifier: BSD-3-Clause
/*
 * Timers of connections. Each connection has one timer on the worker's wheel (flow/wheel.h); its state
 * and flags say which of these it is (weir_conn_timeout_ms() in conn.c, keys of the configuration's
 * `timeouts` in quotes):
 *
 *	SYN_SENT                        retransmission of our SYN: "connect", doubled each time (HC-11)
 *	HEADER_SENT                     retransmission of what we insert: the same (HC-80)
 *	SYN_RCVD                        how long a half-open entry stays: 75 s (HC-70)
 *	any active state, RST_PENDING   the exact RST stands if its receiver is silent: "rst_pending" (HC-22)
 *	ESTABLISHED, WND_UPDATE         retransmission of the window update: "connect", doubled (HC-04)
 *	ESTABLISHED                     idle limit: "established" (HC-25, HC-34)
 *	FIN_WAIT_1, CLOSING             the same: no FIN is acknowledged (HC-64)
 *	FIN_WAIT_2, LAST_ACK            idle limit of a half-closed connection: "half_close" (HC-30)
 *	the former but FIN_WAIT_2, once a FIN was retransmitted: "closing"
 *	TIME_WAIT                       2 MSL: "time_wait", and at least a cookie's lifetime (HC-32, HC-35)
 *	CLOSED                          a cookie's lifetime (HC-35)
 *
 * Elsewhere: retransmission of SYN-ACKs (synack.h, HC-07), key epochs (keys.h), hold-down of a backend
 * (flow/sched.h), grace period of unknown tuples (grace.h, HC-08).
 */
#include "tcp/calm.h"
#include "tcp/engine.h"
#include "tcp/handshake.h"
#include "tcp/inserted.h"

/* SYNs without an answer before another backend is tried (HC-11). */
#define SYN_TRIES 2

/* Window updates without a reaction, after which the client's own zero-window probes must do. */
#define UPDATE_TRIES 5

/* Connections that are freed together, so that their cache misses overlap. */
#define FREE_MAX 16

void weir_expire_reset(struct weir_proxy *px, struct weir_conn *c, enum weir_event e)
{
	weir_conn_drop_held(px, c);
	weir_send_rst_to_client(px, c);
	if (c->flags & WEIR_CONN_KEYED_BACKEND)
		weir_send_rst_to_backend(px, c);
	weir_conn_step(px, c, WEIR_CLIENT, WEIR_TCP_RESET);
	event(px, e);
}

static void syn_unanswered(struct weir_proxy *px, struct weir_conn *c)
{
	bool alone = c->switches == 0 && !weir_connect_has_other(px, c);

	c->tries++;
	if (c->tries >= (alone ? WEIR_SYN_TRIES_ALONE : SYN_TRIES) || is_out(px, c->backend)) {
		weir_connect_count_silent(px, c);
		weir_send_rst_to_backend(px, c); /* in case it did receive a SYN */
		weir_connect_failed(px, c);
		return;
	}
	weir_send_syn(px, c);
	event(px, WEIR_EVENT_backend_syn_resent);
	weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
}

/* HC-04: the client was told window 0 and has sent nothing since the backend answered. */
static void retransmit_window_update(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->tries++ >= UPDATE_TRIES) {
		c->flags &= (uint8_t)~WEIR_CONN_WND_UPDATE;
		weir_conn_timer(px, c, weir_conn_timeout_ms(px, c));
		return;
	}
	weir_send_window_update(px, c);
	weir_conn_timer(px, c, conn_service(px, c)->timeouts.connect_ms << c->tries);
}

/* The timer of an active connection, which is off the wheel now. */
static void expire(struct weir_proxy *px, struct weir_conn *c)
{
	if (c->state == WEIR_SYN_SENT) {
		syn_unanswered(px, c);
	} else if (c->state == WEIR_SYN_RCVD) {
		weir_calm_expired(px, c);
	} else if (c->flags &
		WEIR_CONN_RST_PENDING) { /* its receiver has sent nothing since the RST */
		weir_conn_step(px, c, (enum weir_side)c->reset_by, WEIR_TCP_RESET);
		event(px, WEIR_EVENT_conn_reset);
	} else if (c->state == WEIR_HEADER_SENT) {
		weir_inserted_expired(px, c);
	} else if (c->flags & WEIR_CONN_WND_UPDATE) {
		retransmit_window_update(px, c);
	} else {
		weir_expire_reset(px, c, WEIR_EVENT_conn_idle); /* HC-34 */
	}
}

/* Connections in TIME_WAIT or CLOSED whose time is over. They are off the wheel. */
struct expired {
	unsigned int n;
	struct {
		struct weir_conn *conn;
		struct weir_hashes hashes;
	} at[FREE_MAX];
};

static void free_expired(struct weir_proxy *px, struct expired *e)
{
	for (unsigned int i = 0; i < e->n; i++)
		weir_conn_end(px, e->at[i].conn, &e->at[i].hashes);
	e->n = 0;
}

/*
 * No cache has held these connections for a minute: they are gathered, with their buckets prefetched,
 * and freed together. INVARIANT: nothing else happens in between; the timer of an active connection
 * may open a connection in a freed one's place.
 */
void weir_expire_due(struct weir_proxy *px, unsigned int limit)
{
	struct expired e;
	uint32_t conn;

	e.n = 0;
	while ((conn = weir_wheel_expired(&px->wheel, px->now_ns, &limit)) != WEIR_CONN_NONE) {
		struct weir_conn *c = conn_at(px, conn);

		if (is_active(c)) {
			free_expired(px, &e);
			expire(px, c);
			continue;
		}
		e.at[e.n].conn = c;
		e.at[e.n++].hashes = weir_conn_hashes(px, c);
		if (e.n == FREE_MAX)
			free_expired(px, &e);
	}
	free_expired(px, &e);
}
