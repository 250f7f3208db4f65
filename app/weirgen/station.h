/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A station: one port, and the traffic on it: a flood, clients, backends, or a capture. A turn is one
 * burst each way. One thread runs a station's turns; others may read its atomics.
 */
#ifndef WEIRGEN_STATION_H
#define WEIRGEN_STATION_H

#include "backend.h"
#include "client.h"
#include "flood.h"
#include "link.h"
#include "meter.h"
#include "options.h"
#include "pacer.h"
#include "replay.h"

enum phase {
	PHASE_RESOLVE, /* the next hop's MAC is being learned */
	PHASE_OPEN,    /* `mixed`: the connections beside the flood */
	PHASE_RUN,
	PHASE_DRAIN, /* nothing new is begun */
	PHASE_EXIT,
};

struct station {
	const struct options *o;
	struct port port;
	struct link link;
	struct meter meter;
	struct pacer pacer;
	uint64_t left; /* of --count */
	/* `mixed`: what may be sent and has not been, in thousandths of packets */
	uint32_t owed_flood, owed_conns;
	bool is_source, has_clients, has_backends;
	uint64_t cpu_started_ns;
	struct flood flood;
	struct client client;
	struct backend backend;
	struct replay replay;
	/* atomics, by one writer */
	uint64_t started_ns, stopped_ns; /* 0: not yet */
	uint64_t cpu_ns;                 /* that its thread had between the two */
	uint64_t full;                   /* turns in which the device had no room for more */
	uint32_t idle;                   /* no connection is open */
};

/* Opens port `number` of the options, with its traffic. 0, or -1 after a line on stderr. */
int station_open(struct station *s, const struct options *o, unsigned int number);
void station_close(struct station *s);

/* One turn; true: it has sent or received something. */
bool station_turn(struct station *s, enum phase phase, uint64_t now_ns);

/* The next hop's MAC is known. */
bool station_is_ready(const struct station *s);

/* Every connection that was to be opened is, or has failed. */
bool station_is_opened(const struct station *s);

#endif
