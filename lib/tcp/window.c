// SPDX-License-Identifier: BSD-3-Clause
#include "base/seq.h"
#include "tcp/window.h"

enum weir_rst weir_window_rst(const struct weir_conn *c, enum weir_side side, uint32_t seq)
{
	const struct weir_track *sent = &c->track[side];

	/* The receiver expects something from the highest it acknowledged to the highest sent. */
	if (seq == sent->acked || seq == sent->end ||
		(side == WEIR_CLIENT && seq == weir_window_asked(c)))
		return WEIR_RST_EXACT;
	return weir_seq_between(sent->acked, seq, weir_seq_max(sent->max_end, sent->end))
		? WEIR_RST_IN
		: WEIR_RST_OUT;
}
