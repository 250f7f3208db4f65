// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/gate.h"

static uint32_t share(uint32_t whole, unsigned int workers)
{
	return (whole + workers - 1) / workers;
}

struct weir_gate_rule weir_gate_rule(const struct weir_policy *p, const struct weir_service *s)
{
	const struct weir_watermarks *marks = &s->watermarks;
	const uint32_t capacity = weir_policy_half_open(p);

	return (struct weir_gate_rule){
		.mode = (enum weir_syn_cookies)s->syn_cookies,
		/* one entry may always be there, and one is always room */
		.queue_high = capacity * marks->queue_high / 100 + 1,
		.queue_low = capacity * marks->queue_low / 100 + 1,
		.rate_high = share(marks->rate_high, p->n_workers),
		.rate_low = share(marks->rate_low, p->n_workers),
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

/* In this period, so far. */
static uint64_t counted(const struct weir_gate *g, const struct weir_gate_load *load)
{
	return load->unanswered > g->unanswered ? load->unanswered - g->unanswered : 0;
}

static bool is_high(const struct weir_gate *g, const struct weir_gate_load *load)
{
	return load->entries >= g->rule.queue_high ||
		(g->rule.rate_high > 0 && counted(g, load) > g->rule.rate_high);
}

static bool is_low(const struct weir_gate *g, const struct weir_gate_load *load)
{
	return load->entries <= g->rule.queue_low && counted(g, load) <= g->rule.rate_low;
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

	if (!is_low(g, load))
		g->busy_ns = now_ns;
	cookies = wants_cookies(g, load, now_ns);
	if (now_ns - g->period_ns >= WEIR_GATE_PERIOD_NS || load->unanswered < g->unanswered) {
		g->period_ns = now_ns;
		g->unanswered = load->unanswered;
	}
	if (cookies == g->cookies)
		return false;
	g->cookies = cookies;
	return true;
}
