/* SPDX-License-Identifier: BSD-3-Clause */
/* SYNs or ACKs that nobody means: one template, sources of a range, numbers that meter.h knows again. */
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

/* n frames, for which there should be room; how many it were. */
unsigned int flood_send(struct flood *f, struct port *p, unsigned int n);

#endif
