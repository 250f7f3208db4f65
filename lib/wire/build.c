// SPDX-License-Identifier: BSD-3-Clause
/* Owns the TCP header and options that we send, and their checksum. The IP header is the family's: l3.h. */
#include <string.h>

#include "base/csum.h"
#include "wire/build.h"
#include "wire/l3.h"
#include "wire/opt.h"

#define TCP_LEN sizeof(struct weir_tcp_hdr)

/* Header words that are written into a frame, summed on the way: where the next one goes, and the sum so far. */
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

/* In the order and with the padding of Linux, so that no middlebox sees anything unusual. */
static inline void put_options(struct words *w, const struct weir_header *h)
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

/* For each family, whose lengths are constants. */
static inline __attribute__((always_inline)) uint16_t build(uint8_t *frame,
	const struct weir_header *h, enum weir_family family)
{
	const unsigned int l4_off = weir_l3_header_end(family);
	struct weir_tcp_hdr *tcp = (void *)(frame + l4_off);
	struct words w = {.at = frame + l4_off + TCP_LEN}, fixed = {.at = frame + l4_off};
	uint64_t pseudo;
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
	pseudo = weir_pseudo_sum(weir_l3_addr_sum(family, &h->src, &h->dst), l4_len);
	tcp->csum = weir_csum_finish(w.sum + fixed.sum + pseudo);
	weir_l3_build(frame, family, &h->src, &h->dst, l4_len);
	return (uint16_t)(l4_off + l4_len);
}

static __attribute__((noinline)) uint16_t build_other(uint8_t *frame, const struct weir_header *h)
{
	return build(frame, h, WEIR_FAMILY_IPV6);
}

uint16_t weir_build_tcp(uint8_t *frame, const struct weir_header *h)
{
	if (!weir_l3_is_ipv4(weir_l3_family(&h->src)))
		return build_other(frame, h);
	return build(frame, h, WEIR_FAMILY_IPV4);
}

/* The payload behind a frame that was built without. */
static __attribute__((noinline)) uint16_t append(uint8_t *frame, const struct weir_header *h,
	uint16_t len)
{
	const enum weir_family family = weir_l3_family(&h->src);
	const unsigned int l4_off = weir_l3_header_end(family);
	struct weir_tcp_hdr *tcp = (void *)(frame + l4_off);
	const uint16_t was_len = (uint16_t)(len - l4_off);
	const uint16_t l4_len = (uint16_t)(was_len + h->payload_len);
	uint64_t delta = weir_csum_add(0, h->payload, h->payload_len);

	memcpy(frame + len, h->payload, h->payload_len);
	delta = weir_csum_delta16(delta, weir_be16(was_len), weir_be16(l4_len)); /* pseudo header */
	tcp->csum = weir_csum_apply(tcp->csum, delta);
	weir_l3_build(frame, family, &h->src, &h->dst, l4_len);
	return (uint16_t)(len + h->payload_len);
}

uint16_t weir_build_segment(uint8_t *frame, const struct weir_header *h)
{
	const uint16_t len = weir_build_tcp(frame, h);

	return h->payload_len == 0 ? len : append(frame, h, len);
}
