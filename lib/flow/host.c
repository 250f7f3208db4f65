// SPDX-License-Identifier: BSD-3-Clause
#include "flow/host.h"

#include "flow/localport.h"
#include "wire/arp.h"
#include "wire/nd.h"
#include "wire/peek.h"

enum {
	PROTO_UDP = 17,
	PROTO_OSPF = 89,  /* RFC 2328, RFC 5340 */
	PROTO_VRRP = 112, /* RFC 5798 */
	TTL_NEIGHBOUR = 255,
	PORT_BGP = 179,
	PORT_BFD = 3784, /* RFC 5881 §4 */
	PORT_BFD_ECHO = 3785,
	PORT_BFD_MULTIHOP = 4784, /* RFC 5883 §5 */
	ND_FIRST = 133,           /* RFC 4861: router solicitation to redirect */
	ND_LAST = 137,
};

const char *weir_host_class_name(enum weir_host_class class)
{
	switch (class) {
	case WEIR_HOST_ROUTING:
		return "routing";
	case WEIR_HOST_NEIGHBOUR:
		return "neighbour";
	case WEIR_HOST_ICMP:
		return "icmp";
	case WEIR_HOST_REST:
		return "rest";
	case WEIR_HOST_CLASSES:
		break;
	}
	return "none";
}

/* On the port's link, as far as addresses say: in a subnet of one of its interfaces. */
static bool is_on_link(const struct weir_policy *p, unsigned int port, const struct weir_addr *a)
{
	if (weir_peek_is_link_local(a))
		return true;
	for (uint32_t i = 0; i < p->n_interfaces; i++) {
		const struct weir_interface *at = &p->interfaces[i];

		for (unsigned int j = 0; at->port == port && j < at->n_addrs; j++)
			if (weir_addr_in(a, &at->addrs[j].addr, at->addrs[j].prefix))
				return true;
	}
	return false;
}

static bool is_peer(const struct weir_host *h, const struct weir_addr *a)
{
	for (unsigned int i = 0; i < h->n_peers; i++)
		if (weir_addr_eq(&h->peers[i], a))
			return true;
	return false;
}

/* Of a VLAN that is not synweir's no more is known than that it is the operator's. */
static bool is_from_neighbour(const struct weir_policy *p, unsigned int port,
	const struct weir_peek *f)
{
	return f->tagged || is_on_link(p, port, &f->src) || is_peer(&p->ports[port].host, &f->src);
}

static bool is_routing(const struct weir_policy *p, unsigned int port, const struct weir_peek *f)
{
	if (f->proto == PROTO_VRRP)
		return f->ttl == TTL_NEIGHBOUR; /* RFC 5798 §5.1.1.3 */
	if (f->proto == PROTO_OSPF)
		return is_from_neighbour(p, port, f);
	if (!f->has_ports)
		return false;
	if (f->proto == WEIR_PROTO_TCP)
		return (f->sport == PORT_BGP || f->dport == PORT_BGP) &&
			is_from_neighbour(p, port, f);
	if (f->dport == PORT_BFD || f->dport == PORT_BFD_ECHO)
		return f->ttl == TTL_NEIGHBOUR; /* RFC 5881 §5 */
	return f->dport == PORT_BFD_MULTIHOP && is_from_neighbour(p, port, f);
}

static enum weir_host_class class_of_ip(const struct weir_policy *p, unsigned int port,
	const struct weir_peek *f)
{
	if (is_routing(p, port, f))
		return WEIR_HOST_ROUTING;
	if (f->proto == WEIR_PROTO_ICMP6 && f->icmp_type >= ND_FIRST && f->icmp_type <= ND_LAST)
		return WEIR_HOST_NEIGHBOUR;
	return f->proto == WEIR_PROTO_ICMP || f->proto == WEIR_PROTO_ICMP6 ? WEIR_HOST_ICMP
									   : WEIR_HOST_REST;
}

/* The kernel has that address, or may have. */
static bool is_hosts(const struct weir_policy *p, const struct weir_peek *f)
{
	const struct weir_endpoint *e = weir_endpoint_find(&p->endpoints, &f->dst, 0);

	if (e != NULL)
		return e->kind == WEIR_ENDPOINT_LOCAL;
	return f->tagged || f->group || weir_peek_is_link_local(&f->dst);
}

enum weir_host_class weir_host_class(const struct weir_policy *p, unsigned int port,
	const struct weir_frame *frame)
{
	struct weir_peek f;

	if (!weir_peek(frame, &f))
		return WEIR_HOST_CLASSES;
	if (f.is_ip)
		return is_hosts(p, &f) ? class_of_ip(p, port, &f) : WEIR_HOST_CLASSES;
	switch (f.type) {
	case WEIR_ETH_LLDP:
		return WEIR_HOST_ROUTING;
	case WEIR_ETH_ARP:
		return WEIR_HOST_NEIGHBOUR;
	default: /* a number from the wire */
		return f.tagged ? WEIR_HOST_REST : WEIR_HOST_CLASSES;
	}
}

static bool wants_arp(const struct weir_arp_hdr *arp)
{
	return arp->op_be == weir_be16(WEIR_ARP_REPLY) ||
		memcmp(arp->sender_ip, arp->target_ip, sizeof(arp->sender_ip)) == 0;
}

bool weir_host_wants_neighbour(const struct weir_pkt *pkt)
{
	enum weir_fate why;
	struct weir_nd nd;

	if (pkt->kind == WEIR_KIND_ARP)
		return wants_arp(weir_arp(&pkt->frame));
	if (!weir_nd_read(&pkt->frame, &pkt->seg, &nd, &why))
		return false; /* the parser has read it already: it is good */
	return nd.type != WEIR_ND_SOLICITATION || weir_peek_is_link_local(&nd.target);
}

bool weir_host_has_conn(const struct weir_policy *p, const struct weir_key *key,
	unsigned int interface)
{
	const struct weir_endpoint *e = weir_endpoint_find(&p->endpoints, &key->addr, 0);
	const uint16_t port = weir_be16(key->port_be);
	const struct weir_backend *b = &p->backends[key->id & ~WEIR_KEY_BACKEND];

	if (!weir_port_has_host(&p->ports[p->interfaces[interface].port]))
		return false;
	if (e == NULL || e->kind != WEIR_ENDPOINT_LOCAL)
		return false;
	return p->services[b->service].mode == WEIR_MODE_NAT || port < WEIR_LOCALPORT_FIRST ||
		port >= p->local_ports_end;
}
