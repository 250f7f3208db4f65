/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which thread gets a signal. net_tap is told of packets by a real-time signal per packet. It should be
 * delivered to the thread that polls the port: waking any other costs a context switch.
 */
#ifndef WEIR_DP_SIGNALS_H
#define WEIR_DP_SIGNALS_H

#include <signal.h>
#include <stdint.h>

/*
 * Before any thread is created: all threads block `own`, which only weir_signals_wait() receives, and
 * the real-time signals of net_tap. If those overflow the kernel sends SIGIO, whose default action ends
 * the process: it is ignored.
 */
void weir_signals_block(const sigset_t *own);

/* The calling thread receives the driver's signals. */
void weir_signals_receive(void);

/* Waits for one of `own` and returns it; 0: weir_clock_monotonic_ns() has reached until_ns. */
int weir_signals_wait(const sigset_t *own, uint64_t until_ns);

#endif
