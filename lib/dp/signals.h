/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who gets a signal. net_tap hears of packets by a real-time signal per packet, which must find a
 * thread: best the one that polls it, as each other one woken costs a context switch.
 */
#ifndef WEIR_DP_SIGNALS_H
#define WEIR_DP_SIGNALS_H

#include <signal.h>
#include <stdint.h>

/*
 * Before there are threads: all of them will block `own`, which only weir_signals_wait() takes, and
 * the real-time ones that drive net_tap. When those overflow the kernel sends SIGIO, whose default
 * is the end: it is ignored.
 */
void weir_signals_own(const sigset_t *own);

/* The calling thread takes the driver's signals. */
void weir_signals_hear(void);

/* The next of `own`, or 0 when weir_clock_monotonic_ns() is `until_ns`. */
int weir_signals_wait(const sigset_t *own, uint64_t until_ns);

#endif
