// SPDX-License-Identifier: BSD-3-Clause
/* The checker over real sockets and programs of this host: what each kind of check finds. */
#include "health/checker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "unit.h"

#define BACKENDS 16
#define WAIT_MS  20000

/*
 * A server that answers every request by what is in it
 */

struct server {
	int fd;
	uint16_t port_be;
	pthread_t thread;
	int mute; /* atomic: connections are taken, and nothing is said */
};

static void reply(int fd, const struct server *s)
{
	static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello\n";
	static const char bad[] = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";
	struct timeval limit = {.tv_sec = 1};
	char text[2048];
	ssize_t n;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	n = recv(fd, text, sizeof(text) - 1, 0);
	if (n <= 0 || __atomic_load_n(&s->mute, __ATOMIC_ACQUIRE))
		return;
	text[n] = '\0';
	if (strstr(text, "GET /good ") != NULL && strstr(text, "Host: web.example:") != NULL)
		(void)!write(fd, good, sizeof(good) - 1);
	else if (strncmp(text, "PING", 4) == 0)
		(void)!write(fd, "+PO", 3), usleep(20000), (void)!write(fd, "NG\r\n", 4);
	else if (strncmp(text, "HEAD /good ", 11) == 0)
		(void)!write(fd, good, sizeof(good) - 7);
	else
		(void)!write(fd, bad, sizeof(bad) - 1);
}

static void *serve(void *arg)
{
	struct server *s = arg;
	int fd;

	while ((fd = accept(s->fd, NULL, NULL)) >= 0) {
		reply(fd, s);
		close(fd);
	}
	return NULL;
}

static int listen_at(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	at->sin_family = AF_INET;
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)at, sizeof(*at)), 0);
	CU_ASSERT_EQUAL_FATAL(listen(fd, 100), 0);
	getsockname(fd, (struct sockaddr *)at, &len);
	return fd;
}

