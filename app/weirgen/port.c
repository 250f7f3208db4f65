// SPDX-License-Identifier: BSD-3-Clause
#include "port.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_errno.h>
#include <rte_ethdev.h>

#include "dp/mbuf.h"
#include "flow/counters.h"

#define DESCRIPTORS 1024
#define BUFFERS     16383
#define CACHE       250

int port_open(struct port *p, const char *device, unsigned int number, struct weir_dp_error *err)
{
	const struct weir_nic_use use = {.ipv4 = true};
	uint8_t key[WEIR_NIC_KEY] = {0}; /* of RSS, which one queue does not need */
	char name[RTE_MEMPOOL_NAMESIZE];
	int rc;

	memset(p, 0, sizeof(*p));
	snprintf(p->conf.name, sizeof(p->conf.name), "%u", number);
	snprintf(p->conf.device, sizeof(p->conf.device), "%s", device);
	p->conf.mtu = 1500;
	p->conf.rx_desc = p->conf.tx_desc = DESCRIPTORS;
	rc = weir_nic_open(&p->nic, &p->conf, 1, &use, key, err);
	if (rc != 0)
		return rc;
	snprintf(name, sizeof(name), "weirgen%u", number);
	p->pool = rte_pktmbuf_pool_create(name, BUFFERS, CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
		p->nic.node);
	if (p->pool == NULL)
		return weir_dp_fail(err, -rte_errno,
			"port %s: %u packet buffers do not fit (%s): give \"-m 512\" (MB) after "
			"\"--\", or add huge pages",
			p->conf.name, BUFFERS, rte_strerror(rte_errno));
	return weir_nic_start(&p->nic, &p->pool, err);
}

void port_close(struct port *p)
{
	rte_pktmbuf_free_bulk(p->out, p->n_out);
	rte_pktmbuf_free_bulk(p->fresh, p->n_fresh);
	p->n_out = p->n_fresh = 0;
	weir_nic_close(&p->nic);
}

unsigned int port_receive(struct port *p, struct weir_pkt *pkts)
{
	struct rte_mbuf *frames[WEIR_BURST];
	unsigned int n = rte_eth_rx_burst(p->nic.id, 0, frames, WEIR_BURST);
	uint64_t bytes = 0;

	for (unsigned int i = 0; i < n; i++) {
		weir_mbuf_view(frames[i], 0, &pkts[i]);
		bytes += pkts[i].frame.len;
	}
	weir_count(&p->rx_pkts, n);
	weir_count(&p->rx_bytes, bytes);
	return n;
}

void port_drop(const struct weir_pkt *pkts, unsigned int n)
{
	struct rte_mbuf *frames[WEIR_BURST];

	for (unsigned int i = 0; i < n; i++)
		frames[i] = pkts[i].buf;
	rte_pktmbuf_free_bulk(frames, n);
}

unsigned int port_room(const struct port *p, unsigned int most)
{
	return RTE_MIN(most, PORT_OUT - p->n_out);
}

uint8_t *port_begin(struct port *p)
{
	if (p->n_out == PORT_OUT)
		port_flush(p);
	if (p->n_fresh == 0 && rte_pktmbuf_alloc_bulk(p->pool, p->fresh, PORT_FRESH) == 0)
		p->n_fresh = PORT_FRESH;
	if (p->n_out < PORT_OUT && p->n_fresh > 0)
		return rte_pktmbuf_mtod(p->fresh[p->n_fresh - 1], uint8_t *);
	weir_count(&p->lost, 1);
	return NULL;
}

void port_end(struct port *p, uint16_t len)
{
	struct rte_mbuf *m = p->fresh[--p->n_fresh];

	m->data_len = len;
	m->pkt_len = len;
	p->out[p->n_out++] = m;
}

void port_flush(struct port *p)
{
	uint64_t bytes = 0;
	unsigned int sent;

	if (p->n_out == 0)
		return;
	for (unsigned int i = 0; i < p->n_out; i++)
		bytes += p->out[i]->pkt_len; /* now: what is sent is the device's */
	sent = rte_eth_tx_burst(p->nic.id, 0, p->out, (uint16_t)p->n_out);
	for (unsigned int i = sent; i < p->n_out; i++)
		bytes -= p->out[i]->pkt_len;
	weir_count(&p->tx_pkts, sent);
	weir_count(&p->tx_bytes, bytes);
	p->n_out -= sent;
	memmove(p->out, &p->out[sent], p->n_out * sizeof(*p->out));
}
