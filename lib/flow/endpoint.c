// SPDX-License-Identifier: BSD-3-Clause
#include "flow/endpoint.h"

uint32_t weir_endpoints_size(uint32_t endpoints)
{
	uint32_t size = 2;

	while (size < 4 * endpoints)
		size *= 2;
	return size;
}

void weir_endpoints_begin(struct weir_endpoints *t, struct weir_endpoint *slots, uint32_t size,
	const struct weir_sipkey *secret, unsigned int attempt)
{
	*t = (struct weir_endpoints){
		.slots = slots,
		.mask = size - 1,
		.shift = 64 - (uint32_t)__builtin_ctz(size),
	};
	for (uint64_t i = 0; i < sizeof(t->key) / sizeof(t->key[0]); i++) {
		const uint64_t words[] = {attempt, i};

		t->key[i] = weir_siphash24_words(secret, words, 2, 0, 0);
	}
	memset(slots, 0, size * sizeof(*slots));
}

void weir_endpoints_put(struct weir_endpoints *t, const struct weir_addr *addr, uint16_t port_be,
	enum weir_endpoint_kind kind, uint16_t index)
{
	uint32_t at = weir_endpoint_slot(t, addr, port_be);
	struct weir_endpoint *home = &t->slots[at];

	for (uint32_t i = 0; i <= t->mask; i++) {
		struct weir_endpoint *e = &t->slots[(at + i) & t->mask];

		if (e->taken && !weir_endpoint_is(e, addr, port_be))
			continue;
		*e = (struct weir_endpoint){.addr = *addr,
			.port_be = port_be,
			.taken = 1,
			.index = index,
			.kind = (uint8_t)kind,
			.reach = e->reach,
			.doors = UINT64_MAX};
		if (i > home->reach)
			home->reach = i < WEIR_ENDPOINT_FAR ? (uint8_t)i : WEIR_ENDPOINT_FAR;
		return;
	}
}

uint32_t weir_endpoints_reach(const struct weir_endpoints *t)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i <= t->mask; i++)
		if (t->slots[i].reach > most)
			most = t->slots[i].reach;
	return most;
}

const struct weir_endpoint *weir_endpoint_find_beyond(const struct weir_endpoints *t,
	const struct weir_endpoint *home, const struct weir_addr *addr, uint16_t port_be)
{
	uint32_t at = (uint32_t)(home - t->slots);
	uint32_t reach = home->reach == WEIR_ENDPOINT_FAR ? t->mask : home->reach;

	for (uint32_t i = 1; i <= reach; i++) {
		const struct weir_endpoint *e = &t->slots[(at + i) & t->mask];

		if (weir_endpoint_is(e, addr, port_be))
			return e;
	}
	return NULL;
}
