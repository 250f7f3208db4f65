// SPDX-License-Identifier: BSD-3-Clause
#include <stdlib.h>

#include "deed.h"
#include "peer_parts.h"

#define KEEP_PROBES 6

const char *const sim_end_names[SIM_ENDS] = {
	"still open", "closed", "reset", "refused", "timed out", "aborted"};

/* Nothing was heard: one segment again, all the rest when there is an answer. */
static void on_resend(struct sim_timer *t)
{
	struct sim_peer *p = sim_owner(t, struct sim_peer, resend_timer);

	if (++p->retries > SIM_MAX_RETRIES) {
		sim_did(SIM_DID_resend_unheard);
		sim_peer_end(p, SIM_END_TIMEOUT);
		return;
	}
	if (p->state == SIM_SYN_SENT || p->state == SIM_SYN_RCVD) {
		sim_did(SIM_DID_syn_resent);
		sim_peer_send_syn(p);
	} else if (p->una == p->nxt) {
		sim_did(SIM_DID_window_probe);
		sim_peer_probe_window(p);
	} else {
		sim_did(SIM_DID_rto_resend);
		sim_peer_resends(p);
		p->recover = p->nxt;
		p->sacked.n = 0; /* RFC 2018 §8 */
		p->resend = sim_peer_resend(p, p->una);
	}
	sim_peer_arm(p);
}

static void on_ack(struct sim_timer *t)
{
	sim_did(SIM_DID_ack_delayed);
	sim_peer_send_ack(sim_owner(t, struct sim_peer, ack_timer));
}

static void arm_keepalive(struct sim_peer *p, uint64_t at_ns)
{
	if (p->keepalive_ms != 0)
		sim_queue_set(p->host->queue, &p->keep_timer, at_ns);
}

static void on_keep(struct sim_timer *t)
{
	struct sim_peer *p = sim_owner(t, struct sim_peer, keep_timer);
	uint64_t due = p->last_rx_ns + p->keepalive_ms * SIM_MS;

	if (p->state < SIM_ESTABLISHED || p->state == SIM_TIME_WAIT || p->una != p->nxt) {
		arm_keepalive(p, sim_peer_now(p) + p->keepalive_ms * SIM_MS);
		return;
	}
	if (sim_peer_now(p) < due) {
		p->probes = 0;
		arm_keepalive(p, due);
		return;
	}
	if (++p->probes > KEEP_PROBES) {
		sim_did(SIM_DID_keepalive_unheard);
		sim_peer_end(p, SIM_END_TIMEOUT);
		return;
	}
	sim_did(SIM_DID_keepalive);
	sim_peer_probe(p);
	arm_keepalive(p, sim_peer_now(p) + 5 * SIM_S);
}

static void on_wait(struct sim_timer *t)
{
	sim_peer_end(sim_owner(t, struct sim_peer, wait_timer), SIM_END_CLOSED);
}

static void tell_end(struct sim_peer *p, enum sim_end why)
{
	if (p->app != NULL)
		p->host->user->ended(p, why);
	p->app = NULL;
}

static void on_end(struct sim_timer *t)
{
	struct sim_peer *p = sim_owner(t, struct sim_peer, end_timer);

	if (p->state == SIM_TIME_WAIT) {
		tell_end(p, SIM_END_CLOSED);
		return;
	}
	sim_host_remove(p->host, p);
	sim_peer_free(p);
}

static void stop(struct sim_peer *p)
{
	sim_queue_cancel(p->host->queue, &p->resend_timer);
	sim_queue_cancel(p->host->queue, &p->ack_timer);
	sim_queue_cancel(p->host->queue, &p->keep_timer);
	sim_queue_cancel(p->host->queue, &p->wait_timer);
}

struct sim_peer *sim_peer_new(struct sim_host *h, const struct sim_flavour *f,
	enum weir_family family, uint16_t lport, uint32_t remote, uint16_t rport)
{
	struct sim_peer *p = calloc(1, sizeof(*p));

	if (p == NULL || (p->buf = malloc(f->rcv_buf)) == NULL)
		abort();
	p->host = h;
	p->flavour = f;
	p->family = (uint8_t)family;
	p->lport = lport;
	p->remote = remote;
	p->rport = rport;
	p->rto_ns = SIM_S;
	p->mss = sim_family_mss_default(family);
	p->resend_timer.fire = on_resend;
	p->ack_timer.fire = on_ack;
	p->keep_timer.fire = on_keep;
	p->wait_timer.fire = on_wait;
	p->end_timer.fire = on_end;
	p->last_rx_ns = h->queue->now_ns;
	sim_host_add(h, p);
	return p;
}

