// SPDX-License-Identifier: BSD-3-Clause
/* What weirctl changes, and what it makes of counters. */
#include "weirctl_rig.h"

/* All that matters, and what needs a look first. */
static void test_page(void)
{
	struct fake *f = small_site();
	static struct weir_health health;

	f->view.health = &health;
	view = f->view;
	run("show");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, ", up 0 min 3 s, pid "));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "  health       all is well\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out,
		"\nservice s1: 192.0.2.80:81, live, cookies answer SYNs\n"
		"  connections  5, 0 half-open, 0 opened, 0 failed\n"
		"  packets      1234 SYNs, 0 in, 0 out\n"
		"  backend      b0 10.0.1.0:8080: live, weight 1, 0 connections, 0 established, "
		"5 refused, 0 timed out\n"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "\ndropped: 20 bad_cookie\n"));
	weir_health_set(&health, 3, false);
	view.port[0].link_up = 0;
	view.flood = 1;
	run("show info");
	CU_ASSERT_PTR_NULL(strstr(ran.out, "all is well"));
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out,
		"  ATTENTION    a flood of SYNs\n"
		"  ATTENTION    port front: its link is down\n"
		"  ATTENTION    backend s1/b1: down\n"));
	fake_free(f);
}

/* Counts up while it is watched. */
static void *count_up(void *arg)
{
	struct fake *f = arg;

	while (!__atomic_load_n(&f->stop, __ATOMIC_ACQUIRE)) {
		weir_count(&f->counters[0].service[1].syn, 100);
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	return NULL;
}

static void test_watch(void)
{
	struct fake *f = small_site();
	pthread_t thread;
	long long total, rate;
	char *end;
	json_t *doc;

	CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, count_up, f), 0);
	run("show services --json --watch 0.3 --count 2");
	CU_ASSERT_EQUAL(ran.status, 0);
	end = strchr(ran.out, '\n');
	CU_ASSERT_PTR_NOT_NULL_FATAL(end);
	doc = json_loads(end, 0, NULL);
	rate = number(json_array_get(doc, 1), "syn_per_s");
	total = number(json_array_get(doc, 1), "syn");
	CU_ASSERT(total > 1234 && rate > 500 && rate <= 10500);
	CU_ASSERT_EQUAL(number(json_array_get(doc, 0), "syn_per_s"), 0);
	json_decref(doc);
	run("show services --watch 0.1 --count 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "  SYN/S  OPENED/S  "));
	run("show --watch 0.1 --count 1");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "/s SYNs, 0/s in, 0/s out\n"));
	__atomic_store_n(&f->stop, 1, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	expect_usage("show services --watch 0",
		"weirctl: --watch: not 0.1 to 86400 seconds: '0' (weirctl --help)\n");
	fake_free(f);
}

/* Counters go on for all others: only what this user is shown begins at 0. */
static void test_clear(void)
{
	struct fake *f = small_site();
	char dir[] = "/tmp/weirctl-state-XXXXXX", command[64];
	json_t *doc;

	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	setenv("XDG_STATE_HOME", dir, 1);
	expect_error("show services --cleared",
		"weirctl: counters were not cleared: weirctl clear counters\n");
	expect_text("clear counters", "");
	f->counters[0].service[1].syn += 66;
	f->counters[1].fate[WEIR_FATE_bad_cookie] += 3;
	doc = run_json("show services --json --cleared");
	CU_ASSERT_EQUAL(number(json_array_get(doc, 1), "syn"), 66);
	CU_ASSERT_EQUAL(number(json_array_get(doc, 1), "active"), 5);
	json_decref(doc);
	doc = run_json("show services --json");
	CU_ASSERT_EQUAL(number(json_array_get(doc, 1), "syn"), 1300);
	json_decref(doc);
	expect_text("show drops --cleared",
		"CLASS    NAME        TOTAL  TEXT\n"
		"dropped  bad_cookie      3  ACK without a valid cookie\n");
	run("show --cleared");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.out, "dropped: 3 bad_cookie\n"));
	view.started++;
	run("show services --cleared");
	CU_ASSERT_PTR_NOT_NULL(strstr(ran.err, "weirctl: synweir was started again"));
	CU_ASSERT_EQUAL(ran.status, 1);
	unsetenv("XDG_STATE_HOME");
	snprintf(command, sizeof(command), "rm -r %s", dir);
	CU_ASSERT_EQUAL(system(command), 0);
	fake_free(f);
}

/* HC-45: an order stands beside the configuration, until it is taken back. */
static void test_orders(void)
{
	static struct weir_orders orders;
	struct fake *f = small_site();
	json_t *doc;

	view = f->view;
	view.orders = &orders;
	expect_text("set service s1 syn_cookies never", "");
	CU_ASSERT_EQUAL(weir_orders_mode(&orders, f->policy, 1), WEIR_SYN_COOKIES_NEVER);
	CU_ASSERT_EQUAL(weir_orders_mode(&orders, f->policy, 0), WEIR_SYN_COOKIES_ALWAYS);
	doc = run_json("show services --json");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(json_array_get(doc, 1),
				       "syn_cookies")),
		"never");
	json_decref(doc);
	expect_text("set service s1 syn_cookies configured", "");
	CU_ASSERT_EQUAL(weir_orders_mode(&orders, f->policy, 1), WEIR_SYN_COOKIES_ALWAYS);
	fake_free(f);
}

