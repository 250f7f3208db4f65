/* SPDX-License-Identifier: BSD-3-Clause */
/* A machine with one address, its connections, and its link to synweir. */
#ifndef WEIR_SIM_HOST_H
#define WEIR_SIM_HOST_H

#include "link.h"
#include "peer.h"

/* What the applications on a host want to hear. Any of them may abort the peer. */
struct sim_user {
	void (*accepted)(struct sim_host *h, struct sim_peer *p); /* may set p->app */
	void (*connected)(struct sim_peer *p);
	void (*readable)(struct sim_peer *p);                /* bytes or the end of them */
	void (*ended)(struct sim_peer *p, enum sim_end why); /* the last word */
	/* A frame that no link has spoilt is none of TCP for this host. */
	void (*garbled)(struct sim_host *h);
};

enum sim_power {
	SIM_UP,
	SIM_DEAD,     /* hears nothing, says nothing; forgets everything */
	SIM_REFUSING, /* up, but nobody listens */
};

#define SIM_BUCKETS 64

struct sim_host {
	struct sim_queue *queue;
	struct sim_random random;
	const struct sim_user *user;
	void (*watch)(struct sim_peer *p,
		const struct sim_seg *s); /* every good segment for a peer */
	void *world;
	uint32_t addr;
	uint16_t listen; /* the port; 0: none */
	enum sim_power power;
	bool seals;                        /* SYNs and answers to sealed ones: wire.h */
	bool router;                       /* speaks for it when it is dead (ICMP) */
	const struct sim_flavour *flavour; /* of what it accepts */
	uint32_t
		first_wnd; /* the window of what it accepts until it has read some; 0: the buffer's */
	uint32_t ts_bias;     /* of its timestamp clock */
	uint64_t troubled_ns; /* end of its last trouble */
	struct sim_link up;   /* to synweir */
	struct sim_link down; /* from it */
	struct sim_peer *peers[SIM_BUCKETS];
	uint32_t turned_away; /* SYNs that its TIME_WAIT did not yield to, though they were newer */
	uint64_t turned_away_ns; /* the last of them */
	uint8_t used[65536 / 8]; /* bit per port of the client's end: it was in use once */
};

void sim_host_init(struct sim_host *h, struct sim_queue *q, uint32_t addr, struct sim_random *r);

/*
 * A connection from lport. NULL: one is there already. One in TIME_WAIT that its application has
 * done with gives way (RFC 6191). syn_data: at most so many bytes come with the SYN.
 */
struct sim_peer *sim_host_connect(struct sim_host *h, const struct sim_flavour *f,
	enum weir_family family, uint16_t lport, uint32_t remote, uint16_t rport, uint32_t syn_data,
	void *app);

struct sim_peer *sim_host_find(const struct sim_host *h, uint16_t lport, uint32_t remote,
	uint16_t rport);

/* SIM_DEAD: all connections are gone without a word. */
void sim_host_set_power(struct sim_host *h, enum sim_power power);

/* Connections that are not in TIME_WAIT. */
uint32_t sim_host_active(const struct sim_host *h);

void sim_host_free(struct sim_host *h);

/* For its peers. */
void sim_host_add(struct sim_host *h, struct sim_peer *p);
void sim_host_remove(struct sim_host *h, struct sim_peer *p);
void sim_host_send(struct sim_host *h, const struct sim_seg *s, bool odd);
uint32_t sim_host_ts(const struct sim_host *h, const struct sim_flavour *f);

#endif
