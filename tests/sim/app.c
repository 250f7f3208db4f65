// SPDX-License-Identifier: BSD-3-Clause
#include "app.h"

#include "check.h"
#include "stream.h"
#include "world.h"

/* A backend's, until it has read who it talks to. */
static const struct sim_script unknown_client = {
	.step = {{SIM_READ, SIM_STREAM_ID_LEN}}, .n = 1, .keepalive_ms = 15000};
static const struct sim_script greet_client = {
	.step = {{SIM_WRITE, SIM_BANNER}, {SIM_READ, SIM_STREAM_ID_LEN}},
	.n = 2,
	.keepalive_ms = 15000};

static void run(struct sim_app *a);

/* false: the script cannot go on yet. */
static bool do_step(struct sim_app *a, const struct sim_step *s)
{
	switch (s->kind) {
	case SIM_WRITE:
		if (a->written < s->n) {
			uint64_t more = s->n - a->written;

			a->written = s->n; /* before: it may be there before this returns */
			sim_peer_write(a->peer, more);
		}
		return true;
	case SIM_READ:
		return a->read >= s->n;
	case SIM_READ_END:
		return a->eof;
	case SIM_SHUT:
		a->shut = true;
		sim_peer_shutdown(a->peer);
		return true;
	case SIM_WAIT:
		sim_queue_set(&a->world->queue, &a->wait, a->world->queue.now_ns + s->n * SIM_MS);
		return false;
	case SIM_ABORT:
		sim_peer_abort(a->peer);
		return true;
	case SIM_VANISH:
		sim_peer_forget(a->peer);
		sim_world_again(a->world, a->conn);
		return true;
	}
	return false;
}

static void run(struct sim_app *a)
{
	if (a->header_due != 0 && a->waits)
		return;
	while (a->peer != NULL && !sim_app_done(a) && !sim_timer_is_set(&a->wait) &&
		do_step(a, &a->script->step[a->at]))
		a->at++;
}

static void on_wait(struct sim_timer *t)
{
	struct sim_app *a = sim_owner(t, struct sim_app, wait);

	a->at++;
	run(a);
}

/*
 * The stream's id is read. A backend follows the plan of its connection from here on; what an attacker
 * sent with a guessed cookie is forgotten.
 */
static void identified(struct sim_app *a)
{
	if (!sim_check_pair(a)) {
		a->theirs = 0;
		a->read = 0;
		return;
	}
	if (a->side == WEIR_BACKEND) {
		sim_check_header(a);
		a->script = &a->conn->plan.script[WEIR_BACKEND];
		a->at = 0;
		if (a->world->profile->manner == SIM_LONG && a->peer != NULL)
			sim_peer_keepalive(a->peer, a->script->keepalive_ms);
	}
}

/* HC-80: the header stands in front of the stream, whole and once. Returns how many of the bytes are its. */
static uint32_t take_header(struct sim_app *a, const uint8_t *bytes, uint32_t n)
{
	for (uint32_t i = 0; i < n && a->header_due != 0; i++) {
		unsigned int len = 0;

		a->header[a->header_len++] = bytes[i];
		switch (tests_pphdr_read(a->header, a->header_len, a->header_due, &a->told, &len)) {
		case TESTS_PPHDR_PART:
			break;
		case TESTS_PPHDR_WRONG:
			sim_check_wrong_byte(a);
		case TESTS_PPHDR_WHOLE:
			a->header_due = 0;
			return i + 1;
		}
	}
	return n;
}

static void take(struct sim_app *a, const uint8_t *bytes, uint32_t n)
{
	const uint32_t header = a->header_due != 0 ? take_header(a, bytes, n) : 0;

	bytes += header;
	n -= header;
	if (a->heard_ns == 0 && n > 0)
		a->heard_ns = a->world->queue.now_ns;
	for (uint32_t i = 0; i < n && !a->repeated; i++) {
		if (a->read < SIM_STREAM_ID_LEN) {
			a->theirs |= (uint64_t)bytes[i] << 8 * a->read;
			if (++a->read == SIM_STREAM_ID_LEN)
				identified(a);
			continue;
		}
		if (bytes[i] != sim_stream_byte(a->theirs, a->read))
			sim_check_wrong_byte(a);
		a->read++;
	}
	sim_check_read(a);
}

