// SPDX-License-Identifier: BSD-3-Clause
#include "eal_args.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_PREFIX "synweir"
#define PLAIN_MB    512 /* for a worker's packet buffers; what is not used is not taken */

static bool is_named(const struct weir_config *c, unsigned int lcore)
{
	for (uint32_t i = 0; i < c->n_lcores; i++)
		if (c->lcores[i] == lcore)
			return true;
	return false;
}

/* The cores that the file names; the control core runs on what is left. */
static int map_named(struct weir_eal_args *args, const struct weir_config *c,
	const cpu_set_t *allowed, struct weir_eal_map *m)
{
	cpu_set_t left = *allowed;
	unsigned int control = 0;
	char set[128];

	for (uint32_t i = 0; i < c->n_lcores; i++) {
		unsigned int cpu = c->lcores[i];

		if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, allowed)) {
			weir_eal_set_text(allowed, set, sizeof(set));
			return weir_eal_refuse(&args->eal,
				"workers.lcores: there is no core %u, or not for us: %s are", cpu,
				set);
		}
		CPU_CLR(cpu, &left);
		args->lcores[i] = m->at[i + 1].lcore = cpu;
		CPU_SET(cpu, &m->at[i + 1].cpus);
	}
	while (is_named(c, control))
		control++;
	args->shared_cpus = CPU_COUNT(&left) == 0;
	m->at[0].lcore = control;
	m->at[0].cpus = args->shared_cpus ? *allowed : left;
	return 0;
}

/* Takes a CPU out of a set: one of the better ones, if there are any. */
static int take_cpu(cpu_set_t *left, const cpu_set_t *better)
{
	cpu_set_t both;
	int cpu = 0;

	CPU_AND(&both, left, better);
	while (!CPU_ISSET(cpu, CPU_COUNT(&both) > 0 ? &both : left))
		cpu++;
	CPU_CLR(cpu, left);
	return cpu;
}

/*
 * A CPU for each worker, near the ports if there are such, and one for the control core, which leaves
 * those to the workers; where there are too few, all float.
 */
static void map_counted(struct weir_eal_args *args, uint32_t n_workers,
	const struct weir_eal_machine *machine, struct weir_eal_map *m)
{
	cpu_set_t left = machine->allowed, far;

	args->shared_cpus = (uint32_t)CPU_COUNT(&left) < n_workers + 1;
	CPU_XOR(&far, &left, &machine->near);
	for (uint32_t i = 0; i <= n_workers; i++) {
		m->at[i].lcore = i;
		if (i > 0)
			args->lcores[i - 1] = i;
		if (args->shared_cpus)
			m->at[i].cpus = machine->allowed;
		else
			CPU_SET(take_cpu(&left, i == 0 ? &far : &machine->near), &m->at[i].cpus);
	}
}

static int add_cores(struct weir_eal_args *args, const struct weir_config *c,
	const struct weir_eal_machine *machine)
{
	struct weir_eal_map *m;
	int rc = 0;

	if (weir_eal_has_cores(&args->eal))
		return 0;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	m->n = 1 + c->policy->n_workers;
	if (c->n_lcores > 0)
		rc = map_named(args, c, &machine->allowed, m);
	else
		map_counted(args, c->policy->n_workers, machine, m);
	if (rc == 0)
		rc = weir_eal_add_map(&args->eal, m);
	args->derived_cores = rc == 0;
	free(m);
	return rc;
}

static int add_devices(struct weir_eal_args *args, const struct weir_policy *p)
{
	const char *devices[WEIR_PORTS_MAX];

	for (uint32_t i = 0; i < p->n_ports; i++)
		devices[i] = p->ports[i].device;
	return weir_eal_add_devices(&args->eal, devices, p->n_ports);
}

/*
 * Without huge pages it runs all the same, but not with a PCI device: that one is for speed, and by
 * uio_pci_generic could not reach such memory.
 */
static int add_memory(struct weir_eal_args *args, const struct weir_config *c,
	const struct weir_eal_machine *machine)
{
	char mb[16];
	int rc;

	if (machine->huge_pages || !weir_eal_has(&args->eal, "--no-pci") ||
		weir_eal_has(&args->eal, "--no-huge") || weir_eal_has(&args->eal, "--in-memory"))
		return 0;
	args->derived_no_huge = true;
	snprintf(mb, sizeof(mb), "%u", PLAIN_MB * c->policy->n_workers);
	rc = weir_eal_add(&args->eal, "--no-huge");
	if (rc == 0 && !weir_eal_has(&args->eal, "--no-shconf"))
		rc = weir_eal_add(&args->eal, "--no-shconf");
	if (rc == 0 && !weir_eal_has(&args->eal, "-m"))
		rc = weir_eal_add_pair(&args->eal, "-m", mb);
	return rc;
}

static int add_all(struct weir_eal_args *args, const struct weir_config *c,
	const struct weir_eal_machine *machine, char **extra, unsigned int n_extra)
{
	int rc = weir_eal_add(&args->eal, "synweir");

	/* synweir says in its own words what happens at start; the user's may want more */
	if (rc == 0)
		rc = weir_eal_add_pair(&args->eal, "--log-level", "*:warning");
	for (uint32_t i = 0; i < c->n_eal && rc == 0; i++)
		rc = weir_eal_add(&args->eal, c->eal[i]);
	for (unsigned int i = 0; i < n_extra && rc == 0; i++)
		rc = weir_eal_add(&args->eal, extra[i]);
	if (rc == 0 && !weir_eal_has(&args->eal, "--file-prefix"))
		rc = weir_eal_add_pair(&args->eal, "--file-prefix", FILE_PREFIX);
	if (rc == 0)
		rc = add_devices(args, c->policy);
	if (rc == 0)
		rc = add_memory(args, c, machine);
	if (rc == 0)
		rc = add_cores(args, c, machine);
	return rc;
}

int weir_eal_args_make(struct weir_eal_args *args, const struct weir_config *config,
	const struct weir_eal_machine *machine, char **extra, unsigned int n_extra)
{
	int rc;

	memset(args, 0, sizeof(*args));
	rc = add_all(args, config, machine, extra, n_extra);
	if (rc == 0)
		args->file_prefix = weir_eal_value(&args->eal, "--file-prefix");
	if (rc == 0 && args->file_prefix == NULL)
		rc = weir_eal_refuse(&args->eal, "--file-prefix has no value");
	return rc;
}
