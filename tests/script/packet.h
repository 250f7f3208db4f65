/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A segment as a script says it, and as it is printed: every number is relative to what its end has
 * seen first (see play.h for the grammar).
 */
#ifndef WEIR_SCRIPT_PACKET_H
#define WEIR_SCRIPT_PACKET_H

#include <stddef.h>

#include "segment.h"
#include "words.h"

#define PACKET_OPTIONS_MAX 40
#define PACKET_MSS_DEFAULT 0x10000 /* the default of the run's family, whatever it is */

struct number {
	uint32_t value;
	bool any; /* not looked at */
};

/* Kinds are those on the wire; this one is bytes that are none, or a kind unknown here. */
#define OPTION_BYTES 0xff

struct option {
	uint8_t kind;
	uint8_t n; /* numbers, or bytes */
	struct number number[8];
	uint8_t byte[PACKET_OPTIONS_MAX];
};

/* Whose numbers the segment is in. */
enum incarnation {
	AS_BEFORE,
	NEW,   /* a connection begins: what is bound is bound again */
	LATER, /* the same, and its numbers must follow the old one's (RFC 6191) */
	OLD,   /* of the connection before */
};

enum damage {
	UNDAMAGED,
	BAD_SUM,
	FRAGMENT,
	LONG_IP_HEADER, /* IPv4: a word of options */
	ROUTING_HEADER, /* IPv6: of type 0 (RFC 5095) */
	STRICT_OPTION,  /* IPv6: a destination option that must not be ignored */
	VLAN,
	CUT, /* the frame ends within the TCP header */
	DAMAGES
};

enum local_port {
	ANY_PORT,
	SAME_PORT,
	OTHER_PORT,
};

struct packet {
	uint8_t flags;
	/* an ICMP error: sent, it quotes the last segment its end got, with that seq; got, the end's own */
	bool icmp;
	enum segment_error error;
	struct number seq, ack, win;
	uint32_t len;
	unsigned int n_options;
	struct option option[PACKET_OPTIONS_MAX];
	/* said in a script only */
	enum incarnation incarnation;
	enum damage damage;
	enum local_port local_port;
	bool astray; /* arrives by the port of the other side */
	uint8_t ttl;
	uint16_t port; /* of the VIP, when it is not the service's; or 0 */
	uint32_t
		address; /* sent to, when it is not the VIP, or come from, when it is not the peer; or 0 */
};

/* What is left of the line. sent: the script's end sends it, so nothing may be left open. */
void packet_read(struct words *w, bool sent, struct packet *p);

/* Into a text of that size, in the language of scripts. */
void packet_print(const struct packet *p, char *text, size_t size);

/* What is wrong with it, in words, or NULL; damage, ports and addresses aside. */
const char *packet_differs(const struct packet *expected, const struct packet *got);

#endif
