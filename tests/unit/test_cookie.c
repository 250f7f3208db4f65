// SPDX-License-Identifier: BSD-3-Clause
/* tcp/cookie, tcp/keys: what a cookie carries and whom it convinces. */
#include "cookies.h"

/* What the layout without timestamps keeps of an offer: four sizes, a scale and SACK only together. */
static struct weir_agreed rounded_down(struct weir_agreed offered, unsigned int row)
{
	static const uint16_t sizes[2][4] = {{256, 536, 1360, 1460}, {256, 536, 1220, 1440}};
	const uint16_t *mss = weir_cookie_mss[row];
	struct weir_agreed a = {.wscale = WEIR_WSCALE_NONE};

	for (unsigned int i = 0; i < 4; i++)
		while (mss[a.mss_index] < sizes[row][i] && sizes[row][i] <= mss[offered.mss_index])
			a.mss_index++;
	if (offered.sack && offered.wscale != WEIR_WSCALE_NONE && offered.wscale >= 6) {
		a.wscale = offered.wscale > 8 ? 8 : offered.wscale;
		a.sack = true;
	}
	return a;
}

static void round_trip(struct weir_agreed offered, const struct weir_seg *syn)
{
	struct weir_keys k = keys_at(WALL_S);
	struct weir_cookie c = make(&k, syn, offered, 77000000), out;
	struct weir_seg ack = ack_of(syn, &c);

	CU_ASSERT_TRUE(check_back(&k, &ack, 0, &out));
	CU_ASSERT_TRUE(same_agreed(&out.agreed, &c.agreed));
	CU_ASSERT_EQUAL(out.isn, c.isn);
	CU_ASSERT_EQUAL(out.tsval, c.tsval);
	if (!offered.ts) { /* what is not kept is not promised */
		offered = rounded_down(offered, weir_l3_row(syn->family));
		CU_ASSERT_EQUAL(c.tsval, 0);
	}
	CU_ASSERT_TRUE(same_agreed(&c.agreed, &offered));
}

/* HC-02 */
static void all_options(void)
{
	uint64_t seed = 2;

	for (unsigned int i = 0; i < 8 * 16 * 8; i++) {
		struct weir_agreed a = {.mss_index = i & 7,
			.sack = i >> 3 & 1,
			.ts = i >> 4 & 1,
			.ecn = i >> 5 & 1,
			.wscale = (uint8_t)(i >> 6)};
		struct weir_seg syn = random_syn(&seed, false);

		if (a.wscale == 15)
			a.wscale = WEIR_WSCALE_NONE;
		round_trip(a, &syn);
		syn = random_syn(&seed, true);
		round_trip(a, &syn);
	}
}

/* HC-02: scale 0 says "I scale, by nothing", which is more than saying nothing (RFC 7323 §2.2). */
static void no_scale_is_not_zero(void)
{
	uint64_t seed = 3;
	struct weir_keys k = keys_at(WALL_S);
	struct weir_seg syn = random_syn(&seed, false), ack;
	struct weir_agreed none = {.wscale = WEIR_WSCALE_NONE, .ts = true}, zero = {.ts = true};
	struct weir_cookie c = make(&k, &syn, none, 0), out;

	ack = ack_of(&syn, &c);
	CU_ASSERT_TRUE(check_back(&k, &ack, 0, &out));
	CU_ASSERT_EQUAL(out.agreed.wscale, WEIR_WSCALE_NONE);
	c = make(&k, &syn, zero, 0);
	ack = ack_of(&syn, &c);
	CU_ASSERT_TRUE(check_back(&k, &ack, 0, &out));
	CU_ASSERT_EQUAL(out.agreed.wscale, 0);
}

/* HC-02: the table is ascending, so that "rounded down" means what it says. */
static void mss_table(void)
{
	for (unsigned int f = 0; f < 2; f++)
		for (unsigned int i = 1; i < WEIR_COOKIE_MSS; i++)
			CU_ASSERT_TRUE(weir_cookie_mss[f][i - 1] < weir_cookie_mss[f][i]);
}

