/* SPDX-License-Identifier: BSD-3-Clause */
/* One port and who lives there: what it sends, to whom it listens. A turn is one burst each way. */
#ifndef WEIRGEN_STATION_H
#define WEIRGEN_STATION_H

#include "flood.h"
#include "link.h"
#include "meter.h"
#include "options.h"
#include "pacer.h"

enum phase {
	PHASE_MEET, /* neighbours */
	PHASE_RUN,
	PHASE_DRAIN, /* nothing new is begun */
	PHASE_EXIT,
};

struct station {
	const struct options *o;
	struct port port;
	struct link link;
	struct meter meter;
	struct flood flood;
	struct pacer pacer;
	uint64_t left; /* of --count */
	/* atomics, by one writer */
	uint64_t started_ns, stopped_ns; /* 0: not yet */
	uint64_t full;                   /* turns in which the device had no room for more */
};

/* Opens the port. client: this is the clients' side. 0 or -errno and err. */
int station_open(struct station *s, const struct options *o, unsigned int number,
	struct weir_dp_error *err);
void station_close(struct station *s);

/* Whether anything was done. */
bool station_turn(struct station *s, enum phase phase, uint64_t now_ns);

/* It knows whom to send to. */
bool station_is_ready(const struct station *s);

#endif
