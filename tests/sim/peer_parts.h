/* SPDX-License-Identifier: BSD-3-Clause */
/* Between the files of peer.h. */
#ifndef WEIR_SIM_PEER_PARTS_H
#define WEIR_SIM_PEER_PARTS_H

#include "base/seq.h"
#include "host.h"

#define SIM_MAX_RETRIES 10
#define SIM_RTO_MAX_NS  (12 * SIM_S)
#define SIM_2MSL_NS     (60 * SIM_S)

static inline uint64_t sim_peer_now(const struct sim_peer *p)
{
	return p->host->queue->now_ns;
}

/* The sequence number after everything the application wrote. */
static inline uint32_t sim_peer_data_end(const struct sim_peer *p)
{
	return p->iss + 1 + (uint32_t)p->written;
}

static inline bool sim_peer_fin_sent(const struct sim_peer *p)
{
	return p->state == SIM_FIN_WAIT_1 || p->state == SIM_FIN_WAIT_2 ||
		p->state == SIM_CLOSING || p->state == SIM_LAST_ACK || p->state == SIM_TIME_WAIT;
}

/* The application hears the last of it; the peer goes away, or goes on alone in TIME_WAIT. */
void sim_peer_end(struct sim_peer *p, enum sim_end why);
void sim_peer_time_wait(struct sim_peer *p);

/* What may be sent is sent; timers follow. */
void sim_peer_output(struct sim_peer *p);
void sim_peer_send_syn(struct sim_peer *p);
void sim_peer_send_ack(struct sim_peer *p);
void sim_peer_send_rst(struct sim_peer *p);
/* RFC 5961 §7: not too many of them. */
void sim_peer_challenge(struct sim_peer *p);
/* One segment from seq on again; returns the sequence number after it. */
uint32_t sim_peer_resend(struct sim_peer *p, uint32_t seq);
/* What is out is taken for lost. */
void sim_peer_resends(struct sim_peer *p);
/* Lost segments from p->resend on, n of them at most. */
void sim_peer_resend_some(struct sim_peer *p, unsigned int n);
void sim_peer_probe(struct sim_peer *p);
void sim_peer_probe_window(struct sim_peer *p);
/* Retransmission timer as the state of things wants it: from now, stopped. */
void sim_peer_arm(struct sim_peer *p);

#endif
