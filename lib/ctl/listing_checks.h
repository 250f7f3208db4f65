/* SPDX-License-Identifier: BSD-3-Clause */
/* Health checks in the lists of telemetry. */
#ifndef WEIR_CTL_LISTING_CHECKS_H
#define WEIR_CTL_LISTING_CHECKS_H

#include "ctl/listing.h"

/* What its checks say of the backend, beside its counters; empty when it is not checked. */
void weir_checks_add(const struct weir_view *v, uint32_t backend, struct weir_row *row);

/* A row of the checked backend; which are not checked. */
void weir_checks_row(const struct weir_view *v, uint32_t backend, struct weir_row *row);
bool weir_checks_is_vacant(const struct weir_view *v, uint32_t backend);

#endif
