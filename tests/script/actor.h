/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ends that a script speaks for. An actor knows its own numbers and, of the other end's, only
 * what it is shown; between scripts' relative numbers and those in frames it translates.
 */
#ifndef WEIR_SCRIPT_ACTOR_H
#define WEIR_SCRIPT_ACTOR_H

#include "flow/policy.h"
#include "packet.h"
#include "pphdr.h"
#include "segment.h"

enum actor_id {
	CLIENT,
	CLIENT2, /* another port of the same address */
	BACKEND,
	BACKEND2,
	ACTORS
};

/* One connection as one end sees it. */
struct view {
	uint32_t isn, tsval; /* its own: what is 0 in a script */
	uint32_t shown,
		shown_tsval; /* the other's, from the first SYN or SYN-ACK that it is shown */
	bool bound;          /* there was one */
	uint32_t shown_end, shown_last_tsval; /* the highest that it was shown */
};

struct actor {
	enum actor_id id;
	uint8_t family;                  /* enum weir_family */
	uint8_t family_of_client;        /* of the run: an MSS comes from there */
	uint16_t mss_max;                /* what has room on both sides; 0: it does not matter */
	uint32_t addr, far;              /* hosts (ip.h): itself, and whom it speaks to */
	uint16_t port, far_port;         /* ... likewise */
	uint8_t mac[6];                  /* of the neighbour through which it is reached */
	uint16_t wnd;                    /* the window field it sent last */
	struct view now, before;         /* before: of the connection before this one */
	uint8_t last[SEGMENT_FRAME_MAX]; /* the last frame it got; ICMP errors are about it */
	size_t last_len;
	/* what a backend's stream begins with, before the client's bytes (HC-80) */
	uint8_t header[TESTS_PPHDR_MAX];
	unsigned int header_len, said_header_len; /* of it, and of IPv4's, which scripts count by */
};

static inline bool is_client(const struct actor *a)
{
	return a->id <= CLIENT2;
}

const char *actor_name(enum actor_id id);

/* As every script begins: addresses of that mode, numbers that are the same in every run. */
void actor_init(struct actor *a, enum actor_id id, enum weir_mode mode,
	const enum weir_family family[2]);

/*
 * Scripts say the MSS of IPv4. Where a header is IPv6's it is less by what that is longer, so that the links are the same;
 * PACKET_MSS_DEFAULT is what counts where the option is missing (RFC 9293 §3.7.1).
 */
uint16_t actor_mss(enum weir_family family, uint32_t said);

/* A backend is told of the client's address by a PROXY header of that version (no TLVs). */
void actor_await_header(struct actor *a, const struct actor *client, unsigned int version);

/* The frame that the actor sends for p; its length. `new` numbers are drawn first. */
size_t actor_frame(struct actor *a, const struct packet *p, uint8_t frame[SEGMENT_FRAME_MAX]);

/* The frame is ICMP, not TCP. */
bool actor_is_error(const uint8_t *frame);
/* The port of its sender, or of its addressee; of an error: of the connection it is about. */
uint16_t actor_port(const uint8_t *frame, bool sender);

/* A frame that came to the actor, in the actor's numbers; old: those of the connection before. */
void actor_understand(const struct actor *a, bool old, const uint8_t *frame, size_t len,
	struct packet *p);

/* What is wrong with an ICMP error as one about a segment of a; NULL: nothing. */
const char *actor_quoted(const struct actor *a, const uint8_t *frame, size_t len);

/*
 * Before a frame is judged: what the actor takes from it if it is a SYN and the first one, or if the
 * script expects another connection. Returns what is wrong with it then, or NULL.
 */
const char *actor_bind(struct actor *a, const struct packet *expected, const uint8_t *frame,
	size_t len);
/* After: it was right. */
void actor_remember(struct actor *a, const uint8_t *frame, size_t len);

/* The TCP payload is what stands in that place of the other end's stream. */
bool actor_payload_fits(const struct actor *a, const uint8_t *frame, size_t len);

#endif
