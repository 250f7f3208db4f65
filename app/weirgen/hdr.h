/* SPDX-License-Identifier: BSD-3-Clause */
/* A histogram as the percentile text of HdrHistogram, which its public plotter reads. */
#ifndef WEIRGEN_HDR_H
#define WEIRGEN_HDR_H

#include <stdio.h>

#include "hist.h"

/* Values in milliseconds, as the plotter expects them; h's are nanoseconds. */
void hdr_print(FILE *f, const struct hist *h);

#endif
