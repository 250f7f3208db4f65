// SPDX-License-Identifier: BSD-3-Clause
#include "wire/mld.h"

#include <string.h>

#include "base/csum.h"
#include "wire/ipv6.h"
#include "wire/nd.h"

#define HOP_LIMIT 1 /* of every message: RFC 3810 §5 */

/* In front of every message stands a hop-by-hop options header with a router alert (RFC 2711), and nothing else. */
#define ALERT_LEN   8
#define ALERT       5 /* the option */
#define ALERT_OFF   WEIR_IPV6_L4_OFF
#define MESSAGE_OFF (WEIR_IPV6_L4_OFF + ALERT_LEN)

#define OLD_REPORT 131 /* RFC 2710 */
#define REPORT     143 /* RFC 3810 */

/* Offsets in a query. */
#define QUERY_CODE  1
#define QUERY_DELAY 4

/* Lengths: RFC 2710's messages; RFC 3810's query at least, and its report with one record without sources. */
#define OLD_LEN    24
#define QUERY_LEN  28
#define REPORT_LEN 28

/* Types of a record: RFC 3810 §5.2.12. */
#define IS_EXCLUDE 2
#define TO_EXCLUDE 4

/* The parser has walked the options: their lengths are right. */
static bool has_alert(const struct weir_frame *f)
{
	const uint8_t *ext = f->data + ALERT_OFF, *at = ext + 2, *end = ext + 8 * (ext[1] + 1);

	if (weir_ipv6(f->data)->next != WEIR_EXT_HOP_BY_HOP)
		return false;
	while (at < end && *at != ALERT)
		at += *at == 0 ? 1 : 2 + at[1];
	return at < end;
}

/* RFC 3810 §5.1.3: what is too long for 15 bits is mantissa and exponent. */
static uint32_t delay_of(uint16_t code)
{
	if (code < 0x8000)
		return code;
	return ((code & 0xfffu) | 0x1000) << ((code >> 12 & 7) + 3);
}

bool weir_mld_read_query(const struct weir_frame *f, const struct weir_seg *seg,
	struct weir_mld_query *q, enum weir_fate *why)
{
	const uint8_t *msg = f->data + seg->l4_off;
	const uint32_t end = WEIR_IPV6_L4_OFF + weir_be16(weir_ipv6(f->data)->len_be);
	const uint32_t len = end - seg->l4_off;
	uint16_t code;

	*why = WEIR_FATE_icmp_malformed;
	if (weir_ipv6(f->data)->hop_limit != HOP_LIMIT || msg[QUERY_CODE] != 0 ||
		!weir_ipv6_is_link_local(&seg->src) || !has_alert(f) ||
		(len != OLD_LEN && len < QUERY_LEN))
		return false;
	*why = WEIR_FATE_split_headers;
	if (f->head_len < end)
		return false;
	code = (uint16_t)(msg[QUERY_DELAY] << 8 | msg[QUERY_DELAY + 1]);
	*q = (struct weir_mld_query){
		.old = len == OLD_LEN, .delay_ms = len == OLD_LEN ? code : delay_of(code)};
	return true;
}

bool weir_mld_is_to_group(const struct weir_frame *f)
{
	const struct weir_eth_hdr *eth = weir_eth(f);

	return eth->type_be == weir_be16(WEIR_ETH_IPV6) && eth->dst[0] == 0x33 &&
		eth->dst[1] == 0x33 && f->head_len > MESSAGE_OFF &&
		weir_ipv6(f->data)->next == WEIR_EXT_HOP_BY_HOP &&
		f->data[ALERT_OFF] == WEIR_PROTO_ICMP6 && f->data[ALERT_OFF + 1] == 0 &&
		f->data[MESSAGE_OFF] == WEIR_MLD_QUERY;
}

/* The message; its length. */
static uint16_t write_message(uint8_t *msg, enum weir_mld_report why, const struct weir_addr *group)
{
	memset(msg, 0, 8);
	msg[0] = why == WEIR_MLD_OLD ? OLD_REPORT : REPORT;
	if (why == WEIR_MLD_OLD) {
		memcpy(msg + 8, group, sizeof(*group));
		return OLD_LEN;
	}
	msg[7] = 1; /* records */
	memset(msg + 8, 0, 4);
	msg[8] = why == WEIR_MLD_JOIN ? TO_EXCLUDE : IS_EXCLUDE;
	memcpy(msg + 12, group, sizeof(*group));
	return REPORT_LEN;
}

uint16_t weir_build_mld_report(uint8_t *frame, const uint8_t sender_mac[6],
	enum weir_mld_report why, const struct weir_addr *addr)
{
	static const uint8_t alert[ALERT_LEN] = {WEIR_PROTO_ICMP6, 0, ALERT, 2, 0, 0, 1, 0};
	const struct weir_addr none = {.q = {0, 0}}, routers = {.b = {0xff, 0x02, [15] = 0x16}};
	const struct weir_addr group = weir_nd_solicited_node(addr);
	const struct weir_addr *dst = why == WEIR_MLD_OLD ? &group : &routers;
	struct weir_eth_hdr *eth = (struct weir_eth_hdr *)frame;
	uint8_t *msg = frame + MESSAGE_OFF;
	const uint16_t len = write_message(msg, why, &group);
	uint16_t csum;

	memcpy(frame + ALERT_OFF, alert, sizeof(alert));
	csum = weir_csum_finish(weir_csum_add(weir_pseudo_sum_of(WEIR_PROTO_ICMP6,
						      weir_ipv6_addr_sum(&none, dst), len),
		msg, len));
	memcpy(msg + 2, &csum, sizeof(csum));
	weir_ipv6_build(frame, &none, dst, WEIR_EXT_HOP_BY_HOP, HOP_LIMIT,
		(uint16_t)(ALERT_LEN + len));
	eth->dst[0] = eth->dst[1] = 0x33;
	memcpy(eth->dst + 2, dst->b + 12, 4);
	memcpy(eth->src, sender_mac, sizeof(eth->src));
	return (uint16_t)(MESSAGE_OFF + len);
}
