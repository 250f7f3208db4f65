// SPDX-License-Identifier: BSD-3-Clause
/* What systemd is told: a socket of the test's own stands for it. */
#include "unit.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "fake_view.h"
#include "synweir/log.h"
#include "synweir/supervisor.h"

static struct {
	struct fake *f;
	struct weir_supervisor s;
	int systemd;
	char said[256];
	unsigned int warnings;
} t;

void weir_log(enum weir_log_level level, const char *format, ...)
{
	t.warnings += level == WEIR_LOG_WARNING;
}

static void start(const char *usec)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	char name[64];
	int n = snprintf(name, sizeof(name), "@weir-supervisor-%d", (int)getpid());

	memset(&t, 0, sizeof(t));
	memcpy(addr.sun_path + 1, name + 1, (size_t)n - 1);
	t.f = fake_new(2, 1, 1);
	t.systemd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CU_ASSERT_EQUAL_FATAL(bind(t.systemd, (const struct sockaddr *)&addr,
				      (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
					      (size_t)n)),
		0);
	setenv("NOTIFY_SOCKET", name, 1);
	if (usec != NULL)
		setenv("WATCHDOG_USEC", usec, 1);
	weir_supervisor_open(&t.s);
}

static void stop(void)
{
	weir_supervisor_close(&t.s);
	close(t.systemd);
	fake_free(t.f);
}

static const char *said(void)
{
	ssize_t n = recv(t.systemd, t.said, sizeof(t.said) - 1, 0);

	t.said[n > 0 ? n : 0] = '\0';
	return t.said;
}

static void turn(unsigned int worker)
{
	weir_count(&t.f->counters[worker].loops, 1);
}

static void test_tells(void)
{
	start(NULL);
	weir_supervisor_tell(&t.s, "READY=1");
	CU_ASSERT_STRING_EQUAL(said(), "READY=1");
	CU_ASSERT_PTR_NULL(getenv("NOTIFY_SOCKET"));
	turn(0);
	turn(1);
	weir_supervisor_look(&t.s, &t.f->view);
	CU_ASSERT_STRING_EQUAL(said(), ""); /* no watchdog was asked for */
	stop();
}

/* One worker that hangs is enough for the watchdog to bite. */
static void test_watchdog(void)
{
	start("30000000");
	for (unsigned int i = 0; i < 3; i++) {
		turn(0);
		turn(1);
		weir_supervisor_look(&t.s, &t.f->view);
		CU_ASSERT_STRING_EQUAL(said(), "WATCHDOG=1");
	}
	for (unsigned int i = 0; i < 9; i++) {
		turn(0);
		weir_supervisor_look(&t.s, &t.f->view);
		CU_ASSERT_STRING_EQUAL(said(), "");
		CU_ASSERT_EQUAL(t.warnings, i >= 2);
	}
	turn(0);
	turn(1);
	weir_supervisor_look(&t.s, &t.f->view);
	CU_ASSERT_STRING_EQUAL(said(), "WATCHDOG=1");
	stop();
}

static void test_others_watchdog(void)
{
	setenv("WATCHDOG_PID", "1", 1);
	start("30000000");
	turn(0);
	turn(1);
	weir_supervisor_look(&t.s, &t.f->view);
	CU_ASSERT_STRING_EQUAL(said(), "");
	stop();
}

static void test_nobody(void)
{
	static const char *const names[] = {"", "@", "relative", "/nonexistent/socket"};

	for (unsigned int i = 0; i < 4; i++) {
		struct weir_supervisor s;

		setenv("NOTIFY_SOCKET", names[i], 1);
		weir_supervisor_open(&s);
		CU_ASSERT_EQUAL(s.fd, -1);
		weir_supervisor_tell(&s, "READY=1");
		weir_supervisor_close(&s);
	}
}

static const struct unit_test tests[] = {
	{"ready, and nothing more without a watchdog", test_tells},
	{"the watchdog is fed while all workers turn", test_watchdog},
	{"a watchdog that is another process's", test_others_watchdog},
	{"nobody listens", test_nobody},
};

int main(void)
{
	return unit_main("supervisor", tests, sizeof(tests) / sizeof(tests[0]));
}
