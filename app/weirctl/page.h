/* SPDX-License-Identifier: BSD-3-Clause */
/* "show info": the health of all on one page. */
#ifndef WEIRCTL_PAGE_H
#define WEIRCTL_PAGE_H

#include <jansson.h>
#include <stdbool.h>

/*
 * doc: topic "info", with the rows of "services", "backends", "workers", "ports", "drops" under these names
 * in its member "rows". rates: these have members "..._per_s" (rates.h), which are shown in the place of totals.
 */
void page_print(const json_t *doc, bool rates);

#endif
