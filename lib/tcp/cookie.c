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
#define PLAIN_MAC       0x00ffffffu
#define TS_ISN_MAC      0x0fffffffu
#define TS_CLOCK        0xff000000u
#define TS_WSCALE_SHIFT 20
#define TS_SACK         (1u << 19)
#define TS_ECN          (1u << 18)
#define TS_TSVAL_MAC    0x0003ffffu
#define TS_NO_WSCALE    15

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

/* Everything agreed, as it goes under the MAC: one number per combination. */
static uint64_t agreed_bits(const struct weir_agreed *a)
{
	return (uint64_t)a->mss_index | (uint64_t)a->wscale << 8 | (uint64_t)a->sack << 16 |
		(uint64_t)a->ts << 17 | (uint64_t)a->ecn << 18;
}

/* The messages of a burst, side by side as weir_siphash24_many() wants them: two words and a tail. */
struct messages {
	struct weir_siplanes word[3];
	struct weir_siplanes mac;
	uint64_t second; /* bit i: message i is under the key of generation 1 */
};

_Static_assert(WEIR_BURST <= WEIR_SIP_MANY, "a burst is hashed in one go");

/* (client, service) as in a client's segment, its ISN, and what was agreed. */
static void message(struct messages *m, unsigned int i, unsigned int gen,
	const struct weir_seg *seg, uint32_t client_isn, const struct weir_agreed *agreed)
{
	m->second |= (uint64_t)gen << i;
	m->word[0].lane[i] = (uint64_t)seg->dst.w[3] << 32 | seg->src.w[3];
	m->word[1].lane[i] =
		(uint64_t)client_isn << 32 | (uint32_t)seg->dport_be << 16 | seg->sport_be;
	m->word[2].lane[i] = agreed_bits(agreed);
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

	return weir_siphash24_words(&k->key[m->second >> i & 1], w, 5, m->word[2].lane[i], 3);
}

static void macs(const struct weir_keys *k, struct messages *m, const struct weir_seg *const *segs,
	unsigned int n)
{
	weir_siphash24_many(k->key, m->second, m->word, 2, 3, n, &m->mac);
	for (unsigned int i = 0; i < n; i++)
		if (!weir_addr_is_v4(&segs[i]->src))
			m->mac.lane[i] = mac_v6(k, m, i, segs[i]);
}

static uint32_t plain_isn(const struct weir_agreed *a, unsigned int gen, uint64_t mac)
{
	return gen << GEN_SHIFT | (uint32_t)a->mss_index << MSS_SHIFT |
		((uint32_t)a->sack << 3 | plain_wscale_code(a->wscale)) << PLAIN_SHIFT |
		((uint32_t)mac & PLAIN_MAC);
}

static uint32_t ts_isn(const struct weir_agreed *a, unsigned int gen, uint64_t mac)
{
	return gen << GEN_SHIFT | (uint32_t)a->mss_index << MSS_SHIFT |
		((uint32_t)mac & TS_ISN_MAC);
}

/* Less the clock. */
static uint32_t ts_tsval(const struct weir_agreed *a, uint64_t mac)
{
	uint32_t wscale = a->wscale == WEIR_WSCALE_NONE ? TS_NO_WSCALE : a->wscale;

	return wscale << TS_WSCALE_SHIFT | (a->sack ? TS_SACK : 0) | (a->ecn ? TS_ECN : 0) |
		((uint32_t)(mac >> 32) & TS_TSVAL_MAC);
}

void weir_cookie_make(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, unsigned int n, uint64_t now_ms)
{
	unsigned int gen = weir_keys_generation(k);
	struct messages m;

	m.second = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct weir_agreed *a = &out[i].agreed;

		if (!a->ts) {
			a->wscale = plain_wscale[plain_wscale_code(a->wscale)];
			a->ecn = false;
		}
		message(&m, i, gen, segs[i], segs[i]->seq, a);
	}
	macs(k, &m, segs, n);
	for (unsigned int i = 0; i < n; i++) {
		const struct weir_agreed *a = &out[i].agreed;

		out[i].isn =
			a->ts ? ts_isn(a, gen, m.mac.lane[i]) : plain_isn(a, gen, m.mac.lane[i]);
		out[i].tsval =
			a->ts ? ((uint32_t)now_ms & TS_CLOCK) | ts_tsval(a, m.mac.lane[i]) : 0;
	}
}

/* What the numbers claim was agreed; whether it is true the MAC says. */
static struct weir_agreed claimed(uint32_t isn, bool ts, uint32_t tsval)
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

void weir_cookie_check(const struct weir_keys *k, const struct weir_seg *const *segs,
	const uint8_t *back, struct weir_cookie *out, bool *ok, unsigned int n)
{
	struct messages m;

	m.second = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct weir_cookie *c = &out[i];

		c->isn = segs[i]->ack - 1;
		c->tsval = segs[i]->ts_off ? segs[i]->tsecr : 0;
		c->agreed = claimed(c->isn, segs[i]->ts_off != 0, c->tsval);
		message(&m, i, c->isn >> GEN_SHIFT, segs[i], segs[i]->seq - 1 + back[i],
			&c->agreed);
	}
	macs(k, &m, segs, n);
	for (unsigned int i = 0; i < n; i++) {
		const struct weir_agreed *a = &out[i].agreed;
		unsigned int gen = out[i].isn >> GEN_SHIFT;

		if (a->ts)
			ok[i] = out[i].isn == ts_isn(a, gen, m.mac.lane[i]) &&
				(out[i].tsval & ~TS_CLOCK) == ts_tsval(a, m.mac.lane[i]);
		else
			ok[i] = out[i].isn == plain_isn(a, gen, m.mac.lane[i]);
	}
}
