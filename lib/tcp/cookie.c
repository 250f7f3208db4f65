// SPDX-License-Identifier: BSD-3-Clause
/*
 * The SYN cookie.
 *
 * ISN of the SYN-ACK, client without timestamps:
 *
 *	 31  30..28  27     26..24   23..........................0
 *	+---+-------+------+--------+----------------------------+
 *	|gen|  MSS  | SACK | wscale |           MAC, 24          |
 *	+---+-------+------+--------+----------------------------+
 *	wscale: 3-bit code, plain_wscale[] below; 0 is "not offered"
 *
 * Client with timestamps: ISN and TSval together:
 *
 *	 31  30..28  27......................................0
 *	+---+-------+----------------------------------------+
 *	|gen|  MSS  |                 MAC, 28                |
 *	+---+-------+----------------------------------------+
 *	 31......24  23......20  19    18   17...............0
 *	+-----------+-----------+-----+----+-----------------+
 *	|  clock    |  wscale   |SACK |ECN |     MAC, 18     |
 *	+-----------+-----------+-----+----+-----------------+
 *	wscale: 15 is "not offered"
 *
 * gen: lowest bit of the key's epoch. clock: bits 31..24 of a millisecond clock, so that TSvals of
 * one server address never run backwards by more than 2^24 ms; the connection's own TSvals go on
 * from the cookie's (RFC 7323 §5). It is not under the MAC: a SYN that is sent again gets the same
 * ISN whatever the time, as long as the epoch lasts.
 *
 * MAC: SipHash-2-4 over addresses, ports, the client's ISN and every option bit, the layout bit
 * included, under the key of the generation. The client's ISN is in it so that a second data segment
 * that overtakes a lost first one is not taken for the beginning of the stream (HC-08).
 *
 * Threat model. The attacker sends any packet with any source address, sees SYN-ACKs of sources that
 * are his, not of others, and knows this file. To open a connection from an address that is not his
 * he must guess the MAC: 2^-24 a check without timestamps (he picks that layout), 2^-46 with. A bare
 * ACK is checked twice, as an ACK and as a probe (HC-06), which makes 2^-23 a packet: one that
 * succeeds has cost him about 8 million packets and has cost us one connection, which its alleged
 * owner's RST ends. He cannot replay what he has not seen; what he has seen is bound to the
 * tuple and ISN it was made for, and a tuple whose connection lives or has lately ended opens
 * nothing with the same cookie (HC-35). Collecting cookies does not help towards the key (PRF).
 */
#include "tcp/cookie.h"

/*
 * Rounded down to, but for offers below the first: nobody's link is so narrow (RFC 791: 576 bytes
 * must be taken), and who offers less wants many small segments for one request (CVE-2019-11479).
 * The common ones exactly: 536 default, 1360/1400 tunnels, 1440 IPv6, 1460 Ethernet.
 */
const uint16_t weir_cookie_mss[WEIR_COOKIE_MSS] = {256, 536, 1200, 1360, 1400, 1440, 1460, 8960};

#define GEN_SHIFT       31
#define MSS_SHIFT       28
#define PLAIN_SHIFT     24
#define PLAIN_OPTIONS   0x7f000000u
#define PLAIN_MAC       0x00ffffffu
#define TS_ISN_OPTIONS  0x70000000u
#define TS_ISN_MAC      0x0fffffffu
#define TS_CLOCK        0xff000000u
#define TS_OPTIONS      0x00fc0000u
#define TS_WSCALE_SHIFT 20
#define TS_SACK         (1u << 19)
#define TS_ECN          (1u << 18)
#define TS_TSVAL_MAC    0x0003ffffu
#define TS_NO_WSCALE    15

/* Options of both numbers, which do not overlap, and above them the layout. */
#define TAIL_BYTES 5
_Static_assert((TS_ISN_OPTIONS & TS_OPTIONS) == 0, "they share a word under the MAC");

/*
 * Scales that the plain layout can say. Windows uses 8, macOS and iOS 6, Linux 7 to 10; rounding
 * down makes the backend see smaller windows than there are, never larger ones.
 */
static const uint8_t plain_wscale[8] = {WEIR_WSCALE_NONE, 0, 2, 4, 6, 7, 8, 9};

static uint8_t plain_wscale_code(uint8_t wscale)
{
	uint8_t code = 7;

	if (wscale == WEIR_WSCALE_NONE)
		return 0;
	while (plain_wscale[code] > wscale)
		code--;
	return code;
}

/*
 * What the numbers of a SYN-ACK say was agreed, less the MAC: all that is under the MAC, as it is on the
 * wire, so that a check need not understand it first.
 */
struct claim {
	uint32_t isn, tsval; /* the option bits of each */
};

static uint32_t isn_options(bool ts)
{
	return ts ? TS_ISN_OPTIONS : PLAIN_OPTIONS;
}

static struct claim claim_of(const struct weir_agreed *a)
{
	uint32_t mss = (uint32_t)a->mss_index << MSS_SHIFT;
	uint32_t wscale = a->wscale == WEIR_WSCALE_NONE ? TS_NO_WSCALE : a->wscale;

	if (!a->ts)
		return (struct claim){mss |
				((uint32_t)a->sack << 3 | plain_wscale_code(a->wscale))
					<< PLAIN_SHIFT,
			0};
	return (struct claim){
		mss, wscale << TS_WSCALE_SHIFT | (a->sack ? TS_SACK : 0) | (a->ecn ? TS_ECN : 0)};
}

