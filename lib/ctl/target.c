// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int weir_target_init(struct weir_target *t, const struct weir_view *v)
{
	t->syn_was = calloc(weir_policy_service_room(v->policy) + 1, sizeof(*t->syn_was));
	if (t->syn_was == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < v->policy->n_services; i++)
		t->syn_was[i] = weir_view_service(v, i).syn;
	return 0;
}

void weir_target_free(struct weir_target *t)
{
	free(t->syn_was);
}

static void write_target(const struct weir_policy *p, uint32_t service, double percent,
	char text[WEIR_TARGET_TEXT])
{
	const struct weir_listener *l = weir_policy_listener_of(p, (uint16_t)service);
	char addr[WEIR_ADDR_TEXT];

	if (l == NULL)
		return;
	weir_addr_text(&l->vip, addr);
	snprintf(text, WEIR_TARGET_TEXT,
		weir_addr_is_v4(&l->vip) ? ", %.0f %% of them at service %s (%s:%u)"
					 : ", %.0f %% of them at service %s ([%s]:%u)",
		percent, p->services[service].name, addr, ntohs(l->port_be));
}

void weir_target_look(struct weir_target *t, const struct weir_view *v, char text[WEIR_TARGET_TEXT])
{
	uint64_t sum = 0, most = 0;
	uint32_t at = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < v->policy->n_services; i++) {
		uint64_t is = weir_view_service(v, i).syn;
		/* less than before: another service has this number now */
		uint64_t by = is > t->syn_was[i] ? is - t->syn_was[i] : 0;

		t->syn_was[i] = is;
		sum += by;
		if (by > most) {
			most = by;
			at = i;
		}
	}
	if (most > 0)
		write_target(v->policy, at, 100 * (double)most / (double)sum, text);
}
