/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A botnet that stands beside a world for its whole length: real addresses, which complete their
 * handshakes, and then say nothing, or a byte now and then, and come again when they were refused. What
 * must hold: beside fewer than fill the table every honest connection is served; when more have filled it
 * and fall silent, every newcomer is served within SIM_SERVED_S (HC-60, HC-61).
 *
 * Or a hostile tenant's: they come to one service only, whose backends are dead, and send at once what is
 * held for these. What must hold: the other services do not notice (HC-65, check_tenant.c).
 */
#ifndef WEIR_SIM_BOTS_H
#define WEIR_SIM_BOTS_H

#include "queue.h"
#include "random.h"
#include "wire.h"

#define SIM_BOTS_MAX 4096

struct sim_world;

/* What a botnet is like. */
struct sim_botnet {
	uint32_t addrs; /* each is in a prefix of its own */
	uint32_t each;  /* connections that each wants to have */
	uint32_t slow;  /* per million: how often one says a byte when its turn comes */
	bool tenant;    /* to service 0 only, with data at once */
};

/* One connection. Its number says its address and the place of its port. */
struct sim_bot {
	bool asked, open;
	uint16_t port;
	uint16_t service;
	uint32_t iss, nxt, rcv_nxt;
};

struct sim_bots {
	struct sim_world *world; /* NULL: there are none */
	struct sim_random random;
	struct sim_timer timer;
	struct sim_botnet net;
	uint32_t n, turn;
	struct sim_bot bot[SIM_BOTS_MAX];
};

/* From now on, until the world takes no more connections. */
void sim_bots_begin(struct sim_bots *b, struct sim_world *w, const struct sim_botnet *net);

/* The address is one of theirs. */
bool sim_bots_have(const struct sim_bots *b, uint32_t addr);

/* A frame for one of them. */
void sim_bots_hear(struct sim_bots *b, const uint8_t *frame, uint32_t len);

#endif
