/* SPDX-License-Identifier: BSD-3-Clause */
/* The listing of host interfaces: for each the classes of frames to the kernel, then its own frames. */
#ifndef WEIR_CTL_LISTING_HOST_H
#define WEIR_CTL_LISTING_HOST_H

#include "ctl/listing.h"

uint32_t weir_hosts_count(const struct weir_view *v);
bool weir_hosts_is_vacant(const struct weir_view *v,
	uint32_t i); /* its port has no host interface */
void weir_hosts_row(const struct weir_view *v, uint32_t i, struct weir_row *row);

#endif
