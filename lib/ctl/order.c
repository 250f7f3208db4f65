// SPDX-License-Identifier: BSD-3-Clause
#include "ctl/order.h"

#include <errno.h>
#include <string.h>

/* The number of the live service of that name; WEIR_NONE16: there is none. */
static uint16_t live_service(const struct weir_policy *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_services; i++)
		if (p->services[i].life == WEIR_LIFE_LIVE && strcmp(name, p->services[i].name) == 0)
			return (uint16_t)i;
	return WEIR_NONE16;
}

/* Likewise, of the service's backends. */
static uint16_t live_backend(const struct weir_policy *p, uint16_t service, const char *name)
{
	const struct weir_service *s = &p->services[service];

	for (uint32_t i = 0; i < s->n_members; i++) {
		uint16_t b = p->members[s->first_member + i].backend;

		if (strcmp(name, p->backends[b].name) == 0)
			return b;
	}
	return WEIR_NONE16;
}

/* Its place among the words; -1: it is none. */
static int word_of(const char *const *words, int n, const char *word)
{
	for (int i = 0; i < n; i++)
		if (strcmp(word, words[i]) == 0)
			return i;
	return -1;
}

static int order_cookies(const struct weir_view *v, uint16_t service, const char *word,
	struct weir_params_error *err)
{
	static const char *const words[] = {"configured", "always", "adaptive", "never"};
	int order = word_of(words, 4, word);

	if (order < 0)
		return weir_params_refuse(err,
			"syn_cookies=%.16s: must be always, adaptive, never or configured", word);
	weir_orders_set(v->orders, service, (uint8_t)order);
	return 0;
}

static int order_state(const struct weir_view *v, uint16_t backend, const char *word,
	struct weir_params_error *err)
{
	static const char *const words[] = {[WEIR_ADMIN_READY] = "ready",
		[WEIR_ADMIN_DRAIN] = "drain",
		[WEIR_ADMIN_MAINT] = "maint"};
	int order = word_of(words, 3, word);

	if (order < 0)
		return weir_params_refuse(err, "state=%.16s: must be ready, drain or maint", word);
	weir_orders_set_admin(v->orders, backend, (enum weir_admin)order);
	return 0;
}

static int order_weight(const struct weir_view *v, uint16_t backend,
	const struct weir_params *params, struct weir_params_error *err)
{
	uint64_t weight = 0;

	if (strcmp(weir_params_get(params, "weight"), "configured") == 0) {
		weir_orders_set_weight(v->orders, backend, 0);
		return 0;
	}
	if (weir_params_number(params, "weight", 0, WEIR_WEIGHT_MAX, &weight, err) != 0)
		return -EINVAL;
	weir_orders_set_weight(v->orders, backend, (uint16_t)(weight + 1));
	return 0;
}

static int order_backend(const struct weir_view *v, const struct weir_params *params,
	uint16_t service, struct weir_params_error *err)
{
	const char *name = weir_params_get(params, "backend"),
		   *state = weir_params_get(params, "state");
	uint16_t backend = live_backend(v->policy, service, name);

	if (backend == WEIR_NONE16)
		return weir_params_refuse(err, "no backend is named '%.31s' in service %.31s", name,
			v->policy->services[service].name);
	if (v->obey == NULL || (state == NULL) == (weir_params_get(params, "weight") == NULL))
		return weir_params_refuse(err, "set backend needs a state or a weight");
	return state != NULL ? order_state(v, backend, state, err)
			     : order_weight(v, backend, params, err);
}

int weir_order_give(const struct weir_view *v, const char *text, struct weir_order *given,
	struct weir_params_error *err)
{
	struct weir_params params;
	const char *name, *word;

	if (weir_params_parse(&params, text, "service, syn_cookies, backend, state, weight, cursor",
		    err) != 0)
		return -EINVAL;
	name = weir_params_get(&params, "service");
	word = weir_params_get(&params, "syn_cookies");
	given->backend = weir_params_get(&params, "backend") != NULL;
	if (v->orders == NULL || name == NULL || (word != NULL) == given->backend)
		return weir_params_refuse(err, "set needs service and syn_cookies, or backend");
	given->service = live_service(v->policy, name);
	if (given->service == WEIR_NONE16)
		return weir_params_refuse(err, "no service is named '%.31s'", name);
	return given->backend ? order_backend(v, &params, given->service, err)
			      : order_cookies(v, given->service, word, err);
}

bool weir_order_leaves_one(const struct weir_policy *p, uint16_t service)
{
	const struct weir_service *s = &p->services[service];

	for (uint32_t i = 0; i < s->n_members; i++)
		if (p->members[s->first_member + i].weight != 0)
			return true;
	return false;
}
