// SPDX-License-Identifier: BSD-3-Clause
#include "words.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "header.h"
#include "wire/arp.h"
#include "wire/l3.h"
#include "wire/nd.h"

/* Adds to text[WORDS_MAX] as printf does. */
__attribute__((format(printf, 2, 3))) static void add(char *text, const char *format, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + used, WORDS_MAX - used, format, args);
	va_end(args);
}

static void add_tuple(char *text, const struct weir_seg *seg)
{
	char src[WEIR_ADDR_TEXT], dst[WEIR_ADDR_TEXT];

	add(text, " %s:%u > %s:%u", weir_addr_text(&seg->src, src), weir_be16(seg->sport_be),
		weir_addr_text(&seg->dst, dst), weir_be16(seg->dport_be));
}

static void add_flags(char *text, uint8_t flags)
{
	static const struct {
		uint8_t flag;
		const char *name;
	} names[] = {
		{WEIR_TCP_SYN, "SYN"},
		{WEIR_TCP_FIN, "FIN"},
		{WEIR_TCP_RST, "RST"},
		{WEIR_TCP_PSH, "PSH"},
		{WEIR_TCP_ACK, "ACK"},
		{WEIR_TCP_URG, "URG"},
		{WEIR_TCP_ECE, "ECE"},
		{WEIR_TCP_CWR, "CWR"},
	};
	const char *comma = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!(flags & names[i].flag))
			continue;
		add(text, "%s%s", comma, names[i].name);
		comma = ",";
	}
}

static void add_options(char *text, const struct weir_seg *seg)
{
	bool syn = seg->flags & WEIR_TCP_SYN;

	if (seg->opt_len == 0)
		return;
	add(text, " <");
	if (syn) /* one that was not sent counts as sent: RFC 9293 §3.7.1 */
		add(text, "mss %u,", seg->mss);
	if (syn && seg->sack_ok)
		add(text, "sackOK,");
	if (seg->sack_blocks > 0)
		add(text, "sack %u,", seg->sack_blocks);
	if (seg->ts_off != 0)
		add(text, "ts %u %u,", seg->tsval, seg->tsecr);
	if (syn && seg->wscale != WEIR_WSCALE_NONE)
		add(text, "wscale %u,", seg->wscale);
	if (text[strlen(text) - 1] == ',')
		text[strlen(text) - 1] = '>';
	else
		add(text, "other>");
}

/* HC-80. What is captured of the payload begins with a PROXY header. */
static void add_header(char *text, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;
	const unsigned int off =
		seg->l4_off + (unsigned int)sizeof(struct weir_tcp_hdr) + seg->opt_len;
	unsigned int len = seg->payload_len;
	char words[160];

	if (off >= pkt->frame.head_len)
		return;
	if (len > pkt->frame.head_len - off)
		len = pkt->frame.head_len - off;
	if (*header_words(words, sizeof(words), pkt->frame.data + off, len) != '\0')
		add(text, " (%s)", words);
}

static void add_tcp(char *text, const struct weir_pkt *pkt)
{
	const struct weir_seg *seg = &pkt->seg;

	add_flags(text, seg->flags);
	add_tuple(text, seg);
	add(text, " seq %u", seg->seq);
	if (seg->flags & WEIR_TCP_ACK)
		add(text, " ack %u", seg->ack);
	add(text, " win %u len %u", seg->wnd, seg->payload_len);
	add_options(text, seg);
	add_header(text, pkt);
}

static void add_arp(char *text, const struct weir_pkt *pkt)
{
	const struct weir_arp_hdr *arp = weir_arp(&pkt->frame);
	const uint8_t *s = arp->sender_ip, *t = arp->target_ip;

	add(text, "ARP %s from %u.%u.%u.%u for %u.%u.%u.%u",
		arp->op_be == weir_be16(WEIR_ARP_REQUEST) ? "request" : "reply", s[0], s[1], s[2],
		s[3], t[0], t[1], t[2], t[3]);
}

/* An IP header that may be wrong in itself, of a frame that has all of it. */
struct datagram {
	const char *name;
	struct weir_addr src, dst;
	uint8_t proto;
	bool has_tcp; /* what follows should be a TCP header, at l4_off */
	unsigned int l4_off;
};

static void read_ipv4(const struct weir_pkt *pkt, struct datagram *d)
{
	const struct weir_ipv4_hdr *ip = weir_ipv4(pkt->frame.data);

	*d = (struct datagram){.name = "IPv4", .proto = ip->proto, .l4_off = WEIR_IPV4_L4_OFF};
	d->src = weir_addr_v4(ip->src_be);
	d->dst = weir_addr_v4(ip->dst_be);
	d->has_tcp = ip->version_ihl == 0x45 && ip->proto == WEIR_PROTO_TCP &&
		(ip->frag_be & weir_be16(WEIR_IPV4_OFF)) == 0;
}

