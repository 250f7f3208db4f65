// SPDX-License-Identifier: BSD-3-Clause
#include <string.h>

#include "base/csum.h"
#include "wire/build.h"
#include "wire/opt.h"

#define ETH_LEN  sizeof(struct weir_eth_hdr)
#define IPV4_LEN sizeof(struct weir_ipv4_hdr)
#define TCP_LEN  sizeof(struct weir_tcp_hdr)
#define L4_OFF   (ETH_LEN + IPV4_LEN)
#define TTL      64

/* Header words on their way into a frame, summed as they pass. */
struct words {
	uint8_t *at;
	uint64_t sum;
};

static inline void put(struct words *w, uint32_t word)
{
	memcpy(w->at, &word, 4);
	w->at += 4;
	w->sum += word;
}

/* Two 16-bit fields side by side, as they lie in memory. */
static inline uint32_t pair(uint16_t first, uint16_t second)
{
	uint16_t both[2] = {first, second};
	uint32_t word;

	memcpy(&word, both, 4);
	return word;
}

static inline uint16_t pair8(uint8_t first, uint8_t second)
{
	return weir_be16((uint16_t)(first << 8 | second));
}

static void put_ipv4(uint8_t *frame, uint32_t src_be, uint32_t dst_be, uint16_t len)
{
	struct words w = {.at = frame + ETH_LEN};
	struct weir_ipv4_hdr *ip = (void *)w.at;

	put(&w, weir_bytes32(0x45, 0, (uint8_t)(len >> 8), (uint8_t)len));
	put(&w, weir_bytes32(0, 0, WEIR_IPV4_DF >> 8, 0));
	put(&w, weir_bytes32(TTL, WEIR_PROTO_TCP, 0, 0));
	put(&w, src_be);
	put(&w, dst_be);
	ip->csum = weir_csum_finish(w.sum);
}

/* In the order and with the padding of Linux, so that nobody on the way sees anything unusual. */
static void put_options(struct words *w, const struct weir_header *h)
{
	if (h->mss != 0)
		put(w, weir_bytes32(WEIR_OPT_MSS, 4, (uint8_t)(h->mss >> 8), (uint8_t)h->mss));
	if (h->ts) {
		if (h->sack_ok)
			put(w, weir_bytes32(WEIR_OPT_SACK_OK, 2, WEIR_OPT_TIMESTAMP, 10));
		else
			put(w, weir_bytes32(WEIR_OPT_NOP, WEIR_OPT_NOP, WEIR_OPT_TIMESTAMP, 10));
		put(w, weir_be32(h->tsval));
		put(w, weir_be32(h->tsecr));
	} else if (h->sack_ok) {
		put(w, weir_bytes32(WEIR_OPT_NOP, WEIR_OPT_NOP, WEIR_OPT_SACK_OK, 2));
	}
	if (h->wscale != WEIR_WSCALE_NONE)
		put(w, weir_bytes32(WEIR_OPT_NOP, WEIR_OPT_WSCALE, 3, h->wscale));
}

uint16_t weir_build_tcp(uint8_t *frame, const struct weir_header *h)
{
	struct weir_eth_hdr *eth = (void *)frame;
	struct weir_tcp_hdr *tcp = (void *)(frame + L4_OFF);
	struct words w = {.at = frame + L4_OFF + TCP_LEN}, fixed = {.at = frame + L4_OFF};
	uint16_t l4_len;

	put_options(&w, h);
	l4_len = (uint16_t)(w.at - fixed.at);
	put(&fixed, pair(h->sport_be, h->dport_be));
	put(&fixed, weir_be32(h->seq));
	put(&fixed, weir_be32(h->ack));
	put(&fixed,
		weir_bytes32((uint8_t)(l4_len / 4 << 4), h->flags, (uint8_t)(h->wnd >> 8),
			(uint8_t)h->wnd));
	put(&fixed, 0); /* checksum, urgent pointer */
	tcp->csum = weir_csum_finish(w.sum + fixed.sum +
		weir_ipv4_pseudo(h->src.w[3], h->dst.w[3], l4_len));

	put_ipv4(frame, h->src.w[3], h->dst.w[3], (uint16_t)(IPV4_LEN + l4_len));
	eth->type_be = weir_be16(WEIR_ETH_IPV4);
	return (uint16_t)(L4_OFF + l4_len);
}

uint16_t weir_build_arp(uint8_t *frame, uint16_t op, const uint8_t sender_mac[6],
	uint32_t sender_be, const uint8_t target_mac[6], uint32_t target_be)
{
	struct weir_eth_hdr *eth = (void *)frame;
	struct weir_arp_hdr *arp = (void *)(frame + ETH_LEN);

	if (op == WEIR_ARP_REQUEST)
		memset(eth->dst, 0xff, 6);
	else
		memcpy(eth->dst, target_mac, 6);
	memcpy(eth->src, sender_mac, 6);
	eth->type_be = weir_be16(WEIR_ETH_ARP);

	arp->hw_be = weir_be16(1); /* Ethernet */
	arp->proto_be = weir_be16(WEIR_ETH_IPV4);
	arp->hw_len = 6;
	arp->proto_len = 4;
	arp->op_be = weir_be16(op);
	memcpy(arp->sender_mac, sender_mac, 6);
	memcpy(arp->sender_ip, &sender_be, 4);
	memcpy(arp->target_mac, target_mac, 6);
	memcpy(arp->target_ip, &target_be, 4);
	return WEIR_ARP_FRAME_LEN;
}

void weir_build_echo_reply(const struct weir_frame *f)
{
	struct weir_ipv4_hdr *ip = (void *)(f->data + ETH_LEN);
	struct weir_icmp_hdr *icmp = (void *)(f->data + L4_OFF);
	uint32_t asker_be = ip->src_be;
	uint64_t delta;

	ip->src_be = ip->dst_be;
	ip->dst_be = asker_be; /* changed places: the sum does not notice */
	delta = weir_csum_delta16(0, pair8(ip->ttl, ip->proto), pair8(TTL, ip->proto));
	ip->csum = weir_csum_apply(ip->csum, delta);
	ip->ttl = TTL;

	delta = weir_csum_delta16(0, pair8(icmp->type, icmp->code),
		pair8(WEIR_ICMP_ECHO_REPLY, icmp->code));
	icmp->csum = weir_csum_apply(icmp->csum, delta);
	icmp->type = WEIR_ICMP_ECHO_REPLY;
}

void weir_build_tcp_csum(const struct weir_frame *f, const struct weir_seg *seg)
{
	const struct weir_ipv4_hdr *ip = (const void *)(f->data + ETH_LEN);
	struct weir_tcp_hdr *tcp = (void *)(f->data + seg->l4_off);
	uint16_t l4_len = (uint16_t)(ETH_LEN + weir_be16(ip->len_be) - seg->l4_off);
	uint64_t sum = weir_ipv4_pseudo(ip->src_be, ip->dst_be, l4_len);

	tcp->csum = 0;
	tcp->csum = weir_csum_finish(weir_csum_add(sum, tcp, l4_len));
}