/* HC-08: the cookie is bound to who asked and to where his stream begins. */
static void wrong_tuple(void)
{
	uint64_t seed = 5;
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int i = 0; i < 64; i++) {
		struct weir_seg syn = random_syn(&seed, i & 1);
		struct weir_cookie c = make(&k, &syn, random_agreed(&seed), 0);
		struct weir_seg good = ack_of(&syn, &c), bad;

		CU_ASSERT_TRUE(check(&k, &good));
		for (unsigned int bit = 0; bit < 128; bit++) {
			if (!(i & 1) && bit < 96) /* stay IPv4 */
				continue;
			bad = good;
			bad.src.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			CU_ASSERT_FALSE(check(&k, &bad));
			bad = good;
			bad.dst.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
			CU_ASSERT_FALSE(check(&k, &bad));
		}
		for (unsigned int bit = 0; bit < 32; bit++) {
			bad = good;
			bad.seq ^= 1u << bit;
			CU_ASSERT_FALSE(check(&k, &bad));
			bad = good;
			bad.sport_be ^= (uint16_t)(1u << bit % 16);
			CU_ASSERT_FALSE(check(&k, &bad));
			bad = good;
			bad.dport_be ^= (uint16_t)(1u << bit % 16);
			CU_ASSERT_FALSE(check(&k, &bad));
		}
		bad = good; /* the other layout */
		bad.ts_off = good.ts_off ? 0 : 24;
		CU_ASSERT_FALSE(check(&k, &bad));
	}
}

/* Who shows no timestamps has no TSecr, whatever the view says: nothing of it is in the cookie. */
static void no_timestamps(void)
{
	uint64_t seed = 15;
	struct weir_keys k = keys_at(WALL_S);
	struct weir_seg syn = random_syn(&seed, false), ack;
	struct weir_cookie c = make(&k, &syn, (struct weir_agreed){.wscale = 7}, 0), out;

	ack = ack_of(&syn, &c);
	ack.tsecr = 0xffffffff;
	CU_ASSERT_TRUE(check_back(&k, &ack, 0, &out));
	CU_ASSERT_EQUAL(out.tsval, 0);
	CU_ASSERT_FALSE(out.agreed.ts);
}

/* HC-06: a probe stands one lower, and only there. */
static void probes(void)
{
	uint64_t seed = 6;
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int i = 0; i < 64; i++) {
		struct weir_seg syn = random_syn(&seed, false);
		struct weir_cookie c = make(&k, &syn, random_agreed(&seed), 0), out;
		struct weir_seg ack = ack_of(&syn, &c);

		CU_ASSERT_FALSE(check_back(&k, &ack, 1, &out));
		ack.seq = syn.seq;
		CU_ASSERT_TRUE(check_back(&k, &ack, 1, &out));
		CU_ASSERT_FALSE(check_back(&k, &ack, 0, &out));
	}
}

/* Who carries more than a byte, or a FIN, is no probe, wherever it stands in a burst. */
static void no_probes(void)
{
	uint64_t seed = 17;
	struct weir_keys k = keys_at(WALL_S);
	const struct weir_seg *acks[WEIR_BURST];
	struct weir_cookie out[WEIR_BURST];
	struct weir_seg ack[WEIR_BURST];
	uint64_t probes, expected = 0;

	for (unsigned int i = 0; i < WEIR_BURST; i++) {
		struct weir_seg syn = random_syn(&seed, i & 1);
		struct weir_cookie c = make(&k, &syn, random_agreed(&seed), 0);

		ack[i] = ack_of(&syn, &c);
		ack[i].seq = syn.seq;
		ack[i].payload_len = i % 3;
		ack[i].flags |= i % 5 == 0 ? WEIR_TCP_FIN : 0;
		expected |= (uint64_t)(i % 3 < 2 && i % 5 != 0) << i;
		acks[i] = &ack[i];
	}
	CU_ASSERT_EQUAL(weir_cookie_check(&k, acks, out, &probes, WEIR_BURST), expected);
	CU_ASSERT_EQUAL(probes, expected);
}

/*
 * The number that is acknowledged is one above the ISN: next to the ends of the MAC's range that is a
 * carry into the options and the generation, which are still the ISN's. Such ISNs are few: these SYNs were searched for.
 */
static void mac_at_the_ends(void)
{
	static const struct {
		struct weir_agreed agreed;
		uint32_t seq, isn;
	} rare[] = {
		{{.mss_index = 6, .wscale = 7, .sack = true}, 88671209, 0x70000000},
		{{.mss_index = 6, .wscale = 7, .sack = true}, 138787871, 0x77ffffff},
		{{.mss_index = 6, .wscale = 8, .sack = true}, 67903273, 0x7fffffff},
		{{.mss_index = 0, .wscale = WEIR_WSCALE_NONE}, 477407074, 0},
		{{.mss_index = 5, .wscale = 7, .sack = true, .ts = true}, 174818346, 0x50000000},
		{{.mss_index = 5, .wscale = 7, .sack = true, .ts = true}, 479877827, 0x5fffffff},
	};
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int i = 0; i < sizeof(rare) / sizeof(rare[0]); i++) {
		const struct weir_agreed a = rare[i].agreed;
		struct weir_seg syn = {.src = weir_addr_v4(0x0a000001),
			.dst = weir_addr_v4(0x0a000002),
			.sport_be = 1,
			.dport_be = 2,
			.seq = rare[i].seq};
		struct weir_cookie c = make(&k, &syn, a, 0), out;
		struct weir_seg ack = ack_of(&syn, &c);

		CU_ASSERT_EQUAL(c.isn, rare[i].isn); /* another MAC: search again */
		CU_ASSERT_TRUE_FATAL(check_back(&k, &ack, 0, &out));
		CU_ASSERT_EQUAL(out.isn, c.isn);
		CU_ASSERT_TRUE(same_agreed(&out.agreed, &a));
	}
}

