// SPDX-License-Identifier: BSD-3-Clause
/* tcp/cookie: what forging a cookie costs, against what cookie.h and cookie.c say it does. */
#include "cookies.h"
#include "modes.h"

static struct weir_seg with_noise(const struct weir_seg *good, uint64_t noise)
{
	struct weir_seg s = *good;

	s.ack = ((good->ack - 1) ^ (uint32_t)noise) + 1;
	s.tsecr ^= (uint32_t)(noise >> 32);
	return s;
}

static bool flip_passes(const struct weir_keys *k, const struct weir_seg *good, uint64_t bit)
{
	struct weir_seg flipped = with_noise(good, bit);

	return check(k, &flipped);
}

/* HC-40: the bits that only the key knows, counted, are as many as the header says. */
static void counted(void)
{
	uint64_t seed = 7;
	struct weir_keys k = keys_at(WALL_S);

	k.key[1] = k.key[0];
	for (unsigned int i = 0; i < 256; i++) {
		struct weir_seg syn = random_syn(&seed, i & 1);
		struct weir_cookie c = make(&k, &syn, random_agreed(&seed), unit_random(&seed));
		struct weir_seg good = ack_of(&syn, &c);
		uint64_t bits = mac_bits(&syn, c.agreed);

		CU_ASSERT_EQUAL(__builtin_popcountll(bits),
			c.agreed.ts ? WEIR_COOKIE_ODDS_TS_LOG2 : WEIR_COOKIE_ODDS_PLAIN_LOG2);
		CU_ASSERT_EQUAL(bits, mac_bits_of_layout(c.agreed.ts));
		for (; bits != 0; bits &= bits - 1)
			CU_ASSERT_FALSE(flip_passes(&k, &good, bits & -bits));
		/* with one key for both generations their bit is free */
		CU_ASSERT_TRUE(flip_passes(&k, &good, 1ull << 31));
	}
}

/* Of a burst of ACKs: how many are valid as such (back 0), or as probes (1). */
static unsigned int valid_of(const struct weir_keys *k, const struct weir_seg *acks, uint8_t back)
{
	const struct weir_seg *segs[WEIR_BURST];
	struct weir_cookie out[WEIR_BURST];
	uint64_t good, probes;

	for (unsigned int i = 0; i < WEIR_BURST; i++)
		segs[i] = &acks[i];
	good = weir_cookie_check(k, segs, out, &probes, WEIR_BURST);
	return (unsigned int)__builtin_popcountll(back ? probes : good & ~probes);
}

/* The low bits of x, put where the bits of mask are. */
static uint64_t scatter(uint64_t x, uint64_t mask)
{
	uint64_t out = 0;

	for (; mask != 0; mask &= mask - 1, x >>= 1)
		out |= x & 1 ? mask & -mask : 0;
	return out;
}

/* Any 12 bits of mask. */
static uint64_t twelve_of(uint64_t mask, uint64_t *seed)
{
	uint64_t some = 0;

	while (__builtin_popcountll(some) < 12)
		some |= 1ull << unit_random(seed) % 64 & mask;
	return some;
}

/*
 * HC-40: no bit of the MAC follows from the others. Who knows all but 12 of them, whichever, and tries
 * all there are, is right exactly once.
 */
static void exhausted(void)
{
	uint64_t seed = 8;
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int round = 0; round < 64; round++) {
		struct weir_seg syn = random_syn(&seed, round & 1), acks[WEIR_BURST];
		struct weir_agreed a = random_agreed(&seed);
		struct weir_cookie c = make(&k, &syn, a, 0);
		struct weir_seg good = ack_of(&syn, &c);
		uint64_t unknown = twelve_of(mac_bits_of_layout(a.ts), &seed);
		unsigned int right = 0;

		for (unsigned int i = 0; i < 1u << 12; i += WEIR_BURST) {
			for (unsigned int j = 0; j < WEIR_BURST; j++)
				acks[j] = with_noise(&good, scatter(i + j, unknown));
			right += valid_of(&k, acks, 0);
		}
		CU_ASSERT_EQUAL(right, 1);
	}
}

