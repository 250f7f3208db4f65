/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between one honest TCP and another. */
#ifndef WEIR_SIM_FLAVOUR_H
#define WEIR_SIM_FLAVOUR_H

#include <stdbool.h>
#include <stdint.h>

#include "family.h"

struct sim_flavour {
	const char *name;
	uint16_t mss;   /* offered in IPv4; 0: no option, so the default */
	uint8_t wscale; /* SIM_NO_WSCALE: none */
	bool sack, ts;
	bool dsack;         /* reports what came twice (RFC 2883) */
	bool odd;           /* numbers in options at odd addresses */
	bool reassembles;   /* keeps what is beyond a gap; RFC 9293 only says SHOULD */
	bool needs_ts;      /* drops what lacks the timestamps agreed upon (RFC 7323 §3.2) */
	bool probe_data;    /* keep-alives and window probes carry a byte */
	bool ack_with_data; /* the handshake's third step waits for the first data */
	bool fin_with_data;
	bool syn_with_data;   /* which nobody has to accept (RFC 9293 §3.10.7.2) */
	bool keeps_time_wait; /* RST does not end TIME_WAIT (RFC 1337) */
	bool old_time_wait;   /* no SYN does either (RFC 6191 is a MAY) */
	uint32_t rcv_buf;     /* bytes, a power of two */
	uint32_t ts_tick_ms;
	uint32_t rto_min_ms, delack_ms;
	uint32_t challenge_gap_ms; /* between two challenge ACKs of a connection (RFC 5961 §7) */
};

#define SIM_FLAVOURS 6

/* The first SIM_FLAVOURS_TS have timestamps. */
#define SIM_FLAVOURS_TS 4

extern const struct sim_flavour sim_flavours[SIM_FLAVOURS];

/* The first of them with an MSS of 536. */
extern const struct sim_flavour sim_flavour_narrow;

/* The largest segment it takes, options included (RFC 9293 §3.7.1, RFC 6691). */
static inline uint16_t sim_flavour_mss(const struct sim_flavour *f, enum weir_family family)
{
	const uint16_t least = sim_family_mss_default(family), mss = sim_family_mss(family, f->mss);

	if (f->mss == 0)
		return least;
	return family == WEIR_FAMILY_IPV6 && mss < least ? least : mss; /* every link carries it */
}

#endif
