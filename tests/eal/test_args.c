// SPDX-License-Identifier: BSD-3-Clause
/* What synweir tells the EAL: cores for the workers, devices, and nothing that the user has told it. */
#include <errno.h>
#include <stdio.h>

#include "../unit/unit.h"
#include "eal_args.h"

static struct weir_policy policy;
static struct weir_eal_args args;

/* All arguments after the program's name, with blanks between. */
static const char *text(void)
{
	static char line[4096];
	size_t at = 0;

	line[0] = '\0';
	for (int i = 1; i < args.eal.argc; i++)
		at += (size_t)snprintf(line + at, sizeof(line) - at, "%s%s", i > 1 ? " " : "",
			args.eal.argv[i]);
	return line;
}

static cpu_set_t cpus(unsigned int first, unsigned int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (unsigned int i = 0; i < n; i++)
		CPU_SET(first + i, &set);
	return set;
}

/* Huge pages, and no CPU better than another. */
static struct weir_eal_machine machine(cpu_set_t allowed)
{
	return (struct weir_eal_machine){.allowed = allowed, .near = allowed, .huge_pages = true};
}

static void expect_on(const struct weir_config *c, const struct weir_eal_machine *m,
	const char *line)
{
	int rc = weir_eal_args_make(&args, c, m, NULL, 0);

	CU_ASSERT_EQUAL(rc, 0);
	CU_ASSERT_STRING_EQUAL(text(), line);
	if (strcmp(text(), line) != 0)
		printf("\n  is   '%s'\n  want '%s'\n", text(), line);
	weir_eal_free(&args.eal);
}

static void expect(const struct weir_config *c, cpu_set_t allowed, const char *line)
{
	struct weir_eal_machine m = machine(allowed);

	expect_on(c, &m, line);
}

static struct weir_config config(uint32_t workers, const char *device)
{
	memset(&policy, 0, sizeof(policy));
	policy.n_workers = workers;
	policy.n_ports = 1;
	snprintf(policy.ports[0].device, sizeof(policy.ports[0].device), "%s", device);
	return (struct weir_config){.policy = &policy};
}

