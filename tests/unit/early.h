/* SPDX-License-Identifier: BSD-3-Clause */
/* A client that speaks before the backend has answered (HC-04), for the tests of that. */
#ifndef WEIR_TESTS_EARLY_H
#define WEIR_TESTS_EARLY_H

#include "modes.h"

/* Client and SYN-ACK, then a valid ACK; the backend has not answered. */
static inline void early_begin(struct talk *t, struct shell *s, unsigned int service,
	unsigned int n)
{
	talk_init(t, s, service, n);
	talk_syn(t);
	talk_ack(t);
}

/* The client sends on; returns the fate. */
static inline unsigned int early_say(struct talk *t, uint8_t flags, unsigned int len,
	struct segment *said)
{
	*said = talk_segment(t, WEIR_CLIENT, flags, len);
	t->next[WEIR_CLIENT] += len + ((flags & WEIR_TCP_FIN) != 0);
	return talk_put(t, WEIR_CLIENT, said);
}

/* The backend answers; what that lets go is still to be heard. */
static inline void early_answer(struct talk *t)
{
	struct segment g = talk_syn_segment(t, WEIR_BACKEND);

	IS(talk_put(t, WEIR_BACKEND, &g), WEIR_FATE_backend_syn_ack);
}

#endif
