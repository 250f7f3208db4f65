/* SPDX-License-Identifier: BSD-3-Clause */
/* The daemon's log: one line to stderr, of one shape. */
#ifndef WEIR_SYNWEIR_LOG_H
#define WEIR_SYNWEIR_LOG_H

enum weir_log_level {
	WEIR_LOG_INFO,
	WEIR_LOG_WARNING,
	WEIR_LOG_ERROR,
};

/* As printf does; without newline. */
void weir_log(enum weir_log_level level, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
