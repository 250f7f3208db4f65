/* SPDX-License-Identifier: BSD-3-Clause */
/* A list of arguments for DPDK's EAL in the making. What the user has given is never derived too. */
#ifndef WEIR_DP_EAL_H
#define WEIR_DP_EAL_H

#include <sched.h>
#include <stdbool.h>

#include "flow/policy.h"

#define WEIR_EAL_ARGS_MAX 256
#define WEIR_EAL_MAPS_MAX (1 + WEIR_WORKERS_MAX)

struct weir_eal {
	int argc;
	char *argv[WEIR_EAL_ARGS_MAX + 1]; /* the strings are its own */
	char error[256];
};

/* Which CPUs each lcore runs on; the main lcore first. */
struct weir_eal_map {
	unsigned int n;
	struct {
		unsigned int lcore;
		cpu_set_t cpus;
	} at[WEIR_EAL_MAPS_MAX];
};

/* Writes error as printf does; returns -EINVAL, so that it ends a function. */
int weir_eal_refuse(struct weir_eal *eal, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* 0; -ENOMEM; -EINVAL and error: too many. */
int weir_eal_add(struct weir_eal *eal, const char *text);
int weir_eal_add_pair(struct weir_eal *eal, const char *name, const char *value);

/* Whether an argument is there, as "--name value", "--name=value" or, for "-x", "-xvalue". */
bool weir_eal_has(const struct weir_eal *eal, const char *name);

/* Its value, the last one, as for the EAL; NULL when there is none. */
const char *weir_eal_value(const struct weir_eal *eal, const char *name);

/* Whether the user has said which cores to use. */
bool weir_eal_has_cores(const struct weir_eal *eal);

/* "(0-3,6)": a set as --lcores wants it. */
void weir_eal_set_text(const cpu_set_t *set, char *text, size_t size);

/* --lcores and --main-lcore. 0, -ENOMEM or -EINVAL and error. */
int weir_eal_add_map(struct weir_eal *eal, const struct weir_eal_map *map);

/* Whether a device string begins with a PCI address. */
bool weir_eal_is_pci(const char *device);

/*
 * PCI devices among n device strings ("0000:03:00.0,mq=1", "net_tap0") are allowed by address, so that
 * the EAL leaves the machine's other devices alone; without any it does not look for PCI at all.
 */
int weir_eal_add_devices(struct weir_eal *eal, const char *const *devices, unsigned int n);

/* Free huge pages of any size, and a place where the EAL can map them: it does not say what to do about none. */
bool weir_eal_any_huge_pages(void);

/* "0-3,8": adds a set as the kernel writes it. false: it is none. */
bool weir_eal_read_set(const char *text, cpu_set_t *set);

/* Leaves in near the CPUs on the NUMA node of a PCI device; other devices are near to all. */
void weir_eal_keep_near(const char *device, cpu_set_t *near);

void weir_eal_free(struct weir_eal *eal);

#endif
