// SPDX-License-Identifier: BSD-3-Clause
#include "health/probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS       64
#define LAST_WAITS   100 /* for programs that were killed */
#define LAST_WAIT_MS 10
#define ANSWER_MAX   65536 /* bytes in which an expected text is looked for */

int weir_prober_open(struct weir_prober *pr, weir_probe_done_fn done, void *arg)
{
	*pr = (struct weir_prober){.done = done, .arg = arg};
	pr->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (pr->epoll < 0)
		return -errno;
	pr->multi = curl_multi_init();
	if (pr->multi == NULL) {
		close(pr->epoll);
		return -ENOMEM;
	}
	/* A check asks whether a connection can be made: none is kept for the next one. */
	curl_multi_setopt(pr->multi, CURLMOPT_MAXCONNECTS, 1L);
	return 0;
}

void weir_prober_close(struct weir_prober *pr)
{
	for (int i = 0; i < LAST_WAITS && pr->n_programs > 0; i++)
		weir_prober_wait(pr, LAST_WAIT_MS);
	curl_multi_cleanup(pr->multi);
	close(pr->epoll);
}

int weir_prober_watch(struct weir_prober *pr, struct weir_watched *w)
{
	struct epoll_event e = {.events = EPOLLIN, .data.ptr = w};

	return epoll_ctl(pr->epoll, EPOLL_CTL_ADD, w->fd, &e) == 0 ? 0 : -errno;
}

void weir_probe_start(struct weir_prober *pr, struct weir_probe *p, const struct weir_check *check,
	const struct weir_check_target *to)
{
	*p = (struct weir_probe){.check = check, .to = to, .running = true, .socket.fd = -1};
	switch ((enum weir_check_type)check->type) {
	case WEIR_CHECK_TCP:
		weir_tcp_start(pr, p);
		break;
	case WEIR_CHECK_HTTP:
	case WEIR_CHECK_HTTPS:
		weir_http_start(pr, p);
		break;
	case WEIR_CHECK_EXEC:
		weir_exec_start(pr, p);
		break;
	}
}

void weir_probe_stop(struct weir_prober *pr, struct weir_probe *p)
{
	if (!p->running)
		return;
	switch ((enum weir_check_type)p->check->type) {
	case WEIR_CHECK_TCP:
		weir_tcp_stop(pr, p);
		break;
	case WEIR_CHECK_HTTP:
	case WEIR_CHECK_HTTPS:
		weir_http_stop(pr, p);
		break;
	case WEIR_CHECK_EXEC:
		weir_exec_stop(pr, p);
		break;
	}
	free(p->answer);
	*p = (struct weir_probe){0};
}

void weir_probe_end_with(struct weir_prober *pr, struct weir_probe *p, struct weir_result *r)
{
	weir_probe_stop(pr, p);
	pr->done(pr->arg, p, r);
}

bool weir_probe_receive(struct weir_probe *p, const void *data, size_t n)
{
	const size_t room = ANSWER_MAX - p->n_answer, take = n < room ? n : room;
	char *grown;

	if (take == 0)
		return true;
	grown = realloc(p->answer, p->n_answer + take);
	if (grown == NULL)
		return false;
	memcpy(grown + p->n_answer, data, take);
	p->answer = grown;
	p->n_answer += take;
	return true;
}

bool weir_probe_found(const struct weir_probe *p, const char *text)
{
	return p->n_answer > 0 && memmem(p->answer, p->n_answer, text, strlen(text)) != NULL;
}

void weir_prober_wait(struct weir_prober *pr, int timeout_ms)
{
	struct epoll_event events[EVENTS];
	int n = 0;

	if (pr->n_http > 0) {
		struct curl_waitfd ours = {.fd = pr->epoll, .events = CURL_WAIT_POLLIN};

		curl_multi_poll(pr->multi, &ours, 1, timeout_ms, NULL);
		weir_http_turn(pr);
		timeout_ms = 0;
	}
	n = epoll_wait(pr->epoll, events, EVENTS, timeout_ms);
	/* INVARIANT: what one event leads to ends no other probe, so that no other event's is gone. */
	for (int i = 0; i < n; i++) {
		struct weir_watched *w = events[i].data.ptr;

		w->on(pr, w);
	}
}
