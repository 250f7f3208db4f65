// SPDX-License-Identifier: BSD-3-Clause
/*
 * The SYN cookie.
 *
 * ISN of the SYN-ACK, client without timestamps:
 *
 *	 31  30..29  28..27  26................................0
 *	+---+-------+-------+----------------------------------+
 *	|gen|  MSS  | more  |              MAC, 27             |
 *	+---+-------+-------+----------------------------------+
 *	MSS: 2-bit code, plain_mss[] below; more: window scale with SACK, plain_wscale[] below; 0 is neither
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
 * from the cookie's (RFC 7323 §5). It is not under the MAC: a retransmitted SYN gets the same ISN
 * at any time within the epoch.
 *
 * MAC: SipHash-2-4 over addresses, ports and every option bit, the layout bit included, under the key
 * of the generation; added to it, times a secret odd number that is made of the same hash, the
 * client's ISN, so that a second segment whose first one was lost does not pass as the first (HC-08).
 * The topmost bits of that sum are in the cookie. An ACK may also be a probe, whose sequence number is
 * one lower (HC-06): both readings cost one hash.
 *
 * Threat model. The attacker sends any packet with any source address, sees SYN-ACKs to his own
 * addresses, not to others, and knows this file. A forged ACK, which opens a connection from a foreign
 * address, needs a guess of the MAC: 2^-27 a reading without timestamps (the attacker picks that
 * layout), 2^-46 with, whatever client ISN he picks. A bare ACK has two readings, which makes 2^-26 a
 * packet; guesses without timestamps have a limit (tcp/guesses.h), and a service may refuse that
 * layout. A cookie that he has not seen cannot be replayed, and a tuple whose connection exists or has ended lately opens no second one with the same
 * cookie (HC-35). Two cookies of one tuple in an epoch (with timestamps: one, and 2^18 tries) reveal
 * those of its other ISNs, as long as the epoch's key lives. They can be seen by the tuple's owner, to
 * which that merely saves SYNs, and by an attacker on the path, against which no cookie helps; RFC
 * 6528's ISNs reveal as much. Nothing follows for another tuple, or for the key (PRF).
 */
#include "tcp/cookie.h"

/*
 * Offers are rounded down to one of these. An offer below the first is raised to it: no link is so
 * narrow (RFC 791: 576 bytes must be accepted; RFC 8200 §5: 1280), and a smaller MSS serves to make us send many
 * small segments (CVE-2019-11479). The common ones are exact: 536 default, 1360/1400 tunnels, 1440 PPPoE, 1460
 * Ethernet; and in IPv6, whose header is 20 bytes longer, 536 of small stacks, 1220 default and what the same links
 * have (decision 0120).
 */
const uint16_t weir_cookie_mss[WEIR_L3_ROWS][WEIR_COOKIE_MSS] = {
	{256, 536, 1200, 1360, 1400, 1440, 1460, 8960},
	{256, 536, 1220, 1340, 1380, 1420, 1440, 8940},
};

#define GEN_SHIFT       31
#define MSS_SHIFT       28
#define PLAIN_MSS_SHIFT 29
#define PLAIN_SHIFT     27
#define PLAIN_OPTIONS   0x78000000u
#define TS_ISN_OPTIONS  0x70000000u
#define TS_CLOCK        0xff000000u
#define TS_OPTIONS      0x00fc0000u
#define TS_WSCALE_SHIFT 20
#define TS_SACK         (1u << 19)
#define TS_ECN          (1u << 18)
#define TS_TSVAL_MAC    0x0003ffffu
#define TS_NO_WSCALE    15

/*
 * The message: addresses; in the tail the ports, and above them the option bits of ISN and TSval,
 * which do not overlap, and the layout bit. Nodes that share a secret must agree in this, too: another
 * message is another version of the cookie.
 */
#define MESSAGE_WORDS    1
#define MESSAGE_WORDS_V6 4
#define TAIL_BYTES       6
_Static_assert((TS_ISN_OPTIONS & TS_OPTIONS) == 0, "their bits do not overlap in the message");

