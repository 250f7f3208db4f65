/* SPDX-License-Identifier: BSD-3-Clause */
/* The last frames that synweir got and sent, for whoever has to find out what went wrong. */
#ifndef WEIR_SIM_TRACE_H
#define WEIR_SIM_TRACE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A connection by its client's end. port 0: any; addr 0: all of them. */
struct sim_tuple {
	uint32_t addr;
	uint16_t port;
};

enum sim_way {
	SIM_FROM_CLIENT,
	SIM_TO_CLIENT,
	SIM_FROM_BACKEND,
	SIM_TO_BACKEND,
};

struct sim_trace;

/* Remembers the last `frames` frames. */
struct sim_trace *sim_trace_new(uint32_t frames);
void sim_trace_free(struct sim_trace *t);

void sim_trace_add(struct sim_trace *t, uint64_t now_ns, enum sim_way way, struct sim_tuple who,
	const uint8_t *frame, uint32_t len);

/* The last `lines` frames of that connection, both sides, one a line. */
void sim_trace_print(const struct sim_trace *t, FILE *to, struct sim_tuple who, uint32_t lines);

/* Everything remembered of it as a pcap file (headers only); false: cannot be written. */
bool sim_trace_pcap(const struct sim_trace *t, const char *path, struct sim_tuple who);

#endif