/* The clock part is free, and the ISN does not depend on it: a repeated SYN gets the same one. */
static void clock_bits(void)
{
	uint64_t seed = 10;
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int i = 0; i < 64; i++) {
		struct weir_seg syn = random_syn(&seed, false), ack;
		struct weir_agreed a = random_agreed(&seed);
		struct weir_cookie c, d;

		a.ts = true;
		c = make(&k, &syn, a, 0x01234567);
		d = make(&k, &syn, a, 0x89234567);
		CU_ASSERT_EQUAL(c.isn, d.isn);
		CU_ASSERT_EQUAL(c.tsval >> 24, 0x01);
		CU_ASSERT_EQUAL(d.tsval >> 24, 0x89);
		CU_ASSERT_EQUAL(c.tsval & 0xffffff, d.tsval & 0xffffff);
		ack = ack_of(&syn, &c);
		for (unsigned int bit = 24; bit < 32; bit++) {
			struct weir_seg other = ack;

			other.tsecr ^= 1u << bit;
			CU_ASSERT_TRUE(check(&k, &other));
		}
	}
}

/* An epoch's cookies are good to the end of the next one; HC-52: also when the clock steps. */
static void generations(void)
{
	uint64_t seed = 11;

	for (unsigned int i = 0; i < 64; i++) {
		uint64_t epoch_start = (WALL_S / WEIR_EPOCH_S + (i >> 1 & 1)) * WEIR_EPOCH_S;
		struct weir_keys k = keys_at(epoch_start);
		struct weir_seg syn = random_syn(&seed, i & 1);
		struct weir_cookie c = make(&k, &syn, random_agreed(&seed), 0);
		struct weir_seg ack = ack_of(&syn, &c);

		CU_ASSERT_FALSE(keys_update(&k, epoch_start + WEIR_EPOCH_S - 1));
		CU_ASSERT_TRUE(check(&k, &ack));
		CU_ASSERT_TRUE(keys_update(&k, epoch_start + WEIR_EPOCH_S));
		CU_ASSERT_TRUE(check(&k, &ack));
		CU_ASSERT_FALSE(keys_update(&k, epoch_start + 2 * WEIR_EPOCH_S - 1));
		CU_ASSERT_TRUE(check(&k, &ack));
		for (uint64_t later = 2; later < 9;
			later++) { /* odd and even: either key's place */
			CU_ASSERT_TRUE(keys_update(&k, epoch_start + later * WEIR_EPOCH_S));
			CU_ASSERT_FALSE(check(&k, &ack));
		}
		/* back to a time before it was made: not yet valid; forward again: valid again */
		CU_ASSERT_TRUE(keys_update(&k, epoch_start - 1));
		CU_ASSERT_FALSE(check(&k, &ack));
		CU_ASSERT_TRUE(keys_update(&k, epoch_start));
		CU_ASSERT_TRUE(check(&k, &ack));
	}
}

/* A control side that is late, or has not heard of a step of the clock: the keys stay as they are. */
static void late_keyring(void)
{
	struct weir_keyring ring = {0};
	struct weir_keys k, was;
	uint64_t in = 0;

	weir_keyring_fill(&ring, master, WALL_S);
	weir_keys_init(&k, &ring, WALL_S);
	while (weir_keys_update(&k, WALL_S + (in + 1) * WEIR_EPOCH_S))
		in++;
	CU_ASSERT_EQUAL(in, WEIR_KEYRING_EPOCHS - 2);
	was = k;
	CU_ASSERT_FALSE(weir_keys_update(&k, WALL_S + 100 * WEIR_EPOCH_S));
	CU_ASSERT_FALSE(weir_keys_update(&k, WALL_S - 100 * WEIR_EPOCH_S));
	CU_ASSERT_EQUAL(memcmp(&k, &was, sizeof(k)), 0);
	ring.version++; /* it is being written */
	CU_ASSERT_FALSE(weir_keys_update(&k, WALL_S));
	ring.version--;
	CU_ASSERT_TRUE(weir_keys_update(&k, WALL_S));
	was = keys_at(WALL_S);
	CU_ASSERT_EQUAL(memcmp(k.key, was.key, sizeof(k.key)), 0);
}

