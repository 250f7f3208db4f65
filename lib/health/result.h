/* SPDX-License-Identifier: BSD-3-Clause */
/* What a check found. */
#ifndef WEIR_HEALTH_RESULT_H
#define WEIR_HEALTH_RESULT_H

#include <stdint.h>

#define WEIR_RESULT_TEXT 64

enum weir_outcome {
	WEIR_OUTCOME_NONE, /* there was no check yet */
	WEIR_OUTCOME_GOOD,
	WEIR_OUTCOME_REFUSED,     /* RST for the SYN */
	WEIR_OUTCOME_TIMED_OUT,   /* nothing, or not all, in time */
	WEIR_OUTCOME_UNREACHABLE, /* ICMP, or no route or neighbour */
	WEIR_OUTCOME_CLOSED,      /* the connection ended before the answer was there */
	WEIR_OUTCOME_WRONG,       /* an answer, but not the one expected */
	WEIR_OUTCOME_TLS,         /* no TLS, or the certificate is not good */
	WEIR_OUTCOME_EXIT,        /* the program says so */
	/* It could not be checked, for a reason of this host: that says nothing about the backend. */
	WEIR_OUTCOME_UNABLE,
};

struct weir_result {
	uint8_t outcome;             /* enum weir_outcome */
	uint32_t latency_us;         /* from the beginning of the check */
	char text[WEIR_RESULT_TEXT]; /* "HTTP status 503" */
};

/* "refused", one word. */
const char *weir_outcome_name(enum weir_outcome outcome);

/* Its outcome and text, as printf does. */
void weir_result_set(struct weir_result *r, enum weir_outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Those of a system call on a check's socket that failed with that errno. */
void weir_result_of_errno(struct weir_result *r, int error);

#endif
