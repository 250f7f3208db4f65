// SPDX-License-Identifier: BSD-3-Clause
#include "dp/eal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_pci.h>

#define DEVICE_TEXT 128

int weir_eal_refuse(struct weir_eal *eal, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(eal->error, sizeof(eal->error), format, list);
	va_end(list);
	return -EINVAL;
}

int weir_eal_add(struct weir_eal *eal, const char *text)
{
	if (eal->argc == WEIR_EAL_ARGS_MAX)
		return weir_eal_refuse(eal, "more than %d arguments for the EAL",
			WEIR_EAL_ARGS_MAX);
	eal->argv[eal->argc] = strdup(text);
	if (eal->argv[eal->argc] == NULL)
		return -ENOMEM;
	eal->argc++;
	return 0;
}

int weir_eal_add_pair(struct weir_eal *eal, const char *name, const char *value)
{
	int rc = weir_eal_add(eal, name);

	return rc == 0 ? weir_eal_add(eal, value) : rc;
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

bool weir_eal_has(const struct weir_eal *eal, const char *name)
{
	for (int i = 1; i < eal->argc; i++)
		if (match(eal->argv[i], name) != NULL)
			return true;
	return false;
}

/* The last one counts, as it does for the EAL. */
const char *weir_eal_value(const struct weir_eal *eal, const char *name)
{
	const char *found = NULL;

	for (int i = 1; i < eal->argc; i++) {
		const char *value = match(eal->argv[i], name);

		if (value == NULL)
			continue;
		if (*value != '\0')
			found = value;
		else if (i + 1 < eal->argc)
			found = eal->argv[i + 1];
	}
	return found;
}

bool weir_eal_has_cores(const struct weir_eal *eal)
{
	static const char *const given[] = {"-l", "-c", "-s", "-S", "--lcores"};

	for (unsigned int i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (weir_eal_has(eal, given[i]))
			return true;
	return false;
}

/* "(0-3,6)": a set as --lcores wants it. */
void weir_eal_set_text(const cpu_set_t *set, char *text, size_t size)
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

int weir_eal_add_map(struct weir_eal *eal, const struct weir_eal_map *m)
{
	char text[8192], set[1024], main_lcore[16];
	size_t at = 0;
	int rc;

	for (unsigned int i = 0; i < m->n && at < sizeof(text); i++) {
		weir_eal_set_text(&m->at[i].cpus, set, sizeof(set));
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%u@%s", i ? "," : "",
			m->at[i].lcore, set);
	}
	if (at >= sizeof(text))
		return weir_eal_refuse(eal, "too many CPUs to name: give -l in eal");
	snprintf(main_lcore, sizeof(main_lcore), "%u", m->at[0].lcore);
	rc = weir_eal_add_pair(eal, "--lcores", text);
	return rc == 0 ? weir_eal_add_pair(eal, "--main-lcore", main_lcore) : rc;
}

static bool read_pci(const char *device, struct rte_pci_addr *addr)
{
	char address[DEVICE_TEXT];

	snprintf(address, sizeof(address), "%s", device);
	address[strcspn(address, ",")] = '\0';
	return rte_pci_addr_parse(address, addr) == 0;
}

bool weir_eal_is_pci(const char *device)
{
	struct rte_pci_addr addr;

	return read_pci(device, &addr);
}

int weir_eal_add_devices(struct weir_eal *eal, const char *const *devices, unsigned int n)
{
	struct rte_pci_addr addr;
	unsigned int allowed = 0;
	int rc = 0;

	if (weir_eal_has(eal, "--no-pci") || weir_eal_has(eal, "-a") ||
		weir_eal_has(eal, "--allow"))
		return 0;
	for (unsigned int i = 0; i < n && rc == 0; i++) {
		if (!read_pci(devices[i], &addr))
			continue;
		rc = weir_eal_add_pair(eal, "-a", devices[i]);
		allowed++;
	}
	if (rc == 0 && allowed == 0)
		rc = weir_eal_add(eal, "--no-pci");
	return rc;
}

/* systemd mounts it on /dev/hugepages; a container or an initramfs may not. */
static bool is_hugetlbfs_mounted(void)
{
	FILE *f = fopen("/proc/self/mounts", "r");
	char type[64];
	bool found = false;

	if (f == NULL)
		return false;
	while (!found && fscanf(f, "%*s %*s %63s%*[^\n]", type) == 1)
		found = strcmp(type, "hugetlbfs") == 0;
	fclose(f);
	return found;
}

bool weir_eal_any_huge_pages(void)
{
	static const char *const files[] = {
		"/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages",
		"/sys/kernel/mm/hugepages/hugepages-1048576kB/free_hugepages",
	};
	bool any = false;

	for (unsigned int i = 0; i < sizeof(files) / sizeof(*files); i++) {
		FILE *f = fopen(files[i], "r");
		unsigned long n;

		if (f == NULL)
			continue;
		any |= fscanf(f, "%lu", &n) == 1 && n > 0;
		fclose(f);
	}
	return any && is_hugetlbfs_mounted();
}

bool weir_eal_read_set(const char *text, cpu_set_t *set)
{
	while (*text != '\0' && *text != '\n') {
		char *end;
		unsigned long from = strtoul(text, &end, 10), to = from;

		if (end == text)
			return false;
		if (*end == '-') {
			text = end + 1;
			to = strtoul(text, &end, 10);
			if (end == text)
				return false;
		}
		for (; from <= to && from < CPU_SETSIZE; from++)
			CPU_SET(from, set);
		text = end + (*end == ',');
	}
	return true;
}

void weir_eal_keep_near(const char *device, cpu_set_t *near)
{
	struct rte_pci_addr addr;
	char path[128], text[1024];
	cpu_set_t local;
	FILE *f;

	if (!read_pci(device, &addr))
		return;
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/" PCI_PRI_FMT "/local_cpulist",
		addr.domain, addr.bus, addr.devid, addr.function);
	f = fopen(path, "r");
	if (f == NULL)
		return;
	CPU_ZERO(&local);
	if (fgets(text, sizeof(text), f) != NULL && weir_eal_read_set(text, &local))
		CPU_AND(near, near, &local);
	fclose(f);
}

void weir_eal_free(struct weir_eal *eal)
{
	for (int i = 0; i < eal->argc; i++)
		free(eal->argv[i]);
	eal->argc = 0;
}
