/* SPDX-License-Identifier: BSD-3-Clause */
/* Everything there is: clients, backends, attackers, synweir, on one clock, from one seed. */
#ifndef WEIR_SIM_WORLD_H
#define WEIR_SIM_WORLD_H

#include "app.h"
#include "attack.h"
#include "blind.h"
#include "bots.h"
#include "fault.h"
#include "reload.h"
#include "front.h"
#include "profile.h"
#include "replayer.h"
#include "sabotage.h"
#include "visit.h"

#define SIM_SERVICES     4 /* fullnat, nat, and either with a banner */
#define SIM_BACKENDS_MAX 3 /* of one service */
#define SIM_CLIENTS_MAX  16
#define SIM_CLIENT_ADDR  0xcb007101u /* 203.0.113.1 and on */
#define SIM_PORT_FIRST   40000

struct sim_stats {
	uint32_t conns, complete, aborted, troubled, refused, unheard, twins;
	uint32_t crowded; /* the address of a client that shares a bot's cap; 0: none does */
	uint64_t frames, attacks, answered; /* attackers' frames, what synweir sent to nobody */
	uint32_t faults;
};

struct sim_world {
	struct sim_queue queue;
	struct sim_random random;
	struct sim_spec spec;
	const struct sim_profile *profile; /* spec's */
	struct sim_trace *trace;
	struct sim_front front;
	struct sim_host clients[SIM_CLIENTS_MAX];
	uint32_t n_clients;
	struct sim_host backends[SIM_SERVICES][SIM_BACKENDS_MAX];
	uint32_t n_each;
	uint16_t mss[SIM_SERVICES]; /* that all backends take */
	uint32_t ports;             /* that a client host may use */
	uint64_t begin_ns, end_ns;  /* connections start in between */
	struct sim_conn **conns;    /* by index */
	uint32_t n_conns, open;     /* all that were ever planned, and those not yet judged */
	struct sim_app **apps;      /* backends', by number */
	uint32_t n_apps;
	uint32_t handshakes;                                      /* that clients completed */
	uint8_t proven[SIM_CLIENTS_MAX][SIM_SERVICES][65536 / 8]; /* bit per port: one of them */
	struct sim_faults faults;
	struct sim_reloads reloads;
	struct sim_flap flap;
	struct sim_attack attack;
	struct sim_blind blind;
	struct sim_bots bots;
	struct sim_replayer replayer;
	struct sim_visits visits;
	enum sim_sabotage sabotage;
	uint64_t resenders_before; /* in the worlds before this one */
	struct sim_stats stats;
};

struct sim_world *sim_world_new(const struct sim_spec *spec, struct sim_trace *trace);
/* Until everything has ended and what was remembered of it is forgotten. */
void sim_world_run(struct sim_world *w);
void sim_world_free(struct sim_world *w);

/* Another connection from the same port, at once. */
void sim_world_again(struct sim_world *w, const struct sim_conn *c);

/* A newcomer's connection, from that port, at once. */
struct sim_conn *sim_world_visit(struct sim_world *w, uint32_t number, uint16_t port);

/* An end of the connection has come to its end. */
void sim_world_ended(struct sim_world *w, struct sim_conn *c);

/* The client's host, or NULL. */
struct sim_host *sim_world_client(struct sim_world *w, uint32_t addr);

static inline bool sim_service_banner(unsigned int service)
{
	return service >= 2;
}

#endif
