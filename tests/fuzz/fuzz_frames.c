// SPDX-License-Identifier: BSD-3-Clause
/*
 * The proxy with raw bytes: frames through parser, classifier and proxy, with two connections open (one
 * fullnat, one nat) that they may hit. The shell looks at everything that leaves, and at the balance.
 *
 * Input: knobs (world.h), then frames: a byte how, a byte how long, the bytes.
 *	bit 0	by the backends' port
 *	bit 1	checksums are mended
 *	bits 2-3 addresses, ports and the base of sequence and acknowledgement number are put in, of the
 *		first connection (1), the second (2), or of a handshake under way (3)
 *	bit 4	it arrives together with the next one
 *	bit 5	a byte of time follows the frame: milliseconds, or from 128 on seconds
 */
#include "fuzz.h"
#include "mend.h"
#include "world.h"

#define FRAMES_MAX 48

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)frame_get16(p) << 16 | frame_get16(p + 2);
}

/* Makes the frame one of that client or of its backend. */
static void aim(struct world *w, unsigned int client, bool from_backend, uint8_t *f, size_t len)
{
	const struct world_call *c = world_call(w, client == 0 ? 1 : 0);
	struct segment like;

	if (len < FRAME_OPT || client == 2)
		c = NULL;
	if (len < FRAME_OPT || (from_backend && c == NULL))
		return;
	like = from_backend ? world_call_says(w, c, WEIR_TCP_ACK, 0)
			    : world_client_says(w, client, WEIR_TCP_ACK, 0);
	frame_put32(f + FRAME_IP + 12, like.src);
	frame_put32(f + FRAME_IP + 16, like.dst);
	frame_put16(f + FRAME_TCP, like.sport);
	frame_put16(f + FRAME_TCP + 2, like.dport);
	frame_put32(f + FRAME_TCP + 4, get32(f + FRAME_TCP + 4) + like.seq);
	frame_put32(f + FRAME_TCP + 8, get32(f + FRAME_TCP + 8) + like.ack);
}

static void one_frame(struct world *w, struct fuzz_in *in)
{
	uint8_t how = fuzz_u8(in);
	struct world_past p = {.client = WORLD_NOBODY, .port = how & 1};

	p.len = (uint16_t)fuzz_u8(in);
	p.len = (uint16_t)fuzz_bytes(in, p.frame, p.len);
	if (how & 12)
		aim(w, (how >> 2 & 3) - 1u, how & 1, p.frame, p.len);
	if (how & 2)
		fuzz_mend(p.frame, p.len);
	world_put(w, &p);
	if (!(how & 16))
		world_run(w);
	if (how & 32 && w->n_put == 0) {
		uint8_t time = fuzz_u8(in);

		world_wait_ms(w, time < 128 ? time : (time - 127u) * 1000);
	}
}

static void open_one(struct world *w, unsigned int client, bool ts)
{
	struct segment g;

	world_syn(w, client, ts);
	world_run(w);
	g = world_client_says(w, client, WEIR_TCP_ACK, 0);
	world_client_puts(w, client, &g);
	world_run(w);
	if (world_call(w, 0) != NULL)
		world_answer(w, world_call(w, 0), w->clients[client].ts);
	world_run(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	struct world *w = world_open(fuzz_u8(&in), 1);

	open_one(w, 0, true);
	open_one(w, 1, false);
	world_syn(w, 2, true);
	world_run(w);
	w->raw = true;
	for (unsigned int i = 0; i < FRAMES_MAX && fuzz_left(&in) > 0; i++)
		one_frame(w, &in);
	world_close(w);
	return 0;
}