/* Bursts of guesses at `unknown` bits, each at a cookie of its own: how many are right. */
static unsigned int guess(bool v6, bool ts, unsigned int bursts, uint64_t *seed)
{
	struct weir_keys k = keys_at(WALL_S);
	uint64_t mask = mac_bits_of_layout(ts);
	unsigned int right = 0;

	for (unsigned int i = 0; i < bursts; i++) {
		struct weir_seg acks[WEIR_BURST];

		for (unsigned int j = 0; j < WEIR_BURST; j++) {
			struct weir_seg syn = random_syn(seed, v6), good;
			struct weir_agreed a = random_agreed(seed);
			struct weir_cookie c;

			a.ts = ts;
			c = make(&k, &syn, a, 0);
			good = ack_of(&syn, &c);
			acks[j] = with_noise(&good, unit_random(seed) & twelve_of(mask, seed));
		}
		right += valid_of(&k, acks, 0);
	}
	return right;
}

/*
 * HC-40: Monte Carlo. 12 unknown bits of a MAC cost 2^12 guesses, whatever the cookie: of 2^18 guesses
 * 64 are right on average, with a standard deviation of 8. Twice as many or half would be noticed.
 */
static void guessed(void)
{
	uint64_t seed = 9;

	for (unsigned int i = 0; i < 4; i++) {
		unsigned int right = guess(i & 1, i >> 1, (1u << 18) / WEIR_BURST, &seed);

		CU_ASSERT_TRUE(right > 64 - 4 * 8 && right < 64 + 4 * 8);
	}
}

/* All numbers of so many low bits would take minutes where nothing is optimised. */
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define WHOLE_LOG2 WEIR_COOKIE_ODDS_PLAIN_LOG2
#else
#define WHOLE_LOG2 16
#endif

/* How many of the numbers that have the upper bits of `number` are valid in that ACK. */
static unsigned int valid_around(const struct weir_keys *k, const struct weir_seg *ack,
	uint32_t number, uint8_t back)
{
	uint32_t from = number >> WHOLE_LOG2 << WHOLE_LOG2;
	struct weir_seg acks[WEIR_BURST];
	unsigned int n = 0;

	for (unsigned int j = 0; j < WEIR_BURST; j++)
		acks[j] = *ack;
	for (uint64_t i = 0; i < 1ull << WHOLE_LOG2; i += WEIR_BURST) {
		for (unsigned int j = 0; j < WEIR_BURST; j++)
			acks[j].ack = from + (uint32_t)i + j + 1;
		n += valid_of(k, acks, back);
	}
	return n;
}

/*
 * HC-40: all 2^27 that a blind attacker can say for one choice of options: one is valid as an ACK,
 * another one as a probe. So a reading lets 2^-27 pass, and a bare ACK, which has two, 2^-26.
 */
static void whole(void)
{
	uint64_t seed = 10;
	struct weir_keys k = keys_at(WALL_S);
	struct weir_seg syn = random_syn(&seed, false), later = syn, ack;
	struct weir_agreed a = {.mss_index = 5, .wscale = 7, .sack = true};
	struct weir_cookie c = make(&k, &syn, a, 0), probed;

	later.seq++; /* one whose client stands at its ISN with this ACK */
	probed = make(&k, &later, a, 0);
	ack = ack_of(&syn, &c);
	CU_ASSERT_EQUAL(c.isn >> WEIR_COOKIE_ODDS_PLAIN_LOG2,
		probed.isn >> WEIR_COOKIE_ODDS_PLAIN_LOG2);
	CU_ASSERT_NOT_EQUAL(c.isn, probed.isn);
	CU_ASSERT_EQUAL(valid_around(&k, &ack, c.isn, 0), 1);
	CU_ASSERT_EQUAL(valid_around(&k, &ack, probed.isn, 1), 1);
}

/* Cookies of one tuple, for a burst of client ISNs from syn->seq on. */
static void make_in_a_row(const struct weir_keys *k, const struct weir_seg *syn,
	struct weir_cookie *out)
{
	const struct weir_seg *segs[WEIR_BURST];
	struct weir_seg syns[WEIR_BURST];

	for (unsigned int j = 0; j < WEIR_BURST; j++) {
		syns[j] = *syn;
		syns[j].seq += j;
		segs[j] = &syns[j];
		out[j].agreed = (struct weir_agreed){.mss_index = 5, .wscale = 7, .sack = true};
	}
	weir_cookie_make(k, segs, out, WEIR_BURST, 0);
}

/*
 * HC-08, HC-24: neighbouring ISNs of a client have cookies that do not meet, nor come near each other,
 * more often than by chance: of 2^27 pairs one is the same, and of the nearest 2^16 64 are as near.
 */