/*
 * What the layout without timestamps can hold; the rest is rounded down (decision 0055). An MSS by its
 * index in its row of weir_cookie_mss[], and the code of each index.
 */
static const uint8_t plain_mss[WEIR_L3_ROWS][4] = {
	{0, 1, 3, 6}, /* 256, 536, 1360, 1460 */
	{0, 1, 2, 6}, /* 256, 536, 1220, 1440 */
};
static const uint8_t plain_mss_code[WEIR_L3_ROWS][WEIR_COOKIE_MSS] = {
	{0, 1, 1, 2, 2, 2, 3, 3},
	{0, 1, 2, 2, 2, 2, 3, 3},
};

/*
 * Window scale and SACK: Apple's and BSD's scale, Linux's and Windows', which all come with SACK. A scale
 * that is rounded down makes the backend see smaller windows than there are, never larger ones. Below 6
 * none is promised: unscaled, a client's window is 64 KiB, and rounded down to 0 it would be far less.
 */
static const uint8_t plain_wscale[4] = {WEIR_WSCALE_NONE, 6, 7, 8};

static uint32_t plain_more_code(const struct weir_agreed *a)
{
	uint32_t code = 3;

	if (!a->sack || a->wscale == WEIR_WSCALE_NONE)
		return 0;
	while (code > 0 && plain_wscale[code] > a->wscale)
		code--;
	return code;
}

/*
 * The options as they are coded in the numbers of a SYN-ACK, without the MAC. The MAC covers this form,
 * so that a check need not decode it first.
 */
struct coded {
	uint32_t isn, tsval; /* the option bits of each */
};

static struct coded encode_ts(const struct weir_agreed *a)
{
	uint32_t wscale = a->wscale == WEIR_WSCALE_NONE ? TS_NO_WSCALE : a->wscale;

	return (struct coded){(uint32_t)a->mss_index << MSS_SHIFT,
		wscale << TS_WSCALE_SHIFT | (a->sack ? TS_SACK : 0) | (a->ecn ? TS_ECN : 0)};
}

static struct weir_agreed decode_options(enum weir_family family, uint32_t isn, bool ts,
	uint32_t tsval)
{
	struct weir_agreed a = {.ts = ts};
	uint32_t wscale = tsval >> TS_WSCALE_SHIFT & 0xf;

	if (ts) {
		a.mss_index = isn >> MSS_SHIFT & 7;
		a.wscale = wscale == TS_NO_WSCALE ? WEIR_WSCALE_NONE : (uint8_t)wscale;
		a.sack = tsval & TS_SACK;
		a.ecn = tsval & TS_ECN;
	} else {
		a.mss_index = plain_mss[weir_l3_row(family)][isn >> PLAIN_MSS_SHIFT & 3];
		a.wscale = plain_wscale[isn >> PLAIN_SHIFT & 3];
		a.sack = a.wscale != WEIR_WSCALE_NONE;
	}
	return a;
}

/* Without timestamps; *a is rounded down to what the cookie can hold. */
static __attribute__((noinline)) struct coded encode_plain(struct weir_agreed *a,
	enum weir_family family)
{
	const uint32_t mss = plain_mss_code[weir_l3_row(family)][a->mss_index];
	const uint32_t isn = mss << PLAIN_MSS_SHIFT | plain_more_code(a) << PLAIN_SHIFT;

	*a = decode_options(family, isn, false, 0);
	return (struct coded){isn, 0};
}

/*
 * The messages of a burst, one a lane, for weir_siphash24_many(). Those of IPv4 are the last two lines; what is in
 * front of the tail is IPv6's when they have been hashed.
 */
struct messages {
	struct weir_siplanes in[MESSAGE_WORDS_V6 + 1];
	struct weir_siplanes mac;
	uint64_t second; /* bit i: message i is under the key of generation 1 */
	unsigned int v6; /* so many are of IPv6 */
};

#define V4_IN (MESSAGE_WORDS_V6 - MESSAGE_WORDS)

_Static_assert(WEIR_BURST <= WEIR_SIP_MANY, "a burst is hashed in one go");

