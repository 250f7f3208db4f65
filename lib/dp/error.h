/* SPDX-License-Identifier: BSD-3-Clause */
/* Why the data path could not be set up, for the operator: what failed, and what to do. */
#ifndef WEIR_DP_ERROR_H
#define WEIR_DP_ERROR_H

struct weir_dp_error {
	char text[512]; /* one line without newline */
};

/* Writes the line as printf does; returns code (a negative errno), so that it ends a function. */
int weir_dp_fail(struct weir_dp_error *err, int code, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
