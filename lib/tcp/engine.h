/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the files of the proxy engine share. Private to tcp/; proxy.h is the contract outside.
 *
 *	setup.c    set-up, another policy
 *	proxy.c    the decision about one packet, time
 *	burst.c    the stages before the decision, for all packets of a burst at once
 *	accept.c   a client's valid ACK, and its early data           \ handshake.h
 *	connect.c  SYN to a backend, its answer, another backend      /
 *	inserted.c bytes of our own before the client's first: PROXY header (inserted.h)
 *	calm.c     half-open entries: SYN, SYN-ACK and ACK of the two ends pass (calm.h); calm_syn.c: the
 *	           client's SYN; entry.c: their life
 *	gate.c     cookies or half-open entries, for one service; gates.c: for all of a worker's
 *	forward.c  segments of a spliced connection
 *	conn.c     begin and end of a connection: memory, keys, timer
 *	local.c    its local address and port
 *	pressure.c which connections go when room runs short
 *	reply.c    answers in the packet's own buffer: SYN-ACK, RST, challenge ACK
 *	compose.c  header-only segments to one side of a connection
 *	incarnation.c  a client's new handshake on the tuple of a connection
 *	expire.c   timers that have gone off
 *
 * All of it runs in the worker's thread, within a call of proxy.h. A segment that synweir sends is
 * passed to the caller's functions (struct weir_proxy_ops) while the call runs; these must not call
 * the engine back, and send_header() and return_packet() below hold them to it.
 */
#ifndef WEIR_TCP_ENGINE_H
#define WEIR_TCP_ENGINE_H

#include <assert.h>

#include "flow/addr_hash.h"
#include "tcp/cookie.h"
#include "tcp/proxy.h"
#include "tcp/state.h"
#include "tcp/translate.h"
#include "tcp/window.h"
#include "wire/build.h"
#include "wire/eth.h"

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
	return &px->policy->services[weir_policy_service_of(px->policy, c->client.id)];
}

/* Counters of the service that a client's key is of. */
static inline struct weir_service_counters *service_counters(struct weir_proxy *px,
	const struct weir_key *client)
{
	return &px->counters.service[weir_policy_service_of(px->policy, client->id)];
}

/* The listener takes new connections. */
static inline bool is_open(const struct weir_proxy *px, uint16_t listener)
{
	return px->policy->listeners[listener].life == WEIR_LIFE_LIVE;
}

/* HC-74: a client whose connection no backend takes is told so by RST. */
static inline bool tells_client(const struct weir_proxy *px, const struct weir_key *client)
{
	return px->policy->services[weir_policy_service_of(px->policy, client->id)].no_backend ==
		WEIR_NO_BACKEND_REJECT;
}

/* The configuration no longer has this backend: connections that it has not accepted go elsewhere. */
static inline bool is_removed(const struct weir_proxy *px, uint16_t backend)
{
	return px->policy->backends[backend].life != WEIR_LIFE_LIVE;
}

/* A connection that waits for it had better go to another one. */
static inline bool is_out(const struct weir_proxy *px, uint16_t backend)
{
	return is_removed(px, backend) || !weir_health_is_good(px->sched.health, backend);
}

/* Carries data, or may still carry some. */
static inline bool is_active(const struct weir_conn *c)
{
	return c->state != WEIR_CLOSED && c->state != WEIR_TIME_WAIT;
}

/* Not in use: the walk over all conns meets those too. */
static inline bool is_free(const struct weir_conn *c)
{
	return (c->client.addr.q[0] | c->client.addr.q[1]) == 0;
}

/*
 * Places that are kept free, while there are any to be had: for the newcomers of two bursts, or of one
 * where the table has a thousand places. Of small tables a few.
 */
static inline uint32_t weir_spare_conns(const struct weir_proxy *px)
{
	uint32_t some = px->table.capacity / 15;

	return some == 0 ? 1 : some < 2 * WEIR_BURST ? some : 2 * WEIR_BURST;
}

