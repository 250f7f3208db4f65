/* SPDX-License-Identifier: BSD-3-Clause */
/* What weirctl was asked for. */
#ifndef WEIRCTL_REQUEST_H
#define WEIRCTL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "topic.h"

#define REQUEST_OPTIONS "p:s:jawhV"

enum command {
	COMMAND_SHOW,
	COMMAND_CLEAR,
	COMMAND_SET,
	COMMAND_RELOAD,
};

struct request {
	char path[128]; /* the socket's */
	enum command command;
	const struct topic *topic; /* of COMMAND_SHOW */
	char params[512];          /* as telemetry wants them: "service=web," */
	size_t limit;
	double watch_s; /* 0: once */
	size_t count;   /* times that are shown; 0: until it is interrupted */
	bool filtered, limit_given, json, all, wide, cleared;
};

/* 0: go on; -1: wrong usage, after a line on stderr; 1: all is done (--help, --version). */
int request_read(struct request *r, int argc, char **argv);

#endif
