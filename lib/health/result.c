// SPDX-License-Identifier: BSD-3-Clause
#include "health/result.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *weir_outcome_name(enum weir_outcome outcome)
{
	switch (outcome) {
	case WEIR_OUTCOME_NONE:
		return "";
	case WEIR_OUTCOME_GOOD:
		return "good";
	case WEIR_OUTCOME_REFUSED:
		return "refused";
	case WEIR_OUTCOME_TIMED_OUT:
		return "timed_out";
	case WEIR_OUTCOME_UNREACHABLE:
		return "unreachable";
	case WEIR_OUTCOME_CLOSED:
		return "closed";
	case WEIR_OUTCOME_WRONG:
		return "wrong";
	case WEIR_OUTCOME_TLS:
		return "tls";
	case WEIR_OUTCOME_EXIT:
		return "exit";
	case WEIR_OUTCOME_UNABLE:
		return "unable";
	}
	return "?";
}

void weir_result_set(struct weir_result *r, enum weir_outcome outcome, const char *format, ...)
{
	va_list args;

	r->outcome = (uint8_t)outcome;
	va_start(args, format);
	vsnprintf(r->text, sizeof(r->text), format, args);
	va_end(args);
}

void weir_result_of_errno(struct weir_result *r, int error)
{
	switch (error) {
	case ECONNREFUSED:
		weir_result_set(r, WEIR_OUTCOME_REFUSED, "connection refused");
		break;
	case ETIMEDOUT:
		weir_result_set(r, WEIR_OUTCOME_TIMED_OUT, "no answer");
		break;
	case ECONNRESET:
	case EPIPE:
		weir_result_set(r, WEIR_OUTCOME_CLOSED, "connection reset");
		break;
	case EHOSTUNREACH:
	case EHOSTDOWN:
	case ENOPROTOOPT: /* ICMP: protocol unreachable */
		weir_result_set(r, WEIR_OUTCOME_UNREACHABLE, "%s", strerror(error));
		break;
	/* descriptors, memory, permission, a device that is not there; ENETUNREACH: our own routes lead nowhere */
	default:
		weir_result_set(r, WEIR_OUTCOME_UNABLE, "%s", strerror(error));
		break;
	}
}
