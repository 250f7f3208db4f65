// SPDX-License-Identifier: BSD-3-Clause
#include "ip.h"

#include "frame.h"

#define PREFIX_V6 0x20010db8u

struct weir_addr ip_addr(enum weir_family family, uint32_t host)
{
	struct weir_addr a = {.q = {0, 0}};

	if (family != WEIR_FAMILY_IPV6)
		return weir_addr_v4(weir_be32(host));
	frame_put32(a.b, PREFIX_V6);
	frame_put32(a.b + 4, host);
	a.b[15] = 1;
	return a;
}

uint32_t ip_host(const struct weir_addr *addr)
{
	const uint32_t host = frame_get32(addr->b + 4);
	const struct weir_addr made = ip_addr(WEIR_FAMILY_IPV6, host);

	if (weir_addr_is_v4(addr))
		return frame_get32(addr->b + 12);
	return weir_addr_eq(addr, &made) ? host : 0;
}

uint8_t ip_prefix(enum weir_family family, uint8_t bits)
{
	return (uint8_t)((family == WEIR_FAMILY_IPV6 ? 32 : 96) + bits);
}

enum weir_family ip_family(const uint8_t *frame)
{
	return frame_get16(frame + 12) == 0x86dd ? WEIR_FAMILY_IPV6 : WEIR_FAMILY_IPV4;
}

uint8_t *ip_write(uint8_t *frame, const struct datagram *ip)
{
	static const uint8_t start4[12] = {0x45, 0, 0, 0, 0x12, 0x34, 0x40, 0};
	static const uint8_t start6[8] = {0x62, 0xea, 0xbc, 0xde};
	uint8_t *at = frame + IP_OFF;

	if (ip->family == WEIR_FAMILY_IPV6) {
		const struct weir_addr src = ip_addr(WEIR_FAMILY_IPV6, ip->src);
		const struct weir_addr dst = ip_addr(WEIR_FAMILY_IPV6, ip->dst);

		frame_put16(frame + 12, 0x86dd);
		memcpy(at, start6, sizeof(start6));
		frame_put16(at + 4, ip->l4_len);
		at[6] = ip->proto;
		at[7] = ip->hop_limit;
		memcpy(at + 8, &src, 16);
		memcpy(at + 24, &dst, 16);
		return at + 40;
	}
	frame_put16(frame + 12, 0x0800);
	memcpy(at, start4, sizeof(start4));
	frame_put16(at + 2, (uint16_t)(20 + ip->l4_len));
	at[8] = ip->hop_limit;
	at[9] = ip->proto;
	frame_put32(at + 12, ip->src);
	frame_put32(at + 16, ip->dst);
	frame_put16(at + 10, (uint16_t)~frame_sum(0, at, 20));
	return at + 20;
}

struct datagram ip_read(const uint8_t *at)
{
	struct weir_addr src, dst;

	if (at[0] >> 4 == 4)
		return (struct datagram){.family = WEIR_FAMILY_IPV4,
			.proto = at[9],
			.hop_limit = at[8],
			.src = frame_get32(at + 12),
			.dst = frame_get32(at + 16),
			.l4_len = (uint16_t)(frame_get16(at + 2) - 20)};
	memcpy(&src, at + 8, 16);
	memcpy(&dst, at + 24, 16);
	return (struct datagram){.family = WEIR_FAMILY_IPV6,
		.proto = at[6],
		.hop_limit = at[7],
		.src = ip_host(&src),
		.dst = ip_host(&dst),
		.l4_len = frame_get16(at + 4)};
}

bool ip_sum_right(const uint8_t *at)
{
	return at[0] >> 4 == 6 || frame_sum(0, at, 20) == 0xffff;
}

uint16_t ip_l4_sum(const uint8_t *at)
{
	const struct datagram ip = ip_read(at);
	const size_t addr_len = ip.family == WEIR_FAMILY_IPV6 ? 16 : 4;
	const size_t len = ip_len(ip.family);
	uint32_t pseudo = 0;

	if (ip.proto != WEIR_PROTO_ICMP)
		pseudo = frame_sum(0, at + len - 2 * addr_len, 2 * addr_len) + ip.proto + ip.l4_len;
	return frame_sum(pseudo, at + len, ip.l4_len);
}

/* Where the upper layer has its checksum. */
static size_t sum_off(uint8_t proto)
{
	return proto == WEIR_PROTO_TCP ? 16 : 2;
}

void ip_mend(uint8_t *frame)
{
	uint8_t *at = frame + IP_OFF;
	const struct datagram ip = ip_read(at);
	uint8_t *sum = at + ip_len(ip.family) + sum_off(ip.proto);

	if (ip.family == WEIR_FAMILY_IPV4)
		frame_mend_ip(frame);
	frame_put16(sum, 0);
	frame_put16(sum, (uint16_t)~ip_l4_sum(at));
}
