/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A device, and the frames that are about to leave by it. One thread works with a port; others may
 * read its counters. What the device does not take stays and is offered again.
 */
#ifndef WEIRGEN_PORT_H
#define WEIRGEN_PORT_H

#include "dp/nic.h"
#include "flow/pkt.h"

#define PORT_OUT   256u /* frames that may wait for the device */
#define PORT_FRESH 64u

struct port {
	struct weir_port conf;
	struct weir_nic nic;
	struct rte_mempool *pool;
	struct rte_mbuf *out[PORT_OUT];
	unsigned int n_out;
	struct rte_mbuf *fresh[PORT_FRESH]; /* empty buffers */
	unsigned int n_fresh;
	/* atomics, by one writer: weir_count() */
	uint64_t rx_pkts, rx_bytes, tx_pkts, tx_bytes;
	uint64_t lost; /* frames of ours for which there was no room or no buffer */
};

/* After rte_eal_init(). number: of the port, for names. 0 or -errno, with what to do in err. */
int port_open(struct port *p, const char *device, unsigned int number, struct weir_dp_error *err);
void port_close(struct port *p);

/* Views of what has come, at most WEIR_BURST of it, not parsed. Each is to be given to port_drop(). */
unsigned int port_receive(struct port *p, struct weir_pkt *pkts);
void port_drop(const struct weir_pkt *pkts, unsigned int n);

/* Frames that can be written now. */
unsigned int port_room(const struct port *p, unsigned int most);

/*
 * Where the next frame is to be written (FRAME_MAX bytes), and, when it is: it will leave. NULL:
 * there is no room or no buffer, and one of ours is counted as lost.
 */
uint8_t *port_begin(struct port *p);
void port_end(struct port *p, uint16_t len);

/* Offers the device what waits. */
void port_flush(struct port *p);

#endif
