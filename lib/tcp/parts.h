/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the conductor share with each other and with nobody else:
 *	proxy.c    set-up, a packet's decision, time
 *	burst.c    the stages before it, for all packets of a burst at once
 *	reply.c    answers in the packet's own buffer: SYN-ACK, RST, echo
 *	compose.c  header-only segments for one end of a connection
 *	conn.c     beginning and end of a connection: memory, keys, local port, timer
 *	open.c     from a valid ACK to a SYN for a backend
 *	answer.c   from the backend's answer to an established connection, or to the next backend
 *	forward.c  segments of an established connection
 *	expire.c   what the clock asks for
 */
#ifndef WEIR_TCP_PARTS_H
#define WEIR_TCP_PARTS_H

#include "tcp/cookie.h"
#include "tcp/proxy.h"
#include "tcp/state.h"
#include "tcp/translate.h"
#include "tcp/window.h"

/* Packets of one connection that may be held (HC-04). */
#define WEIR_HELD_PKTS_MAX 16

static inline void event(struct weir_proxy *px, enum weir_event e)
{
	weir_count(&px->counters.event[e], 1);
}

static inline struct weir_conn *conn_at(struct weir_proxy *px, uint32_t conn)
{
	return weir_table_conn(&px->table, conn);
}

static inline uint32_t conn_index(const struct weir_proxy *px, const struct weir_conn *c)
{
	return (uint32_t)(c - px->table.conns);
}

static inline const struct weir_service *conn_service(const struct weir_proxy *px,
	const struct weir_conn *c)
{
	return &px->policy->services[c->client.id];
}

/* New connections of that service may begin. */
static inline bool is_open(const struct weir_proxy *px, uint16_t service)
{
	return px->policy->services[service].life == WEIR_LIFE_LIVE;
}

/* The backend is none any more: connections that it has not taken yet go elsewhere. */
static inline bool is_removed(const struct weir_proxy *px, uint16_t backend)
{
	return px->policy->backends[backend].life != WEIR_LIFE_LIVE;
}

/* Carries, or may still carry, data. */
static inline bool is_active(const struct weir_conn *c)
{
	return c->state != WEIR_CLOSED && c->state != WEIR_TIME_WAIT;
}

static inline uint64_t now_ms(const struct weir_proxy *px)
{
	return px->now_ns / 1000000;
}

/* The packet ends here, by that name. */
static inline void drop(struct weir_pkt *pkt, enum weir_fate fate)
{
	pkt->send = WEIR_SEND_NOTHING;
	pkt->fate = (uint8_t)fate;
}

/* Sets the timer delay_ms from now. */
static inline void weir_conn_timer(struct weir_proxy *px, struct weir_conn *c, uint32_t delay_ms)
{
	uint32_t deadline = weir_tick_after(px->now_ns, delay_ms);

	if (c->wheel_prev != WEIR_WHEEL_OFF) {
		weir_wheel_set(&px->wheel, conn_index(px, c), deadline);
		return;
	}
	c->deadline = deadline;
	weir_wheel_add(&px->wheel, conn_index(px, c));
}

/* reply.c: all set send and fate */

/* RST to whoever sent the segment, which is none, in its buffer (RFC 9293 §3.10.7.1). */
void weir_reply_rst(struct weir_pkt *pkt, enum weir_fate fate);

/* The same within that budget of replies; without budget, a drop. An RST is never answered. */
void weir_reply_rst_budgeted(struct weir_proxy *px, struct weir_bucket *budget,
	struct weir_pkt *pkt, enum weir_fate fate);

/* RFC 5961 §3.2: ACK to the client of c, in SYN_SENT, whose RST in pkt may not be its own; in budget. */
void weir_reply_challenge(struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt);

/* The SYN in pkt becomes its SYN-ACK with that cookie. */
void weir_reply_syn_ack(struct weir_proxy *px, struct weir_pkt *pkt,
	const struct weir_cookie *cookie);

/* Sends the SYN-ACK of a ring entry once more. */
void weir_reply_syn_ack_again(struct weir_proxy *px, const struct weir_synack *s);

/* compose.c: each sends one segment through the callbacks (px->ops) */

