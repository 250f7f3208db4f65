/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line. docs/weirgen.md is its manual. */
#ifndef WEIRGEN_OPTIONS_H
#define WEIRGEN_OPTIONS_H

#include "range.h"
#include "wire/build.h"

#define OPTIONS_PORTS    2
#define OPTIONS_BACKENDS 16

enum mode {
	MODE_SYN,
	MODE_ACK,
	MODE_MIXED,
	MODE_CONNS,
	MODE_REPLAY,
};

extern const char *const mode_names[];

struct options {
	enum mode mode;
	/* where */
	const char *devices[OPTIONS_PORTS];
	unsigned int n_devices;
	unsigned int cpus[OPTIONS_PORTS];
	unsigned int n_cpus;
	uint32_t to; /* host order, as all addresses here */
	uint16_t to_port;
	struct range from;       /* clients, or a flood that is alone */
	struct range flood_from; /* the flood of `mixed` */
	bool has_from;
	uint32_t self;    /* 0: the first of from */
	uint32_t gateway; /* 0: to itself */
	bool has_gateway_mac;
	uint8_t gateway_mac[6];
	struct range backends[OPTIONS_BACKENDS]; /* an address and a port each */
	unsigned int n_backends;
	/* how much */
	uint64_t rate;  /* packets or connections a second; 0: what goes */
	uint64_t count; /* the same in all; 0: no limit */
	uint64_t duration_ns;
	uint32_t concurrency, requests, request_bytes, response_bytes;
	uint32_t share;      /* of the flood in `mixed`, per mille */
	bool backend_closes; /* first */
	bool http;           /* real servers, pages */
	/* what */
	bool sweep;
	uint16_t payload;
	struct weir_header tcp; /* the options of SYNs */
	uint8_t flood_flags;
	const char *pcap;
	bool loop;
	uint64_t seed;
	/* how it is told */
	const char *json, *hdr;
	bool quiet, sleep;
	char **eal; /* arguments behind "--" */
	unsigned int n_eal;
};

/* The status to exit with, or -1 to go on. Complains by itself. */
int options_parse(struct options *o, int argc, char **argv);

#endif