/* Nodes with one secret and clock accept each other's cookies; with another secret they do not. */
static void nodes(void)
{
	uint64_t seed = 12;
	uint8_t other_secret[16] = {1};
	struct weir_keys a = keys_at(WALL_S), b = keys_at(0), c;
	struct weir_seg syn = random_syn(&seed, false), ack;
	struct weir_cookie cookie = make(&a, &syn, random_agreed(&seed), 0);

	c = keys_of(other_secret, WALL_S);
	CU_ASSERT_TRUE(keys_update(&b, WALL_S + WEIR_EPOCH_S));
	ack = ack_of(&syn, &cookie);
	CU_ASSERT_TRUE(check(&b, &ack));
	CU_ASSERT_FALSE(check(&c, &ack));
	CU_ASSERT_EQUAL(WEIR_COOKIE_LIFE_MS, 2 * WEIR_EPOCH_S * 1000);
}

/* Segments of the usual links stay as large as they are, and so do those of a client that says nothing. */
static void usual_mss(void)
{
	static const uint16_t usual[2][5] = {
		{536, 1360, 1400, 1440, 1460}, {1220, 1340, 1380, 1420, 1440}};

	for (unsigned int f = 0; f < 2; f++) {
		const uint16_t *row =
			weir_cookie_mss_of(f == 0 ? WEIR_FAMILY_IPV4 : WEIR_FAMILY_IPV6);
		unsigned int found = 0;

		for (unsigned int i = 0; i < WEIR_COOKIE_MSS; i++)
			for (unsigned int j = 0; j < 5; j++)
				found += row[i] == usual[f][j];
		CU_ASSERT_EQUAL(found, 5);
	}
}

/* RFC 9293 §3.7.1: without timestamps, too, IPv6 keeps its default and what Ethernet carries. */
static void plain_mss_v6(void)
{
	static const uint16_t kept[] = {536, 1220, 1440};
	struct weir_keys k = keys_at(WALL_S);
	uint64_t seed = 77;

	for (uint8_t i = 0; i < WEIR_COOKIE_MSS; i++) {
		const uint16_t *row = weir_cookie_mss_of(WEIR_FAMILY_IPV6);
		const struct weir_agreed offered = {.mss_index = i & 7};
		struct weir_seg syn = random_syn(&seed, true);
		struct weir_cookie c = make(&k, &syn, offered, 0);

		for (unsigned int j = 0; j < 3; j++)
			if (row[i] == kept[j])
				CU_ASSERT_EQUAL(c.agreed.mss_index, i);
		CU_ASSERT_TRUE(row[c.agreed.mss_index] <= row[i]);
	}
}

static bool same_half(const struct weir_keys *a, const struct weir_keys *b)
{
	return a->key[0].k0 == b->key[0].k0 || a->key[0].k1 == b->key[0].k1 ||
		a->key[1].k0 == b->key[1].k0 || a->key[1].k1 == b->key[1].k1;
}

/* Of the secret's 16 bytes, and of nothing that stands beside them. */
static void key_of_secret_only(void)
{
	const struct weir_keys base = keys_at(WALL_S);
	uint8_t around[2][3 * sizeof(master)];
	struct weir_keys k;

	for (unsigned int i = 0; i < 2; i++) {
		memset(around[i], i ? 0xff : 0, sizeof(around[i]));
		memcpy(around[i] + sizeof(master), master, sizeof(master));
		k = keys_of(around[i] + sizeof(master), WALL_S);
		CU_ASSERT_EQUAL(memcmp(k.key, base.key, sizeof(k.key)), 0);
	}
}

/* Both halves of a key are of the whole secret, of the epoch, and not of each other. */
static void key_halves(void)
{
	const struct weir_keys base = keys_at(WALL_S), next = keys_at(WALL_S + 2 * WEIR_EPOCH_S);

	CU_ASSERT_FALSE(same_half(&base, &next));
	CU_ASSERT_NOT_EQUAL(base.key[0].k0, base.key[0].k1);
	CU_ASSERT_NOT_EQUAL(base.key[0].k0, base.key[1].k0);
	CU_ASSERT_NOT_EQUAL(base.key[0].k1, base.key[1].k1);
	for (unsigned int i = 0; i < 16; i++) {
		uint8_t secret[16];
		struct weir_keys k;

		memcpy(secret, master, sizeof(secret));
		secret[i] ^= 1;
		k = keys_of(secret, WALL_S);
		CU_ASSERT_FALSE(same_half(&base, &k));
	}
}