/* Those that go on, but for half-open entries, which give way to all others (HC-70). */
static inline uint32_t weir_settled_conns(const struct weir_proxy *px)
{
	return weir_proxy_active(px) - px->by_state[WEIR_SYN_RCVD];
}

/* Of the spare places the latter part is not for entries: fewer are free, so entries must go. */
static inline bool weir_entries_pressed(const struct weir_proxy *px)
{
	return px->table.capacity - px->table.count < weir_spare_conns(px) / 2;
}

static inline uint32_t weir_spare_ports(const struct weir_localports *p)
{
	return p->count < 1024 ? 1 : 32;
}

/* The latter part of the spare ports is not for entries: it is for clients whose address is proved. */
static inline bool weir_has_port_for_entry(const struct weir_localports *p)
{
	return p->count - p->in_use > (weir_spare_ports(p) + 1) / 2;
}

/* HC-65: places that the service leaves to others, because it has more than an equal part. */
static inline uint32_t weir_kept_back(const struct weir_proxy *px, uint16_t service)
{
	return px->settled[service] > px->fair ? px->reserve : 0;
}

/* But for spare places, only connections that go on are in the table's, or those it has for that service. */
static inline bool weir_table_pressed(const struct weir_proxy *px, uint16_t service)
{
	return px->table.capacity - weir_settled_conns(px) <
		weir_spare_conns(px) + weir_kept_back(px, service);
}

/* The same for a pool's ports. */

static inline bool weir_pool_pressed(const struct weir_localports *p)
{
	return p->count - (p->in_use - p->yielding) < weir_spare_ports(p);
}

/* HC-60: it was counted for its client's address by weir_may_open(), and has not ended. */
static inline bool is_counted(const struct weir_conn *c)
{
	return is_active(c) && c->state > WEIR_SYN_RCVD; /* whose address is not proved */
}

/*
 * HC-63: active, not half-open, and not ended by an exact RST: the backend's, or the client's at the
 * number that the backend expects, which costs a blind sender 2^31 packets (RFC 5961 §3). That one counts
 * until the client sends data, even if the backend lost it and goes on.
 */
static inline bool is_alive(const struct weir_conn *c)
{
	const bool ended = (c->flags & WEIR_CONN_RST_PENDING) && c->reset_by == WEIR_BACKEND;

	return is_counted(c) && !ended && c->quiet != WEIR_QUIET_GONE;
}

/* The service takes no cookie without timestamps, and this is one. */
static inline bool lacks_timestamps(const struct weir_proxy *px, const struct weir_pkt *pkt)
{
	return pkt->seg.ts_off == 0 &&
		px->policy->listeners[pkt->key.id].profile.require_timestamps;
}

static inline uint64_t now_ms(const struct weir_proxy *px)
{
	return px->now_ns / 1000000;
}

/* Without timestamps a valid cookie may be a guess: an address with many wrong ones is not believed. */
static inline bool may_be_guess(const struct weir_proxy *px, const struct weir_pkt *pkt)
{
	return pkt->seg.ts_off == 0 &&
		weir_guesses_over(&px->guesses, weir_addr_hash(&px->addr_secret, &pkt->key.addr),
			px->now_ns / 1000000000);
}

/* The client's segment was checked for a cookie, and has none. */
static inline void note_bad_cookie(struct weir_proxy *px, const struct weir_pkt *pkt)
{
	if (pkt->seg.ts_off == 0)
		weir_guesses_note(&px->guesses, weir_addr_hash(&px->addr_secret, &pkt->key.addr),
			px->now_ns / 1000000000);
}

/* The service's SYNs are few enough for the ring of SYN-ACKs. */
static inline bool is_calm(const struct weir_proxy *px, uint16_t service)
{
	return !weir_synack_silent(&px->synacks, service, px->now_ns);
}

/* The packet ends here; fate is the reason. */
static inline void drop(struct weir_pkt *pkt, enum weir_fate fate)
{
	pkt->send = WEIR_SEND_NOTHING;
	pkt->fate = (uint8_t)fate;
}