static struct weir_reload obey_desk;
static bool obeys;

static void *control_orders(void *arg)
{
	weir_reload_begin(&obey_desk);
	weir_reload_end(&obey_desk, obeys, "");
	return NULL;
}

static void wake_to_obey(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, control_orders, NULL) == 0)
		pthread_detach(thread);
}

/* What is ordered about a backend is in force when weirctl ends, or it says that it is not. */
static void test_backend_orders(void)
{
	static struct weir_orders orders;
	struct fake *f = small_site();
	json_t *doc;

	f->view.orders = &orders;
	f->view.obey = &obey_desk;
	view = f->view;
	weir_reload_init(&obey_desk, wake_to_obey);
	obeys = true;
	expect_text("set backend s1/b1 drain", "");
	CU_ASSERT_EQUAL(weir_orders_admin(&orders, 3), WEIR_ADMIN_DRAIN);
	expect_text("set backend s1/b0 maint", "");
	expect_text("set backend s0/b0 weight 0", "");
	CU_ASSERT_EQUAL(orders.weight[0], 1);
	expect_text("set backend s0/b1 weight 256", "");
	CU_ASSERT_EQUAL(orders.weight[1], 257);
	doc = run_json("show backends --json");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 0), "state"), "live");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 2), "state"), "maint");
	CU_ASSERT_STRING_EQUAL(text(json_array_get(doc, 3), "state"), "drain");
	json_decref(doc);
	f->policy->members[0].weight = 0;
	run("set backend s0/b1 weight 3");
	CU_ASSERT_STRING_EQUAL(ran.err, "");
	f->policy->members[1].weight = 0; /* as the control thread does it */
	run("set backend s0/b1 drain");
	CU_ASSERT_STRING_EQUAL(ran.err,
		"weirctl: note: no backend of the service takes new connections now\n");
	CU_ASSERT_EQUAL(ran.status, 0);
	expect_text("set backend s1/b1 ready", "");
	expect_text("set backend s1/b1 weight configured", "");
	CU_ASSERT_EQUAL(weir_orders_weight(&orders, 3, 7), 7);
	obeys = false;
	run("set backend s1/b1 drain");
	CU_ASSERT_STRING_EQUAL(ran.err,
		"weirctl: note: it is ordered, and not in force yet: show backends tells\n");
	expect_error("set backend s1/b7 drain",
		"weirctl: no backend is named 'b7' in service s1\n");
	expect_error("set backend s1/b1 off",
		"weirctl: state=off: must be ready, drain or maint\n");
	expect_error("set backend s1/b1 weight 257",
		"weirctl: weight=257: must be a number from 0 to 256\n");
	expect_usage("set backend b1 drain",
		"weirctl: not SERVICE/BACKEND: 'b1' (weirctl --help)\n");
	fake_free(f);
}

static struct weir_reload desk;

/* The control thread, in the telemetry thread's place. */
static void *control(void *text)
{
	weir_reload_begin(&desk);
	weir_reload_end(&desk, strncmp(text, "not", 3) != 0, text);
	return NULL;
}

static const char *outcome;

static void wake(void)
{
	pthread_t thread;

	if (outcome != NULL &&
		pthread_create(&thread, NULL, control, (void *)(uintptr_t)outcome) == 0)
		pthread_detach(thread);
}

/* The outcome comes back whole, however long it is. */
static void test_reload(void)
{
	struct fake *f = small_site();
	char line[900], shown[sizeof(line) + 16];

	view = f->view;
	expect_error("reload", "weirctl: no outcome yet: the log has it, and show info\n");
	weir_reload_init(&desk, wake);
	view.reload = &desk;
	outcome = "reloaded: services 1 added";
	expect_text("reload", "reloaded: services 1 added\n");
	for (size_t i = 0; i < sizeof(line) - 1; i++)
		line[i] = (char)('a' + i % 26);
	line[sizeof(line) - 1] = '\0';
	memcpy(line, "not ", 4);
	outcome = line;
	snprintf(shown, sizeof(shown), "weirctl: %s\n", line);
	expect_error("reload", shown);
	outcome = "not reloaded: name = \"B\xc3\xbcro\": must be of letters";
	expect_error("reload", "weirctl: not reloaded: name = \"B??ro\": must be of letters\n");
	expect_usage("reload now", "weirctl: reload takes no 'now' (weirctl --help)\n");
	expect_usage("reload --all",
		"weirctl: options are for show, not 'reload' (weirctl --help)\n");
	outcome = NULL; /* nobody is there */
	expect_error("reload", "weirctl: no outcome yet: the log has it, and show info\n");
	fake_free(f);
}

static const struct unit_test tests[] = {
	{"the page", test_page},
	{"rates, again and again", test_watch},
	{"counters cleared for one reader", test_clear},
	{"HC-45 orders", test_orders},
	{"orders about backends", test_backend_orders},
	{"HC-51 reload", test_reload},
};

int main(int argc, char **argv)
{
	return rig_main(argc, argv, "weirctl-orders", tests, sizeof(tests) / sizeof(tests[0]));
}
