// SPDX-License-Identifier: BSD-3-Clause
#include "luck.h"

#include "check.h"
#include "tcp/cookie.h"

/* A run in so many may fail by chance alone. */
#define ONCE_IN 1e9

struct sim_odds sim_odds;

/* By value, without looking at what there is: the packet carries a cookie. */
static bool is_right(const struct weir_keys *keys, const struct weir_seg *seg)
{
	struct weir_cookie cookie;
	uint64_t probe;

	return weir_cookie_check(keys, &seg, &cookie, &probe, 1) != 0;
}

/* As documented: cookie.c. */
static double odds(bool ts, bool probe)
{
	const unsigned int log2 = ts ? WEIR_COOKIE_ODDS_TS_LOG2 : WEIR_COOKIE_ODDS_PLAIN_LOG2;

	return (probe ? 2.0 : 1.0) / (double)(1ull << log2);
}

/* Poisson: as many or more have a probability of at most expected^n / n!. */
static bool is_plausible(void)
{
	double p = 1;

	for (uint64_t i = 1; i <= sim_odds.right; i++)
		p *= sim_odds.expected / (double)i;
	return p > 1 / ONCE_IN;
}

void sim_luck_note(struct sim_luck *l, const struct sim_front *f, const struct weir_pkt *pkt,
	unsigned int owner)
{
	const uint8_t never = WEIR_TCP_SYN | WEIR_TCP_RST;
	const struct weir_seg *seg = &pkt->seg;
	bool probe = seg->payload_len <= 1 && !(seg->flags & WEIR_TCP_FIN);

	if (pkt->kind != WEIR_KIND_CLIENT || !(seg->flags & WEIR_TCP_ACK) || (seg->flags & never))
		return;
	sim_odds.guesses++;
	sim_odds.expected += odds(seg->ts_off != 0, probe);
	if (!is_right(&f->shell->workers[owner].px.keys, seg))
		return;
	sim_odds.right++;
	if (!is_plausible() || l->n == SIM_LUCK_MAX)
		sim_fail((struct sim_tuple){ip_host(&seg->src), weir_be16(seg->sport_be)},
			"%llu of %llu guessed cookies were right, where %g is to be expected",
			(unsigned long long)sim_odds.right, (unsigned long long)sim_odds.guesses,
			sim_odds.expected);
	l->at[l->n].at_ns = f->queue->now_ns;
	l->at[l->n].who = (struct sim_tuple){ip_host(&seg->src), weir_be16(seg->sport_be)};
	l->at[l->n++].service = pkt->key.id;
}

bool sim_luck_had(const struct sim_luck *l, struct sim_tuple who, unsigned int service,
	uint64_t since_ns)
{
	for (uint32_t i = 0; i < l->n; i++)
		if (l->at[i].who.addr == who.addr && l->at[i].who.port == who.port &&
			l->at[i].service == service && l->at[i].at_ns >= since_ns)
			return true;
	return false;
}