/* A callback that calls the engine stops the program, unless it was built with NDEBUG. */
static inline void check_reentry(const struct weir_proxy *px)
{
	assert(!px->in_callback);
}

/* What burst, tick and reset_all of proxy.h begin with. */
static inline void enter(struct weir_proxy *px, uint64_t now_ns)
{
	check_reentry(px);
	px->now_ns = now_ns;
}

/* The caller builds and sends a header-only segment. */
static inline void send_header(struct weir_proxy *px, const struct weir_header *h,
	const struct weir_dest *dest)
{
	px->in_callback = true;
	px->ops.header(px->ops.shell, h, dest);
	px->in_callback = false;
}

/* A held packet goes back to the caller; its send and fate say what becomes of it. */
static inline void return_packet(struct weir_proxy *px, struct weir_pkt *pkt)
{
	px->in_callback = true;
	px->ops.packet(px->ops.shell, pkt);
	px->in_callback = false;
}

/* Sets the timer to delay_ms from now. */
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

/* reply.c: each sets send and fate of pkt */

/* RST to the sender of a segment that belongs to no connection, in its buffer (RFC 9293 §3.10.7.1). */
void weir_reply_rst(struct weir_pkt *pkt, enum weir_fate fate);

/*
 * The packet may be answered, within all limits of replies (replies.h); that is counted. false: it is
 * dropped.
 */
bool weir_may_reply(struct weir_proxy *px, enum weir_reply_kind kind, struct weir_pkt *pkt);

/*
 * RFC 1812 §5.3.1: the packet may not be forwarded any further. Its sender is told by ICMP, within these limits, from the
 * interface's own address.
 */
void weir_reply_time_exceeded(struct weir_proxy *px, enum weir_reply_kind kind,
	struct weir_pkt *pkt);

/* weir_reply_rst() within these limits. An RST is never answered. */
void weir_reply_rst_budgeted(struct weir_proxy *px, enum weir_reply_kind kind, struct weir_pkt *pkt,
	enum weir_fate fate);

/*
 * RFC 5961 §3.2, §4.2: challenge ACK to the client of c, an active connection, about the segment in pkt:
 * what c would send next, and what it expects. Within the budget.
 */
void weir_reply_challenge(struct weir_proxy *px, const struct weir_conn *c, struct weir_pkt *pkt);

/*
 * HC-63: pkt is of a new incarnation of c's client, and c is alive. A RST ends the new incarnation, and
 * the challenge ACK that follows asks about c: a client that has lost its memory has no connection by
 * then and answers with an exact RST (RFC 9293 §3.10.7.1). A client that knows c ignores both: the RST
 * has the other's number. Both for one reply of the budget.
 */
void weir_refuse_incarnation(struct weir_proxy *px, const struct weir_conn *c,
	struct weir_pkt *pkt);

/* The SYN in pkt becomes its SYN-ACK with that cookie. */
void weir_reply_syn_ack(struct weir_proxy *px, struct weir_pkt *pkt,
	const struct weir_cookie *cookie);

/* That was done: if the ring has room, the SYN-ACK of pkt's sender is retransmitted if need be (HC-07). */
void weir_reply_note(struct weir_proxy *px, struct weir_synack_ring *ring,
	const struct weir_pkt *pkt, uint16_t service, const struct weir_cookie *cookie);

/* Time passes: SYN-ACKs whose clients have no connection are retransmitted (HC-07). Bounded. */
void weir_reply_syn_acks_again(struct weir_proxy *px);

/* compose.c: each sends one segment by px->ops.header; the connection is not changed */

/* What `side` may still send, as the window field that tells it so, scaled by `shift`. */
uint16_t weir_open_window(const struct weir_conn *c, enum weir_side side, unsigned int shift);

/* Our SYN to the backend; valid in SYN_SENT. */
void weir_send_syn(struct weir_proxy *px, const struct weir_conn *c);
/*
 * The third step of the handshake with the backend, and its repetition when the SYN-ACK is
 * retransmitted. tsecr: the SYN-ACK's TSval as the backend said it (HC-05: not translated).
 */
