// SPDX-License-Identifier: BSD-3-Clause
#include "config/check.h"

static const config_setting_t *limits_key(const struct weir_draft *d, const char *key)
{
	return weir_draft_key(weir_draft_key(d->at, "limits"), key);
}

/* Room for fewer than there are is a slip. */
static int check_numbers(struct weir_draft *d)
{
	uint32_t backends = 0;

	for (uint32_t i = 0; i < d->n_services; i++)
		backends += d->services[i].n_backends;
	if (d->limits.connections < 2 * d->n_workers)
		return weir_draft_refuse(d, limits_key(d, "connections"),
			"must be %u at least: two of each worker", 2 * d->n_workers);
	if (d->limits.services != 0 && d->limits.services < d->n_services)
		return weir_draft_refuse(d, limits_key(d, "services"), "there are %u already",
			d->n_services);
	if (d->limits.listeners != 0 && d->limits.listeners < d->n_listeners)
		return weir_draft_refuse(d, limits_key(d, "listeners"), "there are %u already",
			d->n_listeners);
	if (d->limits.backends != 0 && d->limits.backends < backends)
		return weir_draft_refuse(d, limits_key(d, "backends"), "there are %u already",
			backends);
	return 0;
}

static int check_adaptive(struct weir_draft *d)
{
	const struct weir_limits *l = &d->limits;

	if (l->adaptive_end >= l->adaptive_start)
		return 0;
	return weir_draft_refuse(d, limits_key(d, "adaptive_end"),
		"must not be less than adaptive_start, which is %u", l->adaptive_start);
}

/*
 * HC-42: SYN-ACKs are retransmitted to known clients, whose addresses may be forged, and nothing but the
 * prefix's limit bounds that.
 */
static int check_replies(struct weir_draft *d)
{
	if (d->limits.prefix_replies != 0 || d->limits.syn_ack_ring == 0)
		return 0;
	return weir_draft_refuse(d, limits_key(d, "prefix_replies"),
		"cannot be 0 unless syn_ack_ring is 0, too: SYNs forged in the name of clients "
		"would be "
		"answered three times each");
}

int weir_check_limits(struct weir_draft *d)
{
	int ret = check_numbers(d);

	if (ret == 0)
		ret = check_adaptive(d);
	return ret == 0 ? check_replies(d) : ret;
}
