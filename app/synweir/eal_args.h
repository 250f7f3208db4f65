/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The EAL's arguments: those of the configuration file, those that synweir derives from it, and those
 * after "--" on the command line, in this order. An argument that the user gives is not derived.
 */
#ifndef WEIR_SYNWEIR_EAL_ARGS_H
#define WEIR_SYNWEIR_EAL_ARGS_H

#include "config/config.h"
#include "dp/eal.h"

struct weir_eal_args {
	struct weir_eal eal;
	const char *file_prefix; /* that the EAL will use */
	bool derived_cores; /* then worker i runs on lcores[i]; else on the EAL's, in their order */
	unsigned int lcores[WEIR_WORKERS_MAX];
	bool shared_cpus; /* fewer CPUs than workers and the control core: they take turns */
	bool derived_no_huge;
};

/* The machine, as far as the arguments depend on it. */
struct weir_eal_machine {
	cpu_set_t allowed; /* the CPUs that this process may run on */
	cpu_set_t near;    /* those of them on the NUMA node of all ports */
	bool huge_pages;
};

/*
 * extra: n_extra further arguments. 0; -ENOMEM; -EINVAL and eal.error: cores that do not exist, too many
 * arguments. weir_eal_free(&args->eal) ends it.
 */
int weir_eal_args_make(struct weir_eal_args *args, const struct weir_config *config,
	const struct weir_eal_machine *machine, char **extra, unsigned int n_extra);

#endif
