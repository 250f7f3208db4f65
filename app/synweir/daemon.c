// SPDX-License-Identifier: BSD-3-Clause
#define ALLOW_EXPERIMENTAL_API /* rte_vect_get_max_simd_bitwidth() is one in DPDK 22.11 */
#include "daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_vect.h>
#include <rte_version.h>

#include "base/siphash.h"
#include "ctl/telemetry.h"
#include "ctl/watch.h"
#include "describe.h"
#include "dp/dataplane.h"
#include "dp/privileges.h"
#include "dp/signals.h"
#include "eal_args.h"
#include "log.h"
#include "reload.h"
#include "start_signals.h"
#include "supervisor.h"

#define SECOND_NS    1000000000ull
#define STOP_STEP_NS 10000000ull /* between checks whether all connections are done */
#define RESET_MAX_NS                                                                               \
	(5 * SECOND_NS) /* for RSTs to be sent; a stuck device must not prevent the exit */

struct daemon {
	struct weir_reloader reloader; /* has the configuration, and its file */
	struct weir_eal_args args;
	struct weir_dataplane dp;
	struct weir_view view;
	struct weir_reload reload, obey;
	struct weir_watch *watch;
	struct weir_supervisor supervisor;
	sigset_t signals;
	bool eal_up;
	bool stop_asked; /* while it started */
};

/* Threads of telemetry and the EAL read it until the process ends. */
static struct daemon the_daemon;

/*
 * Signals
 */

static void own_signals(struct daemon *d)
{
	sigemptyset(&d->signals);
	sigaddset(&d->signals, SIGTERM);
	sigaddset(&d->signals, SIGINT);
	sigaddset(&d->signals, SIGHUP);
	sigaddset(&d->signals, SIGUSR1);
	weir_signals_block(&d->signals);
	signal(SIGPIPE, SIG_IGN); /* telemetry's clients may hang up */
}

/*
 * Start
 */

static void explain_eal(const struct daemon *d)
{
	const char *why = rte_strerror(rte_errno);

	if (!weir_eal_has(&d->args.eal, "--no-huge") && !weir_eal_any_huge_pages())
		weir_log(WEIR_LOG_ERROR,
			"DPDK does not start: there are no free huge pages, or no hugetlbfs is "
			"mounted. \"echo 512 > "
			"/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages\", and "
			"\"mount -t hugetlbfs hugetlbfs /dev/hugepages\"; without PCI ports, or "
			"with vfio-pci and an IOMMU, \"--no-huge\", \"-m\", \"512\" in eal will "
			"do");
	else if (geteuid() != 0)
		weir_log(WEIR_LOG_ERROR,
			"DPDK does not start (%s): try as root; the lines of EAL above say why",
			why);
	else
		weir_log(WEIR_LOG_ERROR,
			"DPDK does not start (%s): the lines of EAL above say why; another synweir "
			"with the same --file-prefix (%s) may be running",
			why, d->args.file_prefix);
}

static int look_at_machine(struct weir_eal_machine *machine, const struct weir_policy *p)
{
	if (sched_getaffinity(0, sizeof(machine->allowed), &machine->allowed) != 0)
		return -1;
	machine->near = machine->allowed;
	for (uint32_t i = 0; i < p->n_ports; i++)
		weir_eal_keep_near(p->ports[i].device, &machine->near);
	machine->huge_pages = weir_eal_any_huge_pages();
	return 0;
}

static int start_eal(struct daemon *d, char **extra, unsigned int n_extra)
{
	char *argv[WEIR_EAL_ARGS_MAX + 1];
	struct weir_eal_machine machine;

	if (look_at_machine(&machine, d->reloader.config->policy) != 0)
		return -errno;
	if (weir_eal_args_make(&d->args, d->reloader.config, &machine, extra, n_extra) != 0) {
		weir_log(WEIR_LOG_ERROR, "%s", d->args.eal.error);
		return -EINVAL;
	}
	memcpy(argv, d->args.eal.argv, sizeof(argv)); /* the EAL moves its arguments about */
	if (rte_eal_init(d->args.eal.argc, argv) < 0) {
		explain_eal(d);
		return -ENODEV;
	}
	d->eal_up = true;
	return 0;
}

