// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/reload.h"

#include <stdio.h>
#include <string.h>

void weir_reload_init(struct weir_reload *r, void (*wake)(void))
{
	pthread_condattr_t attr;

	memset(r, 0, sizeof(*r));
	r->wake = wake;
	pthread_mutex_init(&r->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&r->ended, &attr);
	pthread_condattr_destroy(&attr);
}

void weir_reload_begin(struct weir_reload *r)
{
	pthread_mutex_lock(&r->lock);
	r->begun++;
	pthread_mutex_unlock(&r->lock);
}

void weir_reload_end(struct weir_reload *r, bool good, const char *text)
{
	struct weir_reload_log *log = &r->log;

	pthread_mutex_lock(&r->lock);
	log->last_good = good;
	snprintf(log->text, sizeof(log->text), "%s", text);
	*(good ? &log->good_at : &log->bad_at) = time(NULL);
	*(good ? &log->good : &log->bad) += 1;
	r->done = r->begun;
	pthread_cond_broadcast(&r->ended);
	pthread_mutex_unlock(&r->lock);
}

static struct timespec in_ms(unsigned int ms)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += ms / 1000;
	t.tv_nsec += (long)(ms % 1000) * 1000000;
	if (t.tv_nsec >= 1000000000) {
		t.tv_sec++;
		t.tv_nsec -= 1000000000;
	}
	return t;
}

/* One that runs already may have read the file before it was changed: the next one counts. */
bool weir_reload_ask(struct weir_reload *r, unsigned int timeout_ms, struct weir_reload_log *log)
{
	struct timespec until = in_ms(timeout_ms);
	uint64_t ours;
	bool ended;

	pthread_mutex_lock(&r->lock);
	ours = r->begun + 1;
	r->wake();
	while (r->done < ours && pthread_cond_timedwait(&r->ended, &r->lock, &until) == 0)
		;
	ended = r->done >= ours;
	*log = r->log;
	pthread_mutex_unlock(&r->lock);
	return ended;
}

struct weir_reload_log weir_reload_look(struct weir_reload *r)
{
	struct weir_reload_log log;

	pthread_mutex_lock(&r->lock);
	log = r->log;
	pthread_mutex_unlock(&r->lock);
	return log;
}
