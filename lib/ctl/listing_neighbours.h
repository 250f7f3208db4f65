/* SPDX-License-Identifier: BSD-3-Clause */
/* The listing of next hops: which neighbours synweir sends to, and whether they answer. */
#ifndef WEIR_CTL_LISTING_NEIGHBOURS_H
#define WEIR_CTL_LISTING_NEIGHBOURS_H

#include "ctl/listing.h"

uint32_t weir_neighbours_count(const struct weir_view *v);
/* Groups of routers are: their members have rows of their own. */
bool weir_neighbours_is_vacant(const struct weir_view *v, uint32_t i);
void weir_neighbours_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

#endif
