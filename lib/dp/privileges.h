/* SPDX-License-Identifier: BSD-3-Clause */
/* What the process may do beyond any user: Linux's capabilities (capabilities(7)). Control thread. */
#ifndef WEIR_DP_PRIVILEGES_H
#define WEIR_DP_PRIVILEGES_H

#include <stdbool.h>

/* The thread has that capability (CAP_NET_RAW, ...) in its effective set. */
bool weir_privileges_has(int capability);

#endif