static void neighbours(void)
{
	const uint32_t near = 1u << 16;
	uint64_t seed = 15;
	struct weir_keys k = keys_at(WALL_S);
	struct weir_seg syn = random_syn(&seed, false);
	uint32_t first = 0, same = 0, close = 0;

	for (uint32_t i = 0; i < 1u << (WHOLE_LOG2 - 3); i += WEIR_BURST, syn.seq += WEIR_BURST) {
		struct weir_cookie c[WEIR_BURST];

		make_in_a_row(&k, &syn, c);
		first = i == 0 ? c[0].isn : first;
		for (unsigned int j = 0; j < WEIR_BURST; j++) {
			same += c[j].isn == first;
			close += i < near && c[j].isn - first + near < 2 * near;
		}
	}
	CU_ASSERT_TRUE(same >= 1 && same < 8); /* the first itself is one */
	CU_ASSERT_TRUE(close < 2 * (2 * near / (1u << WEIR_COOKIE_ODDS_PLAIN_LOG2 >> 16)));
}

/*
 * HC-08: a segment from the middle of a stream, so many bytes sent and so many acknowledged, is not taken
 * for its beginning, on whatever tuple. These are such with a factor that is no secret (decision 0031).
 */
static void middle(void)
{
	static const uint32_t sent[] = {233, 610, 843, 1220, 2207, 3194, 1, 100, 65536};
	static const uint32_t acked[] = {32203, 12304, 44507, 24607, 17011, 9415, 0, 256, 65536};
	uint64_t seed = 16;
	struct weir_keys k = keys_at(WALL_S);
	unsigned int right = 0;

	for (unsigned int i = 0; i < 4096; i++)
		for (unsigned int j = 0; j < sizeof(sent) / sizeof(sent[0]); j++) {
			struct weir_seg syn = random_syn(&seed, i & 1);
			struct weir_cookie c = make(&k, &syn, (struct weir_agreed){.wscale = 7}, 0);
			struct weir_seg late = ack_of(&syn, &c);

			late.seq += sent[j];
			late.ack += acked[j];
			right += check(&k, &late);
		}
	CU_ASSERT_EQUAL(right, 0); /* of 36864: 2^-9 is to be expected */
}

/* The fate of a client's segment of that kind which acknowledges `isn`. */
static unsigned int said(struct talk *t, uint8_t flags, unsigned int len, uint32_t isn)
{
	struct segment g = talk_segment(t, WEIR_CLIENT, flags, len);

	g.ack = isn + 1;
	return talk_put(t, WEIR_CLIENT, &g);
}

/*
 * HC-40: what the proxy reads twice is what may be a probe: without FIN, with a byte at most (HC-06).
 * All else has one valid number, not two.
 */
static void read_twice(void)
{
	static const struct {
		uint8_t flags;
		unsigned int len;
		bool twice;
	} kinds[] = {{ACK, 0, true}, {PSH, 1, true}, {PSH, 2, false}, {FIN, 0, false}};

	for (unsigned int i = 0; i < 2 * sizeof(kinds) / sizeof(kinds[0]); i++) {
		bool probe = i & 1, opens = !probe || kinds[i / 2].twice;
		struct shell *s = shell_usual();
		struct weir_seg syn = {.dport_be = weir_be16(SHELL_VIP_PORT)};
		struct weir_cookie c;
		struct talk t;

		talk_init(&t, s, SHELL_FULLNAT, i);
		syn.src = weir_addr_v4(weir_be32(t.client));
		syn.dst = weir_addr_v4(weir_be32(SHELL_VIP(SHELL_FULLNAT)));
		syn.sport_be = weir_be16(t.port);
		syn.seq = t.isn[WEIR_CLIENT] + probe;
		c = make(&s->workers[0].px.keys, &syn,
			(struct weir_agreed){.mss_index = 5, .wscale = 7}, 0);
		said(&t, kinds[i / 2].flags, kinds[i / 2].len, c.isn ^ 1);
		IS(shell_events(s, WEIR_EVENT_cookie_accepted), 0);
		said(&t, kinds[i / 2].flags, kinds[i / 2].len, c.isn);
		IS(shell_events(s, WEIR_EVENT_cookie_accepted), opens);
		shell_clear(s);
		shell_close(s);
	}
}

/* HC-40: out of 2^20 random ACKs, with timestamps or without, more than two valid ones are no luck. */
static void blind(void)
{
	uint64_t seed = 11;
	struct weir_keys k = keys_at(WALL_S);
	unsigned int right = 0;

	for (unsigned int i = 0; i < 1u << 20; i += WEIR_BURST) {
		struct weir_seg acks[WEIR_BURST];

		for (unsigned int j = 0; j < WEIR_BURST; j++) {
			acks[j] = random_syn(&seed, j >> 1 & 1);
			acks[j].ack = (uint32_t)unit_random(&seed);
			acks[j].ts_off = j & 1 ? 24 : 0;
			acks[j].tsecr = (uint32_t)unit_random(&seed);
		}
		right += valid_of(&k, acks, i / WEIR_BURST & 1);
	}
	CU_ASSERT_TRUE(right <= 2);
}

