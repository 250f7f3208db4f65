/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Structured actions in a world (world.h): clients and backends that say the right thing, or one that
 * is wrong in a chosen way. The targets choose their order, and add actions of their own.
 */
#ifndef WEIR_TESTS_FUZZ_PLAY_H
#define WEIR_TESTS_FUZZ_PLAY_H

#include "fuzz.h"
#include "world.h"

enum step {
	CLIENT_SYN,
	CLIENT_SAYS, /* the next bytes of its stream, or FIN, or a bare ACK */
	CLIENT_RST,
	CLIENT_WRONG,
	CLIENT_GUESSES, /* an ACK with a number out of the input */
	BACKEND_ANSWERS,
	BACKEND_SAYS,
	BACKEND_RST,
	BACKEND_WRONG,
	BACKEND_OLD_ACK, /* of a connection that it still has: HC-13 */
	UNREACHABLE,
	REPLAY,
	WAIT,
	TOGETHER, /* the next steps arrive in one burst */
	WINDOW,
	DRAIN,
	STEPS
};

struct play {
	struct world *w;
	struct fuzz_in in;
	unsigned int together; /* steps until the burst is run */
};

/* The action, and that byte of detail; for some of them more bytes are taken from the input. */
void play_step(struct play *p, enum step what, uint8_t detail);

/* After each step: runs the burst that is complete by now. */
void play_settle(struct play *p);

#endif