/*
 * One synweir per file prefix. With --no-shconf the EAL does not see to it, and two would share a tap
 * and a telemetry socket. Locked until the process ends.
 */
static int lock_prefix(const struct daemon *d)
{
	char path[PATH_MAX];
	int fd;

	snprintf(path, sizeof(path), "%s/synweir.lock", rte_eal_get_runtime_dir());
	fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0) {
		weir_log(WEIR_LOG_ERROR, "cannot write %s: %s", path, strerror(errno));
		return -EIO;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	weir_log(WEIR_LOG_ERROR,
		"another synweir with file prefix \"%s\" is running: stop it, or give this one "
		"its own: \"--file-prefix\", NAME in eal",
		d->args.file_prefix);
	close(fd);
	return -EBUSY;
}

/* The workers' lcores: those derived, or the EAL's in their order. */
static int find_lcores(const struct daemon *d, unsigned int *lcores)
{
	uint32_t n = 0, wanted = d->reloader.config->policy->n_workers;
	unsigned int lcore;

	if (d->args.derived_cores) {
		memcpy(lcores, d->args.lcores, wanted * sizeof(*lcores));
		return 0;
	}
	RTE_LCORE_FOREACH_WORKER (lcore) {
		if (n < wanted)
			lcores[n] = lcore;
		n++;
	}
	if (n >= wanted)
		return 0;
	weir_log(WEIR_LOG_ERROR,
		"the cores given to the EAL are %u beside the control core, the workers %u: give "
		"more, "
		"or none and let synweir choose",
		n, wanted);
	return -EINVAL;
}

static int open_dataplane(struct daemon *d)
{
	uint8_t seeds[WEIR_WORKERS_MAX][32];
	unsigned int lcores[WEIR_WORKERS_MAX];
	struct weir_dataplane_params params = {
		.policy = d->reloader.config->policy,
		.secret = d->reloader.config->secret->bytes,
		.lcores = lcores,
		.sleep = d->reloader.config->idle == WEIR_IDLE_SLEEP,
		.seeds = seeds,
	};
	struct weir_dp_error err;

	if (getrandom(seeds, sizeof(seeds), 0) != sizeof(seeds) ||
		getrandom(params.nic_key, sizeof(params.nic_key), 0) != sizeof(params.nic_key)) {
		weir_log(WEIR_LOG_ERROR, "no random numbers: %s", strerror(errno));
		return -EIO;
	}
	if (find_lcores(d, lcores) != 0)
		return -EINVAL;
	if (weir_dataplane_open(&d->dp, &params, &err) != 0) {
		weir_log(WEIR_LOG_ERROR, "%s", err.text);
		return -EIO;
	}
	return 0;
}

static void on_watch(void *arg, enum weir_watch_level level, const char *line)
{
	weir_log(level == WEIR_WATCH_WARNING ? WEIR_LOG_WARNING : WEIR_LOG_INFO, "%s", line);
}

/* Signals, because they wait should the control thread be busy. */
static void wake_to_reload(void)
{
	kill(getpid(), SIGHUP);
}

static void wake_to_obey(void)
{
	kill(getpid(), SIGUSR1);
}

static uint32_t look_at_nexthop(void *dp, uint32_t i, struct weir_nexthop_record *r)
{
	return weir_dataplane_nexthop(dp, i, r);
}

static int start_watching(struct daemon *d)
{
	d->view.version = WEIR_VERSION;
	d->view.config_file = d->reloader.file;
	d->view.file_prefix = d->args.file_prefix;
	weir_reload_init(&d->reload, wake_to_reload);
	weir_reload_init(&d->obey, wake_to_obey);
	d->view.reload = &d->reload;
	d->view.obey = &d->obey;
	d->view.look_at_nexthop = look_at_nexthop;
	d->view.data_plane = &d->dp;
	d->view.orders = &d->dp.shared.orders;
	d->view.health = &d->dp.shared.health;
	d->view.started = time(NULL);
	d->view.started_ns = weir_clock_monotonic_ns();
	weir_describe_view(&d->view, &d->dp);
	weir_describe_ports(&d->view, &d->dp);
	d->watch = weir_watch_new(&d->view, on_watch, NULL, d->view.started_ns);
	if (d->watch == NULL)
		return -ENOMEM;
	return weir_telemetry_start(&d->view);
}

