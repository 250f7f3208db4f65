// SPDX-License-Identifier: BSD-3-Clause
#include "flow/nexthop.h"

const char *weir_nexthop_state_name(unsigned int state)
{
	static const char *const names[] = {
		"incomplete", "reachable", "probe", "unreachable", "static"};

	return state < sizeof(names) / sizeof(names[0]) ? names[state] : "";
}

/* Its number, but of no group; or WEIR_NONE16. */
static uint16_t find(const struct weir_policy *p, const struct weir_nexthop *hop)
{
	return p->n_nexthops == 0 ? WEIR_NONE16
				  : weir_index_find(&p->hops, &hop->addr, hop->interface);
}

uint16_t weir_policy_nexthop(struct weir_policy *p, const struct weir_nexthop *hop)
{
	uint16_t i = find(p, hop);

	if (p->n_nexthops == 0) /* the secret may have been set since weir_policy_alloc() */
		weir_index_clear(&p->hops, &p->steer_secret);
	if (i == WEIR_NONE16) {
		i = (uint16_t)p->n_nexthops++;
		p->nexthops[i] = *hop;
		weir_index_put(&p->hops, &hop->addr, hop->interface, i);
	} else if (!weir_nexthop_is_static(&p->nexthops[i])) {
		memcpy(p->nexthops[i].mac, hop->mac, sizeof(hop->mac));
	}
	return i;
}

uint16_t weir_policy_group(struct weir_policy *p, const uint16_t *members, unsigned int n)
{
	struct weir_nexthop group = {
		.interface = p->nexthops[members[0]].interface, .n_members = (uint8_t)n};
	uint32_t i = 0;

	if (n == 1)
		return members[0];
	memcpy(group.members, members, n * sizeof(*members));
	while (i < p->n_nexthops &&
		(p->nexthops[i].n_members != n ||
			memcmp(p->nexthops[i].members, group.members, sizeof(group.members)) != 0))
		i++;
	if (i == p->n_nexthops)
		p->nexthops[p->n_nexthops++] = group;
	for (unsigned int m = 0; m < n; m++)
		p->nexthops[members[m]].is_member = true;
	return (uint16_t)i;
}

/* A next hop that is no group, with that MAC if `to` has not met it. */
static uint16_t keep_one(struct weir_policy *to, const struct weir_nexthop *hop)
{
	const uint16_t i = find(to, hop);

	return i != WEIR_NONE16 ? i : weir_policy_nexthop(to, hop);
}

/* It is a member in `to` when a group there has it. */
static struct weir_nexthop alone(const struct weir_nexthop *hop)
{
	struct weir_nexthop copy = *hop;

	copy.is_member = false;
	return copy;
}

static uint16_t carry(struct weir_policy *to, const struct weir_policy *from, uint16_t i,
	uint16_t (*one)(struct weir_policy *to, const struct weir_nexthop *hop))
{
	const struct weir_nexthop *hop = &from->nexthops[i];
	uint16_t members[WEIR_NEXTHOP_MEMBERS_MAX];
	struct weir_nexthop copy = alone(hop);

	if (!weir_nexthop_is_group(hop))
		return one(to, &copy);
	for (unsigned int m = 0; m < hop->n_members; m++) {
		copy = alone(&from->nexthops[hop->members[m]]);
		members[m] = one(to, &copy);
	}
	return weir_policy_group(to, members, hop->n_members);
}

uint16_t weir_nexthop_copy(struct weir_policy *to, const struct weir_policy *from, uint16_t i)
{
	return carry(to, from, i, weir_policy_nexthop);
}

uint16_t weir_nexthop_keep(struct weir_policy *to, const struct weir_policy *from, uint16_t i)
{
	return carry(to, from, i, keep_one);
}

/* The next hop's m'th address; NULL: it has no more. */
static const struct weir_addr *addr_at(const struct weir_policy *p, uint16_t i, unsigned int m)
{
	const struct weir_nexthop *hop = &p->nexthops[i];

	if (!weir_nexthop_is_group(hop))
		return m == 0 ? &hop->addr : NULL;
	return m < hop->n_members ? &p->nexthops[hop->members[m]].addr : NULL;
}

bool weir_nexthop_same(const struct weir_policy *a, uint16_t i, const struct weir_policy *b,
	uint16_t j)
{
	for (unsigned int m = 0;; m++) {
		const struct weir_addr *one = addr_at(a, i, m), *other = addr_at(b, j, m);

		if (one == NULL || other == NULL)
			return one == other;
		if (!weir_addr_eq(one, other))
			return false;
	}
}

const struct weir_addr *weir_nexthop_addr(const struct weir_policy *p, uint16_t i)
{
	return addr_at(p, i, 0);
}

bool weir_nexthop_in(const struct weir_policy *p, uint16_t i, const struct weir_interface_addr *net)
{
	const struct weir_addr *addr;

	for (unsigned int m = 0; (addr = addr_at(p, i, m)) != NULL; m++)
		if (weir_addr_in(addr, &net->addr, net->prefix))
			return true;
	return false;
}