/* The other way round. */
static struct weir_agreed agreed_of(uint32_t isn, bool ts, uint32_t tsval)
{
	struct weir_agreed a = {.mss_index = isn >> MSS_SHIFT & 7, .ts = ts};
	uint32_t wscale = tsval >> TS_WSCALE_SHIFT & 0xf;

	if (ts) {
		a.wscale = wscale == TS_NO_WSCALE ? WEIR_WSCALE_NONE : (uint8_t)wscale;
		a.sack = tsval & TS_SACK;
		a.ecn = tsval & TS_ECN;
	} else {
		a.wscale = plain_wscale[isn >> PLAIN_SHIFT & 7];
		a.sack = isn >> (PLAIN_SHIFT + 3) & 1;
	}
	return a;
}

/* The messages of a burst, side by side as weir_siphash24_many() wants them: two words and a tail. */
struct messages {
	struct weir_siplanes word[3];
	struct weir_siplanes mac;
	uint64_t second; /* bit i: message i is under the key of generation 1 */
};

_Static_assert(WEIR_BURST <= WEIR_SIP_MANY, "a burst is hashed in one go");

/* (client, service) as in a client's segment, its ISN, layout, and what was agreed. */
static inline void message(struct messages *m, unsigned int i, unsigned int gen,
	const struct weir_seg *seg, uint32_t client_isn, bool ts, struct claim claim)
{
	m->second |= (uint64_t)gen << i;
	m->word[0].lane[i] = (uint64_t)seg->dst.w[3] << 32 | seg->src.w[3];
	m->word[1].lane[i] =
		(uint64_t)client_isn << 32 | (uint32_t)seg->dport_be << 16 | seg->sport_be;
	m->word[2].lane[i] = (uint64_t)ts << 32 | claim.isn | claim.tsval;
}

/*
 * IPv4 addresses are two half words; an IPv6 pair is four words in front of the rest. The lengths
 * differ, so the two families' messages never meet.
 */
static uint64_t mac_v6(const struct weir_keys *k, const struct messages *m, unsigned int i,
	const struct weir_seg *seg)
{
	uint64_t w[5] = {
		seg->src.q[0], seg->src.q[1], seg->dst.q[0], seg->dst.q[1], m->word[1].lane[i]};

	return weir_siphash24_words(&k->key[m->second >> i & 1], w, 5, m->word[2].lane[i],
		TAIL_BYTES);
}

static void macs(const struct weir_keys *k, struct messages *m, const struct weir_seg *const *segs,
	unsigned int n)
{
	weir_siphash24_many(k->key, m->second, m->word, 2, TAIL_BYTES, n, &m->mac);
	for (unsigned int i = 0; i < n; i++)
		if (!weir_addr_is_v4(&segs[i]->src))
			m->mac.lane[i] = mac_v6(k, m, i, segs[i]);
}

static inline uint32_t isn_mac_bits(bool ts)
{
	return ts ? TS_ISN_MAC : PLAIN_MAC;
}

static inline uint32_t tsval_mac_bits(bool ts)
{
	return ts ? TS_TSVAL_MAC : 0;
}

void weir_cookie_make(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, unsigned int n, uint64_t now_ms)
{
	unsigned int gen = weir_keys_generation(k);
	struct messages m;

	m.second = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct weir_agreed *a = &out[i].agreed;
		struct claim claim = claim_of(a);

		if (!a->ts)
			*a = agreed_of(claim.isn, false, 0);
		out[i].isn = gen << GEN_SHIFT | claim.isn;
		out[i].tsval = a->ts ? ((uint32_t)now_ms & TS_CLOCK) | claim.tsval : 0;
		message(&m, i, gen, segs[i], segs[i]->seq, a->ts, claim);
	}
	macs(k, &m, segs, n);
	for (unsigned int i = 0; i < n; i++) {
		bool ts = out[i].agreed.ts;

		out[i].isn |= (uint32_t)m.mac.lane[i] & isn_mac_bits(ts);
		out[i].tsval |= (uint32_t)(m.mac.lane[i] >> 32) & tsval_mac_bits(ts);
	}
}

void weir_cookie_check(const struct weir_keys *k, const struct weir_seg *const *segs,
	const uint8_t *back, struct weir_cookie *out, bool *ok, unsigned int n)
{
	struct messages m;

	m.second = 0;
	for (unsigned int i = 0; i < n; i++) {
		const struct weir_seg *seg = segs[i];
		uint32_t isn = seg->ack - 1;
		bool ts = seg->ts_off != 0;
		struct claim claim = {isn & isn_options(ts), ts ? seg->tsecr & TS_OPTIONS : 0};

		message(&m, i, isn >> GEN_SHIFT, seg, seg->seq - 1 + back[i], ts, claim);
	}
	macs(k, &m, segs, n);
	for (unsigned int i = 0; i < n; i++) {
		uint32_t isn = segs[i]->ack - 1, tsval = segs[i]->tsecr;
		bool ts = segs[i]->ts_off != 0;
		uint64_t mac = m.mac.lane[i];

		ok[i] = ((((uint32_t)mac ^ isn) & isn_mac_bits(ts)) |
				(((uint32_t)(mac >> 32) ^ tsval) & tsval_mac_bits(ts))) == 0;
		if (ok[i])
			out[i] = (struct weir_cookie){
				.agreed = agreed_of(isn, ts, tsval),
				.isn = isn,
				.tsval = ts ? tsval : 0,
			};
	}
}
