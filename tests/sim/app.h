/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Applications: each follows its script, and looks at every byte it reads. Which connection it has
 * before it a backend learns from the stream itself, as a real one would.
 */
#ifndef WEIR_SIM_APP_H
#define WEIR_SIM_APP_H

#include "host.h"
#include "plan.h"
#include "pphdr.h"
#include "trace.h"

struct sim_conn;

struct sim_app {
	struct sim_world *world;
	struct sim_conn *conn; /* NULL: a backend's that has not been told yet */
	struct sim_host *host;
	struct sim_peer *peer; /* NULL: ended, or not begun */
	enum weir_side side;
	const struct sim_script *script;
	uint32_t at; /* in the script; at its length: it did all it was to do */
	uint64_t written, read;
	bool shut, eof;
	/* backend: the version of the PROXY header that it has not read yet, or 0; it speaks after that */
	uint8_t header_due;
	bool waits;
	uint8_t header[TESTS_PPHDR_MAX]; /* as far as it was read */
	uint32_t header_len;
	struct tests_pphdr told;
	uint64_t stream;   /* the id of what it writes */
	uint64_t theirs;   /* of what it reads, as far as that was read */
	uint32_t iss, irs; /* when connected: its ISN, and the one that it was shown */
	bool sealed;       /* backend: no cookie stood between it and its client */
	bool repeated;     /* backend: what it reads another one has read before it */
	enum sim_end end;
	uint64_t began_ns, ended_ns;
	uint64_t heard_ns; /* its first byte; 0: not yet */
	struct sim_timer wait, pace;
};

/* A client's connection, and the backend's that turned out to be its other end. */
struct sim_conn {
	uint32_t index;
	uint16_t service;
	bool banner;
	struct sim_tuple who;
	struct sim_plan plan;
	struct sim_app client;
	struct sim_app *backend; /* NULL: not known */
	uint64_t evicted;        /* how many synweir had evicted when that was known */
	struct sim_timer start, deadline;
	bool judged;
	bool struck; /* by a blind attacker, in a way that one connection is to be only once */
};

void sim_app_init(struct sim_app *a, struct sim_world *w, struct sim_host *h, enum weir_side side,
	uint64_t stream);

/* Both give the peer an application. */
void sim_app_connect(struct sim_app *a, struct sim_conn *c, const struct sim_flavour *f);
void sim_app_accept(struct sim_app *a, struct sim_peer *p, bool banner);

/* The callbacks of struct sim_user, `accepted` apart. */
void sim_app_connected(struct sim_peer *p);
void sim_app_readable(struct sim_peer *p);
void sim_app_ended(struct sim_peer *p, enum sim_end why);

static inline bool sim_app_done(const struct sim_app *a)
{
	return a->script != NULL && a->at == a->script->n;
}

#endif
