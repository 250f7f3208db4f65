/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for what must not fit into the TLB's smallest pages: huge ones when there are some. */
#ifndef WEIR_BENCH_PAGES_H
#define WEIR_BENCH_PAGES_H

#include <stddef.h>

enum pages {
	PAGES_HUGETLB,     /* reserved huge pages */
	PAGES_TRANSPARENT, /* the kernel's own idea of them */
	PAGES_SMALL,
};

extern const char *const pages_names[];

/* Never tries anything better than this. For comparing. */
extern enum pages pages_best;

/* Zeroed and populated; aborts when there is no memory. *got says what it is made of. */
void *pages_map(size_t bytes, enum pages *got);

/* What pages_map() returned, with the same size. */
void pages_unmap(void *at, size_t bytes);

#endif
