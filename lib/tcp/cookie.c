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

/*
 * The message: addresses; ports and the options of both numbers, which do not overlap; in the tail the
 * client's ISN, and above it the layout. The ISN is last because a check tries two. Nodes that share a
 * secret must agree in this, too: another message is another version of the cookie.
 */
#define MESSAGE_WORDS 2
#define TAIL_BYTES    5
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

/* What a third step may be: an ACK, or a probe, which stands one sequence number lower (HC-06). */
enum { AS_ACK, AS_PROBE, READINGS };

/* The messages of a burst, side by side as weir_siphash24_many() wants them. */
struct messages {
	struct weir_siplanes in[MESSAGE_WORDS + READINGS];
	struct weir_siplanes mac[READINGS];
	uint64_t second; /* bit i: message i is under the key of generation 1 */
	uint64_t v6;     /* bit i: message i is of IPv6 */
};

_Static_assert(WEIR_BURST <= WEIR_SIP_MANY, "a burst is hashed in one go");

/* (client, service) as in a client's segment, its ISN, layout, and what was agreed. */
static inline void message(struct messages *m, unsigned int i, unsigned int gen,
	const struct weir_seg *seg, uint32_t client_isn, bool ts, uint32_t options)
{
	m->second |= (uint64_t)gen << i;
	m->v6 |= (uint64_t)!weir_addr_is_v4(&seg->src) << i;
	m->in[0].lane[i] = (uint64_t)seg->dst.w[3] << 32 | seg->src.w[3];
	m->in[1].lane[i] = (uint64_t)options << 32 | (uint32_t)seg->dport_be << 16 | seg->sport_be;
	m->in[MESSAGE_WORDS + AS_ACK].lane[i] = (uint64_t)ts << 32 | client_isn;
}

/* The same, but for the ISN that a probe shows. */
static inline void message_of_probe(struct messages *m, unsigned int i, uint32_t client_isn,
	bool ts)
{
	m->in[MESSAGE_WORDS + AS_PROBE].lane[i] = (uint64_t)ts << 32 | client_isn;
}

/*
 * IPv4 addresses are two half words; an IPv6 pair is four words in front of the rest. The lengths
 * differ, so the two families' messages never meet.
 */
static uint64_t mac_v6(const struct weir_keys *k, const struct messages *m, unsigned int i,
	const struct weir_seg *seg, unsigned int reading)
{
	uint64_t w[5] = {
		seg->src.q[0], seg->src.q[1], seg->dst.q[0], seg->dst.q[1], m->in[1].lane[i]};

	return weir_siphash24_words(&k->key[m->second >> i & 1], w, 5,
		m->in[MESSAGE_WORDS + reading].lane[i], TAIL_BYTES);
}

static void macs(const struct weir_keys *k, struct messages *m, const struct weir_seg *const *segs,
	unsigned int readings, unsigned int n)
{
	const struct weir_sipshape shape = {MESSAGE_WORDS, TAIL_BYTES, readings};

	weir_siphash24_many(k->key, m->second, m->in, shape, n, m->mac);
	for (uint64_t v6 = m->v6; v6 != 0; v6 &= v6 - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(v6);

		for (unsigned int r = 0; r < readings; r++)
			m->mac[r].lane[i] = mac_v6(k, m, i, segs[i], r);
	}
}

/* The bits of both numbers, ISN below and TSval above, that are MAC. */
static inline uint64_t mac_bits(bool ts)
{
	return ts ? (uint64_t)TS_TSVAL_MAC << 32 | TS_ISN_MAC : PLAIN_MAC;
}

void weir_cookie_make(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, unsigned int n, uint64_t now_ms)
{
	unsigned int gen = weir_keys_generation(k);
	struct messages m;

	m.second = m.v6 = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct weir_agreed *a = &out[i].agreed;
		struct claim claim = claim_of(a);

		if (!a->ts)
			*a = agreed_of(claim.isn, false, 0);
		out[i].isn = gen << GEN_SHIFT | claim.isn;
		out[i].tsval = a->ts ? ((uint32_t)now_ms & TS_CLOCK) | claim.tsval : 0;
		message(&m, i, gen, segs[i], segs[i]->seq, a->ts, claim.isn | claim.tsval);
	}
	macs(k, &m, segs, 1, n);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t mac = m.mac[AS_ACK].lane[i] & mac_bits(out[i].agreed.ts);

		out[i].isn |= (uint32_t)mac;
		out[i].tsval |= (uint32_t)(mac >> 32);
	}
}

/* Keep-alives and zero-window probes carry a byte or none (HC-06). */
static inline bool may_be_probe(const struct weir_seg *seg)
{
	return seg->payload_len <= 1 && !(seg->flags & WEIR_TCP_FIN);
}

/* What the client says back: the numbers of the SYN-ACK, as far as it had them. */
static inline uint64_t echoed(const struct weir_seg *seg)
{
	return (seg->ts_off != 0 ? (uint64_t)seg->tsecr << 32 : 0) | (seg->ack - 1);
}

static inline uint64_t options_of(uint64_t numbers, bool ts)
{
	return numbers & (ts ? (uint64_t)TS_OPTIONS << 32 | TS_ISN_OPTIONS : PLAIN_OPTIONS);
}

/* What the clients of a burst said back, and which bits of it must be their MAC's. */
struct echoes {
	uint64_t numbers[WEIR_BURST], bits[WEIR_BURST];
	uint64_t may_probe; /* bit i: it may be a probe */
};

/* Which of them are right, read so. */
static uint64_t right(const struct echoes *e, const struct weir_siplanes *mac, unsigned int n)
{
	uint64_t set = 0;

	for (unsigned int i = 0; i < n; i++) {
		uint64_t wrong = (mac->lane[i] ^ e->numbers[i]) & e->bits[i];

		set |= (uint64_t)(wrong == 0) << i;
	}
	return set;
}

static struct weir_cookie understood(uint64_t numbers, bool ts)
{
	const uint32_t isn = (uint32_t)numbers, tsval = (uint32_t)(numbers >> 32);

	return (struct weir_cookie){agreed_of(isn, ts, tsval), isn, tsval};
}

uint64_t weir_cookie_check(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, uint64_t *probes, unsigned int n)
{
	struct echoes e;
	struct messages m;
	uint64_t good;

	m.second = m.v6 = e.may_probe = *probes = 0;
	for (unsigned int i = 0; i < n; i++) {
		const struct weir_seg *seg = segs[i];
		bool ts = seg->ts_off != 0;
		uint64_t options = options_of(echoed(seg), ts);

		e.numbers[i] = echoed(seg);
		e.bits[i] = mac_bits(ts);
		e.may_probe |= (uint64_t)may_be_probe(seg) << i;
		message(&m, i, (seg->ack - 1) >> GEN_SHIFT, seg, seg->seq - 1, ts,
			(uint32_t)(options | options >> 32));
		message_of_probe(&m, i, seg->seq, ts);
	}
	macs(k, &m, segs, e.may_probe != 0 ? READINGS : 1, n);
	good = right(&e, &m.mac[AS_ACK], n);
	if (e.may_probe != 0)
		*probes = right(&e, &m.mac[AS_PROBE], n) & e.may_probe & ~good;
	good |= *probes;
	for (uint64_t left = good; left != 0; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(left);

		out[i] = understood(e.numbers[i], segs[i]->ts_off != 0);
	}
	return good;
}
