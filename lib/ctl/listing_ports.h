/* SPDX-License-Identifier: BSD-3-Clause */
/* The listings of ports, which have counters, and of their interfaces, which have addresses. */
#ifndef WEIR_CTL_LISTING_PORTS_H
#define WEIR_CTL_LISTING_PORTS_H

#include "ctl/listing.h"

uint32_t weir_ports_count(const struct weir_view *v);
/* With the addresses of frames without a tag. */
void weir_ports_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

uint32_t weir_interfaces_count(const struct weir_view *v);
void weir_interfaces_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

#endif
