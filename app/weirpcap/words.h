/* SPDX-License-Identifier: BSD-3-Clause */
/* What a frame is, and what became of it, in words. */
#ifndef WEIRPCAP_WORDS_H
#define WEIRPCAP_WORDS_H

#include <stddef.h>

#include "flow/pkt.h"

#define WORDS_MAX 400

/*
 * "SYN 198.18.0.1:1024 > 192.0.2.80:80 seq 7 win 64240 len 0 <mss 1460,wscale 7>" for a frame that
 * weir_parse() called `parsed`. Before the core rewrites it. With "vlan 100 " in front if a tag was taken off (0: none).
 * Returns text[WORDS_MAX].
 */
const char *words_frame(char *text, const struct weir_pkt *pkt, enum weir_parsed parsed,
	uint16_t vlan);

/* "REPLY", "TO_CLIENT", "TO_BACKEND", "HOLD", "DROP" or "CONSUME". */
const char *words_verdict(const struct weir_pkt *pkt);

#endif
