/* SPDX-License-Identifier: BSD-3-Clause */
/* What the two applications of a connection are going to do: a script for either end. */
#ifndef WEIR_SIM_PLAN_H
#define WEIR_SIM_PLAN_H

#include "flow/key.h"
#include "random.h"

enum sim_step_kind {
	SIM_WRITE,    /* until n bytes have been written in all */
	SIM_READ,     /* until n bytes have been read in all */
	SIM_READ_END, /* until the other end has said that there is no more */
	SIM_SHUT,     /* no more is written */
	SIM_WAIT,     /* n ms */
	SIM_ABORT,    /* RST */
	SIM_VANISH,   /* the client's machine forgets it, and begins anew from the same port */
};

struct sim_step {
	enum sim_step_kind kind;
	uint32_t n;
};

#define SIM_STEPS_MAX 24

struct sim_script {
	struct sim_step step[SIM_STEPS_MAX];
	uint32_t n;
	/* who reads slowly: that many bytes in that time; 0: everything at once */
	uint32_t chunk_bytes, chunk_ms;
	uint32_t keepalive_ms;
};

enum sim_kind {
	SIM_EXCHANGE, /* requests and responses, client closes */
	SIM_SERVED,   /* one request, one response, backend closes */
	SIM_UPLOAD,
	SIM_DOWNLOAD,
	SIM_HALF_CLOSE, /* client closes, the backend goes on for long */
	SIM_BOTH_CLOSE, /* at the same time */
	SIM_SLOW,       /* slow readers: windows close */
	SIM_IDLE,
	SIM_CLIENT_ABORT,
	SIM_BACKEND_ABORT,
	SIM_EARLY_ABORT, /* perhaps before the backend has answered */
	SIM_CLIENT_GONE,
	SIM_KINDS
};

extern const char *const sim_kind_names[SIM_KINDS];

struct sim_plan {
	enum sim_kind kind;
	struct sim_script script[2]; /* by enum weir_side */
	bool aborts;                 /* it is not meant to end well */
	uint32_t takes_ms;           /* about, on a good network */
};

/* Bytes that a server-first service says before it hears anything. */
#define SIM_BANNER 80

/* banner: the backend speaks first. long: for two hours or so, with the default idle times. */
/* lasting: some minutes, with pauses */
void sim_plan_make_lasting(struct sim_plan *plan, struct sim_random *r, bool banner);
void sim_plan_make_long(struct sim_plan *plan, struct sim_random *r, bool banner);
void sim_plan_make(struct sim_plan *plan, struct sim_random *r, enum sim_kind kind, bool banner);

#endif
