/* SPDX-License-Identifier: BSD-3-Clause */
/* Describes the data path: the log's lines at start and end, and the view that ctl/ shows. */
#ifndef WEIR_SYNWEIR_DESCRIBE_H
#define WEIR_SYNWEIR_DESCRIBE_H

#include "ctl/view.h"
#include "dp/dataplane.h"

/* Everything of the view that dp/ knows; the rest is left as it is. */
void weir_describe_view(struct weir_view *view, const struct weir_dataplane *dp);

/* What changes with time: links and the devices' own counters. Once a second. */
void weir_describe_ports(struct weir_view *view, struct weir_dataplane *dp);

void weir_describe_start(const struct weir_view *view, const struct weir_dataplane *dp);

/* One line about all packets there were. */
void weir_describe_end(const struct weir_view *view);

#endif