/*
 * Of a client's segment: addresses, ports, layout, coded options (bits 30..18). Words hold addresses and
 * ports as they lie in the frame, and the hash takes them as little-endian bytes: the same everywhere.
 */
static inline void message(struct messages *m, unsigned int i, unsigned int gen,
	const struct weir_seg *seg, bool ts, uint32_t options)
{
	m->second |= (uint64_t)gen << i;
	m->v6 += !weir_addr_is_v4(&seg->src);
	m->in[V4_IN].lane[i] =
		(uint64_t)weir_addr_v4_be(&seg->dst) << 32 | weir_addr_v4_be(&seg->src);
	m->in[MESSAGE_WORDS_V6].lane[i] = (uint64_t)(options | (uint32_t)ts << 31) << 14 |
		(uint32_t)seg->dport_be << 16 | seg->sport_be;
}

/*
 * IPv4 addresses are two half words; an IPv6 pair is four words. The lengths differ, so the two families' messages
 * never meet. All are hashed as IPv6's here, and the MACs of those that are not are left as they were.
 */
static __attribute__((noinline)) void macs_v6(const struct weir_keys *k, struct messages *m,
	const struct weir_seg *const *segs, unsigned int n)
{
	const struct weir_sipshape shape = {MESSAGE_WORDS_V6, TAIL_BYTES};
	struct weir_siplanes mac;

	for (unsigned int i = 0; i < n; i++) {
		m->in[0].lane[i] = segs[i]->src.q[0];
		m->in[1].lane[i] = segs[i]->src.q[1];
		m->in[2].lane[i] = segs[i]->dst.q[0];
		m->in[3].lane[i] = segs[i]->dst.q[1];
	}
	if (m->v6 == n) {
		weir_siphash24_many(k->key, m->second, m->in, shape, n, &m->mac);
		return;
	}
	weir_siphash24_many(k->key, m->second, m->in, shape, n, &mac);
	for (unsigned int i = 0; i < n; i++)
		if (!weir_addr_is_v4(&segs[i]->src))
			m->mac.lane[i] = mac.lane[i];
}

static void macs(const struct weir_keys *k, struct messages *m, const struct weir_seg *const *segs,
	unsigned int n)
{
	const struct weir_sipshape shape = {MESSAGE_WORDS, TAIL_BYTES};

	if (__builtin_expect(m->v6 < n, 1))
		weir_siphash24_many(k->key, m->second, &m->in[V4_IN], shape, n, &m->mac);
	if (m->v6 > 0)
		macs_v6(k, m, segs, n);
}

/*
 * Binds the MAC to the client's ISN. The factor is a secret odd number, so the sums of two ISNs differ
 * in their upper bits by an unpredictable amount. INVARIANT: SPREAD is even, so that the sum, which is
 * mac * (1 + isn * SPREAD) + isn, is another one for each MAC, whatever the ISN: no client chooses an
 * ISN by which the cookie says less of the MAC (decision 0056).
 */
#define SPREAD                                                                                     \
	0x3c6ef372fe94f82aull /* twice the golden ratio's fraction: any even number of that size */

static inline uint64_t bind_isn(uint64_t mac, uint32_t client_isn)
{
	return mac + client_isn * (mac * SPREAD + 1);
}

/* The topmost bits of the sum are sent: first those in the SYN-ACK's ISN, then those in its TSval. */
#define TS_ISN_SHIFT    36
#define TS_TSVAL_SHIFT  18
#define PLAIN_ISN_SHIFT 37

void weir_cookie_make(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, unsigned int n, uint64_t now_ms)
{
	unsigned int gen = weir_keys_generation(k);
	struct messages m;

	m.second = 0;
	m.v6 = 0;
	for (unsigned int i = 0; i < n; i++) {
		struct weir_agreed *a = &out[i].agreed;
		const struct coded coded = a->ts ? encode_ts(a) : encode_plain(a, segs[i]->family);

		out[i].isn = gen << GEN_SHIFT | coded.isn;
		out[i].tsval = a->ts ? ((uint32_t)now_ms & TS_CLOCK) | coded.tsval : 0;
		message(&m, i, gen, segs[i], a->ts, coded.isn | coded.tsval);
	}
	macs(k, &m, segs, n);
	for (unsigned int i = 0; i < n; i++) {
		uint64_t sum = bind_isn(m.mac.lane[i], segs[i]->seq);

		out[i].isn |= sum >> (out[i].agreed.ts ? TS_ISN_SHIFT : PLAIN_ISN_SHIFT);
		if (out[i].agreed.ts)
			out[i].tsval |= (uint32_t)(sum >> TS_TSVAL_SHIFT) & TS_TSVAL_MAC;
	}
}

