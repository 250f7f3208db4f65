/* SPDX-License-Identifier: BSD-3-Clause */
/* The configuration's words for what a policy has. */
#ifndef WEIR_CTL_NAMES_H
#define WEIR_CTL_NAMES_H

#include "flow/policy.h"

const char *weir_mode_name(enum weir_mode mode);
const char *weir_scheduler_name(enum weir_scheduler scheduler);
const char *weir_syn_cookies_name(enum weir_syn_cookies how);
const char *weir_pphdr_version_name(enum weir_pphdr_version version);

#endif
