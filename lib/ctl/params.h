/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters of a telemetry command: "key=value,key=value". */
#ifndef WEIR_CTL_PARAMS_H
#define WEIR_CTL_PARAMS_H

#include <stdint.h>

#define WEIR_PARAMS_MAX 8

struct weir_params {
	char text[512];
	unsigned int n;
	struct {
		const char *key, *value;
	} at[WEIR_PARAMS_MAX];
};

/* Why a command was refused, and what would be allowed: fits a telemetry string. */
struct weir_params_error {
	char text[128];
};

/*
 * allowed: the keys that the command knows, separated by ", " as they are shown. text may be NULL.
 * 0, or -EINVAL and err: unknown or repeated key, no value, too long.
 */
int weir_params_parse(struct weir_params *p, const char *text, const char *allowed,
	struct weir_params_error *err);

/* The value of key, or NULL when it was not given. */
const char *weir_params_get(const struct weir_params *p, const char *key);

/* *value is left alone when key was not given. -EINVAL and err: not a number from min to max. */
int weir_params_number(const struct weir_params *p, const char *key, uint64_t min, uint64_t max,
	uint64_t *value, struct weir_params_error *err);

/* Writes the error as printf does, with anything unprintable shown as '?'; returns -EINVAL. */
int weir_params_refuse(struct weir_params_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