static void on_check(void *arg, bool warning, const char *line)
{
	weir_log(warning ? WEIR_LOG_WARNING : WEIR_LOG_INFO, "%s", line);
}

/* After privileges were dropped: its thread, and programs that it runs, have what is left. */
static int start_checking(struct daemon *d)
{
	struct weir_config *c = d->reloader.config;
	uint64_t seed;
	int rc;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		return -errno;
	rc = weir_checker_start(&d->dp.shared.health, on_check, NULL, seed, &d->reloader.checker);
	if (rc != 0) {
		weir_log(WEIR_LOG_ERROR, "health checks do not start: %s", strerror(-rc));
		return rc;
	}
	weir_checker_follow(d->reloader.checker, c->checks);
	c->checks = NULL;
	weir_view_set_checker(&d->view, d->reloader.checker);
	return 0;
}

static void stop_checking(struct daemon *d)
{
	weir_view_set_checker(&d->view, NULL);
	weir_checker_stop(d->reloader.checker);
}

static void warn(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->reloader.config->n_warnings; i++)
		weir_log(WEIR_LOG_WARNING, "%s", d->reloader.config->warnings[i]);
	if (d->args.derived_no_huge)
		weir_log(WEIR_LOG_WARNING,
			"no huge pages: packet buffers are in plain memory (\"--no-huge\", "
			"\"-m\", \"%s\" in eal says the same)",
			weir_eal_value(&d->args.eal, "-m"));
	if (d->args.shared_cpus && d->reloader.config->idle == WEIR_IDLE_POLL)
		weir_log(WEIR_LOG_WARNING,
			"workers: fewer CPUs than workers and the control core, and idle = "
			"\"poll\": they take turns and packets wait; \"sleep\" is better here");
}

/* Everything is open now: what is left is what the ports' drivers need to run and to end. */
static int drop_privileges(struct daemon *d)
{
	const struct weir_policy *p = d->reloader.config->policy;
	uint64_t keep = 0;
	int rc;

	for (uint32_t i = 0; i < p->n_ports; i++)
		keep |= weir_nic_capabilities(&d->dp.nics[i]);
	rc = weir_privileges_drop(keep);
	if (rc != 0)
		weir_log(WEIR_LOG_ERROR,
			"capabilities cannot be dropped (%s): is /proc mounted, and does something "
			"block SIGUSR2?",
			strerror(-rc));
	else
		weir_log(WEIR_LOG_INFO, "capabilities kept: %s%s%s",
			keep >> CAP_NET_ADMIN & 1 ? "net_admin" : "none",
			keep >> CAP_NET_RAW & 1 ? ", net_raw" : "",
			keep != 0 ? ", for the ports' drivers" : "");
	return rc;
}

/* What must be so before anything is taken. */
static int begin(struct daemon *d)
{
	int rc;

	weir_log(WEIR_LOG_INFO, "synweir %s, %s, %s", WEIR_VERSION, rte_version(),
		d->reloader.file);
	own_signals(d);
	rc = weir_start_signals_begin();
	if (rc != 0)
		weir_log(WEIR_LOG_ERROR, "no thread: %s", strerror(rc));
	weir_privileges_no_new();
	return -rc;
}

static int start(struct daemon *d, char **extra, unsigned int n_extra)
{
	struct weir_dp_error err;
	uint64_t begun = weir_clock_monotonic_ns();
	int rc = begin(d);

	if (rc == 0)
		rc = start_eal(d, extra, n_extra);
	if (rc == 0)
		rc = lock_prefix(d);
	if (rc != 0)
		return rc;
	warn(d);
	weir_log(WEIR_LOG_INFO, "cookies are hashed in vectors of %u bits",
		weir_siphash_limit(rte_vect_get_max_simd_bitwidth()));
	/* All pages are populated now, which takes a while: the log says what it waits for. */
	weir_log(WEIR_LOG_INFO, "taking memory for %u connections",
		d->reloader.config->policy->limits.connections);
	rc = open_dataplane(d);
	if (rc != 0)
		return rc;
	rc = start_watching(d);
	if (rc != 0) {
		weir_log(WEIR_LOG_ERROR, "telemetry does not start: %s", strerror(-rc));
		return rc;
	}
	rc = weir_dataplane_launch(&d->dp, &err);
	if (rc != 0) {
		weir_log(WEIR_LOG_ERROR, "%s", err.text);
		return rc;
	}
	d->stop_asked = weir_start_signals_end();
	rc = drop_privileges(d);
	if (rc == 0)
		rc = start_checking(d);
	if (rc != 0)
		return rc;
	weir_describe_start(&d->view, &d->dp);
	weir_log(WEIR_LOG_INFO, "ready after %.2f s",
		(double)(weir_clock_monotonic_ns() - begun) / SECOND_NS);
	return 0;
}