void sim_peer_free(struct sim_peer *p)
{
	stop(p);
	sim_queue_cancel(p->host->queue, &p->end_timer);
	free(p->buf);
	free(p);
}

static void begin(struct sim_peer *p, uint32_t iss)
{
	p->iss = p->una = iss;
	p->nxt = iss + 1;
	sim_peer_send_syn(p);
	sim_peer_arm(p);
}

void sim_peer_connect(struct sim_peer *p, uint32_t iss)
{
	p->state = SIM_SYN_SENT;
	p->ts = p->flavour->ts;
	begin(p, iss);
}

void sim_peer_accept(struct sim_peer *p, const struct sim_seg *syn, uint32_t iss)
{
	p->state = SIM_SYN_RCVD;
	p->passive = true;
	p->sealed = syn->sealed;
	p->ts = p->flavour->ts && syn->ts;
	p->sack = p->flavour->sack && syn->sack_ok;
	p->irs = syn->seq;
	p->rcv_nxt = p->rcv_read = p->promised = p->last_ack = syn->seq + 1;
	p->ts_recent = syn->tsval;
	p->wscale_theirs = p->flavour->wscale == SIM_NO_WSCALE ? SIM_NO_WSCALE : syn->wscale;
	p->wscale_ours = p->wscale_theirs == SIM_NO_WSCALE ? 0 : p->flavour->wscale;
	p->mss = syn->mss ? syn->mss : sim_family_mss_default(p->family);
	begin(p, iss);
}

void sim_peer_end(struct sim_peer *p, enum sim_end why)
{
	if (p->state == SIM_CLOSED)
		return;
	if (p->state == SIM_TIME_WAIT)
		why = SIM_END_CLOSED;
	stop(p);
	if (p->nxt < p->iss)
		sim_did(SIM_DID_seq_wrapped);
	p->state = SIM_CLOSED;
	tell_end(p, why);
	/* Whoever is in the middle of something with it may finish that first. */
	sim_queue_set(p->host->queue, &p->end_timer, sim_peer_now(p));
}

void sim_peer_forget(struct sim_peer *p)
{
	sim_peer_end(p, SIM_END_TIMEOUT);
}

/* In TIME_WAIT the application may still read, and is told last, after what it is just doing. */
static void part_when_read(struct sim_peer *p)
{
	if (p->state == SIM_TIME_WAIT && p->end_read)
		sim_queue_set(p->host->queue, &p->end_timer, sim_peer_now(p));
}

void sim_peer_time_wait(struct sim_peer *p)
{
	stop(p);
	p->state = SIM_TIME_WAIT;
	sim_queue_set(p->host->queue, &p->wait_timer, sim_peer_now(p) + SIM_2MSL_NS);
	part_when_read(p);
}

void sim_peer_write(struct sim_peer *p, uint64_t bytes)
{
	if (p->shut)
		abort();
	p->written += bytes;
	sim_peer_output(p);
}

void sim_peer_shutdown(struct sim_peer *p)
{
	p->shut = true;
	sim_peer_output(p);
}

void sim_peer_abort(struct sim_peer *p)
{
	if (p->state != SIM_CLOSED && p->state != SIM_SYN_SENT && p->state != SIM_TIME_WAIT)
		sim_peer_send_rst(p);
	sim_peer_end(p, SIM_END_ABORTED);
}

uint32_t sim_peer_readable(const struct sim_peer *p)
{
	return p->rcv_nxt - p->rcv_read - (p->fin_taken ? 1 : 0);
}

uint32_t sim_peer_read(struct sim_peer *p, uint8_t *to, uint32_t max)
{
	uint32_t n = sim_peer_readable(p);
	uint32_t had = p->promised - p->rcv_nxt, gained;

	if (n > max)
		n = max;
	for (uint32_t i = 0; i < n; i++)
		to[i] = p->buf[(p->rcv_read - p->irs - 1 + i) & (p->flavour->rcv_buf - 1)];
	p->rcv_read += n;
	gained = p->rcv_read + p->flavour->rcv_buf - p->promised;
	/* RFC 9293 §3.8.6.2.2: the window opens in steps that are worth it. */
	if (n > 0 && p->state != SIM_CLOSED && !p->fin_taken &&
		(gained >= p->flavour->rcv_buf / 2 || (had < 2u * p->mss && gained >= 2u * p->mss)))
		sim_peer_send_ack(p);
	return n;
}

bool sim_peer_read_end(struct sim_peer *p)
{
	p->end_read = p->fin_taken && sim_peer_readable(p) == 0;
	part_when_read(p);
	return p->end_read;
}

void sim_peer_keepalive(struct sim_peer *p, uint32_t every_ms)
{
	p->keepalive_ms = every_ms;
	arm_keepalive(p, sim_peer_now(p) + every_ms * SIM_MS);
}
