/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a faulty core would do, for the tests that must fail: frames spoilt on their way out of
 * synweir, and its memory.
 */
#ifndef WEIR_SIM_SABOTAGE_H
#define WEIR_SIM_SABOTAGE_H

#include "shell.h"

enum sim_sabotage {
	SIM_SABOTAGE_NONE,
	SIM_SABOTAGE_BYTE,      /* another byte of a stream */
	SIM_SABOTAGE_WINDOW,    /* a window larger than was offered */
	SIM_SABOTAGE_MSS,       /* larger segments than were asked for */
	SIM_SABOTAGE_OPTIONS,   /* the timestamps agreed upon are missing */
	SIM_SABOTAGE_ECHO,      /* TSecr of another time */
	SIM_SABOTAGE_SACK,      /* blocks elsewhere */
	SIM_SABOTAGE_SILENCE,   /* RST and FIN never arrive */
	SIM_SABOTAGE_LOSS,      /* some frames never arrive */
	SIM_SABOTAGE_CHECKSUM,  /* a wrong one */
	SIM_SABOTAGE_NEIGHBOUR, /* to another MAC address */
	SIM_SABOTAGE_UNPROVEN,  /* backends hear of clients that nobody has seen a handshake of */
	SIM_SABOTAGE_CHATTY,    /* several answers to one packet */
	SIM_SABOTAGE_STORM,     /* no end of packets */
	SIM_SABOTAGE_LIMITS,    /* more connections than allowed */
	SIM_SABOTAGE_LEAK,      /* a local port that nobody uses */
	SIM_SABOTAGE_BALANCE,   /* a packet without a fate */
	SIM_SABOTAGE_SECRET,    /* attackers know the cookies' secret */
	SIM_SABOTAGE_DEAF,      /* newcomers are not answered any more */
	SIM_SABOTAGE_HASTE,     /* idle times are shorter than they should be */
	SIM_SABOTAGE_EXTRAS,    /* a SYN's unknown option is blanked out, where SYNs pass */
	SIM_SABOTAGE_NUMBERS,   /* ... its sequence number is another one */
	SIM_SABOTAGE_DISPLACE,  /* an entry takes the place of an open connection */
	SIM_SABOTAGE_YIELDING,  /* what is challenged ends the connection */
	SIM_SABOTAGE_GULLIBLE,  /* every FIN counts, and for acknowledged */
	SIM_SABOTAGE_FORGETFUL, /* cookies may be used again when their connections have ended */
	SIM_SABOTAGE_DOORS,     /* an attacker who knows all numbers speaks by the right port */
	SIM_SABOTAGE_UNCAPPED,  /* an address may have any number of connections */
	SIM_SABOTAGE_PATIENT,   /* no room is made for newcomers */
	SIM_SABOTAGE_GREEDY,    /* what one service has held counts for all of them */
	SIM_SABOTAGE_LUCK,      /* ... guess right twice, which must be forgiven */
	SIM_SABOTAGES
};

/* The kind of that name; SIM_SABOTAGES: there is none. */
enum sim_sabotage sim_sabotage_find(const char *name);

/* Spoils what the core remembers. */
void sim_sabotage_begin(enum sim_sabotage kind, struct shell *s);

/* Spoils the frame, or what the core remembers after it; false: it is lost. */
bool sim_sabotage(enum sim_sabotage kind, struct shell *s, const struct shell_out *out);

/* sabotage_core.c: spoils what the core remembers after that frame. */
void sim_sabotage_core(enum sim_sabotage kind, struct shell *s, const struct shell_out *out);

/* How many frames one is. */
unsigned int sim_sabotage_copies(enum sim_sabotage kind);

#endif
