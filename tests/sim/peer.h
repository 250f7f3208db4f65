/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One end of a TCP connection: small, honest, of the tests' own (RFC 9293, 5681 without congestion,
 * 6298, 2018, 2883, 7323, 5961). It knows nothing of synweir.
 *
 *	peer.c      beginning, end, timers, what an application may ask of it
 *	peer_in.c   segments that arrive
 *	peer_out.c  segments that it sends
 */
#ifndef WEIR_SIM_PEER_H
#define WEIR_SIM_PEER_H

#include "flavour.h"
#include "queue.h"
#include "ranges.h"
#include "wire.h"

struct sim_host;

enum sim_tcp {
	SIM_CLOSED,
	SIM_SYN_SENT,
	SIM_SYN_RCVD,
	SIM_ESTABLISHED,
	SIM_FIN_WAIT_1,
	SIM_FIN_WAIT_2,
	SIM_CLOSE_WAIT,
	SIM_CLOSING,
	SIM_LAST_ACK,
	SIM_TIME_WAIT,
};

/* How it ended, as far as this end can know. */
enum sim_end {
	SIM_END_NONE,    /* it has not */
	SIM_END_CLOSED,  /* by FINs both ways */
	SIM_END_RESET,   /* by the other end's RST */
	SIM_END_REFUSED, /* by RST to its SYN */
	SIM_END_TIMEOUT, /* nobody answered for long */
	SIM_END_ABORTED, /* by its own application */
	SIM_ENDS
};

extern const char *const sim_end_names[SIM_ENDS];

#define SIM_SAID 64

struct sim_peer {
	struct sim_host *host;
	struct sim_peer *next; /* in the host's list */
	const struct sim_flavour *flavour;
	void *app;       /* the host's user's; NULL: nobody listens any more */
	uint64_t stream; /* what it writes: stream.h */
	uint8_t family;  /* enum weir_family */
	uint32_t remote;
	uint16_t lport, rport;
	enum sim_tcp state;
	bool passive;
	bool sealed;     /* passive: so was the SYN: no cookie stood in between */
	bool handshaken; /* both SYNs were acknowledged */
	bool reused;     /* there was another one on the ports before: strays may come */

	/* what it sends; nxt is what was never sent yet */
	uint32_t iss, una, nxt;
	uint32_t wnd, max_wnd, wl1, wl2;
	uint8_t wscale_theirs;
	uint16_t mss;
	uint64_t written;  /* bytes the application wrote */
	bool shut;         /* ... and these are all */
	uint32_t syn_data; /* at most so many come with the SYN */
	struct sim_ranges sacked;
	bool recovering;
	bool resent;              /* it sent something again, once at least */
	uint32_t recover, resend; /* lost up to recover; resent up to resend */
	uint32_t dupacks;

	/* what it receives */
	uint32_t irs, rcv_nxt;
	uint32_t rcv_read; /* the application's next byte */
	uint32_t promised; /* the right edge of the largest window it ever offered */
	uint8_t wscale_ours;
	uint8_t *buf;
	struct sim_ranges beyond;
	struct sim_range twice; /* to be reported by D-SACK, when not empty */
	bool fin_there, fin_taken;
	bool end_read; /* the application knows that there is no more */
	uint32_t fin_seq;
	uint32_t to_ack; /* segments that are not acknowledged yet */

	bool ts, sack;
	uint32_t ts_recent, last_ack;
	uint32_t said[SIM_SAID]; /* the latest TSvals, in a ring */
	uint32_t n_said;

	struct sim_timer resend_timer; /* retransmission, or window probes */
	struct sim_timer ack_timer, keep_timer, wait_timer, end_timer;
	uint32_t timed; /* without timestamps: the end of the segment that is being timed, since */
	uint64_t timed_ns; /* 0: none is */
	uint64_t srtt_ns, rttvar_ns, rto_ns;
	uint32_t retries;
	uint32_t keepalive_ms;
	uint32_t probes;
	uint64_t last_rx_ns, challenged_ns;
};

/* The application's calls. Bytes that are written are those of the peer's stream, in order. */
void sim_peer_write(struct sim_peer *p, uint64_t bytes);
void sim_peer_shutdown(struct sim_peer *p);
void sim_peer_abort(struct sim_peer *p);
uint32_t sim_peer_readable(const struct sim_peer *p);
uint32_t sim_peer_read(struct sim_peer *p, uint8_t *to, uint32_t max);
/* The other end's FIN came and everything before it was read. */
bool sim_peer_read_end(struct sim_peer *p);
void sim_peer_keepalive(struct sim_peer *p, uint32_t every_ms);

/* For the host. */

/* A peer in CLOSED, in the host's list. */
struct sim_peer *sim_peer_new(struct sim_host *h, const struct sim_flavour *f,
	enum weir_family family, uint16_t lport, uint32_t remote, uint16_t rport);
/* Sends the SYN. */
void sim_peer_connect(struct sim_peer *p, uint32_t iss);
/* Answers the SYN. */
void sim_peer_accept(struct sim_peer *p, const struct sim_seg *syn, uint32_t iss);
void sim_peer_receive(struct sim_peer *p, const struct sim_seg *s);
/* Without a word: the machine went away. */
void sim_peer_forget(struct sim_peer *p);
void sim_peer_free(struct sim_peer *p);

#endif
