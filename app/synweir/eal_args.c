// SPDX-License-Identifier: BSD-3-Clause
#include "eal_args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_pci.h>

#define FILE_PREFIX "synweir"

static int refuse(struct weir_eal_args *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int refuse(struct weir_eal_args *args, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(args->error, sizeof(args->error), format, list);
	va_end(list);
	return -EINVAL;
}

static int add(struct weir_eal_args *args, const char *text)
{
	if (args->argc == WEIR_EAL_ARGS_MAX)
		return refuse(args, "more than %d arguments for the EAL", WEIR_EAL_ARGS_MAX);
	args->argv[args->argc] = strdup(text);
	if (args->argv[args->argc] == NULL)
		return -ENOMEM;
	args->argc++;
	return 0;
}

static int add_pair(struct weir_eal_args *args, const char *name, const char *value)
{
	int rc = add(args, name);

	return rc == 0 ? add(args, value) : rc;
}

/* The value in one argument ("--name=value", "-xvalue"), or "" when it is the next; NULL: not it. */
static const char *match(const char *argument, const char *name)
{
	size_t len = strlen(name);

	if (strncmp(argument, name, len) != 0)
		return NULL;
	argument += len;
	if (name[1] != '-' || *argument == '\0')
		return argument;
	return *argument == '=' ? argument + 1 : NULL;
}

bool weir_eal_args_has(const struct weir_eal_args *args, const char *name)
{
	for (int i = 1; i < args->argc; i++)
		if (match(args->argv[i], name) != NULL)
			return true;
	return false;
}

/* The last one counts, as it does for the EAL. */
static const char *value_of(const struct weir_eal_args *args, const char *name)
{
	const char *found = NULL;

	for (int i = 1; i < args->argc; i++) {
		const char *value = match(args->argv[i], name);

		if (value == NULL)
			continue;
		if (*value != '\0')
			found = value;
		else if (i + 1 < args->argc)
			found = args->argv[i + 1];
	}
	return found;
}

/*
 * Cores
 */

/* "(0-3,6)": a set as --lcores wants it. */
static void set_text(const cpu_set_t *set, char *text, size_t size)
{
	size_t at = (size_t)snprintf(text, size, "(");
	int from = 0, to;

	while (from < CPU_SETSIZE && at < size) {
		if (!CPU_ISSET(from, set)) {
			from++;
			continue;
		}
		for (to = from; to + 1 < CPU_SETSIZE && CPU_ISSET(to + 1, set);)
			to++;
		at += (size_t)snprintf(text + at, size - at, "%s%d", at > 1 ? "," : "", from);
		if (to > from && at < size)
			at += (size_t)snprintf(text + at, size - at, "-%d", to);
		from = to + 1;
	}
	if (at < size)
		snprintf(text + at, size - at, ")");
}

/* Where everybody runs: lcore -> CPUs; the control core first. */
struct map {
	unsigned int n;
	struct {
		unsigned int lcore;
		cpu_set_t cpus;
	} at[1 + WEIR_WORKERS_MAX];
};

static int add_map(struct weir_eal_args *args, const struct map *m)
{
	char text[8192], set[1024], main_lcore[16];
	size_t at = 0;
	int rc;

	for (unsigned int i = 0; i < m->n && at < sizeof(text); i++) {
		set_text(&m->at[i].cpus, set, sizeof(set));
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u@%s", i ? "," : "",
			m->at[i].lcore, set);
	}
	if (at >= sizeof(text))
		return refuse(args, "too many CPUs to name: give -l in eal");
	snprintf(main_lcore, sizeof(main_lcore), "%u", m->at[0].lcore);
	rc = add_pair(args, "--lcores", text);
	return rc == 0 ? add_pair(args, "--main-lcore", main_lcore) : rc;
}

static bool is_named(const struct weir_config *c, unsigned int lcore)
{
	for (uint32_t i = 0; i < c->n_lcores; i++)
		if (c->lcores[i] == lcore)
			return true;
	return false;
}

