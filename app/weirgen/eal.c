// SPDX-License-Identifier: BSD-3-Clause
#include "eal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>

#include "dp/eal.h"

static struct weir_eal args;
static bool own_prefix, own_cores;

/* As many threads as CPUs are named; one for all ports when none is. */
static unsigned int count_threads(const struct options *o)
{
	return o->n_cpus > 1 && o->n_devices > 1 ? 2 : 1;
}

static int add_cores(const struct options *o, const cpu_set_t *allowed)
{
	static struct weir_eal_map map;

	if (weir_eal_has_cores(&args))
		return 0;
	own_cores = true;
	map.n = 1 + count_threads(o);
	map.at[0].cpus = *allowed;
	for (unsigned int i = 1; i < map.n; i++) {
		map.at[i].lcore = i;
		map.at[i].cpus = *allowed;
		if (o->n_cpus == 0)
			continue;
		if (o->cpus[i - 1] >= CPU_SETSIZE || !CPU_ISSET(o->cpus[i - 1], allowed))
			return weir_eal_refuse(&args, "--cpu: there is no CPU %u, or not for us",
				o->cpus[i - 1]);
		CPU_ZERO(&map.at[i].cpus);
		CPU_SET(o->cpus[i - 1], &map.at[i].cpus);
		CPU_CLR(o->cpus[i - 1], &map.at[0].cpus);
	}
	if (CPU_COUNT(&map.at[0].cpus) == 0)
		map.at[0].cpus = *allowed;
	return weir_eal_add_map(&args, &map);
}

/* Small, it must start where there are no huge pages, and leave none of its files in hugetlbfs. */
static int add_memory(void)
{
	int rc = 0;

	if (weir_eal_has(&args, "--in-memory"))
		return 0;
	if (!weir_eal_has(&args, "--no-huge") && !weir_eal_any_huge_pages())
		rc = weir_eal_add(&args, "--no-huge");
	if (rc == 0 && weir_eal_has(&args, "--no-huge") && !weir_eal_has(&args, "-m"))
		rc = weir_eal_add_pair(&args, "-m", "512");
	if (rc == 0 && !weir_eal_has(&args, "--no-huge"))
		rc = weir_eal_add(&args, "--huge-unlink");
	return rc;
}

/* Several may run at once, each by itself. */
static int add_name(void)
{
	char prefix[32];
	int rc = 0;

	if (!weir_eal_has(&args, "--no-shconf"))
		rc = weir_eal_add(&args, "--no-shconf");
	if (rc == 0 && !weir_eal_has(&args, "--no-telemetry"))
		rc = weir_eal_add(&args, "--no-telemetry");
	own_prefix = !weir_eal_has(&args, "--file-prefix");
	snprintf(prefix, sizeof(prefix), "weirgen-%d", (int)getpid());
	return rc == 0 && own_prefix ? weir_eal_add_pair(&args, "--file-prefix", prefix) : rc;
}

static int make_args(const struct options *o)
{
	cpu_set_t allowed;
	int rc;

	if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
		return -errno;
	rc = weir_eal_add(&args, "weirgen");
	if (rc == 0)
		rc = weir_eal_add_pair(&args, "--log-level", "*:error");
	for (unsigned int i = 0; i < o->n_eal && rc == 0; i++)
		rc = weir_eal_add(&args, o->eal[i]);
	if (rc == 0)
		rc = add_name();
	if (rc == 0)
		rc = add_memory();
	if (rc == 0)
		rc = weir_eal_add_devices(&args, o->devices, o->n_devices);
	return rc == 0 ? add_cores(o, &allowed) : rc;
}

int eal_start(const struct options *o)
{
	char *argv[WEIR_EAL_ARGS_MAX + 1];

	if (make_args(o) != 0) {
		fprintf(stderr, "weirgen: %s\n", args.error);
		return -1;
	}
	memcpy(argv, args.argv, sizeof(argv)); /* the EAL moves its arguments about */
	if (rte_eal_init(args.argc, argv) >= 0)
		return 0;
	fprintf(stderr, "weirgen: DPDK does not start (%s): %s; the lines of EAL above say more\n",
		rte_strerror(rte_errno),
		geteuid() == 0 ? "look at the arguments after \"--\"" : "try as root");
	return -1;
}

int eal_lcores(const struct options *o, unsigned int lcores[OPTIONS_PORTS])
{
	unsigned int lcore, n = 0, wanted = own_cores ? count_threads(o) : o->n_devices;

	RTE_LCORE_FOREACH_WORKER (lcore) {
		if (n < wanted)
			lcores[n++] = lcore;
	}
	if (n > 0)
		return (int)n;
	fprintf(stderr,
		"weirgen: the EAL has one core, which only watches: give it one more, e.g. -l "
		"0,1\n");
	return -1;
}

/* The runtime directory is flat. */
static void remove_dir(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	rmdir(path);
}

void eal_end(void)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	if (own_prefix)
		remove_dir(path);
	weir_eal_free(&args);
}
