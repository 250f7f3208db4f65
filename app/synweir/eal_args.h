/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EAL's arguments: what the configuration file says, what synweir derives from it, and what
 * stands on the command line behind "--", in this order. What the user gives is never derived too.
 */
#ifndef WEIR_SYNWEIR_EAL_ARGS_H
#define WEIR_SYNWEIR_EAL_ARGS_H

#include <sched.h>
#include <stdbool.h>

#include "ctl/config.h"

#define WEIR_EAL_ARGS_MAX 256

struct weir_eal_args {
	int argc;
	char *argv[WEIR_EAL_ARGS_MAX + 1]; /* the strings are its own */
	const char *file_prefix;           /* that the EAL will use */
	bool derived_cores; /* then worker i runs on lcores[i]; else on the EAL's, in their order */
	unsigned int lcores[WEIR_WORKERS_MAX];
	bool shared_cpus; /* fewer CPUs than workers and the control core: they take turns */
	char error[256];
};

/*
 * allowed: the CPUs that this process may run on. extra: n_extra further arguments. 0; -ENOMEM;
 * -EINVAL and error: cores that do not exist, too many arguments.
 */
int weir_eal_args_make(struct weir_eal_args *args, const struct weir_config *config,
	const cpu_set_t *allowed, char **extra, unsigned int n_extra);

void weir_eal_args_free(struct weir_eal_args *args);

/* Whether an argument is there, as "--name value", "--name=value" or, for "-x", "-xvalue". */
bool weir_eal_args_has(const struct weir_eal_args *args, const char *name);

#endif
