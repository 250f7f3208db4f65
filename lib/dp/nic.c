// SPDX-License-Identifier: BSD-3-Clause
#include "dp/nic.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

#include "dp/eal.h"
#include "dp/privileges.h"
#include "dp/rss.h"

/* What drivers do that their capabilities do not tell. */
enum quirk {
	/* Receive queues are as many as transmit queues, and the kernel moves flows between them. */
	QUIRK_ONE_QUEUE = 1 << 0,
	/* Asks for the interface by a name that may have moved to another network namespace. */
	QUIRK_LINK_UNKNOWN = 1 << 1,
	/* Receives on every queue that the device string asks for, polled or not. */
	QUIRK_ALL_QUEUES = 1 << 2,
	/* Undoes when it is closed what it did to the kernel's interface: that takes CAP_NET_ADMIN. */
	QUIRK_TIDIES_UP = 1 << 4,
	/* Talks to the kernel's driver about the device's flows and queues while it runs. */
	QUIRK_BIFURCATED = 1 << 5,
	/*
	 * Says that frames have 1518 bytes at most (until DPDK 26.03), whatever its ring has room for, so that
	 * ethdev refuses any larger MTU: the kernel's interface is told instead.
	 */
	QUIRK_SHORT_FRAMES = 1 << 6,
	/* Gives the kernel AF_XDP_BUFFERS of a queue's buffers, however short its receive ring is. */
	QUIRK_FILL_RING = 1 << 3,
};

/* XSK_RING_CONS__DEFAULT_NUM_DESCS of libxdp. A shorter ring loses frames sooner, and saves no buffer. */
#define AF_XDP_BUFFERS 2048

/* Bytes of a slot of AF_PACKET's ring beside an IP packet: its header, Ethernet's, a tag, and what they are aligned to. */
#define SLOT_EXTRA 100

static const struct {
	const char *driver;
	unsigned int quirks;
} quirks[] = {
	{"net_tap", QUIRK_ONE_QUEUE | QUIRK_LINK_UNKNOWN | QUIRK_TIDIES_UP},
	{"net_af_packet", QUIRK_ALL_QUEUES | QUIRK_SHORT_FRAMES},
	{"net_af_xdp", QUIRK_ALL_QUEUES | QUIRK_FILL_RING | QUIRK_TIDIES_UP},
	{"mlx5_pci", QUIRK_BIFURCATED},
	{"net_mlx4", QUIRK_BIFURCATED},
};

static unsigned int quirks_of(const char *driver)
{
	for (unsigned int i = 0; i < RTE_DIM(quirks); i++)
		if (strcmp(quirks[i].driver, driver) == 0)
			return quirks[i].quirks;
	return 0;
}

uint64_t weir_nic_capabilities(const struct weir_nic *nic)
{
	const uint64_t admin = 1ull << CAP_NET_ADMIN, raw = 1ull << CAP_NET_RAW;
	unsigned int q = quirks_of(nic->driver);

	return (q & (QUIRK_TIDIES_UP | QUIRK_BIFURCATED) ? admin : 0) |
		(q & QUIRK_BIFURCATED ? raw : 0);
}

const char *weir_nic_steering(const struct weir_nic *nic, unsigned int n_workers)
{
	if (n_workers == 1)
		return "one worker";
	if (nic->rss_by_port)
		return "RSS by local port";
	if (nic->rss)
		return "RSS";
	if (nic->port->rss == WEIR_RSS_ON)
		return "software (rss = \"on\", but fewer queues than workers)";
	return "software";
}

/*
 * Finding it
 */

