/* SPDX-License-Identifier: BSD-3-Clause */
/* Counters at two times. Rows are found by what identifies them; one that was not there began at 0. */
#ifndef WEIRCTL_RATES_H
#define WEIRCTL_RATES_H

#include <jansson.h>

#include "topic.h"

/*
 * Adds to each row of `now` the members "COUNTER_per_s": what has been counted since `before`, by the
 * second.
 */
void rates_add(json_t *now, const json_t *before, const struct topic *topic, double seconds);

/* Counters of `now` become what has been counted since `before`. */
void rates_subtract(json_t *now, const json_t *before, const struct topic *topic);

#endif
