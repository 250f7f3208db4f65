// SPDX-License-Identifier: BSD-3-Clause
/*
 * HC-62: what the dearest packet of a hostile state costs, and how many bad cookies that are. A bad ACK
 * is measured in the same world, before the state is entered by its first packet.
 */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>

#include "report.h"
#include "rows.h"

/* Refused, with or without RST. */
static uint64_t refused(const struct world *w, enum hostile state)
{
	return w->fates[hostile_fate(state)] + w->fates[WEIR_FATE_table_full] +
		w->fates[WEIR_FATE_no_local_port];
}

static void check(const struct world *w, enum hostile state)
{
	uint64_t all = 0;

	for (unsigned int i = 0; i < WEIR_FATES; i++)
		all += w->fates[i];
	if (refused(w, state) == all)
		return;
	fprintf(stderr, "bench: %lu packets of %s ended in another way\n",
		(unsigned long)(all - refused(w, state)), hostile_name(state));
	exit(1);
}

static void row(const struct rows_options *o, enum hostile state, uint32_t n)
{
	struct world *w = hostile_open(state, n);
	struct samples bad_ack, s;
	struct spread ratio;
	char name[64];
	double one;

	frames_fill(o->frames, FRAMES, w, frame_make_bad_ack, frame_make_bad_ack, 0);
	bad_ack = rows_measure(o, w);
	one = bad_ack.full.median - bad_ack.floor.median;
	hostile_frames(w, state, o->frames, FRAMES);
	s = rows_measure(o, w);
	check(w, state);
	report_cycles(hostile_name(state), "conns", n, &s);
	ratio = s.full;
	ratio.min = (s.full.min - s.floor.min) / one;
	ratio.q1 = (s.full.q1 - s.floor.median) / one;
	ratio.median = (s.full.median - s.floor.median) / one;
	ratio.q3 = (s.full.q3 - s.floor.median) / one;
	snprintf(name, sizeof(name), "%s_bad_acks", hostile_name(state));
	report_ratio(name, "conns", n, &ratio);
	world_close(w);
}

void rows_hostile(const struct rows_options *o, uint32_t connections)
{
	for (unsigned int i = 0; i < HOSTILES; i++)
		row(o, (enum hostile)i, connections);
}
