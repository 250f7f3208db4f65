/* SPDX-License-Identifier: BSD-3-Clause */
/* The lists of telemetry, except connections: the number of rows, and the contents of each. */
#ifndef WEIR_CTL_LISTING_H
#define WEIR_CTL_LISTING_H

#include <rte_telemetry.h>

#include "compat/dpdk.h"
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
	void (*row)(const struct weir_view *v, uint32_t i, struct rte_tel_data *row);
	bool (*is_vacant)(const struct weir_view *v,
		uint32_t i); /* the row is to be left out; NULL: none is */
};

#define WEIR_LISTINGS 15
extern const struct weir_listing weir_listings[WEIR_LISTINGS];

/*
 * Telemetry's names are fixed strings, so that adding to a dict of few entries cannot fail. Bytes of
 * text that are not ASCII become '?'.
 */
void weir_row_text(struct rte_tel_data *row, const char *name, const char *text);

/* A list beside the row's other values; out of memory shows as its absence: NULL. */
struct rte_tel_data *weir_row_list(enum rte_tel_value_type type);

/* JSON readers hold numbers up to 2^63 - 1: larger ones are cut. */
static inline void weir_row_number(struct rte_tel_data *row, const char *name, uint64_t number)
{
	if (number > INT64_MAX)
		number = INT64_MAX;
	(void)rte_tel_data_add_dict_uint(row, name, number);
}

/* "192.0.2.80:80" */
void weir_row_endpoint(struct rte_tel_data *row, const char *name, const struct weir_addr *addr,
	uint16_t port_be);

#endif