/*
 * Run and stop
 */

static void each_second(struct daemon *d, uint64_t now)
{
	weir_dataplane_tend(&d->dp);
	weir_describe_ports(&d->view, &d->dp);
	weir_watch_step(d->watch, &d->view, now);
	weir_supervisor_look(&d->supervisor, &d->view);
	weir_gauge(&d->view.flood, weir_watch_flood(d->watch));
	weir_reload_tend(&d->reloader);
}

static void serve(struct daemon *d)
{
	uint64_t next = weir_clock_monotonic_ns() + SECOND_NS;

	while (!d->stop_asked) {
		int sig = weir_signals_wait(&d->signals, next);

		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			weir_reload_now(&d->reloader);
		if (sig == SIGUSR1)
			weir_reload_obey(&d->reloader);
		if (sig != 0)
			continue;
		next = weir_clock_monotonic_ns() + SECOND_NS;
		each_second(d, next - SECOND_NS);
	}
}

/* Until no connection carries data, the time is up, or a second signal comes. */
static void drain(struct daemon *d)
{
	uint64_t now = weir_clock_monotonic_ns(),
		 end = now + d->reloader.config->policy->drain_ms * 1000000ull;
	uint64_t next = now + SECOND_NS;

	weir_log(WEIR_LOG_INFO, "stopping: no new connections, %.1f s for those that are open",
		d->reloader.config->policy->drain_ms / 1000.0);
	weir_dataplane_set_phase(&d->dp, WEIR_PHASE_DRAIN);
	for (; now < end; now = weir_clock_monotonic_ns()) {
		int sig = weir_signals_wait(&d->signals, now + STOP_STEP_NS);

		if (sig == SIGTERM || sig == SIGINT)
			return;
		if (sig == SIGHUP)
			weir_reload_refuse(&d->reloader, d->view.reload);
		if (sig == SIGUSR1)
			weir_reload_refuse(&d->reloader, d->view.obey);
		if (now >= next) {
			each_second(d, now);
			next += SECOND_NS;
		}
		if (weir_dataplane_active(&d->dp) == 0)
			return;
	}
}

static void stop(struct daemon *d)
{
	uint64_t end;

	drain(d);
	weir_dataplane_set_phase(&d->dp, WEIR_PHASE_RESET);
	end = weir_clock_monotonic_ns() + RESET_MAX_NS;
	while (!weir_dataplane_is_quiet(&d->dp) && weir_clock_monotonic_ns() < end)
		weir_signals_wait(&d->signals, weir_clock_monotonic_ns() + STOP_STEP_NS);
	weir_dataplane_join(&d->dp);
	weir_describe_end(&d->view);
}

int weir_daemon_run(struct weir_config *config, const char *config_file, char **extra,
	unsigned int n_extra)
{
	struct daemon *d = &the_daemon;
	int status = 1;

	d->reloader = (struct weir_reloader){
		.config = config, .file = config_file, .dp = &d->dp, .view = &d->view};
	weir_supervisor_open(&d->supervisor);
	if (start(d, extra, n_extra) == 0) {
		weir_supervisor_tell(&d->supervisor, "READY=1");
		serve(d);
		weir_supervisor_tell(&d->supervisor, "STOPPING=1");
		stop(d);
		status = 0;
	} else {
		weir_dataplane_join(&d->dp);
	}
	weir_start_signals_end();
	stop_checking(d);
	/* telemetry's threads still look at the view: what it shows, policy included, ends with the process */
	weir_dataplane_close(&d->dp);
	if (d->eal_up)
		rte_eal_cleanup();
	weir_watch_free(d->watch);
	weir_supervisor_close(&d->supervisor);
	return status;
}