/* Everything that goes under the MAC, a bit after the other; the client's ISN is added to it. */
struct input {
	struct weir_keys keys;
	struct weir_seg syn;
	struct weir_agreed agreed;
};

static struct input random_input(uint64_t *seed, bool v6, bool ts)
{
	struct input in = {.syn = random_syn(seed, v6), .agreed = random_agreed(seed)};

	in.keys = keys_at(WALL_S);
	for (unsigned int i = 0; i < 2; i++)
		in.keys.key[i] = (struct weir_sipkey){unit_random(seed), unit_random(seed)};
	in.agreed.ts = ts;
	if (in.agreed.wscale == WEIR_WSCALE_NONE || !ts)
		in.agreed.wscale = 8; /* kept beside SACK, so that SACK is a bit of any input */
	if (!ts) {
		static const uint8_t kept[] = {0, 1, 3}; /* a bit flipped is another size */

		in.agreed.ecn = false;
		in.agreed.mss_index = kept[in.agreed.mss_index % 3] & 7;
	}
	return in;
}

static void flip_bit(void *at, unsigned int bit)
{
	((uint8_t *)at)[bit / 8] ^= (uint8_t)(1u << bit % 8);
}

/* Input bit `bit` the other way round. false: there is no such bit. */
static bool flip_input(struct input *in, unsigned int bit)
{
	const unsigned int addr = weir_addr_is_v4(&in->syn.src) ? 32 : 128;
	const struct {
		void *at;
		unsigned int bits;
	} parts[] = {
		{in->syn.src.b + 16 - addr / 8, addr},
		{in->syn.dst.b + 16 - addr / 8, addr},
		{&in->syn.sport_be, 16},
		{&in->syn.dport_be, 16},
		{&in->keys.key[weir_keys_generation(&in->keys)], 128},
		{&in->agreed.mss_index, 3},
		{&in->agreed.wscale, in->agreed.ts ? 3 : 0},
		{&in->agreed.sack, 1},
		{&in->agreed.ecn, in->agreed.ts ? 1 : 0},
	};

	for (unsigned int i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (bit < parts[i].bits) {
			flip_bit(parts[i].at, bit);
			return true;
		}
		bit -= parts[i].bits;
	}
	return false;
}

static uint64_t mac_of(const struct input *in)
{
	struct weir_cookie c = make(&in->keys, &in->syn, in->agreed, 0);

	return numbers(&c);
}

#define TRIALS                                                                                     \
	256 /* a bit of the MAC changes in half of them: 128, with a standard deviation of 8 */

/*
 * Whatever bit of the input changes, each bit of the MAC changes in half of all cases. 6 standard
 * deviations: of some 60000 pairs of bits none is beyond by chance. Returns how many input bits there are.
 */
static unsigned int avalanche(bool v6, bool ts, uint64_t *seed)
{
	uint64_t mac = mac_bits_of_layout(ts);
	unsigned int bit = 0;

	for (;; bit++) {
		unsigned int changed[64] = {0}, bad = 0;

		for (unsigned int i = 0; i < TRIALS; i++) {
			struct input in = random_input(seed, v6, ts);
			uint64_t before = mac_of(&in);

			if (!flip_input(&in, bit))
				return bit;
			before ^= mac_of(&in);
			for (unsigned int j = 0; j < 64; j++)
				changed[j] += before >> j & 1;
		}
		for (unsigned int j = 0; j < 64; j++)
			bad += (mac >> j & 1) && (changed[j] < 128 - 48 || changed[j] > 128 + 48);
		CU_ASSERT_EQUAL(bad, 0);
	}
}

static void avalanches(void)
{
	const unsigned int common = 16 + 16 + 128 + 3 + 1; /* ports, key, MSS, SACK */
	uint64_t seed = 12;

	CU_ASSERT_EQUAL(avalanche(false, false, &seed), 2 * 32 + common);
	CU_ASSERT_EQUAL(avalanche(false, true, &seed), 2 * 32 + common + 3 + 1); /* wscale, ECN */
	CU_ASSERT_EQUAL(avalanche(true, false, &seed), 2 * 128 + common);
	CU_ASSERT_EQUAL(avalanche(true, true, &seed), 2 * 128 + common + 3 + 1);
}