void weir_send_syn(struct weir_proxy *px, const struct weir_conn *c);
/*
 * The handshake's third step, and again when the SYN-ACK comes again. tsecr: its TSval, as it was
 * (HC-05: there is nothing to translate).
 */
void weir_send_ack_to_backend(struct weir_proxy *px, const struct weir_conn *c, uint32_t tsecr);
void weir_send_window_update(struct weir_proxy *px, const struct weir_conn *c);
/* RST to the client, at what it expects. */
void weir_send_rst_to_client(struct weir_proxy *px, const struct weir_conn *c);
/* RST to the backend of a connection that it knows, at what it expects. */
void weir_send_rst_to_backend(struct weir_proxy *px, const struct weir_conn *c);
/* RST to the backend in answer to a segment that makes no sense to us: seq is that segment's ack. */
void weir_send_rst_at(struct weir_proxy *px, const struct weir_conn *c, uint32_t seq);

/* conn.c */

struct weir_hashes {
	uint64_t client, local; /* local: 0 when c has no such key */
};

/* A conn for the client key with that hash, in the table, on no timer; NULL: the table is full. */
struct weir_conn *weir_conn_begin(struct weir_proxy *px, const struct weir_key *client,
	uint64_t hash);
/* The hashes of c's two keys. The lines that they lead to are sent for. */
struct weir_hashes weir_conn_hashes(const struct weir_proxy *px, const struct weir_conn *c);
/* Every piece of it goes back: keys, port, held packets, timer, memory. c is gone. */
void weir_conn_end(struct weir_proxy *px, struct weir_conn *c, const struct weir_hashes *hashes);
/* The same for one whose cookie may be alive: it opens nothing any more (HC-35). */
void weir_conn_evict(struct weir_proxy *px, struct weir_conn *c);
/* The state machine steps; what depends on the state (gauges, timer, backend's load) follows. */
void weir_conn_step(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	enum weir_tcp_event e);
/* The timer that the state asks for, from now. */
uint32_t weir_conn_timeout_ms(const struct weir_proxy *px, const struct weir_conn *c);
/* Gives c a local address and port (nat: the client's) towards backend, and the key for the way back. */
bool weir_conn_attach_backend(struct weir_proxy *px, struct weir_conn *c, uint16_t backend);
/* Ends that: before another backend or port, or for good. */
void weir_conn_detach_backend(struct weir_proxy *px, struct weir_conn *c);
/* Held packets of c are given back as dropped. */
void weir_conn_drop_held(struct weir_proxy *px, struct weir_conn *c);

/* open.c */

/* The ACK in pkt, its key with that hash, proved its sender: opens a connection to a backend. */
void weir_open(struct weir_proxy *px, struct weir_pkt *pkt, uint64_t hash,
	const struct weir_cookie *cookie, bool probe);
/* A further segment of the client, the backend not having answered: held, or not. */
void weir_open_early(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);
/* Sends that backend a SYN, from a local port of its own; false: it cannot be joined. */
bool weir_open_to(struct weir_proxy *px, struct weir_conn *c, uint16_t backend);
/* Chooses a backend and sends it a SYN. false: none can be had; *why is the fate that says so. */
bool weir_open_backend(struct weir_proxy *px, struct weir_conn *c, uint16_t avoid,
	enum weir_fate *why);

/* answer.c */

/* Any segment of the backend while in SYN_SENT. */
void weir_answer(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);
/* There is another backend that this connection may be moved to. */
bool weir_answer_has_other(struct weir_proxy *px, const struct weir_conn *c);
/* The backend will not have it: another one, or RST to the client. c may be closed after this. */
void weir_answer_failed(struct weir_proxy *px, struct weir_conn *c);

/* forward.c */

/* A segment of a connection that is neither in SYN_SENT nor CLOSED. */
void weir_forward(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt);

/* expire.c */

/* Whose timers have gone off; looks at no more than `limit` connections. */
void weir_expire_due(struct weir_proxy *px, unsigned int limit);
/* RST to both ends of whatever state; then CLOSED. */
void weir_expire_reset(struct weir_proxy *px, struct weir_conn *c, enum weir_event e);

#endif
