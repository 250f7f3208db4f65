/* SPDX-License-Identifier: BSD-3-Clause */
/* What is listed, except connections: the number of rows, and the contents of each. */
#ifndef WEIR_CTL_LISTING_H
#define WEIR_CTL_LISTING_H

#include "ctl/row.h"
#include "ctl/view.h"

struct weir_listing {
	const char *command; /* "/synweir/services" */
	const char *help;    /* DPDK requires fewer than 64 characters */
	/*
	 * Rows of one answer. Telemetry silently drops what exceeds 16 KB: this many rows of the
	 * longest names and numbers fit (tests/eal/test_weirctl.c proves it).
	 */
	uint32_t page;
	uint32_t (*count)(const struct weir_view *v);
	void (*row)(const struct weir_view *v, uint32_t i, struct weir_row *row);
	bool (*is_vacant)(const struct weir_view *v,
		uint32_t i); /* the row is to be left out; NULL: none is */
};

#define WEIR_LISTINGS 15
extern const struct weir_listing weir_listings[WEIR_LISTINGS];

/* Row i of it, cleared first; false: it is to be left out. Between weir_view_read_begin() and _end(). */
bool weir_listing_row(const struct weir_listing *l, const struct weir_view *v, uint32_t i,
	struct weir_row *row);

/* "192.0.2.80:80" */
void weir_row_endpoint(struct weir_row *row, const char *name, const struct weir_addr *addr,
	uint16_t port_be);

#endif
