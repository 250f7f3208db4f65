// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy with structured actions: clients and backends that say the right thing, or one that is
 * wrong in a chosen way, in any order. world.h says what is looked at.
 *
 * Input: knobs (world.h), then steps: a byte what (play.h, modulo their number), a byte of detail,
 * and for some of them more. Cookies are made with a hash of the whole input, so that none is guessed.
 */
#include "play.h"

#define STEPS_MAX 80

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct play p = {.in = {data, data + size}};

	p.w = world_open(fuzz_u8(&p.in), fuzz_hash(data, size));
	for (unsigned int i = 0; i < STEPS_MAX && fuzz_left(&p.in) > 0; i++) {
		enum step what = (enum step)(fuzz_u8(&p.in) % STEPS);

		play_step(&p, what, fuzz_u8(&p.in));
		play_settle(&p);
	}
	world_close(p.w);
	return 0;
}