static int no_device(const struct weir_port *port, int code, struct weir_dp_error *err)
{
	char iface[WEIR_NETDEV_NAME];

	weir_netdev_name(port->device, iface);
	if (weir_eal_is_pci(port->device))
		return weir_dp_fail(err, code,
			"port %s: no DPDK driver has %s (the lines above say so if another program "
			"does): if \"dpdk-devbind.py -s\" lists it, bind it with "
			"\"dpdk-devbind.py -b vfio-pci %s\"",
			port->name, port->device, port->device);
	if (iface[0] != '\0' && !weir_netdev_exists(iface))
		return weir_dp_fail(err, code,
			"port %s: %s: there is no interface %s in this network namespace: \"ip "
			"link\" lists them",
			port->name, port->device, iface);
	/* for some drivers -EPERM is -1, whatever went wrong */
	if (!weir_privileges_has(CAP_NET_ADMIN) || !weir_privileges_has(CAP_NET_RAW))
		return weir_dp_fail(err, code,
			"port %s: not allowed to open %s: run as root or with CAP_NET_ADMIN and "
			"CAP_NET_RAW",
			port->name, port->device);
	if (iface[0] != '\0')
		return weir_dp_fail(err, code,
			"port %s: %s: the driver refuses its arguments (the lines above say "
			"which). AF_PACKET: framesz a multiple of 16, and mtu + 100 at least; "
			"blocksz a multiple of framesz and of the page size; framecnt a multiple "
			"of blocksz / framesz",
			port->name, port->device);
	return weir_dp_fail(err, code,
		"port %s: cannot open %s: DPDK has no such driver, or it refuses (the lines above "
		"say "
		"why); net_tap needs /dev/net/tun and CAP_NET_ADMIN",
		port->name, port->device);
}

/* The name under which an ethdev goes: what stands before the first comma. */
static int find(struct weir_nic *nic, const struct weir_port *port, struct weir_dp_error *err)
{
	char name[sizeof(port->device)];
	int rc;

	memcpy(name, port->device, sizeof(name));
	name[strcspn(name, ",")] = '\0';
	if (rte_eth_dev_get_port_by_name(name, &nic->id) == 0)
		return 0;
	rc = rte_dev_probe(port->device);
	if (rc < 0)
		return no_device(port, rc, err);
	if (rte_eth_dev_get_port_by_name(name, &nic->id) != 0)
		return no_device(port, -ENODEV, err);
	return 0;
}

/*
 * What it can do
 */

/* Addresses and ports of TCP; what else the device hashes does not matter. */
static uint64_t rss_wanted(const struct weir_nic *nic)
{
	return (nic->use.ipv4 ? RTE_ETH_RSS_NONFRAG_IPV4_TCP : 0) |
		(nic->use.ipv6 ? RTE_ETH_RSS_NONFRAG_IPV6_TCP : 0);
}

static uint64_t rss_types(const struct weir_nic *nic, const struct rte_eth_dev_info *info)
{
	return info->flow_type_rss_offloads & rss_wanted(nic);
}

static bool rss_holds(const struct weir_nic *nic, const struct rte_eth_dev_info *info,
	unsigned int n_workers)
{
	if (n_workers == 1 || nic->n_rx != n_workers)
		return false;
	switch ((enum weir_rss)nic->port->rss) {
	case WEIR_RSS_AUTO:
		return rss_types(nic, info) == rss_wanted(nic) && info->reta_size > 0;
	case WEIR_RSS_ON:
		return true;
	case WEIR_RSS_OFF:
		return false;
	}
	return false;
}

static int count_queues(struct weir_nic *nic, const struct rte_eth_dev_info *info,
	unsigned int n_workers, struct weir_dp_error *err)
{
	unsigned int q = quirks_of(info->driver_name);

	nic->n_rx = (uint16_t)RTE_MIN(n_workers, info->max_rx_queues);
	nic->n_tx = (uint16_t)RTE_MIN(n_workers, info->max_tx_queues);
	if (q & QUIRK_ONE_QUEUE)
		nic->n_rx = nic->n_tx = 1;
	if (nic->n_rx == 0 || nic->n_tx == 0)
		return weir_dp_fail(err, -ENOTSUP, "port %s: %s cannot both send and receive",
			nic->port->name, nic->port->device);
	if (q & QUIRK_ALL_QUEUES && info->max_rx_queues > n_workers)
		return weir_dp_fail(err, -EINVAL,
			"port %s: %s has %u queues for %u workers: what arrives on the others "
			"would be lost; ask for fewer queues",
			nic->port->name, nic->port->device, info->max_rx_queues, n_workers);
	return 0;
}