/* Reads what is there, or as much as the script's pace allows. */
static void pull(struct sim_app *a, uint32_t most)
{
	uint8_t bytes[4096];
	uint32_t n;

	while (most > 0 && a->peer != NULL) {
		n = sim_peer_read(a->peer, bytes, most < sizeof(bytes) ? most : sizeof(bytes));
		if (n == 0)
			break;
		most -= n;
		take(a, bytes, n);
	}
	if (a->peer != NULL && !a->eof && sim_peer_read_end(a->peer)) {
		a->eof = true;
		sim_check_eof(a);
	}
	run(a);
}

static void on_pace(struct sim_timer *t)
{
	struct sim_app *a = sim_owner(t, struct sim_app, pace);

	pull(a, a->script->chunk_bytes);
	if (a->peer != NULL && sim_peer_readable(a->peer) > 0)
		sim_queue_set(&a->world->queue, t,
			a->world->queue.now_ns + a->script->chunk_ms * SIM_MS);
}

void sim_app_readable(struct sim_peer *p)
{
	struct sim_app *a = p->app;

	if (a->script->chunk_ms == 0)
		pull(a, UINT32_MAX);
	else if (!sim_timer_is_set(&a->pace))
		sim_queue_set(&a->world->queue, &a->pace,
			a->world->queue.now_ns + a->script->chunk_ms * SIM_MS);
}

void sim_app_connected(struct sim_peer *p)
{
	struct sim_app *a = p->app;

	a->iss = p->iss;
	a->irs = p->irs;
	a->sealed = p->sealed;
	if (a->side == WEIR_CLIENT)
		sim_check_handshake(a);
	sim_peer_keepalive(p, a->script->keepalive_ms);
	run(a);
}

void sim_app_ended(struct sim_peer *p, enum sim_end why)
{
	struct sim_app *a = p->app;

	a->peer = NULL;
	a->end = why;
	a->ended_ns = a->world->queue.now_ns;
	sim_queue_cancel(&a->world->queue, &a->wait);
	sim_queue_cancel(&a->world->queue, &a->pace);
	if (a->conn != NULL)
		sim_world_ended(a->world, a->conn);
}

void sim_app_init(struct sim_app *a, struct sim_world *w, struct sim_host *h, enum weir_side side,
	uint64_t stream)
{
	*a = (struct sim_app){.world = w, .host = h, .side = side, .stream = stream};
	a->wait.fire = on_wait;
	a->pace.fire = on_pace;
}

/* With cookies nobody looks at data on a SYN. A backend that does must get it again in the stream. */
static uint32_t first_words(const struct sim_app *a)
{
	if (!sim_mode_is_calm(a->world->spec.mode))
		return UINT32_MAX;
	return a->script->step[0].kind == SIM_WRITE ? a->script->step[0].n : 0;
}

void sim_app_connect(struct sim_app *a, struct sim_conn *c, const struct sim_flavour *f)
{
	a->conn = c;
	a->script = &c->plan.script[WEIR_CLIENT];
	a->began_ns = a->world->queue.now_ns;
	a->peer = sim_host_connect(a->host, f, sim_family_of(a->world->spec.family, c->service),
		c->who.port, SHELL_VIP(c->service), SHELL_VIP_PORT, first_words(a), a);
	if (a->peer != NULL)
		a->peer->stream = a->stream;
}

void sim_app_accept(struct sim_app *a, struct sim_peer *p, bool banner)
{
	a->peer = p;
	a->script = banner ? &greet_client : &unknown_client;
	a->began_ns = a->world->queue.now_ns;
	p->app = a;
	p->stream = a->stream;
}
