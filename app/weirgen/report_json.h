/* SPDX-License-Identifier: BSD-3-Clause */
/* The totals as one JSON object (docs/weirgen.md lists the names). */
#ifndef WEIRGEN_REPORT_JSON_H
#define WEIRGEN_REPORT_JSON_H

#include "totals.h"

/* To the file o->json. 0, or -1 after a line on stderr. */
int report_json(const struct options *o, const struct station *clients, const struct totals *r,
	const struct totals *end, double seconds);

#endif