/*
 * What the device cannot do dp/tag.h does. No filter is asked for: a device without one lets every VLAN in, and a
 * frame of one that is not configured has a fate of its own.
 */
static void ask_for_tags(struct rte_eth_conf *conf, struct weir_nic *nic,
	const struct rte_eth_dev_info *info)
{
	nic->rx_vlan = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	nic->tx_vlan = info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
	if (nic->rx_vlan)
		conf->rxmode.offloads |= RTE_ETH_RX_OFFLOAD_VLAN_STRIP;
	if (nic->tx_vlan)
		conf->txmode.offloads |= RTE_ETH_TX_OFFLOAD_VLAN_INSERT;
}

/* By the driver; the kernel's interface is told by weir_nic_start(). */
static uint16_t mtu_by_driver(const struct weir_nic *nic, const struct rte_eth_dev_info *info)
{
	if (quirks_of(info->driver_name) & QUIRK_SHORT_FRAMES &&
		info->max_rx_pktlen <= RTE_ETHER_MAX_LEN)
		return RTE_MIN(nic->port->mtu, RTE_ETHER_MTU);
	return nic->port->mtu;
}

/* The ring of AF_PACKET cuts off what a slot has no room for. */
static int check_slots(const struct weir_port *port, struct weir_dp_error *err)
{
	const uint32_t slot = weir_netdev_slot_bytes(port->device), least = port->mtu + SLOT_EXTRA;

	if (slot == 0 || slot >= least)
		return 0;
	return weir_dp_fail(err, -EINVAL,
		"port %s: %s: frames of mtu %u do not fit into slots of %u bytes: framesz must be "
		"%u at least, e.g. \"framesz=9216,blocksz=36864,framecnt=2048\" for mtu 9000",
		port->name, port->device, port->mtu, slot, RTE_ALIGN_CEIL(least, 16u));
}

static void fill_conf(struct rte_eth_conf *conf, struct weir_nic *nic,
	const struct rte_eth_dev_info *info, uint8_t *key)
{
	const uint64_t tx_wanted = RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_IPV4_CKSUM;

	memset(conf, 0, sizeof(*conf));
	conf->rxmode.mtu = mtu_by_driver(nic, info);
	conf->rxmode.offloads = info->rx_offload_capa & RTE_ETH_RX_OFFLOAD_TCP_CKSUM;
	nic->rx_csum = conf->rxmode.offloads != 0;
	if ((info->tx_offload_capa & tx_wanted) == tx_wanted)
		conf->txmode.offloads = tx_wanted;
	nic->tx_csum = conf->txmode.offloads != 0;
	conf->txmode.offloads |= info->tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (nic->use.vlans)
		ask_for_tags(conf, nic, info);
	if (nic->n_rx > 1 && rss_types(nic, info) != 0) {
		conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
		conf->rx_adv_conf.rss_conf.rss_hf = rss_types(nic, info);
		if (info->hash_key_size <= WEIR_NIC_KEY && info->hash_key_size > 0) {
			conf->rx_adv_conf.rss_conf.rss_key = key;
			conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
		}
	}
}

