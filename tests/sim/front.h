/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * synweir as a machine of the simulated network: tests/lib/shell.h, workers that poll their queues,
 * hand over what is not theirs, and at times are not scheduled for a while.
 */
#ifndef WEIR_SIM_FRONT_H
#define WEIR_SIM_FRONT_H

#include "luck.h"
#include "queue.h"
#include "random.h"
#include "shell.h"
#include "trace.h"

#define SIM_RX_MAX 2048 /* frames that wait for a worker; what comes then is lost */
#define SIM_RING   32   /* of them in the ring to one owner: small, so that it happens */

struct sim_front;

/* What it sends, frame by frame; who: the client of the frame's connection. */
typedef void sim_front_out(struct sim_front *f, const struct shell_out *out, struct sim_tuple who);

struct sim_rx {
	uint8_t *frame;
	uint32_t len;
	uint8_t port;
	bool guess;    /* an attacker's */
	bool ringed;   /* handed over, its owner has not looked yet */
	uint8_t rx;    /* the worker whose queue it is in */
	uint8_t owner; /* the worker that owns its connection */
};

/* Whose a backend side's tuple was last: the connection may have ended when its last word leaves. */
struct sim_seen {
	struct weir_key key;
	struct weir_addr backend; /* a key's number may be another one's after a reload */
	struct sim_tuple who;
};

#define SIM_SEEN 4096

struct sim_front {
	struct shell *shell;
	struct sim_queue *queue;
	struct sim_random random;
	struct sim_trace *trace;
	sim_front_out *out;
	void *world;
	uint64_t poll_ns, tick_ns;
	uint64_t stalled_until_ns[WEIR_WORKERS_MAX];
	uint64_t dry_until_ns;
	uint32_t dry; /* per million: how often no packet buffer is free until then */
	struct sim_timer poll, tick;
	struct sim_rx rx[SIM_RX_MAX];
	struct sim_seen seen[SIM_SEEN];
	uint32_t n_rx;
	uint32_t ringed[WEIR_WORKERS_MAX]; /* frames on their way to an owner */
	bool handed;                       /* some of them in this round */
	uint64_t lost;                     /* frames, the queue being full */
	struct sim_luck luck;
};

/* Takes the policy; the other fields above `poll_ns` but shell are the caller's, set before. */
void sim_front_open(struct sim_front *f, struct weir_policy *policy);
void sim_front_close(struct sim_front *f);

/* A frame comes in by that port (enum shell_port). */
void sim_front_receive(struct sim_front *f, uint8_t port, const uint8_t *frame, uint32_t len);

/* ... an attacker's. */
void sim_front_guess(struct sim_front *f, enum shell_port port, const uint8_t *frame, uint32_t len);

void sim_front_stall(struct sim_front *f, unsigned int worker, uint64_t for_ns);

/*
 * Packet buffers run out, `dry` times in a million: frames that come are lost, those of the core's
 * own are not made.
 */
void sim_front_dry(struct sim_front *f, uint32_t dry, uint64_t for_ns);

/* The client of the connection that a frame of the backends' side belongs to. */
struct sim_tuple sim_front_client(struct sim_front *f, struct weir_addr local,
	uint16_t local_port_be, struct weir_addr backend, uint16_t backend_port_be);

/* Nothing is left of any connection. */
bool sim_front_empty(const struct sim_front *f);

#endif