static void test_enough_cpus(void)
{
	struct weir_config c = config(2, "net_tap0,iface=x");

	expect(&c, cpus(0, 4),
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(0),1@(1),2@(2) --main-lcore 0");
	expect(&c, cpus(5, 3),
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(5),1@(6),2@(7) --main-lcore 0");
	CU_ASSERT_FALSE(args.shared_cpus);
	CU_ASSERT_TRUE(args.derived_cores);
	CU_ASSERT_EQUAL(args.lcores[0], 1);
	CU_ASSERT_EQUAL(args.lcores[1], 2);
}

static void test_too_few_cpus(void)
{
	struct weir_config c = config(3, "net_tap0,iface=x");

	expect(&c, cpus(0, 2),
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(0-1),1@(0-1),2@(0-1),3@(0-1) --main-lcore 0");
	CU_ASSERT_TRUE(args.shared_cpus);
}

static void test_named_cores(void)
{
	struct weir_config c = config(2, "net_tap0,iface=x");

	c.n_lcores = 2;
	c.lcores[0] = 0;
	c.lcores[1] = 3;
	expect(&c, cpus(0, 5),
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 1@(1-2,4),0@(0),3@(3) --main-lcore 1");
	CU_ASSERT_EQUAL(args.lcores[0], 0);
	CU_ASSERT_EQUAL(args.lcores[1], 3);
	c.lcores[1] = 1;
	expect(&c, cpus(0, 2), /* none is left for the control core */
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 2@(0-1),0@(0),1@(1) --main-lcore 2");
	CU_ASSERT_TRUE(args.shared_cpus);
}

/* Workers go where the ports are, the control core leaves them that node. */
static void test_near_cpus(void)
{
	struct weir_config c = config(2, "net_tap0");
	struct weir_eal_machine m = machine(cpus(0, 6));

	m.near = cpus(3, 2);
	expect_on(&c, &m,
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(0),1@(3),2@(4) --main-lcore 0");
	policy.n_workers = 3; /* one more than there is room for */
	expect_on(&c, &m,
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(0),1@(3),2@(4),3@(1) --main-lcore 0");
	m.near = cpus(0, 2);
	policy.n_workers = 2;
	expect_on(&c, &m,
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(2),1@(0),2@(1) --main-lcore 0");
	CPU_ZERO(&m.near); /* ports on different nodes */
	expect_on(&c, &m,
		"--log-level *:warning --file-prefix synweir --no-pci "
		"--lcores 0@(0),1@(1),2@(2) --main-lcore 0");
}

static void test_kernel_sets(void)
{
	cpu_set_t set, want = cpus(2, 3);

	CPU_ZERO(&set);
	CPU_SET(8, &want);
	CPU_SET(11, &want);
	CPU_SET(12, &want);
	CU_ASSERT_TRUE(weir_eal_read_set("2-4,8,11-12\n", &set));
	CU_ASSERT_TRUE(CPU_EQUAL(&set, &want));
	CU_ASSERT_TRUE(weir_eal_read_set("", &set));
	CU_ASSERT_TRUE(weir_eal_read_set("1000-4294967295", &set));
	CU_ASSERT_FALSE(weir_eal_read_set("x", &set));
	CU_ASSERT_FALSE(weir_eal_read_set("1-", &set));
}

/* Where there are none the EAL would not start; a PCI device is not for such a machine. */
static void test_no_huge_pages(void)
{
	struct weir_config c = config(2, "net_tap0");
	struct weir_eal_machine m = machine(cpus(0, 3));
	char *eal[] = {"-m", "99", "--no-shconf"}, *no_huge[] = {"--no-huge"};

	m.huge_pages = false;
	expect_on(&c, &m,
		"--log-level *:warning --file-prefix synweir --no-pci --no-huge --no-shconf "
		"-m 1024 --lcores 0@(0),1@(1),2@(2) --main-lcore 0");
	CU_ASSERT_TRUE(args.derived_no_huge);
	c.eal = eal;
	c.n_eal = 3;
	expect_on(&c, &m,
		"--log-level *:warning -m 99 --no-shconf --file-prefix synweir --no-pci --no-huge "
		"--lcores 0@(0),1@(1),2@(2) --main-lcore 0");
	c.eal = no_huge;
	c.n_eal = 1;
	expect_on(&c, &m,
		"--log-level *:warning --no-huge --file-prefix synweir --no-pci "
		"--lcores 0@(0),1@(1),2@(2) --main-lcore 0");
	CU_ASSERT_FALSE(args.derived_no_huge);
	c = config(2, "0000:03:00.0");
	expect_on(&c, &m,
		"--log-level *:warning --file-prefix synweir -a 0000:03:00.0 "
		"--lcores 0@(0),1@(1),2@(2) --main-lcore 0");
}

static void test_missing_core(void)
{
	struct weir_config c = config(1, "net_tap0");
	struct weir_eal_machine m = machine(cpus(0, 2));

	c.n_lcores = 1;
	c.lcores[0] = 2;
	CU_ASSERT_EQUAL(weir_eal_args_make(&args, &c, &m, NULL, 0), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(args.eal.error, "no core 2"));
	weir_eal_free(&args.eal);
}

static void test_devices(void)
{
	struct weir_config c = config(1, "0000:03:00.0");

	expect(&c, cpus(0, 2),
		"--log-level *:warning --file-prefix synweir -a 0000:03:00.0 "
		"--lcores 0@(0),1@(1) --main-lcore 0");
	policy.n_ports = 2;
	snprintf(policy.ports[1].device, sizeof(policy.ports[1].device), "0000:03:00.1,mq=1");
	expect(&c, cpus(0, 2),
		"--log-level *:warning --file-prefix synweir -a 0000:03:00.0 -a 0000:03:00.1,mq=1 "
		"--lcores 0@(0),1@(1) --main-lcore 0");
}

/* What the user says, in the file or behind "--", is not said twice; the last file prefix counts. */
static void test_given(void)
{
	struct weir_config c = config(1, "net_tap0");
	char *eal[] = {"--file-prefix", "one", "-l0-1", "--no-pci"};
	char *extra[] = {"--file-prefix=two"};
	struct weir_eal_machine m = machine(cpus(0, 2));

	c.eal = eal;
	c.n_eal = 4;
	CU_ASSERT_EQUAL(weir_eal_args_make(&args, &c, &m, extra, 1), 0);
	CU_ASSERT_STRING_EQUAL(text(),
		"--log-level *:warning --file-prefix one -l0-1 --no-pci --file-prefix=two");
	CU_ASSERT_STRING_EQUAL(args.file_prefix, "two");
	CU_ASSERT_FALSE(args.derived_cores);
	CU_ASSERT_TRUE(weir_eal_has(&args.eal, "-l"));
	CU_ASSERT_FALSE(weir_eal_has(&args.eal, "--no-huge"));
	CU_ASSERT_FALSE(weir_eal_has(&args.eal, "--no")); /* a beginning is not the whole */
	weir_eal_free(&args.eal);
}

static void test_too_many(void)
{
	static char *eal[WEIR_EAL_ARGS_MAX];
	struct weir_config c = config(1, "net_tap0");
	struct weir_eal_machine m = machine(cpus(0, 2));

	for (unsigned int i = 0; i < WEIR_EAL_ARGS_MAX; i++)
		eal[i] = "-v";
	c.eal = eal;
	c.n_eal = WEIR_EAL_ARGS_MAX;
	CU_ASSERT_EQUAL(weir_eal_args_make(&args, &c, &m, NULL, 0), -EINVAL);
	weir_eal_free(&args.eal);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"a CPU for everybody", test_enough_cpus},
		{"too few CPUs: all float", test_too_few_cpus},
		{"cores that the file names", test_named_cores},
		{"workers near the ports", test_near_cpus},
		{"sets of CPUs as the kernel writes them", test_kernel_sets},
		{"no huge pages", test_no_huge_pages},
		{"HC-53 cores that are not there", test_missing_core},
		{"PCI devices are allowed, others are not touched", test_devices},
		{"what the user gives is not derived", test_given},
		{"HC-53 too many arguments", test_too_many},
	};

	return unit_main("eal_args", tests, sizeof(tests) / sizeof(*tests));
}
