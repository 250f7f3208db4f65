/* SPDX-License-Identifier: BSD-3-Clause */
/* The listing of client addresses with many connections: all workers' offenders, merged (HC-60). */
#ifndef WEIR_CTL_LISTING_SOURCES_H
#define WEIR_CTL_LISTING_SOURCES_H

#include "ctl/listing.h"

/*
 * Looks at all workers, and how many there are to show; rows are of the calling thread's last look.
 * The most refused address is first, among equals the one with most connections.
 */
uint32_t weir_sources_count(const struct weir_view *v);
void weir_sources_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

#endif