static void server_start(struct server *s)
{
	struct sockaddr_in at = {.sin_port = s->port_be};

	s->fd = listen_at(&at);
	s->port_be = at.sin_port;
	CU_ASSERT_EQUAL_FATAL(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void server_stop(struct server *s)
{
	shutdown(s->fd, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->fd);
}

/*
 * The checker
 */

struct world {
	struct weir_health health;
	struct weir_checker *c;
	struct weir_check check[BACKENDS];
	uint16_t port_be[BACKENDS];
	uint32_t since[BACKENDS];
	uint32_t n;
	pthread_mutex_t lock;
	char log[65536];
};

static void on_log(void *arg, bool warning, const char *line)
{
	struct world *w = arg;
	size_t n;

	pthread_mutex_lock(&w->lock);
	n = strlen(w->log);
	snprintf(w->log + n, sizeof(w->log) - n, "%s%s\n", warning ? "! " : "", line);
	pthread_mutex_unlock(&w->lock);
}

static unsigned int logged(struct world *w, const char *text)
{
	unsigned int n = 0;

	pthread_mutex_lock(&w->lock);
	for (const char *at = w->log; (at = strstr(at, text)) != NULL; at++)
		n++;
	pthread_mutex_unlock(&w->lock);
	return n;
}

static void open_world(struct world *w)
{
	memset(w, 0, sizeof(*w));
	pthread_mutex_init(&w->lock, NULL);
	signal(SIGPIPE, SIG_IGN);
	CU_ASSERT_EQUAL_FATAL(weir_checker_start(&w->health, on_log, w, 1, &w->c), 0);
}

/* One more backend, and its check to be filled in. */
static struct weir_check *add(struct world *w, enum weir_check_type type, uint16_t port_be)
{
	struct weir_check *c = &w->check[w->n];

	w->port_be[w->n++] = port_be;
	*c = (struct weir_check){.type = (uint8_t)type,
		.verify = true,
		.inter_ms = 100,
		.fastinter_ms = 50,
		.downinter_ms = 100,
		.timeout_ms = 400,
		.rise = 2,
		.fall = 3,
		.path = "/good"};
	weir_check_parse_status(c, "200-399");
	return c;
}

static void follow(struct world *w)
{
	struct weir_check_plan *p = calloc(1, sizeof(*p));

	p->n_checks = p->n_targets = w->n;
	p->checks = calloc(w->n, sizeof(*p->checks));
	p->targets = calloc(w->n, sizeof(*p->targets));
	for (uint32_t i = 0; i < w->n; i++) {
		p->checks[i] = w->check[i];
		p->targets[i] = (struct weir_check_target){.backend = (uint16_t)(i + 60),
			.since = w->since[i],
			.check = i,
			.addr = weir_addr_v4(htonl(INADDR_LOOPBACK)),
			.port_be = w->port_be[i],
			.service = "web"};
		snprintf(p->targets[i].name, sizeof(p->targets[i].name), "b%u", i);
	}
	weir_checker_follow(w->c, p);
}

static struct weir_record look(struct world *w, uint32_t i)
{
	struct weir_record r = {0};

	weir_checker_look(w->c, (uint16_t)(i + 60), &r);
	return r;
}

/* Waits for the outcome and the state of the i-th. */
static struct weir_record await(struct world *w, uint32_t i, enum weir_outcome outcome, bool up)
{
	struct weir_record r;

	for (unsigned int ms = 0; ms < WAIT_MS; ms += 5) {
		r = look(w, i);
		if (r.last.outcome == outcome && r.up == up &&
			weir_health_is_good(&w->health, (uint16_t)(i + 60)) == up)
			return r;
		usleep(5000);
	}
	fprintf(stderr, "backend %u: %s (%s), %s\n", i, weir_outcome_name(r.last.outcome),
		r.last.text, r.up ? "up" : "down");
	CU_FAIL("not within the time");
	return r;
}

static void by_tcp(void)
{
	struct server s = {0};
	struct weir_record r;
	struct world w;

	open_world(&w);
	server_start(&s);
	add(&w, WEIR_CHECK_TCP, s.port_be);
	strcpy(add(&w, WEIR_CHECK_TCP, s.port_be)->send, "PING\r\n");
	strcpy(w.check[1].expect, "+PONG");
	add(&w, WEIR_CHECK_TCP, s.port_be);
	strcpy(w.check[2].send, "HELLO\r\n");
	strcpy(w.check[2].expect, "+PONG");
	strcpy(add(&w, WEIR_CHECK_TCP, s.port_be)->expect, "banner");
	w.check[3].timeout_ms = 200; /* less than the server waits */
	follow(&w);
	await(&w, 0, WEIR_OUTCOME_GOOD, true);
	r = await(&w, 1, WEIR_OUTCOME_GOOD, true);
	CU_ASSERT(r.last.latency_us >= 20000); /* as long as the server took */
	await(&w, 2, WEIR_OUTCOME_WRONG, false);
	await(&w, 3, WEIR_OUTCOME_TIMED_OUT, false);
	server_stop(&s);
	r = await(&w, 0, WEIR_OUTCOME_REFUSED, false);
	CU_ASSERT_EQUAL(r.n_changes, 1);
	CU_ASSERT(r.failed >= 3);
	CU_ASSERT_STRING_EQUAL(weir_record_latest(&r)->why, "connection refused");
	server_start(&s);
	r = await(&w, 0, WEIR_OUTCOME_GOOD, true);
	CU_ASSERT_EQUAL(r.n_changes, 2);
	CU_ASSERT(weir_record_latest(&r)->up);
	CU_ASSERT_EQUAL(logged(&w, "! backend down: web/b0: tcp check: connection refused; "), 1);
	CU_ASSERT_EQUAL(logged(&w, "\nbackend up: web/b0: tcp check: connected in "), 1);
	weir_checker_stop(w.c);
	server_stop(&s);
}

static void by_http(void)
{
	struct server s = {0};
	struct weir_record r;
	struct world w;

	open_world(&w);
	server_start(&s);
	strcpy(add(&w, WEIR_CHECK_HTTP, s.port_be)->host, "web.example");
	strcpy(add(&w, WEIR_CHECK_HTTP, s.port_be)->host, "other.example");
	strcpy(add(&w, WEIR_CHECK_HTTP, s.port_be)->host, "web.example");
	strcpy(w.check[2].body, "llo");
	strcpy(add(&w, WEIR_CHECK_HTTP, s.port_be)->host, "web.example");
	strcpy(w.check[3].body, "goodbye");
	add(&w, WEIR_CHECK_HTTP, s.port_be)->method = WEIR_CHECK_HEAD;
	add(&w, WEIR_CHECK_HTTPS, s.port_be);
	add(&w, WEIR_CHECK_HTTP, htons(1)); /* tcpmux: not here */
	follow(&w);
	r = await(&w, 0, WEIR_OUTCOME_GOOD, true);
	CU_ASSERT_STRING_EQUAL(r.last.text, "HTTP status 200");
	r = await(&w, 1, WEIR_OUTCOME_WRONG, false);
	CU_ASSERT_STRING_EQUAL(r.last.text, "HTTP status 503");
	await(&w, 2, WEIR_OUTCOME_GOOD, true);
	await(&w, 3, WEIR_OUTCOME_WRONG, false);
	await(&w, 4, WEIR_OUTCOME_GOOD, true);
	await(&w, 5, WEIR_OUTCOME_TLS, false); /* it speaks plain HTTP */
	await(&w, 6, WEIR_OUTCOME_REFUSED, false);
	__atomic_store_n(&s.mute, 1, __ATOMIC_RELEASE);
	await(&w, 0, WEIR_OUTCOME_CLOSED, false);
	weir_checker_stop(w.c);
	server_stop(&s);
}

static void command(struct weir_check *c, const char *script)
{
	char *at = c->command;

	c->n_args = 3;
	at = stpcpy(at, "/bin/sh") + 1;
	at = stpcpy(at, "-c") + 1;
	strcpy(at, script);
}

static void by_program(void)
{
	char file[] = "/tmp/weir-checker-XXXXXX", script[256];
	int fd = mkstemp(file);
	struct weir_record r;
	struct world w;

	CU_ASSERT_FATAL(fd >= 0);
	open_world(&w);
	snprintf(script, sizeof(script),
		"[ \"$SYNWEIR_SERVICE/$SYNWEIR_BACKEND $SYNWEIR_ADDRESS $SYNWEIR_PORT\" = "
		"'web/b0 127.0.0.1 8080' ]");
	command(add(&w, WEIR_CHECK_EXEC, htons(8080)), script);
	snprintf(script, sizeof(script), "exit $(cat %s || echo 7)", file);
	command(add(&w, WEIR_CHECK_EXEC, htons(8080)), script);
	command(add(&w, WEIR_CHECK_EXEC, htons(8080)), "sleep 1000 & sleep 1000");
	command(add(&w, WEIR_CHECK_EXEC, htons(8080)), "kill -9 $$");
	strcpy(add(&w, WEIR_CHECK_EXEC, htons(8080))->command, "/no/such/program");
	w.check[4].n_args = 1;
	/* none of this process's descriptors */
	command(add(&w, WEIR_CHECK_EXEC, htons(8080)), "[ \"$(ls /proc/self/fd | wc -l)\" = 4 ]");
	follow(&w);
	await(&w, 0, WEIR_OUTCOME_GOOD, true);
	await(&w, 1, WEIR_OUTCOME_GOOD, true); /* "exit" without a number */
	CU_ASSERT_EQUAL(write(fd, "3\n", 2), 2);
	r = await(&w, 1, WEIR_OUTCOME_EXIT, false);
	CU_ASSERT_STRING_EQUAL(r.last.text, "exit status 3");
	await(&w, 2, WEIR_OUTCOME_TIMED_OUT, false);
	r = await(&w, 3, WEIR_OUTCOME_EXIT, false);
	CU_ASSERT_STRING_EQUAL(r.last.text, "killed by signal 9");
	r = await(&w, 4, WEIR_OUTCOME_UNABLE, true); /* says nothing about the backend */
	CU_ASSERT(r.unable && r.n_changes == 0);
	CU_ASSERT_EQUAL(logged(&w, "b4 cannot be checked"), 1);
	await(&w, 5, WEIR_OUTCOME_GOOD, true);
	weir_checker_stop(w.c);
	unlink(file);
	close(fd);
}

/* A reload: what stays keeps its state, what goes is healthy, what comes under a number begins. */
static void another_plan(void)
{
	struct weir_record r;
	struct world w;

	open_world(&w);
	for (unsigned int i = 0; i < 3; i++)
		add(&w, WEIR_CHECK_TCP, htons(1));
	follow(&w);
	for (unsigned int i = 0; i < 3; i++)
		await(&w, i, WEIR_OUTCOME_REFUSED, false);
	w.since[1] = 1;
	w.check[1].inter_ms = w.check[1].fastinter_ms = w.check[1].downinter_ms = 60000;
	w.n = 2;
	follow(&w);
	while (weir_checker_look(w.c, 62, &r))
		usleep(1000);
	CU_ASSERT_TRUE(weir_health_is_good(&w.health, 62));
	CU_ASSERT_EQUAL(look(&w, 0).n_changes, 1);
	CU_ASSERT_FALSE(weir_health_is_good(&w.health, 60));
	r = await(&w, 1, WEIR_OUTCOME_REFUSED, false);
	CU_ASSERT_EQUAL(r.n_changes, 1); /* of the new one */
	CU_ASSERT_EQUAL(r.failed, 1);
	CU_ASSERT_EQUAL(look(&w, 0).n_changes, 1);
	weir_checker_follow(w.c, NULL);
	while (weir_checker_look(w.c, 60, &r) || weir_checker_look(w.c, 61, &r))
		usleep(1000);
	for (uint16_t i = 60; i < 63; i++)
		CU_ASSERT_TRUE(weir_health_is_good(&w.health, i));
	weir_checker_stop(w.c);
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"tcp", by_tcp},
		{"http", by_http},
		{"exec", by_program},
		{"another plan", another_plan},
	};

	return unit_main("checker", tests, sizeof(tests) / sizeof(tests[0]));
}