/* Extension headers are not walked: one of them may be what is wrong. */
static void read_ipv6(const struct weir_pkt *pkt, struct datagram *d)
{
	const struct weir_ipv6_hdr *ip = weir_ipv6(pkt->frame.data);

	*d = (struct datagram){.name = "IPv6", .proto = ip->next, .l4_off = WEIR_IPV6_L4_OFF};
	d->src = weir_ipv6_addr(ip->src);
	d->dst = weir_ipv6_addr(ip->dst);
	d->has_tcp = ip->version_class >> 4 == 6 && ip->next == WEIR_PROTO_TCP;
}

/* false: the frame is of another kind, or ends within the header. */
static bool read_datagram(const struct weir_pkt *pkt, struct datagram *d)
{
	if (pkt->frame.head_len < WEIR_IPV4_L4_OFF)
		return false;
	switch (weir_be16(weir_eth(&pkt->frame)->type_be)) {
	case WEIR_ETH_IPV4:
		read_ipv4(pkt, d);
		return true;
	case WEIR_ETH_IPV6:
		if (pkt->frame.head_len < WEIR_IPV6_L4_OFF)
			return false;
		read_ipv6(pkt, d);
		return true;
	}
	return false;
}

static void add_ends(char *text, const char *what, const struct weir_addr *src,
	const struct weir_addr *dst)
{
	char a[WEIR_ADDR_TEXT], b[WEIR_ADDR_TEXT];

	add(text, "%s %s > %s", what, weir_addr_text(src, a), weir_addr_text(dst, b));
}

static void add_icmp(char *text, const struct weir_pkt *pkt)
{
	const struct weir_icmp_hdr *icmp = (const void *)(pkt->frame.data + pkt->seg.l4_off);

	add_ends(text, pkt->seg.family == WEIR_FAMILY_IPV6 ? "ICMPv6" : "ICMP", &pkt->seg.src,
		&pkt->seg.dst);
	add(text, " type %u code %u", icmp->type, icmp->code);
}

static void add_nd(char *text, const struct weir_pkt *pkt)
{
	static const char *const names[] = {
		"router solicitation", "router advertisement", "solicitation", "advertisement"};
	char addr[WEIR_ADDR_TEXT];
	enum weir_fate why;
	struct weir_nd nd;

	if (!weir_nd_read(&pkt->frame, &pkt->seg, &nd, &why))
		return; /* the parser has read it already: it is good */
	add(text, "ND %s from %s", names[nd.type - WEIR_ND_ROUTER_SOLICITATION],
		weir_addr_text(&pkt->seg.src, addr));
	if (nd.type == WEIR_ND_SOLICITATION || nd.type == WEIR_ND_ADVERTISEMENT)
		add(text, " for %s", weir_addr_text(&nd.target, addr));
}

/* What should be a TCP header: its fixed part, if it is there. */
static bool add_bad_tcp(char *text, const struct weir_pkt *pkt, const struct datagram *d)
{
	const struct weir_tcp_hdr *tcp = (const void *)(pkt->frame.data + d->l4_off);
	struct weir_seg seg = {.src = d->src, .dst = d->dst};

	if (!d->has_tcp || pkt->frame.head_len < d->l4_off + sizeof(*tcp))
		return false;
	seg.sport_be = tcp->sport_be;
	seg.dport_be = tcp->dport_be;
	add(text, "TCP ");
	add_flags(text, tcp->flags);
	add_tuple(text, &seg);
	return true;
}

/* What can be told of a frame that the parser refused. */
static void add_bad(char *text, const struct weir_pkt *pkt)
{
	struct datagram d;

	if (pkt->frame.head_len < WEIR_ETH_LEN) {
		add(text, "frame");
	} else if (!read_datagram(pkt, &d)) {
		add(text, "frame of type 0x%04x", weir_be16(weir_eth(&pkt->frame)->type_be));
	} else if (!add_bad_tcp(text, pkt, &d)) {
		add_ends(text, d.name, &d.src, &d.dst);
		add(text, " protocol %u", d.proto);
	}
	add(text, ", %u bytes", pkt->frame.len);
}

const char *words_frame(char *text, const struct weir_pkt *pkt, enum weir_parsed parsed,
	uint16_t vlan)
{
	text[0] = '\0';
	if (vlan != 0)
		add(text, "vlan %u ", vlan);
	switch (parsed) {
	case WEIR_PARSED_TCP:
		add_tcp(text, pkt);
		break;
	case WEIR_PARSED_ARP:
		add_arp(text, pkt);
		break;
	case WEIR_PARSED_ND:
		add_nd(text, pkt);
		break;
	case WEIR_PARSED_ICMP:
		add_icmp(text, pkt);
		break;
	case WEIR_PARSED_BAD:
		add_bad(text, pkt);
		break;
	}
	return text;
}

const char *words_verdict(const struct weir_pkt *pkt)
{
	if (pkt->send == WEIR_SEND_HELD)
		return "HOLD";
	if (pkt->fate == WEIR_FATE_to_client)
		return "TO_CLIENT";
	if (pkt->fate == WEIR_FATE_to_backend)
		return "TO_BACKEND";
	switch (weir_fates[pkt->fate].class) {
	case WEIR_CLASS_PASS:
		return "REPLY";
	case WEIR_CLASS_DROP:
		return "DROP";
	case WEIR_CLASS_CONSUME:
		return "CONSUME";
	}
	return "?";
}
