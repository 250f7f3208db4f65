// SPDX-License-Identifier: BSD-3-Clause
/*
 * weir_nd_read() on messages of any bytes, in heap buffers of the exact size, against a naive reading of
 * RFC 4861 §6.1 and §7.1; and what is built of their addresses, read back.
 *
 * Input: a byte (bits 0-1: the source, of none, link-local, global, and 2-3: the destination, of ours, its
 * solicited-node group, another's, all nodes; 4: a hop limit follows, else it is 255; 5: a byte follows that says
 * how many bytes are in another buffer), then the ICMPv6 message; its checksum is mended.
 */
#include "wire/ipv6.h"
#include "wire/nd.h"

#include "fuzz.h"
#include "mend.h"

#define MSG FRAME6_TCP

static const uint8_t our_mac[6] = {2, 0, 0, 0, 0, 0xaa};

static struct weir_addr some_source(unsigned int pick)
{
	const struct weir_addr sources[4] = {
		{.q = {0, 0}},
		frame6_addr(0xfe80, 0, 0, 0, 0, 0, 0, 9),
		frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0, 9),
		frame6_addr(0xfebf, 0xffff, 0, 0, 0, 0, 0, 9),
	};

	return sources[pick & 3];
}

static struct weir_addr some_destination(unsigned int pick)
{
	const struct weir_addr destinations[4] = {
		frame6_addr(0x2001, 0xdb8, 0, 0, 0, 0, 0xab, 0xcdef),
		frame6_addr(0xff02, 0, 0, 0, 0, 1, 0xffab, 0xcdef),
		frame6_addr(0xff02, 0, 0, 0, 0, 1, 0xfeab, 0xcdef),
		frame6_addr(0xff02, 0, 0, 0, 0, 0, 0, 1),
	};

	return destinations[pick & 3];
}

/* What the message says, read without the code under test. */
struct twin {
	bool good, has_mac;
	uint8_t mac[6];
	uint32_t mtu;
};

static bool twin_options(struct twin *t, const uint8_t *msg, size_t at, size_t len)
{
	const uint8_t mac_kind = msg[0] == 136 ? 2 : 1;

	for (unsigned int n = 0; at < len; n++) {
		size_t opt_len = len - at >= 8 ? 8u * msg[at + 1] : 0;

		if (n == 32 || opt_len == 0 || opt_len > len - at)
			return false;
		if (msg[at] == mac_kind) {
			if (opt_len != 8 || (msg[at + 2] & 1))
				return false;
			t->has_mac = true;
			memcpy(t->mac, msg + at + 2, 6);
		}
		if (msg[at] == 5 && opt_len == 8 && msg[0] == 134)
			t->mtu = frame_get32(msg + at + 4);
		at += opt_len;
	}
	return true;
}

static struct twin twin_read(const uint8_t *f, size_t len)
{
	const uint8_t *msg = f + MSG, *src = f + FRAME6_SRC, *dst = f + FRAME6_DST;
	const size_t msg_len = len - MSG;
	const bool from_none = src[0] == 0;
	struct twin t = {.good = false};
	size_t options = msg[0] == 133 ? 8 : msg[0] == 134 ? 16 : 24;

	if (f[21] != 255 || msg[1] != 0 || msg_len < options)
		return t;
	if (msg[0] >= 135 && (msg[8] == 0xff || memcmp(msg + 8, (uint8_t[8]){0}, 8) == 0))
		return t;
	if (!twin_options(&t, msg, options, msg_len))
		return t;
	if (msg[0] == 133)
		t.good = !(from_none && t.has_mac);
	else if (msg[0] == 134)
		t.good = src[0] == 0xfe;
	else if (msg[0] == 135)
		t.good = !from_none || (!t.has_mac && dst[11] == 1 && dst[12] == 0xff);
	else
		t.good = !from_none && !((msg[4] & 0x40) && dst[0] == 0xff);
	return t;
}

