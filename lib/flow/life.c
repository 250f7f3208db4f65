// SPDX-License-Identifier: BSD-3-Clause
#include "flow/life.h"

/* Retired before, so that all workers know by now, and no connection refers to it. */
static bool is_left(uint8_t life, const bool *busy, uint32_t i)
{
	return (life == WEIR_LIFE_RETIRED || life == WEIR_LIFE_ORPHANED) && busy != NULL &&
		!busy[i];
}

/* The same of a service: connections refer to its listeners. */
static bool is_left_service(const struct weir_policy *p, const bool *busy_listeners, uint32_t i)
{
	uint8_t life = p->services[i].life;

	if ((life != WEIR_LIFE_RETIRED && life != WEIR_LIFE_ORPHANED) || busy_listeners == NULL)
		return false;
	for (uint16_t l = p->services[i].first_listener; l != WEIR_NONE16; l = p->listeners[l].next)
		if (busy_listeners[l])
			return false;
	return true;
}

static bool is_idle_backend(const struct weir_policy *p, const bool *busy, uint32_t i)
{
	/* nor has another one its number in its connections' keys */
	return is_left(p->backends[i].life, busy, i) && !p->backends[i].shared;
}

/* The same, and none of its backends stays: those need its mode to find a packet's owner. */
static bool is_idle_service(const struct weir_policy *p, const bool *busy_listeners,
	const bool *busy_backends, uint32_t i)
{
	if (!is_left_service(p, busy_listeners, i))
		return false;
	for (uint16_t b = p->services[i].first_backend; b != WEIR_NONE16; b = p->backends[b].next)
		if (!is_idle_backend(p, busy_backends, b))
			return false;
	return true;
}

/* What becomes of it unless it is wanted. */
static uint8_t next_life(uint8_t life, bool idle, bool left)
{
	if (idle)
		return WEIR_LIFE_VACANT;
	if (left)
		return WEIR_LIFE_ORPHANED;
	return life == WEIR_LIFE_LIVE ? WEIR_LIFE_RETIRED : life;
}

uint8_t weir_life_of_service(const struct weir_policy *p, const bool *busy_listeners,
	const bool *busy_backends, uint32_t i)
{
	uint8_t life = p->services[i].life;

	return next_life(life, is_idle_service(p, busy_listeners, busy_backends, i),
		is_left_service(p, busy_listeners, i));
}

uint8_t weir_life_of_backend(const struct weir_policy *p, const bool *busy, uint32_t i)
{
	uint8_t life = p->backends[i].life;

	return next_life(life, is_idle_backend(p, busy, i), is_left(life, busy, i));
}

/* No other number depends on a listener's, so it is never orphaned: idle, it is vacant. */
uint8_t weir_life_of_listener(const struct weir_policy *p, const bool *busy, uint32_t i)
{
	uint8_t life = p->listeners[i].life;

	return next_life(life, is_left(life, busy, i), false);
}

bool weir_policy_has_idle(const struct weir_policy *p, const bool *busy_listeners,
	const bool *busy_backends)
{
	for (uint32_t i = 0; i < p->n_services; i++) {
		uint8_t life = p->services[i].life;

		if (life != WEIR_LIFE_LIVE &&
			weir_life_of_service(p, busy_listeners, busy_backends, i) != life)
			return true;
	}
	for (uint32_t i = 0; i < p->n_listeners; i++) {
		uint8_t life = p->listeners[i].life;

		if (life != WEIR_LIFE_LIVE && weir_life_of_listener(p, busy_listeners, i) != life)
			return true;
	}
	for (uint32_t i = 0; i < p->n_backends; i++) {
		uint8_t life = p->backends[i].life;

		if (life != WEIR_LIFE_LIVE && weir_life_of_backend(p, busy_backends, i) != life)
			return true;
	}
	return false;
}