/* Families, layouts, generations, good and bad mixed: a burst is the same as one after the other. */
static void batches(void)
{
	uint64_t seed = 13;
	struct weir_keys old = keys_at(WALL_S), k = keys_at(WALL_S + WEIR_EPOCH_S);

	for (unsigned int n = 0; n <= WEIR_BURST; n++) {
		struct weir_seg syn[WEIR_BURST], ack[WEIR_BURST];
		const struct weir_seg *syns[WEIR_BURST], *acks[WEIR_BURST];
		struct weir_cookie made[WEIR_BURST], checked[WEIR_BURST];
		uint64_t backs = 0, probes, good;

		for (unsigned int i = 0; i < n; i++) {
			syn[i] = random_syn(&seed, unit_random(&seed) & 1);
			made[i].agreed = random_agreed(&seed);
			syns[i] = &syn[i];
			acks[i] = &ack[i];
		}
		weir_cookie_make(&k, syns, made, n, 123456789);
		for (unsigned int i = 0; i < n; i++) {
			struct weir_cookie one = make(&k, syns[i], made[i].agreed, 123456789);

			CU_ASSERT_EQUAL(one.isn, made[i].isn);
			CU_ASSERT_EQUAL(one.tsval, made[i].tsval);
			if (unit_random(&seed) & 1)
				made[i] = make(&old, syns[i], made[i].agreed, 1);
			ack[i] = ack_of(&syn[i], &made[i]);
			backs |= (unit_random(&seed) & 1) << i;
			ack[i].seq -= backs >> i & 1;
			if (i % 3 == 0)
				ack[i].ack ^= 4;
		}
		good = weir_cookie_check(&k, acks, checked, &probes, n);
		CU_ASSERT_EQUAL(probes, backs & good);
		for (unsigned int i = 0; i < n; i++) {
			struct weir_cookie one;
			bool ok = good >> i & 1;

			CU_ASSERT_EQUAL(ok, i % 3 != 0);
			CU_ASSERT_EQUAL(check_back(&k, acks[i], backs >> i & 1, &one), ok);
			if (!ok)
				continue;
			CU_ASSERT_EQUAL(one.isn, checked[i].isn);
			CU_ASSERT_TRUE(same_agreed(&one.agreed, &checked[i].agreed));
			CU_ASSERT_TRUE(same_agreed(&one.agreed, &made[i].agreed));
		}
	}
}

/* IPv6: all 128 bits of both addresses count (wrong_tuple() flips them); they are no IPv4 ones. */
static void families(void)
{
	uint64_t seed = 14;
	struct weir_keys k = keys_at(WALL_S);

	for (unsigned int i = 0; i < 64; i++) {
		struct weir_seg v4 = random_syn(&seed, false), v6 = v4, ack;
		struct weir_cookie c = make(&k, &v4, random_agreed(&seed), 0);

		v6.src.q[0] = v6.dst.q[0] = 0x20;
		v6.src.w[2] = v6.dst.w[2] = 0;
		ack = ack_of(&v6, &c);
		CU_ASSERT_FALSE(check(&k, &ack));
	}
}

int main(void)
{
	static const struct unit_test tests[] = {
		{"HC-02 every combination of options round-trips", all_options},
		{"HC-02 window scale 0 is not the same as none", no_scale_is_not_zero},
		{"HC-02 the MSS table ascends", mss_table},
		{"HC-08 bound to tuple, client ISN, layout", wrong_tuple},
		{"HC-06 a probe stands one lower", probes},
		{"HC-06 what is no probe", no_probes},
		{"without timestamps there is no TSecr", no_timestamps},
		{"a MAC at either end of its range", mac_at_the_ends},
		{"HC-02 the clock is free, the ISN does not know it", clock_bits},
		{"the usual segment sizes are kept", usual_mss},
		{"HC-02 IPv6 keeps its default and Ethernet's size without timestamps",
			plain_mss_v6},
		{"keys are of the secret only", key_of_secret_only},
		{"keys are of the whole secret and the epoch", key_halves},
		{"HC-52 this and the last epoch's cookies, clock steps", generations},
		{"cookies of nodes with one secret", nodes},
		{"HC-52 keys that the control side has not made yet", late_keyring},
		{"bursts of 0 to 64 are like one by one", batches},
		{"IPv6 addresses", families},
	};

	return unit_main("cookie", tests, sizeof(tests) / sizeof(tests[0]));
}
