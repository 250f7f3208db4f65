// SPDX-License-Identifier: BSD-3-Clause
#include "wire/peek.h"

#include <string.h>

#include "wire/ipv6.h"

#define TAGS_MAX  2
#define TAG_LEN   4u
#define EXT_MAX   4
#define PROTO_UDP 17

static uint16_t read16(const struct weir_frame *f, uint32_t at)
{
	return (uint16_t)(f->data[at] << 8 | f->data[at + 1]);
}

/* What is behind the last IP header. No bytes there: no ports. */
static void peek_upper(const struct weir_frame *f, struct weir_peek *p, uint32_t at)
{
	if (f->head_len < at + 4)
		return;
	p->icmp_type = f->data[at];
	if (p->proto != WEIR_PROTO_TCP && p->proto != PROTO_UDP)
		return;
	p->has_ports = true;
	p->sport = read16(f, at);
	p->dport = read16(f, at + 2);
}

static bool peek_ipv4(const struct weir_frame *f, struct weir_peek *p, uint32_t at)
{
	struct weir_ipv4_hdr ip;
	uint32_t len;

	if (f->head_len < at + sizeof(ip))
		return false;
	memcpy(&ip, f->data + at, sizeof(ip));
	len = (ip.version_ihl & 0xf) * 4u;
	if (ip.version_ihl >> 4 != 4 || len < sizeof(ip))
		return false;
	p->is_ip = true;
	p->src = weir_addr_v4(ip.src_be);
	p->dst = weir_addr_v4(ip.dst_be);
	p->proto = ip.proto;
	p->ttl = ip.ttl;
	if ((ip.frag_be & weir_be16(WEIR_IPV4_OFF)) == 0)
		peek_upper(f, p, at + len);
	return true;
}

/* One extension header further. false: it is the last header, or not there. */
static bool skip_extension(const struct weir_frame *f, uint8_t *next, uint32_t *at)
{
	const bool is_fragment = *next == WEIR_EXT_FRAGMENT;

	if (*next != WEIR_EXT_HOP_BY_HOP && *next != WEIR_EXT_ROUTING &&
		*next != WEIR_EXT_DESTINATION && !is_fragment)
		return false;
	if (f->head_len < *at + 8)
		return false;
	if (is_fragment && (read16(f, *at + 2) & 0xfff8) != 0)
		return false; /* not the first one: what follows is no header */
	*next = f->data[*at];
	*at += is_fragment ? 8 : (f->data[*at + 1] + 1) * 8u;
	return true;
}

static bool peek_ipv6(const struct weir_frame *f, struct weir_peek *p, uint32_t at)
{
	struct weir_ipv6_hdr ip;

	if (f->head_len < at + sizeof(ip))
		return false;
	memcpy(&ip, f->data + at, sizeof(ip));
	if (ip.version_class >> 4 != 6)
		return false;
	p->is_ip = true;
	p->src = weir_ipv6_addr(ip.src);
	p->dst = weir_ipv6_addr(ip.dst);
	p->proto = ip.next;
	p->ttl = ip.hop_limit;
	at += sizeof(ip);
	for (unsigned int i = 0; i < EXT_MAX && skip_extension(f, &p->proto, &at); i++)
		;
	peek_upper(f, p, at);
	return true;
}

bool weir_peek_is_link_local(const struct weir_addr *a)
{
	const uint8_t *v4 = &a->b[12];

	return weir_addr_is_v4(a) ? v4[0] == 169 && v4[1] == 254 : weir_ipv6_is_link_local(a);
}

bool weir_peek(const struct weir_frame *f, struct weir_peek *p)
{
	uint32_t at = 12; /* of the type */

	memset(p, 0, sizeof(*p));
	if (f->head_len < WEIR_ETH_LEN)
		return false;
	p->group = f->data[0] & 1;
	p->type = read16(f, at);
	for (unsigned int i = 0;
		i < TAGS_MAX && (p->type == WEIR_ETH_VLAN || p->type == WEIR_ETH_QINQ); i++) {
		at += TAG_LEN;
		if (f->head_len < at + 2)
			return false;
		p->tagged = true;
		p->type = read16(f, at);
	}
	if (p->type == WEIR_ETH_IPV4)
		return peek_ipv4(f, p, at + 2);
	return p->type != WEIR_ETH_IPV6 || peek_ipv6(f, p, at + 2);
}
