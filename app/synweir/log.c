// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* "2026-11-21T03:00:00Z ", or nothing under systemd: its journal has a better clock (systemd.exec(5)). */
static const char *stamp(char *text, size_t size)
{
	time_t now = time(NULL);
	struct tm utc;

	text[0] = '\0';
	if (getenv("JOURNAL_STREAM") == NULL && gmtime_r(&now, &utc) != NULL)
		strftime(text, size, "%Y-%m-%dT%H:%M:%SZ ", &utc);
	return text;
}

void weir_log(enum weir_log_level level, const char *format, ...)
{
	static const char *const prefixes[] = {
		[WEIR_LOG_INFO] = "",
		[WEIR_LOG_WARNING] = "warning: ",
		[WEIR_LOG_ERROR] = "error: ",
	};
	char line[2048], when[32];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* one write, so that lines of DPDK's own threads do not come between */
	fprintf(stderr, "%ssynweir: %s%s\n", stamp(when, sizeof(when)), prefixes[level], line);
}
