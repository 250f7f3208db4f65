// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <stdarg.h>
#include <stdio.h>

void weir_log(enum weir_log_level level, const char *format, ...)
{
	static const char *const prefixes[] = {
		[WEIR_LOG_INFO] = "",
		[WEIR_LOG_WARNING] = "warning: ",
		[WEIR_LOG_ERROR] = "error: ",
	};
	char line[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* one write, so that lines of DPDK's own threads do not come between */
	fprintf(stderr, "synweir: %s%s\n", prefixes[level], line);
}