static int configure(struct weir_nic *nic, const struct rte_eth_dev_info *info,
	unsigned int n_workers, uint8_t *key, struct weir_dp_error *err)
{
	struct rte_eth_conf conf;
	uint8_t by_port[WEIR_NIC_KEY];
	int rc;

	if (nic->rss_by_port) {
		weir_rss_port_key(by_port, sizeof(by_port), info->reta_size, nic->use.ipv6);
		key = by_port;
	}
	fill_conf(&conf, nic, info, key);
	rc = rte_eth_dev_configure(nic->id, nic->n_rx, nic->n_tx, &conf);
	if (rc != 0 && nic->n_rx != nic->n_tx) { /* drivers that know pairs only */
		nic->n_rx = nic->n_tx = RTE_MIN(nic->n_rx, nic->n_tx);
		rc = rte_eth_dev_configure(nic->id, nic->n_rx, nic->n_tx, &conf);
	}
	if (rc != 0)
		return weir_dp_fail(err, rc,
			"port %s: %s refuses %u receive and %u transmit queues with mtu %u: %s",
			nic->port->name, nic->port->device, nic->n_rx, nic->n_tx, nic->port->mtu,
			strerror(-rc));
	nic->rss_by_port = nic->rss_by_port && nic->n_rx == n_workers;
	nic->rss = !nic->rss_by_port && rss_holds(nic, info, n_workers);
	return 0;
}

static bool wants_rss_by_port(const struct weir_nic *nic, const struct rte_eth_dev_info *info,
	unsigned int n_workers)
{
	return nic->use.way_back && nic->use.ipv4 != nic->use.ipv6 && n_workers > 1 &&
		nic->n_rx == n_workers && nic->port->rss != WEIR_RSS_OFF &&
		info->hash_key_size <= WEIR_NIC_KEY &&
		weir_rss_can_split_ports(info, n_workers, nic->use.ipv6);
}

int weir_nic_open(struct weir_nic *nic, const struct weir_port *port, unsigned int n_workers,
	const struct weir_nic_use *use, uint8_t *key, struct weir_dp_error *err)
{
	struct rte_eth_dev_info info;
	struct rte_ether_addr mac;
	struct weir_sockets before;
	int rc;

	memset(nic, 0, sizeof(*nic));
	nic->port = port;
	nic->use = *use;
	rc = check_slots(port, err);
	if (rc != 0)
		return rc;
	weir_sockets_find(&before);
	rc = find(nic, port, err);
	weir_sockets_add_new(&nic->sockets, &before); /* net_af_packet opens its own here */
	if (rc != 0)
		return rc;
	nic->open = true;
	if (rte_eth_dev_info_get(nic->id, &info) != 0 || rte_eth_macaddr_get(nic->id, &mac) != 0)
		return weir_dp_fail(err, -ENODEV, "port %s: %s tells nothing about itself",
			port->name, port->device);
	memcpy(nic->mac, mac.addr_bytes, sizeof(nic->mac));
	snprintf(nic->driver, sizeof(nic->driver), "%s", info.driver_name);
	nic->node = rte_eth_dev_socket_id(nic->id);
	nic->link_known = !(quirks_of(info.driver_name) & QUIRK_LINK_UNKNOWN);
	weir_netdev_name(port->device, nic->iface);
	nic->link_up = 1;
	nic->reta_size = info.reta_size;
	rc = count_queues(nic, &info, n_workers, err);
	nic->rss_by_port = wants_rss_by_port(nic, &info, n_workers);
	if (rc == 0)
		rc = configure(nic, &info, n_workers, key, err);
	if (rc != 0)
		return rc;
	nic->rx_desc = port->rx_desc;
	if (quirks_of(info.driver_name) & QUIRK_FILL_RING)
		nic->rx_desc = RTE_MAX(nic->rx_desc, AF_XDP_BUFFERS);
	nic->tx_desc = port->tx_desc;
	rte_eth_dev_adjust_nb_rx_tx_desc(nic->id, &nic->rx_desc, &nic->tx_desc);
	return 0;
}

/*
 * Starting it
 */

static int set_up_queues(struct weir_nic *nic, struct rte_mempool *const *pools,
	struct weir_dp_error *err)
{
	unsigned int node = nic->node < 0 ? (unsigned int)SOCKET_ID_ANY : (unsigned int)nic->node;
	uint16_t q;
	int rc = 0;

