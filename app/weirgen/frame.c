// SPDX-License-Identifier: BSD-3-Clause
#include "frame.h"

/* The text, long enough to copy a whole payload from anywhere in its first period. */
static uint8_t text[FRAME_TEXT_PERIOD + FRAME_MAX];

__attribute__((constructor)) static void write_text(void)
{
	for (unsigned int i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)(i % FRAME_TEXT_PERIOD);
}

const uint8_t *frame_text(uint32_t at)
{
	return text + at % FRAME_TEXT_PERIOD;
}

uint16_t frame_segment(uint8_t *frame, const struct weir_header *h, const uint8_t *payload,
	uint16_t payload_len)
{
	struct weir_ipv4_hdr *ip = (void *)(frame + sizeof(struct weir_eth_hdr));
	struct weir_tcp_hdr *tcp = (void *)(frame + FRAME_L4_OFF);
	uint16_t len = weir_build_tcp(frame, h), old_be = ip->len_be, new_be, l4_len;
	uint64_t delta;

	if (payload_len == 0)
		return len;
	memcpy(frame + len, payload, payload_len);
	new_be = weir_be16((uint16_t)(weir_be16(old_be) + payload_len));
	ip->len_be = new_be;
	ip->csum = weir_csum_apply(ip->csum, weir_csum_delta16(0, old_be, new_be));
	l4_len = (uint16_t)(len - FRAME_L4_OFF);
	delta = weir_csum_delta16(0, weir_be16(l4_len),
		weir_be16((uint16_t)(l4_len + payload_len)));
	tcp->csum = weir_csum_apply(tcp->csum, weir_csum_add(0, frame + len, payload_len) + delta);
	return (uint16_t)(len + payload_len);
}

bool frame_is_text(const uint8_t *payload, uint16_t len, uint32_t at)
{
	return len <= FRAME_MAX && memcmp(payload, frame_text(at), len) == 0;
}

void frame_make(struct frame *f, const struct weir_header *h, uint16_t payload_len,
	const uint8_t src_mac[6], const uint8_t dst_mac[6])
{
	struct weir_header blank = *h;
	struct weir_eth_hdr *eth = (void *)f->bytes;
	const struct weir_ipv4_hdr *ip = (const void *)(f->bytes + sizeof(*eth));
	const struct weir_tcp_hdr *tcp = (const void *)(f->bytes + FRAME_L4_OFF);

	memset(f->bytes, 0, sizeof(f->bytes));
	blank.src = weir_addr_v4(0);
	blank.sport_be = 0;
	blank.seq = blank.ack = 0;
	f->len = frame_segment(f->bytes, &blank, frame_text(0), payload_len);
	memcpy(eth->dst, dst_mac, sizeof(eth->dst));
	memcpy(eth->src, src_mac, sizeof(eth->src));
	f->ip_sum = (uint16_t)~ip->csum;
	f->tcp_sum = (uint16_t)~tcp->csum;
}
