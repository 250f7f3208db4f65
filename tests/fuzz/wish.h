/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reloads for fuzzing: configurations out of the input, all valid by themselves, and what must be true
 * of the policy that is derived from one (flow/derive.h), by a naive reading of both.
 *
 * There are 4 VIPs (SHELL_VIP()) with two ports each, and 8 backends that any service may have, the last
 * of them at the address of the last VIP. A policy has room for WISH_SERVICES services and so on, so
 * numbers run out.
 */
#ifndef WEIR_TESTS_FUZZ_WISH_H
#define WEIR_TESTS_FUZZ_WISH_H

#include "fuzz.h"
#include "world.h"

#define WISH_SERVICES  5
#define WISH_LISTENERS 7
#define WISH_BACKENDS  10

/* Before shell_open(): room for numbers. */
void wish_room(struct weir_policy *p);

/*
 * The configuration out of the next bytes of the input is published; refused, nothing is changed. A
 * worker still has the policy before: nothing happens, but the bytes are taken.
 */
void wish_publish(struct world *w, struct fuzz_in *in);

/* The same configuration as before is published: what is idle is vacated. */
void wish_vacate(struct world *w);

/* A worker adopts; its connections stay what they were. */
void wish_adopt(struct world *w, unsigned int worker);

/* No connection is left: nothing is retired for ever. */
void wish_end(struct world *w);

#endif