/* Keep-alives and zero-window probes carry a byte or none (HC-06). */
static inline bool may_be_probe(const struct weir_seg *seg)
{
	return seg->payload_len <= 1 && !(seg->flags & WEIR_TCP_FIN);
}

/* The cookie as a client echoes it: option bits, and the MAC's bits in their places; `unit`: the lowest. */
struct echo {
	uint32_t isn, options;
	uint64_t mac, unit;
};

static inline struct echo echo_of(const struct weir_seg *seg)
{
	const uint32_t isn = seg->ack - 1;

	if (seg->ts_off == 0)
		return (struct echo){isn, isn & PLAIN_OPTIONS, (uint64_t)isn << PLAIN_ISN_SHIFT,
			1ull << PLAIN_ISN_SHIFT};
	return (struct echo){isn, (isn & TS_ISN_OPTIONS) | (seg->tsecr & TS_OPTIONS),
		(uint64_t)isn << TS_ISN_SHIFT |
			(uint64_t)(seg->tsecr & TS_TSVAL_MAC) << TS_TSVAL_SHIFT,
		1ull << TS_TSVAL_SHIFT};
}

/* The ACKs of a burst, to be verified. */
struct candidates {
	uint64_t mac[WEIR_BURST], unit[WEIR_BURST]; /* as in struct echo */
	uint32_t isn[WEIR_BURST];                   /* the client's, read as an ACK */
};

/* Those that are valid as ACKs; *probes: those valid only as probes, with the client's ISN one higher. */
static inline uint64_t verify(const struct candidates *c, const struct weir_siplanes *mac,
	unsigned int n, uint64_t *probes)
{
	uint64_t acks = 0, one_higher = 0;

	for (unsigned int i = n; i-- > 0;) {
		uint64_t as_ack = bind_isn(mac->lane[i], c->isn[i]);
		uint64_t as_probe = bind_isn(mac->lane[i], c->isn[i] + 1);

		acks = 2 * acks + (as_ack - c->mac[i] < c->unit[i]);
		one_higher = 2 * one_higher + (as_probe - c->mac[i] < c->unit[i]);
	}
	*probes = one_higher & ~acks;
	return acks;
}

static struct weir_cookie decode(const struct weir_seg *seg)
{
	const bool ts = seg->ts_off != 0;
	const uint32_t isn = seg->ack - 1, tsval = ts ? seg->tsecr : 0;

	return (struct weir_cookie){decode_options(seg->family, isn, ts, tsval), isn, tsval};
}

uint64_t weir_cookie_check(const struct weir_keys *k, const struct weir_seg *const *segs,
	struct weir_cookie *out, uint64_t *probes, unsigned int n)
{
	struct candidates c;
	struct messages m;
	uint64_t good;

	m.second = 0;
	m.v6 = 0;
	for (unsigned int i = 0; i < n; i++) {
		const struct weir_seg *seg = segs[i];
		const struct echo e = echo_of(seg);

		c.mac[i] = e.mac;
		c.unit[i] = e.unit;
		c.isn[i] = seg->seq - 1;
		message(&m, i, e.isn >> GEN_SHIFT, seg, seg->ts_off != 0, e.options);
	}
	macs(k, &m, segs, n);
	good = verify(&c, &m.mac, n, probes);
	for (uint64_t left = good | *probes; left != 0; left &= left - 1) {
		unsigned int i = (unsigned int)__builtin_ctzll(left);

		if (!(good >> i & 1) && !may_be_probe(segs[i]))
			*probes &= ~(1ull << i);
		else
			out[i] = decode(segs[i]);
	}
	return good | *probes;
}
