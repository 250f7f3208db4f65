/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames spoilt on their way out of synweir, as a faulty core would: for the tests that must fail.
 */
#ifndef WEIR_SIM_SABOTAGE_H
#define WEIR_SIM_SABOTAGE_H

#include "shell.h"

enum sim_sabotage {
	SIM_SABOTAGE_NONE,
	SIM_SABOTAGE_BYTE,    /* another byte of a stream */
	SIM_SABOTAGE_WINDOW,  /* a window larger than was offered */
	SIM_SABOTAGE_ECHO,    /* TSecr of another time */
	SIM_SABOTAGE_SACK,    /* blocks elsewhere */
	SIM_SABOTAGE_SILENCE, /* RST and FIN never arrive */
	SIM_SABOTAGE_SECRET,  /* attackers know the cookies' secret */
	SIM_SABOTAGE_LUCK,    /* ... guess right twice, which must be forgiven */
	SIM_SABOTAGES
};

/* The kind of that name; SIM_SABOTAGES: there is none. */
enum sim_sabotage sim_sabotage_find(const char *name);

/* Spoils the frame, checksum included; false: it is lost. */
bool sim_sabotage(enum sim_sabotage kind, const struct shell_out *out);

#endif