void weir_send_ack_to_backend(struct weir_proxy *px, const struct weir_conn *c, uint32_t tsecr);
/*
 * Inserted bytes of c, which is in HEADER_SENT, from `seq` on, in the client's space; len 0: an ACK only.
 */
void weir_send_inserted(struct weir_proxy *px, const struct weir_conn *c, uint32_t seq,
	const uint8_t *bytes, uint32_t len);
void weir_send_window_update(struct weir_proxy *px, const struct weir_conn *c);
/* RST to the client, at the sequence number that it expects. */
void weir_send_rst_to_client(struct weir_proxy *px, const struct weir_conn *c);
/* RST to the backend of a connection that the backend knows, at what it expects. */
void weir_send_rst_to_backend(struct weir_proxy *px, const struct weir_conn *c);
/* RST to the backend about a segment that fits no connection: seq is that segment's ack number. */
void weir_send_rst_at(struct weir_proxy *px, const struct weir_conn *c, uint32_t seq);

/* accept.c */

/*
 * HC-60, HC-35: the client's address may have one more connection. false: *why says which limit, and
 * the refusal is counted. true: it is counted on, and its end (weir_conn_step(), weir_conn_end()) counts
 * it off; a caller that cannot make a connection of it counts it off itself.
 */
bool weir_may_open(struct weir_proxy *px, const struct weir_key *client, enum weir_fate *why);
void weir_count_off(struct weir_proxy *px, const struct weir_key *client);

/* conn.c */

struct weir_hashes {
	uint64_t client, local; /* local: 0 when c has no such key */
};

/*
 * A connection in SYN_SENT under that client key with that hash, on no timer. NULL: there is no room
 * for it.
 */
struct weir_conn *weir_conn_begin(struct weir_proxy *px, const struct weir_key *client,
	uint64_t hash);
/* The same in SYN_RCVD, in its service's half-open queue. It takes none of the last places (HC-70). */
struct weir_conn *weir_conn_begin_half_open(struct weir_proxy *px, const struct weir_key *client,
	uint64_t hash);
/* The hashes of c's two keys; prefetches the cache lines that they lead to. */
struct weir_hashes weir_conn_hashes(const struct weir_proxy *px, const struct weir_conn *c);
/* Gives everything of c back: keys, port, held packets, timer, memory. c is not to be used again. */
void weir_conn_end(struct weir_proxy *px, struct weir_conn *c, const struct weir_hashes *hashes);
/* The same before c's cookie has expired: the cookie is remembered as spent (HC-35). */
void weir_conn_evict(struct weir_proxy *px, struct weir_conn *c);
/* One step of the state machine, and what follows from the state: gauges, timer, backend's load. */
void weir_conn_step(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	enum weir_tcp_event e);
/* How long c's timer runs in its state. */
uint32_t weir_conn_timeout_ms(const struct weir_proxy *px, const struct weir_conn *c);
/*
 * Gives c that backend, a local address and port towards it (nat: the client's), and the key for
 * the way back. INVARIANT: c has no backend. false: no port is free or the key cannot be had; c is
 * as before.
 */
bool weir_conn_attach_backend(struct weir_proxy *px, struct weir_conn *c, uint16_t backend);
/* Undoes that, before another backend or port is tried. c->backend keeps its value. */
void weir_conn_detach_backend(struct weir_proxy *px, struct weir_conn *c);
/* c is gone if it has ended or is half-open: another one needs its port. false: it goes on. */
bool weir_conn_yield(struct weir_proxy *px, struct weir_conn *c);
/* Time passes: a nearly full table gets places of ended connections back. Bounded. */
void weir_conn_recycle(struct weir_proxy *px);
/* Held packets of c are returned to the caller as dropped. */
void weir_conn_drop_held(struct weir_proxy *px, struct weir_conn *c);

/* local.c */

/*
 * Gives c, of a fullnat service, a local address and port towards c->backend: c->local.addr and
 * port_be. The address is what the client's port selects, or the next one that has a free port.
 * A half-open entry gets none of the last ones, and is no pressure (HC-70). false: none has; c->local is
 * as before.
 */
