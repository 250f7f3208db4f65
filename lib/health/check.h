/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a health check is, and which backends have one: the plan, which the configuration makes and the
 * checker (health/checker.h) follows. Times are in milliseconds, ports in network byte order. Plain data
 * without pointers of its own: two checks are the same when their bytes are, unused ones being zero.
 */
#ifndef WEIR_HEALTH_CHECK_H
#define WEIR_HEALTH_CHECK_H

#include "flow/policy.h"

#define WEIR_CHECK_TEXT    256 /* of one text, with its NUL */
#define WEIR_CHECK_COMMAND 1024
#define WEIR_CHECK_ARGS    32
#define WEIR_CHECK_STATUS  8 /* ranges */

enum weir_check_type {
	WEIR_CHECK_TCP, /* connects; may send something and wait for an answer */
	WEIR_CHECK_HTTP,
	WEIR_CHECK_HTTPS,
	WEIR_CHECK_EXEC, /* a program: exit status 0 is good */
};

enum weir_check_method {
	WEIR_CHECK_GET,
	WEIR_CHECK_HEAD,
	WEIR_CHECK_OPTIONS,
};

struct weir_status_range {
	uint16_t first, last;
};

struct weir_check {
	uint8_t type;   /* enum weir_check_type */
	uint8_t method; /* enum weir_check_method */
	bool verify;    /* https: the certificate must be good for the host */
	/* For the plan's maker. 0, and all zero: the backend's own */
	uint16_t port_be;
	struct weir_addr address;
	/* From the beginning of one check to the next one's: as a rule, in doubt, while it is down. */
	uint32_t inter_ms, fastinter_ms, downinter_ms;
	uint32_t timeout_ms; /* <= each of them */
	uint32_t rise, fall; /* results in a row that make it up or down */
	uint32_t n_status;
	struct weir_status_range status[WEIR_CHECK_STATUS];
	char interface[16]; /* of the kernel, by which packets leave; "": by its routes */
	char send[WEIR_CHECK_TEXT], expect[WEIR_CHECK_TEXT];
	char host[WEIR_CHECK_TEXT]; /* "": the address */
	char path[WEIR_CHECK_TEXT], body[WEIR_CHECK_TEXT];
	char ca[WEIR_CHECK_TEXT]; /* file; "": those that the system trusts */
	uint32_t n_args;
	char command[WEIR_CHECK_COMMAND]; /* n_args texts, each with its NUL */
};

/* A backend that is checked, and where. */
struct weir_check_target {
	uint16_t backend; /* its number */
	uint32_t since; /* weir_backend.since: tells one backend from the next under this number */
	uint32_t check; /* in the plan's checks[] */
	struct weir_addr addr;
	uint16_t port_be;
	char service[WEIR_NAME_MAX], name[WEIR_NAME_MAX];
};

struct weir_check_plan {
	uint32_t n_checks, n_targets;
	struct weir_check *checks;
	struct weir_check_target *targets;
};

/* NULL is fine. */
void weir_check_plan_free(struct weir_check_plan *plan);

/* "tcp" */
const char *weir_check_type_name(enum weir_check_type type);

/* Reads "200-399" or "200,204,300-307" into c->status. 0, or -EINVAL: it is something else. */
int weir_check_parse_status(struct weir_check *c, const char *text);

bool weir_check_takes_status(const struct weir_check *c, unsigned int status);

#endif
