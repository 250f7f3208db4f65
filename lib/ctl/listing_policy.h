/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists of what is configured, and of what memory it takes. As listing.h wants them. */
#ifndef WEIR_CTL_LISTING_POLICY_H
#define WEIR_CTL_LISTING_POLICY_H

#include "ctl/listing.h"

void weir_limits_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

/* Workers, then all packet buffers. */
uint32_t weir_memory_count(const struct weir_view *v);
void weir_memory_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

/* A service a row. */
void weir_policy_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

#endif
