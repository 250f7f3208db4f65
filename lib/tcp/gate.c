// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/gate.h"

#include "base/share.h"

struct weir_gate_rule weir_gate_rule(const struct weir_policy *p, const struct weir_service *s)
{
	const struct weir_watermarks *marks = &s->watermarks;
	const uint32_t capacity = weir_policy_half_open(p);

	return (struct weir_gate_rule){
		.mode = (enum weir_syn_cookies)s->syn_cookies,
		/* one entry may always be there, and one is always room */
		.queue_high = capacity * marks->queue_high / 100 + 1,
		.queue_low = capacity * marks->queue_low / 100 + 1,
		.rate_high = weir_share(marks->rate_high, p->n_workers),
		.rate_low = weir_share(marks->rate_low, p->n_workers),
		.share_low = marks->share_low,
		.hold_ns = marks->hold_ms * 1000000ull,
	};
}

void weir_gate_init(struct weir_gate *g, const struct weir_gate_rule *rule, uint64_t now_ns)
{
	*g = (struct weir_gate){.rule = *rule,
		.cookies = rule->mode == WEIR_SYN_COOKIES_ALWAYS,
		.period_ns = now_ns,
		.busy_ns = now_ns};
}

/* SYNs of this period, so far, that no handshake followed. */
static uint64_t unanswered(const struct weir_gate *g, const struct weir_gate_load *load)
{
	const uint64_t syns = load->syns - g->syns, done = load->handshakes - g->handshakes;

	return syns > done ? syns - done : 0;
}

/* Of so many SYNs, those that no handshake follows at any time. */
static uint64_t usual(const struct weir_gate *g, uint64_t syns)
{
	return syns * g->rule.share_low / 100;
}

static uint64_t greater(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* INVARIANT: twice the usual, so that the upper rate is above the lower one. */
static bool is_high(const struct weir_gate *g, const struct weir_gate_load *load)
{
	const uint64_t most = greater(g->rule.rate_high, 2 * usual(g, load->syns - g->syns));

	return load->entries >= g->rule.queue_high ||
		(g->rule.rate_high > 0 && unanswered(g, load) > most);
}

/*
 * By a whole period's SYNs: in the first part of one, chance would make any service busy. What would fill
 * the queue again is not low, whatever the rates say: the gate would change to and fro.
 */
static bool is_low(const struct weir_gate *g, const struct weir_gate_load *load)
{
	const uint64_t most = greater(g->rule.rate_low, usual(g, g->last_syns));
	const uint64_t lost = unanswered(g, load);

	return load->entries <= g->rule.queue_low && lost <= most &&
		lost * WEIR_GATE_STALE_S < g->rule.queue_high;
}

static bool wants_cookies(const struct weir_gate *g, const struct weir_gate_load *load,
	uint64_t now_ns)
{
	switch (g->rule.mode) {
	case WEIR_SYN_COOKIES_ALWAYS:
		return true;
	case WEIR_SYN_COOKIES_NEVER:
		return false;
	case WEIR_SYN_COOKIES_ADAPTIVE:
		break;
	}
	return g->cookies ? now_ns - g->busy_ns < g->rule.hold_ns : is_high(g, load);
}

bool weir_gate_step(struct weir_gate *g, const struct weir_gate_load *load, uint64_t now_ns)
{
	bool cookies;

	if (g->cookies && !is_low(g, load))
		g->busy_ns = now_ns;
	cookies = wants_cookies(g, load, now_ns);
	if (now_ns - g->period_ns >= WEIR_GATE_PERIOD_NS) {
		g->period_ns = now_ns;
		g->last_syns = load->syns - g->syns;
		g->syns = load->syns;
		g->handshakes = load->handshakes;
	}
	if (cookies == g->cookies)
		return false;
	g->cookies = cookies;
	g->busy_ns = now_ns;
	return true;
}
