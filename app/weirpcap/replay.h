/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A shell around the core without a network: frames and their times are passed in, and what the core
 * sends is passed to a callback. One worker, fixed random numbers.
 */
#ifndef WEIRPCAP_REPLAY_H
#define WEIRPCAP_REPLAY_H

#include <stdio.h>

#include "explain/ladders.h"
#include "flow/policy.h"

struct replay;

/* A sent frame: `len` bytes long, the first `captured` of them at `frame`. */
typedef void (*replay_send_fn)(void *arg, const uint8_t *frame, uint32_t captured, uint32_t len,
	uint64_t wall_ns);

/*
 * wall_ns: when it begins, since 1970. The policy must have one worker and live as long. Lines go
 * to out; verbose: also one for each frame that leaves. NULL: out of memory.
 */
struct replay *replay_new(const struct weir_policy *policy, const uint8_t secret[16],
	uint64_t wall_ns, FILE *out, bool verbose, replay_send_fn send, void *arg);
void replay_free(struct replay *r);

/* Before the first frame: connections are drawn there, too. It stays the caller's. */
void replay_draw(struct replay *r, struct weir_ladders *ladders);

/*
 * The next frame came in at wall_ns: lets time pass until then, gives the frame to the core and
 * prints its line. Time never goes back, and never more than a day on at once.
 */
int replay_frame(struct replay *r, const uint8_t *frame, uint32_t captured, uint32_t len,
	uint64_t wall_ns);

#endif
