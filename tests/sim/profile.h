/* SPDX-License-Identifier: BSD-3-Clause */
/* Kinds of worlds. What a profile leaves open the seed decides. */
#ifndef WEIR_SIM_PROFILE_H
#define WEIR_SIM_PROFILE_H

#include "link.h"
#include "family.h"
#include "mode.h"
#include "plan.h"

/* What else is peculiar to a kind of world. */
enum sim_manner {
	SIM_USUAL,
	SIM_HEALS,      /* newcomers come when all has healed (visit.h) */
	SIM_HEALS_LATE, /* ... and all others have come to their end: they may have filled the limits */
	SIM_LONG,       /* conversations of hours, timers as they are by default */
	SIM_BESET,      /* conversations of minutes; an attacker knows who has them (blind.h) */
	SIM_BOTS,       /* bots.h: some addresses of a botnet */
	SIM_BOTS_MANY, /* ... so many that they fill the table, and newcomers after that (visit.h) */
	SIM_TENANT,    /* service 0 is hostile: bots.h, tenant.h */
	SIM_HEADER, /* backends get a PROXY header, some into a tiny window or with a small MSS (HC-80) */
	SIM_REPLAYED, /* an attacker hears clients, and says it again (replayer.h) */
};

struct sim_profile {
	const char *name;
	struct sim_quality worst; /* every link is somewhere between clean and that */
	uint32_t patience_s;      /* longer than its plan nothing may take */
	uint32_t clients;
	uint32_t backends;  /* of a service, at most */
	uint32_t ports;     /* of a client host; few: they are used again at once */
	uint32_t workers;   /* at most */
	uint32_t kinds;     /* bit per enum sim_kind */
	uint32_t flood_pps; /* attackers' packets per second */
	bool timestamps;    /* backends have them, and clients are promised them */
	bool faults;        /* backends die, refuse, are late; workers stall */
	bool tight;         /* tables, pools and budgets are too small: some are refused */
	bool lacking;       /* backends may lack the timestamps that clients are promised */
	bool must_complete; /* nothing but a plan, a fault or a limit ends a connection early */
	enum sim_manner manner;
};

/* Everything that a world is made of: the same spec is the same world. */
struct sim_spec {
	const struct sim_profile *profile;
	uint64_t seed;
	uint32_t conns, minutes;
	enum sim_mode mode;
	enum sim_family family;
	bool alone; /* SIM_TENANT: without it */
};

extern const struct sim_profile sim_profiles[];
extern const unsigned int sim_n_profiles;

/* NULL: there is none of that name. */
const struct sim_profile *sim_profile_find(const char *name);

#endif
