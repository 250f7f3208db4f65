// SPDX-License-Identifier: BSD-3-Clause
#include "flood.h"

#include "flow/counters.h"
#include "meter.h"

unsigned int flood_send(struct flood *f, struct port *p, unsigned int n)
{
	unsigned int done = 0;

	for (; done < n; done++) {
		struct range_tuple t =
			f->sweep ? range_sweep(&f->from) : range_draw(&f->from, &f->random);
		uint32_t src_be = weir_be32(t.addr);
		uint16_t sport_be = weir_be16(t.port);
		struct meter_numbers say = meter_numbers(f->secret, src_be, sport_be);
		uint8_t *frame = port_begin(p);

		if (frame == NULL)
			break;
		frame_stamp(&f->template, frame, src_be, sport_be, say.seq, say.ack);
		port_end(p, f->template.len);
	}
	weir_count(&f->sent, done);
	return done;
}
