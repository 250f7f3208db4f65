/* SPDX-License-Identifier: BSD-3-Clause */
/* The target of a flood: the service that got the most SYNs since the last look. Control thread. */
#ifndef WEIR_CTL_TARGET_H
#define WEIR_CTL_TARGET_H

#include "ctl/view.h"

#define WEIR_TARGET_TEXT 160

struct weir_target {
	uint64_t *syn_was; /* by service: weir_service_counters.syn at the last look */
};

/* 0; -ENOMEM. Counts from now on, services that a reload adds included. */
int weir_target_init(struct weir_target *t, const struct weir_view *v);
void weir_target_free(struct weir_target *t);

/*
 * ", 98 % of them at service web (192.0.2.80:80)", or "" when no service got any. To be called once a
 * step, whether the text is wanted or not.
 */
void weir_target_look(struct weir_target *t, const struct weir_view *v,
	char text[WEIR_TARGET_TEXT]);

#endif
