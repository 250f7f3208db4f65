/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telemetry and weirctl, end to end: real EAL, real socket, the real program (argv[1]); only the
 * daemon behind the view is made up.
 */
#ifndef WEIR_TESTS_WEIRCTL_RIG_H
#define WEIR_TESTS_WEIRCTL_RIG_H

#include <errno.h>
#include <jansson.h>
#include <rte_eal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/fake_view.h"
#include "../unit/unit.h"
#include "ctl/telemetry.h"

static const char *weirctl;
static char prefix[32];
static struct weir_view view; /* what telemetry sees: tests copy theirs into it */

static struct {
	char out[8 << 20], err[4096];
	int status;
} ran;

static inline void slurp(const char *path, char *text, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t n = fread(text, 1, size - 1, f);

	text[n] = '\0';
	fclose(f);
	unlink(path);
}

/* Runs weirctl with these arguments into `ran`. */
static inline void run_with(const char *where, const char *arguments)
{
	char command[1024], out[64], err[64];

	snprintf(out, sizeof(out), "/tmp/%s.out", prefix);
	snprintf(err, sizeof(err), "/tmp/%s.err", prefix);
	snprintf(command, sizeof(command), "'%s' %s %s >%s 2>%s", weirctl, where, arguments, out,
		err);
	ran.status = WEXITSTATUS(system(command));
	slurp(out, ran.out, sizeof(ran.out));
	slurp(err, ran.err, sizeof(ran.err));
}

static inline void run(const char *arguments)
{
	char where[64];

	snprintf(where, sizeof(where), "-p %s", prefix);
	run_with(where, arguments);
}

static inline void expect_text(const char *arguments, const char *out)
{
	run(arguments);
	if (strcmp(ran.out, out) != 0)
		printf("\n%s\nexpected:\n%sgot:\n%s%s", arguments, out, ran.out, ran.err);
	CU_ASSERT_STRING_EQUAL(ran.out, out);
	CU_ASSERT_STRING_EQUAL(ran.err, "");
	CU_ASSERT_EQUAL(ran.status, 0);
}

static inline void expect_failure(const char *arguments, const char *err, int status)
{
	run(arguments);
	if (strcmp(ran.err, err) != 0)
		printf("\n%s\nexpected:\n%sgot:\n%s", arguments, err, ran.err);
	CU_ASSERT_STRING_EQUAL(ran.out, "");
	CU_ASSERT_STRING_EQUAL(ran.err, err);
	CU_ASSERT_EQUAL(ran.status, status);
}

static inline void expect_error(const char *arguments, const char *err)
{
	expect_failure(arguments, err, 1);
}

/* Wrong usage: scripts can tell it from what the daemon refuses. */
static inline void expect_usage(const char *arguments, const char *err)
{
	expect_failure(arguments, err, 2);
}

/* The whole output as one JSON document; to be decref'd. */
static inline json_t *run_json(const char *arguments)
{
	json_error_t error;
	json_t *doc;

	run(arguments);
	CU_ASSERT_EQUAL(ran.status, 0);
	doc = json_loads(ran.out, 0, &error);
	if (doc == NULL)
		printf("\n%s: %s\n%s", arguments, error.text, ran.err);
	CU_ASSERT_PTR_NOT_NULL_FATAL(doc);
	return doc;
}

static inline long long number(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	CU_ASSERT_TRUE(json_is_integer(value));
	return json_integer_value(value);
}

static inline const char *text(const json_t *row, const char *key)
{
	const char *value = json_string_value(json_object_get(row, key));

	CU_ASSERT_PTR_NOT_NULL(value);
	return value != NULL ? value : "";
}

static inline struct fake *small_site(void)
{
	struct fake *f = fake_new(2, 2, 2);
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	f->view.started = 1700000000;
	f->view.started_ns = ((uint64_t)now.tv_sec - 3) * 1000000000;
	f->view.port[0].csum_offload = true;
	f->policy->interfaces[0].n_addrs = 1;
	f->policy->interfaces[0].addrs[0].addr = weir_addr_v4(weir_be32(0xc0000201));
	f->policy->interfaces[0].addrs[0].prefix = 96 + 24;
	f->counters[0].service[1].syn = 1000;
	f->counters[1].service[1].syn = 234;
	f->counters[0].backend[3].active = 2;
	f->counters[1].backend[3].active = 3;
	f->counters[0].backend[2].refused = 5;
	f->counters[0].port[0].rx_pkts = 50;
	f->counters[0].port[0].tx_pkts = 30;
	f->counters[0].fate[WEIR_FATE_bad_cookie] = 19;
	f->counters[1].fate[WEIR_FATE_bad_cookie] = 1;
	f->counters[1].fate[WEIR_FATE_syn_cookie] = 30;
	f->counters[1].fate[WEIR_FATE_handshake_ack] = 2;
	f->counters[1].event[WEIR_EVENT_syn_received] = 31;
	view = f->view;
	return f;
}

/* main() of a suite. */
static inline int rig_main(int argc, char **argv, const char *name, const struct unit_test *tests,
	unsigned int n)
{
	char runtime[128];
	char *eal[] = {argv[0], "--no-huge", "-m", "64", "--no-shconf", "--no-pci", "-l", "0",
		"--log-level", "lib.telemetry:3", "--file-prefix", prefix};
	int status;

	if (argc != 2)
		return 2;
	weirctl = argv[1];
	snprintf(prefix, sizeof(prefix), "weirctl-test-%d", (int)getpid());
	if (rte_eal_init(sizeof(eal) / sizeof(eal[0]), eal) < 0 || weir_telemetry_start(&view) != 0)
		return 2;
	status = unit_main(name, tests, n);
	snprintf(runtime, sizeof(runtime), "%s", rte_eal_get_runtime_dir());
	rte_eal_cleanup();
	snprintf(ran.out, sizeof(ran.out), "rm -rf '%s'", runtime);
	return system(ran.out) == 0 ? status : 2;
}

#endif