static void check(const struct weir_nd *nd, const struct twin *t, const uint8_t *f)
{
	const uint8_t *msg = f + MSG;

	FUZZ_MUST(nd->type == msg[0] && nd->has_mac == t->has_mac && nd->mtu == t->mtu);
	FUZZ_MUST(!t->has_mac || memcmp(nd->mac, t->mac, 6) == 0);
	FUZZ_MUST(nd->is_probe == (msg[0] == 135 && f[FRAME6_SRC] == 0));
	FUZZ_MUST(nd->flags == (msg[0] == 136 ? msg[4] & 0xe0 : 0));
	if (msg[0] >= 135)
		FUZZ_MUST(memcmp(&nd->target, msg + 8, 16) == 0);
	if (msg[0] == 134)
		FUZZ_MUST(nd->hop_limit == msg[4] && nd->lifetime_s == frame_get16(msg + 6));
}

/* A frame in a buffer of its size; what it is read as. */
static enum weir_parsed read_exact(const uint8_t *f, size_t len, size_t head_len,
	struct weir_nd *nd, enum weir_fate *why)
{
	uint8_t *head = fuzz_copy(f, head_len);
	struct weir_pkt pkt;
	enum weir_parsed parsed;

	memset(&pkt, 0xa5, sizeof(pkt));
	pkt.frame = (struct weir_frame){.data = head, .len = (uint32_t)len};
	pkt.frame.head_len = (uint16_t)head_len;
	parsed = weir_pkt_parse(&pkt);
	*why = pkt.fate;
	if (parsed == WEIR_PARSED_ND)
		FUZZ_MUST(weir_nd_read(&pkt.frame, &pkt.seg, nd, why));
	free(head);
	return parsed;
}

/* An answer to what was asked. */
static void answer(const struct weir_nd *asked, const uint8_t *f)
{
	const struct weir_addr asker = weir_ipv6_addr(f + FRAME6_SRC);
	uint8_t frame[WEIR_ND_FRAME_MAX] __attribute__((aligned(2)));
	const uint8_t flags = WEIR_ND_OVERRIDE | (asked->is_probe ? 0 : WEIR_ND_SOLICITED);
	enum weir_fate why;
	struct weir_nd nd;
	uint16_t len;

	if (!asked->is_probe && !asked->has_mac)
		return; /* it does not say where it is */
	len = weir_build_nd_advertisement(frame, our_mac, &asked->target, flags, asked->mac,
		asked->is_probe ? NULL : &asker);
	FUZZ_MUST(len == WEIR_ND_FRAME_MAX);
	FUZZ_MUST(read_exact(frame, len, len, &nd, &why) == WEIR_PARSED_ND);
	FUZZ_MUST(nd.flags == flags && weir_addr_eq(&nd.target, &asked->target));
	FUZZ_MUST(nd.has_mac && memcmp(nd.mac, our_mac, 6) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = {data, data + size};
	const uint8_t pick = fuzz_u8(&in);
	const uint8_t hop_limit = pick & 16 ? fuzz_u8(&in) : 255;
	const size_t elsewhere = pick & 32 ? fuzz_u8(&in) : 0;
	const struct weir_addr src = some_source(pick), dst = some_destination(pick >> 2);
	const size_t msg_len = fuzz_left(&in), len = MSG + msg_len;
	uint8_t f[FRAME_ROOM];
	enum weir_parsed parsed;
	enum weir_fate why;
	struct weir_nd nd;
	struct twin t;

	if (msg_len < 8 || len > sizeof(f) || in.at[0] < 133 || in.at[0] > 136 ||
		elsewhere > msg_len - 8)
		return 0;
	frame6_header(f, 58, len);
	memcpy(f + FRAME6_SRC, &src, 16);
	memcpy(f + FRAME6_DST, &dst, 16);
	f[21] = hop_limit;
	memcpy(f + MSG, in.at, msg_len);
	frame6_mend_icmp(f, MSG);
	t = twin_read(f, len);
	parsed = read_exact(f, len, len - elsewhere, &nd, &why);
	if (parsed != WEIR_PARSED_ND) {
		FUZZ_MUST(parsed == WEIR_PARSED_BAD);
		FUZZ_MUST(!t.good || (elsewhere > 0 && why == WEIR_FATE_split_headers));
		return 0;
	}
	FUZZ_MUST(t.good && elsewhere == 0);
	check(&nd, &t, f);
	if (nd.type == WEIR_ND_SOLICITATION)
		answer(&nd, f);
	return 0;
}