bool weir_local_take(struct weir_proxy *px, struct weir_conn *c);
/* Gives the port back, if c has one. */
void weir_local_give(struct weir_proxy *px, struct weir_conn *c);
/*
 * c, which has a backend, has ended: its port may be taken back from now on. It may from the beginning
 * while c is half-open; c's client has accepted: it may not any more.
 */
void weir_local_ended(struct weir_proxy *px, const struct weir_conn *c);
void weir_local_settled(struct weir_proxy *px, const struct weir_conn *c);
/* The pool that c's local port is of. */
struct weir_localports *weir_local_pool(const struct weir_proxy *px, const struct weir_conn *c);
/* Time passes: pools that run short get ports of ended connections back. Bounded. */
void weir_local_recycle(struct weir_proxy *px);

/* pressure.c */

/* A newcomer has found hardly any place, or none: room is made for some seconds. */
void weir_pressure_begin(struct weir_proxy *px);
/* Time passes: the hand looks at some connections. Bounded. */
void weir_pressure_tick(struct weir_proxy *px);

/* forward.c */

/*
 * A segment of a connection that is in none of SYN_SENT, SYN_RCVD and CLOSED; in HEADER_SENT data of the client.
 * Sets send and fate of pkt.
 */
void weir_forward(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt);

/* The packet leaves towards the other side, translated, whatever it says; nothing is checked. */
void weir_forward_as_is(struct weir_proxy *px, struct weir_conn *c, enum weir_side side,
	struct weir_pkt *pkt);

/* incarnation.c */

/*
 * HC-24, HC-32, HC-63: a segment that does not fit the connection on its tuple. If it carries a valid
 * cookie that is not this connection's, the client has started a new incarnation. A cookie can be
 * guessed for less than RFC 5961 makes a RST cost, so it does not replace a connection that is alive:
 * the client is challenged. It replaces one that has ended, or of which an exact RST was seen; then the
 * backend side gets a RST. false: nothing was changed.
 */
bool weir_incarnation(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

/* A SYN on the tuple of c, which is alive and not half-open: its client is asked (HC-63). */
void weir_challenge_syn(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

/*
 * HC-35: the ACK that has opened c, again: a replay, or a client that has its ISN and cookie again,
 * because its SYN was not looked up (weir_answer_known()). The RST ends the new connection of the latter; to
 * the former it is old.
 */
bool weir_is_own_handshake(const struct weir_proxy *px, const struct weir_conn *c,
	const struct weir_pkt *pkt);

/*
 * RFC 5961 §4: a SYN on the tuple of a connection that is alive gets a challenge ACK, which a client
 * that has lost its memory answers with an exact RST, so that the SYN's retransmission opens. false: it
 * gets a cookie, which *cookie is.
 */
bool weir_answer_known(struct weir_proxy *px, struct weir_pkt *pkt, struct weir_cookie *cookie);

/* icmp_error.c */

/*
 * An ICMP error (WEIR_KIND_ICMP_ERROR) that quotes a segment of c, which may be NULL: HC-12, HC-28. Sets send and
 * fate; c may have gone to another backend, or be CLOSED.
 */
void weir_icmp_error(struct weir_proxy *px, struct weir_conn *c, struct weir_pkt *pkt);

/* expire.c */

/* Connections whose timers have gone off; looks at `limit` of them at most. */
void weir_expire_due(struct weir_proxy *px, unsigned int limit);
/* RST to both sides in any state; then c is CLOSED, and e is counted. */
void weir_expire_reset(struct weir_proxy *px, struct weir_conn *c, enum weir_event e);

/* sweep.c */

void weir_sweep_turn(struct weir_proxy *px);

/* Ends connections of backends that are down, where that is configured: a bounded number. */
static inline void weir_sweep_tick(struct weir_proxy *px)
{
	if (px->sweep.left != 0 || px->sweep.falls != weir_health_falls(px->sched.health))
		weir_sweep_turn(px);
}

#endif
