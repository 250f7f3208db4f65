// SPDX-License-Identifier: BSD-3-Clause
#include "config/check.h"

#include <string.h>

static const config_setting_t *workers_key(const struct weir_draft *d, const char *key)
{
	return weir_draft_key(weir_draft_key(d->at, "workers"), key);
}

/* One worker per core; without a word about either there is one worker. */
static int check_workers(struct weir_draft *d)
{
	const config_setting_t *lcores = workers_key(d, "lcores");

	for (uint32_t i = 0; i < d->n_lcores; i++)
		for (uint32_t j = 0; j < i; j++)
			if (d->lcores[i] == d->lcores[j])
				return weir_draft_refuse(d, config_setting_get_elem(lcores, i),
					"is listed already: one worker per core");
	if (d->n_workers == 0)
		d->n_workers = d->n_lcores != 0 ? d->n_lcores : 1;
	if (d->n_lcores != 0 && d->n_workers != d->n_lcores)
		return weir_draft_refuse(d, workers_key(d, "count"),
			"must be as many as lcores lists, %u, or be left out", d->n_lcores);
	return 0;
}

/* What the EAL would refuse too, but only once the daemon starts. */
static int check_eal(struct weir_draft *d)
{
	const config_setting_t *list = weir_draft_key(d->at, "eal");
	bool no_huge = false;

	for (uint32_t i = 0; i < d->n_eal; i++)
		no_huge |= strcmp(d->eal[i], "--no-huge") == 0;
	for (uint32_t i = 0; i < d->n_eal; i++) {
		const config_setting_t *at = config_setting_get_elem(list, i);

		if (strcmp(d->eal[i], "--") == 0)
			return weir_draft_refuse(d, at, "would end the EAL's arguments");
		if (no_huge && strcmp(d->eal[i], "--in-memory") == 0)
			return weir_draft_refuse(d, at,
				"cannot go with --no-huge; --no-shconf is what you want");
	}
	return 0;
}

int weir_check(struct weir_draft *d)
{
	int ret = check_workers(d);

	if (ret == 0)
		ret = check_eal(d);
	if (ret == 0)
		ret = weir_check_ports(d);
	if (ret == 0)
		ret = weir_check_interfaces(d);
	if (ret == 0)
		ret = weir_check_hosts(d);
	if (ret == 0)
		ret = weir_check_services(d);
	if (ret == 0)
		ret = weir_check_limits(d);
	if (ret == 0)
		ret = weir_check_sharing(d);
	if (ret == 0)
		weir_check_client_interfaces(d);
	return ret;
}