/* Without timestamps, the MAC for the one scale is that for the other. */
static bool is_same_plain(const struct input *in, uint8_t one, uint8_t other)
{
	struct input a = *in, b;

	a.agreed.ts = false;
	a.agreed.sack = true;
	b = a;
	a.agreed.wscale = one;
	b.agreed.wscale = other;
	return ((mac_of(&a) ^ mac_of(&b)) & mac_bits_of_layout(false)) == 0;
}

/* What an avalanche cannot flip: the top bit of the scale, "none", the layout, the other key. */
static void other_inputs(void)
{
	uint64_t seed = 13, plain = mac_bits_of_layout(false);
	unsigned int scale = 0, none = 0, layout = 0;

	for (unsigned int i = 0; i < TRIALS; i++) {
		struct input in = random_input(&seed, i & 1, true), other = in;
		uint64_t mac = mac_of(&in);

		other.agreed.wscale ^= 8;
		scale += ((mac_of(&other) ^ mac) & plain) == 0;
		other.agreed.wscale = WEIR_WSCALE_NONE;
		none += ((mac_of(&other) ^ mac) & plain) == 0;
		other = in;
		in.agreed.ecn = other.agreed.ecn = false;
		in.agreed.wscale = other.agreed.wscale = 8;
		other.agreed.ts = false;
		layout += ((mac_of(&other) ^ mac_of(&in)) & plain) == 0;
		scale += is_same_plain(&in, 6, 8) + is_same_plain(&in, WEIR_WSCALE_NONE, 6);
		/* no option has a bit: only the layout itself tells one from the other */
		in.agreed.sack = other.agreed.sack = false;
		in.agreed.wscale = 0;
		other.agreed.wscale = WEIR_WSCALE_NONE;
		in.agreed.mss_index = other.agreed.mss_index = 0;
		layout += ((mac_of(&other) ^ mac_of(&in)) & plain) == 0;
		other = in;
		other.keys.key[!weir_keys_generation(&in.keys)].k0 ^= 1;
		CU_ASSERT_EQUAL(mac_of(&other), mac_of(&in));
	}
	CU_ASSERT_EQUAL(scale + none + layout, 0);
}

/* How many of these numbers' bits are their own, not sums (XOR) of others: their rank over GF(2). */
static unsigned int rank(uint64_t *x, unsigned int n)
{
	unsigned int r = 0;

	for (unsigned int bit = 0; bit < 64; bit++) {
		unsigned int i = r;
		uint64_t pivot;

		while (i < n && !(x[i] >> bit & 1))
			i++;
		if (i == n)
			continue;
		pivot = x[i];
		x[i] = x[r];
		x[r++] = pivot;
		for (i = r; i < n; i++)
			if (x[i] >> bit & 1)
				x[i] ^= pivot;
	}
	return r;
}

/*
 * No bit of the MAC says what another one is, nor any number of them: of 128 differences of MACs as
 * many are independent as there are bits.
 */
static void independent(void)
{
	uint64_t seed = 14;

	for (unsigned int ts = 0; ts < 2; ts++) {
		struct input first = random_input(&seed, false, ts);
		uint64_t mac[128];

		for (unsigned int i = 0; i < 128; i++) {
			struct input in = random_input(&seed, i & 1, ts);

			mac[i] = (mac_of(&in) ^ mac_of(&first)) & mac_bits_of_layout(ts);
		}
		CU_ASSERT_EQUAL(rank(mac, 128),
			ts ? WEIR_COOKIE_ODDS_TS_LOG2 : WEIR_COOKIE_ODDS_PLAIN_LOG2);
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-40 as many bits of MAC as the header says", counted},
		{"HC-40 twelve unknown bits: one of 2^12 is right", exhausted},
		{"HC-40 twelve unknown bits cost 2^12 guesses", guessed},
		{"HC-40 of all 2^27 numbers one is an ACK, one a probe", whole},
		{"HC-08 neighbours' cookies are no neighbours", neighbours},
		{"HC-08 the middle of a stream is no beginning", middle},
		{"HC-40 a bare ACK has two readings, others one", read_twice},
		{"HC-40 random ACKs are not valid", blind},
		{"HC-40 every bit of the input changes half of the MAC", avalanches},
		{"HC-40 scale, none, layout; not the other key", other_inputs},
		{"HC-40 no bit of the MAC follows from others", independent},
	};

	return unit_main("cookie odds", tests, sizeof(tests) / sizeof(tests[0]));
}