	for (q = 0; q < nic->n_rx && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(nic->id, q, nic->rx_desc, node, NULL, pools[q]);
	if (rc != 0)
		return weir_dp_fail(err, rc,
			"port %s: %s: cannot set up receive queue %u with %u descriptors: %s",
			nic->port->name, nic->port->device, q - 1u, nic->rx_desc, strerror(-rc));
	for (q = 0; q < nic->n_tx && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(nic->id, q, nic->tx_desc, node, NULL);
	if (rc != 0)
		return weir_dp_fail(err, rc,
			"port %s: %s: cannot set up transmit queue %u with %u descriptors: %s",
			nic->port->name, nic->port->device, q - 1u, nic->tx_desc, strerror(-rc));
	return 0;
}

/*
 * Solicitations come to groups (RFC 4861 §7.2.2), and so do routing protocols; of which a device by itself lets nothing in. A driver that has
 * no word for it gets everything instead; one that has neither filters nothing.
 */
static void take_multicast(const struct weir_nic *nic)
{
	if (rte_eth_allmulticast_enable(nic->id) != 0)
		rte_eth_promiscuous_enable(nic->id);
}

/* Some drivers take note of the configured MTU, others want to be told. */
static int set_mtu(const struct weir_nic *nic, struct weir_dp_error *err)
{
	const uint16_t wanted = nic->port->mtu;
	uint16_t mtu;
	int rc;

	if (quirks_of(nic->driver) & QUIRK_SHORT_FRAMES && wanted > RTE_ETHER_MTU) {
		rc = weir_netdev_set_mtu(nic->iface, wanted);
		if (rc != 0)
			return weir_dp_fail(err, rc,
				"port %s: the interface %s takes no mtu of %u: %s", nic->port->name,
				nic->iface, wanted, strerror(-rc));
	} else if (rte_eth_dev_get_mtu(nic->id, &mtu) == 0 && mtu != wanted) {
		rte_eth_dev_set_mtu(nic->id, wanted);
	}
	return 0;
}

int weir_nic_start(struct weir_nic *nic, struct rte_mempool *const *pools,
	struct weir_dp_error *err)
{
	struct weir_sockets before;
	int rc;

	weir_sockets_find(&before);
	rc = set_up_queues(nic, pools, err);
	weir_sockets_add_new(&nic->sockets, &before); /* net_af_xdp here */
	if (rc == 0)
		rc = set_mtu(nic, err);
	if (rc != 0)
		return rc;
	rc = rte_eth_dev_start(nic->id);
	if (rc != 0)
		return weir_dp_fail(err, rc, "port %s: %s does not start: %s", nic->port->name,
			nic->port->device, strerror(-rc));
	nic->started = true;
	if (nic->use.ipv6 || nic->use.host)
		take_multicast(nic);
	/* not a reason to fail: the workers would hand packets over */
	if (nic->rss_by_port && weir_rss_fill_table(nic->id, nic->reta_size, nic->n_rx) != 0)
		nic->rss_by_port = false;
	nic->announce = 1;
	weir_nic_watch(nic);
	return 0;
}

void weir_nic_watch(struct weir_nic *nic)
{
	struct rte_eth_link link;
	uint32_t up;

	if (!nic->link_known || rte_eth_link_get_nowait(nic->id, &link) != 0)
		return;
	up = link.link_status == RTE_ETH_LINK_UP;
	if (nic->iface[0] != '\0') /* the driver says up as soon as it has started */
		up = weir_netdev_is_running(nic->iface);
	if (up && !nic->link_up)
		__atomic_store_n(&nic->announce, nic->announce + 1, __ATOMIC_RELAXED);
	if (up != nic->link_up)
		__atomic_store_n(&nic->link_up, up, __ATOMIC_RELAXED);
}

uint64_t weir_nic_missed(struct weir_nic *nic, uint64_t imissed)
{
	return weir_sockets_missed(&nic->sockets, imissed);
}

void weir_nic_close(struct weir_nic *nic)
{
	nic->sockets.n = 0; /* closed with the device: their numbers may be other files' then */
	if (nic->started)
		rte_eth_dev_stop(nic->id);
	if (nic->open)
		rte_eth_dev_close(nic->id);
	nic->started = nic->open = false;
}