/* The cores that the file names; the control core runs on what is left. */
static int map_named(struct weir_eal_args *args, const struct weir_config *c,
	const cpu_set_t *allowed, struct map *m)
{
	cpu_set_t left = *allowed;
	unsigned int control = 0;
	char set[128];

	for (uint32_t i = 0; i < c->n_lcores; i++) {
		unsigned int cpu = c->lcores[i];

		if (cpu >= CPU_SETSIZE || !CPU_ISSET(cpu, allowed)) {
			set_text(allowed, set, sizeof(set));
			return refuse(args,
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

/* A CPU for the control core and one for each worker; where there are too few, all float. */
static void map_counted(struct weir_eal_args *args, uint32_t n_workers, const cpu_set_t *allowed,
	struct map *m)
{
	int cpu = 0;

	args->shared_cpus = (uint32_t)CPU_COUNT(allowed) < n_workers + 1;
	for (uint32_t i = 0; i <= n_workers; i++) {
		m->at[i].lcore = i;
		if (i > 0)
			args->lcores[i - 1] = i;
		if (args->shared_cpus) {
			m->at[i].cpus = *allowed;
			continue;
		}
		while (!CPU_ISSET(cpu, allowed))
			cpu++;
		CPU_SET(cpu++, &m->at[i].cpus);
	}
}

static int add_cores(struct weir_eal_args *args, const struct weir_config *c,
	const cpu_set_t *allowed)
{
	static const char *const given[] = {"-l", "-c", "-s", "-S", "--lcores"};
	struct map *m;
	int rc = 0;

	for (unsigned int i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (weir_eal_args_has(args, given[i]))
			return 0;
	m = calloc(1, sizeof(*m));
	if (m == NULL)
		return -ENOMEM;
	m->n = 1 + c->policy->n_workers;
	if (c->n_lcores > 0)
		rc = map_named(args, c, allowed, m);
	else
		map_counted(args, c->policy->n_workers, allowed, m);
	if (rc == 0)
		rc = add_map(args, m);
	args->derived_cores = rc == 0;
	free(m);
	return rc;
}

/*
 * Devices
 */

/* PCI ports are allowed by address, so that the EAL leaves the machine's other devices alone. */
static int add_devices(struct weir_eal_args *args, const struct weir_policy *p)
{
	struct rte_pci_addr addr;
	unsigned int n = 0;
	int rc = 0;

	if (weir_eal_args_has(args, "--no-pci") || weir_eal_args_has(args, "-a") ||
		weir_eal_args_has(args, "--allow"))
		return 0;
	for (uint32_t i = 0; i < p->n_ports && rc == 0; i++) {
		char address[sizeof(p->ports[i].device)];

		memcpy(address, p->ports[i].device, sizeof(address));
		address[strcspn(address, ",")] = '\0';
		if (rte_pci_addr_parse(address, &addr) != 0)
			continue;
		rc = add_pair(args, "-a", p->ports[i].device);
		n++;
	}
	if (rc == 0 && n == 0)
		rc = add(args, "--no-pci");
	return rc;
}

static int add_all(struct weir_eal_args *args, const struct weir_config *c,
	const cpu_set_t *allowed, char **extra, unsigned int n_extra)
{
	int rc = add(args, "synweir");

	/* synweir says in its own words what happens at start; the user's may want more */
	if (rc == 0)
		rc = add_pair(args, "--log-level", "*:warning");
	for (uint32_t i = 0; i < c->n_eal && rc == 0; i++)
		rc = add(args, c->eal[i]);
	for (unsigned int i = 0; i < n_extra && rc == 0; i++)
		rc = add(args, extra[i]);
	if (rc == 0 && !weir_eal_args_has(args, "--file-prefix"))
		rc = add_pair(args, "--file-prefix", FILE_PREFIX);
	if (rc == 0)
		rc = add_devices(args, c->policy);
	if (rc == 0)
		rc = add_cores(args, c, allowed);
	return rc;
}

int weir_eal_args_make(struct weir_eal_args *args, const struct weir_config *config,
	const cpu_set_t *allowed, char **extra, unsigned int n_extra)
{
	int rc;

	memset(args, 0, sizeof(*args));
	rc = add_all(args, config, allowed, extra, n_extra);
	if (rc == 0)
		args->file_prefix = value_of(args, "--file-prefix");
	if (rc == 0 && args->file_prefix == NULL)
		rc = refuse(args, "--file-prefix has no value");
	return rc;
}

void weir_eal_args_free(struct weir_eal_args *args)
{
	for (int i = 0; i < args->argc; i++)
		free(args->argv[i]);
	args->argc = 0;
}
