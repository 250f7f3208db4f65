/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole connections through a rig. */
#ifndef WEIR_TESTS_RIG_TALK_H
#define WEIR_TESTS_RIG_TALK_H

#include "rig.h"

struct rig_talk {
	struct segment client;  /* the next thing the client says */
	struct segment backend; /* the next thing its backend says */
};

/* The i-th client (rig_syn()) connects to a service, and its backend answers. */
void rig_handshake(struct rig *r, struct rig_talk *t, unsigned int i, enum shell_service service);

/* Both say something; the other one hears just that. */
void rig_exchange(struct rig *r, struct rig_talk *t, unsigned int i, uint64_t ol_flags);

#endif
