/* SPDX-License-Identifier: BSD-3-Clause */
/* Spoofed SYNs or ACKs: one template, sources of a range, numbers that meter.h can verify. */
#ifndef WEIRGEN_FLOOD_H
#define WEIRGEN_FLOOD_H

#include "frame.h"
#include "port.h"
#include "range.h"

struct flood {
	struct frame template;
	struct range from;
	bool sweep; /* sources in order, not at random */
	uint64_t random, secret;
	uint64_t sent; /* an atomic, by one writer */
};

/* Sends n frames, for which there should be room; returns how many were sent. */
unsigned int flood_send(struct flood *f, struct port *p, unsigned int n);

#endif
