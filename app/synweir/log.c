// SPDX-License-Identifier: BSD-3-Clause
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

/*
 * Whether stderr is a stream to systemd's journal, which reads a priority at the head of each line
 * (sd-daemon(3)) and has a better clock. JOURNAL_STREAM names the stream; stderr may have been sent
 * elsewhere since (systemd.exec(5)).
 */
static bool is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream != NULL && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
		fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

/* "<4>" for the journal, "2026-11-21T03:00:00Z " for all others. */
static const char *head(enum weir_log_level level, char *text, size_t size)
{
	static const int priorities[] = {
		[WEIR_LOG_INFO] = LOG_INFO,
		[WEIR_LOG_WARNING] = LOG_WARNING,
		[WEIR_LOG_ERROR] = LOG_ERR,
	};
	time_t now = time(NULL);
	struct tm utc;

	text[0] = '\0';
	if (is_journal())
		snprintf(text, size, "<%d>", priorities[level]);
	else if (gmtime_r(&now, &utc) != NULL)
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
	char line[2048], text[32];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	/* one write, so that lines of DPDK's own threads do not come between */
	fprintf(stderr, "%ssynweir: %s%s\n", head(level, text, sizeof(text)), prefixes[level],
		line);
}
