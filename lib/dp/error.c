// SPDX-License-Identifier: BSD-3-Clause
#include "dp/error.h"

#include <stdarg.h>
#include <stdio.h>

int weir_dp_fail(struct weir_dp_error *err, int code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err->text, sizeof(err->text), format, args);
	va_end(args);
	return code;
}
