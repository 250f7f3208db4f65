// SPDX-License-Identifier: BSD-3-Clause
/* The neighbour table: an array by next hop, and an order by (interface, address) for learning. */
#include "dp/neigh.h"

#include "wire/nd.h"

/* Next hops are searched in this order: by interface, then by address. */
static int compare(const struct weir_nexthop *hop, uint8_t interface, const struct weir_addr *addr)
{
	if (hop->interface != interface)
		return hop->interface < interface ? -1 : 1;
	return memcmp(&hop->addr, addr, sizeof(*addr));
}

static int compare_at(const struct weir_policy *p, uint16_t nexthop, const struct weir_nexthop *to)
{
	return compare(&p->nexthops[nexthop], to->interface, &to->addr);
}

/* Insertion sort, once a policy: some thousands at most, mostly in order already. */
static void sort(struct weir_neighs *n)
{
	const struct weir_policy *p = n->policy;

	for (uint32_t i = 0; i < p->n_nexthops; i++) {
		uint32_t at = i;

		for (; at > 0 && compare_at(p, n->order[at - 1], &p->nexthops[i]) > 0; at--)
			n->order[at] = n->order[at - 1];
		n->order[at] = (uint16_t)i;
	}
}

const struct weir_interface_addr *weir_neigh_subnet(const struct weir_interface *interface,
	const struct weir_addr *addr)
{
	for (unsigned int i = 0; i < interface->n_addrs; i++)
		if (weir_addr_in(addr, &interface->addrs[i].addr, interface->addrs[i].prefix))
			return &interface->addrs[i];
	return NULL;
}

/* Ours in the next hop's subnet; for one outside of all (a link-local router) the first of its family. */
static struct weir_addr sender_for(const struct weir_policy *p, const struct weir_nexthop *hop)
{
	const struct weir_interface *interface = &p->interfaces[hop->interface];
	const struct weir_interface_addr *a = weir_neigh_subnet(interface, &hop->addr);

	for (unsigned int i = 0; a == NULL && i < interface->n_addrs; i++)
		if (weir_addr_same_family(&interface->addrs[i].addr, &hop->addr))
			a = &interface->addrs[i];
	return a != NULL ? a->addr : weir_addr_any(weir_addr_is_v4(&hop->addr));
}

void weir_neighs_init(struct weir_neighs *n, struct weir_arena *arena,
	const struct weir_policy *policy)
{
	n->policy = policy;
	n->at = weir_arena_take(arena, policy->n_nexthops * sizeof(*n->at));
	n->order = weir_arena_take(arena, policy->n_nexthops * sizeof(*n->order));
	n->sender = weir_arena_take(arena, policy->n_nexthops * sizeof(*n->sender));
	if (n->at == NULL || n->order == NULL || n->sender == NULL)
		return;
	sort(n);
	for (uint32_t i = 0; i < policy->n_nexthops; i++) {
		n->sender[i] = sender_for(policy, &policy->nexthops[i]);
		memcpy(&n->at[i].mac, policy->nexthops[i].mac, sizeof(policy->nexthops[i].mac));
	}
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_RELAXED);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
}

static bool is_static(const struct weir_neighs *n, uint16_t nexthop)
{
	return weir_nexthop_is_static(&n->policy->nexthops[nexthop]);
}

/* It has a MAC address, and that is to be learned. */
static bool is_asked(const struct weir_neighs *n, uint16_t nexthop)
{
	return !is_static(n, nexthop) && !weir_nexthop_is_group(&n->policy->nexthops[nexthop]);
}

/* A known next hop is asked when its last answer is old, and again when it did not answer. */
static bool is_probe_due(const struct weir_neigh *at, uint64_t refresh_ns, uint64_t now_ns,
	uint64_t retry_ns)
{
	uint64_t asked = load(&at->asked_ns), confirmed = load(&at->confirmed_ns);
	uint32_t probes = __atomic_load_n(&at->probes, __ATOMIC_RELAXED);

	if (probes > 0)
		return now_ns >=
			asked + (probes <= WEIR_NEIGH_PROBES ? WEIR_NEIGH_PROBE_NS : retry_ns);
	return __atomic_load_n(&at->doubted, __ATOMIC_RELAXED) != 0 ||
		now_ns >= confirmed + refresh_ns;
}

static bool is_advertised(const struct weir_neighs *n, uint16_t nexthop)
{
	return weir_nd_is_any_router(&n->policy->nexthops[nexthop].addr);
}

/* It was asked by unicast, and did not answer. */
static bool is_silent(const struct weir_neigh *at)
{
	return __atomic_load_n(&at->probes, __ATOMIC_RELAXED) > WEIR_NEIGH_PROBES;
}

/* Of an advertised router: forgotten. */
static void forget_router(struct weir_neigh *at)
{
	store(&at->router, 0);
	store(&at->mac, 0);
	__atomic_store_n(&at->probes, 0, __ATOMIC_RELAXED);
}

/* There is no router, or it does not answer: all are asked, less and less often. */
static enum weir_neigh_request solicit(struct weir_neigh *at, uint64_t now_ns)
{
	const uint32_t n = __atomic_load_n(&at->solicited, __ATOMIC_RELAXED);
	const uint64_t asked = load(&at->asked_ns);
	const uint64_t pause_ns = WEIR_NEIGH_ROUTERS_NS
		<< (n < WEIR_NEIGH_ROUTERS_DOUBLED ? n : WEIR_NEIGH_ROUTERS_DOUBLED);

	if (asked != 0 && n != 0 && now_ns < asked + pause_ns)
		return WEIR_NEIGH_NO_REQUEST;
	store(&at->asked_ns, now_ns);
	__atomic_store_n(&at->solicited, n + 1, __ATOMIC_RELAXED);
	return WEIR_NEIGH_ROUTERS;
}

/* Two workers may get here at once: then two requests are sent, which does no harm. */
enum weir_neigh_request weir_neigh_due(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns,
	uint64_t retry_ns)
{
	struct weir_neigh *at = &n->at[nexthop];
	const uint64_t refresh_ns = n->policy->nexthops[nexthop].is_member ? WEIR_NEIGH_MEMBER_NS
									   : WEIR_NEIGH_REFRESH_NS;
	uint64_t asked = load(&at->asked_ns);
	uint32_t probes;

	if (!is_asked(n, nexthop))
		return WEIR_NEIGH_NO_REQUEST;
	if (is_advertised(n, nexthop)) {
		if (load(&at->router) != 0 && now_ns >= load(&at->router_until_ns))
			forget_router(at);
		if (load(&at->router) == 0 || is_silent(at))
			return solicit(at, now_ns);
	}
	if (load(&at->mac) == 0) {
		if (asked != 0 && now_ns < asked + retry_ns)
			return WEIR_NEIGH_NO_REQUEST;
		store(&at->asked_ns, now_ns);
		return WEIR_NEIGH_BROADCAST;
	}
	if (!is_probe_due(at, refresh_ns, now_ns, retry_ns))
		return WEIR_NEIGH_NO_REQUEST;
	probes = __atomic_load_n(&at->probes, __ATOMIC_RELAXED);
	store(&at->asked_ns, now_ns);
	__atomic_store_n(&at->doubted, 0, __ATOMIC_RELAXED);
	if (probes <= WEIR_NEIGH_PROBES)
		__atomic_store_n(&at->probes, probes + 1, __ATOMIC_RELAXED);
	return probes < WEIR_NEIGH_PROBES ? WEIR_NEIGH_UNICAST : WEIR_NEIGH_BROADCAST;
}

void weir_neigh_doubt(struct weir_neighs *n, uint16_t nexthop, uint64_t now_ns)
{
	struct weir_neigh *at = &n->at[nexthop];

	if (now_ns >= load(&at->confirmed_ns) + WEIR_NEIGH_PROBE_NS)
		__atomic_store_n(&at->doubted, 1, __ATOMIC_RELAXED);
}

bool weir_neigh_is_down(const struct weir_neighs *n, uint16_t nexthop)
{
	return is_silent(&n->at[nexthop]);
}

bool weir_neigh_is_live(const struct weir_neighs *n, uint16_t nexthop)
{
	return load(&n->at[nexthop].mac) != 0 && !is_silent(&n->at[nexthop]);
}

static enum weir_nexthop_state state_of(const struct weir_neighs *n, uint16_t nexthop)
{
	const struct weir_neigh *at = &n->at[nexthop];

	if (is_static(n, nexthop))
		return WEIR_NEXTHOP_STATIC;
	if (load(&at->mac) == 0)
		return WEIR_NEXTHOP_INCOMPLETE;
	if (is_silent(at))
		return WEIR_NEXTHOP_UNREACHABLE;
	return __atomic_load_n(&at->probes, __ATOMIC_RELAXED) != 0 ? WEIR_NEXTHOP_PROBE
								   : WEIR_NEXTHOP_REACHABLE;
}

static bool is_router(const struct weir_policy *p, uint16_t nexthop)
{
	for (uint32_t i = 0; i < p->n_backends; i++)
		if (p->backends[i].nexthop == nexthop &&
			weir_addr_eq(&p->backends[i].addr, &p->nexthops[nexthop].addr))
			return false;
	return true;
}

struct weir_nexthop_record weir_neigh_look(const struct weir_neighs *n, uint16_t nexthop,
	uint64_t now_ns)
{
	const struct weir_nexthop *hop = &n->policy->nexthops[nexthop];
	const uint64_t confirmed = load(&n->at[nexthop].confirmed_ns);
	struct weir_nexthop_record r = {.addr = weir_neigh_addr(n, nexthop),
		.interface = hop->interface,
		.state = (uint8_t)state_of(n, nexthop),
		.is_router = is_router(n->policy, nexthop),
		.is_member = hop->is_member,
		.is_group = weir_nexthop_is_group(hop),
		.age_ms =
			confirmed != 0 && now_ns > confirmed ? (now_ns - confirmed) / 1000000 : 0};

	weir_neigh_mac(n, nexthop, r.mac);
	return r;
}

/* The place in the order of the first one that is not before (interface, addr). */
static uint32_t find(const struct weir_neighs *n, uint8_t interface, const struct weir_addr *addr)
{
	uint32_t from = 0, to = n->policy->n_nexthops;

	while (from < to) {
		uint32_t middle = from + (to - from) / 2;

		if (compare(&n->policy->nexthops[n->order[middle]], interface, addr) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* We have asked, and have no answer yet. */
static bool is_awaited(const struct weir_neigh *at, uint64_t now_ns)
{
	uint64_t asked = load(&at->asked_ns);

	return asked != 0 && load(&at->confirmed_ns) < asked &&
		now_ns <= asked + WEIR_NEIGH_ANSWER_NS;
}

static enum weir_neigh_claim claim(struct weir_neigh *at, uint64_t word, bool is_reply,
	uint64_t now_ns)
{
	uint64_t known = load(&at->mac);
	bool open = known == 0 || known == word || is_silent(at);

	if (is_reply && open && is_awaited(at, now_ns)) {
		store(&at->mac, word);
		store(&at->confirmed_ns, now_ns);
		__atomic_store_n(&at->probes, 0, __ATOMIC_RELAXED);
		return WEIR_NEIGH_LEARNED;
	}
	if (known == 0 || known == word)
		return WEIR_NEIGH_NO_HOP;
	__atomic_store_n(&at->doubted, 1, __ATOMIC_RELAXED);
	return WEIR_NEIGH_DOUBTED;
}

/* Next hops on that interface that are asked for by that address. */
static enum weir_neigh_claim claim_all(struct weir_neighs *n, uint8_t interface,
	const struct weir_addr *addr, uint64_t word, bool is_reply, uint64_t now_ns)
{
	const struct weir_policy *p = n->policy;
	enum weir_neigh_claim last = WEIR_NEIGH_NO_HOP;

	for (uint32_t at = find(n, interface, addr); word != 0 && at < p->n_nexthops; at++) {
		uint16_t nexthop = n->order[at];

		if (compare(&p->nexthops[nexthop], interface, addr) != 0)
			break;
		if (is_asked(n, nexthop))
			last = claim(&n->at[nexthop], word, is_reply, now_ns);
	}
	return last;
}

/* The interface's advertised router, if that is what its gateway is; NULL: it is not. */
static struct weir_neigh *find_router(const struct weir_neighs *n, uint8_t interface)
{
	const struct weir_addr any = weir_nd_any_router();
	const uint32_t at = find(n, interface, &any);

	if (at == n->policy->n_nexthops ||
		compare(&n->policy->nexthops[n->order[at]], interface, &any) != 0)
		return NULL;
	return &n->at[n->order[at]];
}

/* addr is the present router's there. */
static bool is_advertiser(const struct weir_neigh *at, const struct weir_addr *addr)
{
	const uint64_t id = weir_nd_router_id(addr);

	return at != NULL && id != 0 && id == load(&at->router);
}

enum weir_neigh_claim weir_neigh_claim(struct weir_neighs *n, uint8_t interface,
	const struct weir_addr *addr, const uint8_t mac[6], bool is_reply, uint64_t now_ns)
{
	enum weir_neigh_claim of_router = WEIR_NEIGH_NO_HOP, of_hop;
	struct weir_neigh *router = find_router(n, interface);
	uint64_t word = 0;

	memcpy(&word, mac, 6);
	if (word != 0 && is_advertiser(router, addr))
		of_router = claim(router, word, is_reply, now_ns);
	of_hop = claim_all(n, interface, addr, word, is_reply, now_ns);
	return of_hop != WEIR_NEIGH_NO_HOP ? of_hop : of_router;
}

/* From here on that is the router; it is asked for its MAC address at once. */
static void take_router(struct weir_neigh *at, uint64_t id)
{
	forget_router(at);
	store(&at->asked_ns, 0);
	__atomic_store_n(&at->solicited, 0, __ATOMIC_RELAXED);
	store(&at->router, id);
}

bool weir_neigh_router(struct weir_neighs *n, uint8_t interface, const struct weir_addr *router,
	uint16_t lifetime_s, uint64_t now_ns)
{
	struct weir_neigh *at = find_router(n, interface);
	const uint64_t id = weir_nd_router_id(router);
	const uint64_t until_ns = now_ns + lifetime_s * 1000000000ull;
	bool vacant;

	if (at == NULL || id == 0)
		return false;
	vacant = load(&at->router) == 0 || now_ns >= load(&at->router_until_ns) || is_silent(at);
	if (lifetime_s == 0) {
		if (is_advertiser(at, router)) /* its answer will say whether it is a router */
			__atomic_store_n(&at->doubted, 1, __ATOMIC_RELAXED);
		return false;
	}
	if (!vacant && !is_advertiser(at, router))
		return false;
	if (vacant) {
		store(&at->router_until_ns, until_ns);
		take_router(at, id);
	} else if (until_ns > load(&at->router_until_ns)) {
		store(&at->router_until_ns, until_ns);
	}
	return true;
}

void weir_neigh_no_router(struct weir_neighs *n, uint8_t interface, const struct weir_addr *addr)
{
	struct weir_neigh *at = find_router(n, interface);

	if (is_advertiser(at, addr))
		forget_router(at);
}

struct weir_addr weir_neigh_addr(const struct weir_neighs *n, uint16_t nexthop)
{
	if (is_advertised(n, nexthop))
		return weir_nd_router(load(&n->at[nexthop].router));
	return n->policy->nexthops[nexthop].addr;
}

/* What is known of that next hop, or NULL. */
static const struct weir_neigh *find_same(const struct weir_neighs *n, uint8_t interface,
	const struct weir_addr *addr)
{
	uint32_t at = find(n, interface, addr);

	if (at == n->policy->n_nexthops ||
		compare(&n->policy->nexthops[n->order[at]], interface, addr) != 0)
		return NULL;
	return &n->at[n->order[at]];
}

bool weir_neigh_is_known(const struct weir_neighs *n, uint8_t interface,
	const struct weir_addr *addr, const uint8_t mac[6])
{
	const struct weir_neigh *router = find_router(n, interface);
	const struct weir_neigh *at =
		is_advertiser(router, addr) ? router : find_same(n, interface, addr);
	uint64_t word = 0;

	memcpy(&word, mac, 6);
	return at != NULL && word != 0 && load(&at->mac) == word;
}

void weir_neighs_follow(struct weir_neighs *n, const struct weir_neighs *before)
{
	for (uint32_t i = 0; i < n->policy->n_nexthops; i++) {
		const struct weir_nexthop *hop = &n->policy->nexthops[i];
		const struct weir_neigh *from = find_same(before, hop->interface, &hop->addr);
		struct weir_neigh *to = &n->at[i];

		if (from == NULL || is_static(n, (uint16_t)i) ||
			load(&from->confirmed_ns) <= load(&to->confirmed_ns))
			continue;
		store(&to->router, load(&from->router));
		store(&to->router_until_ns, load(&from->router_until_ns));
		store(&to->mac, load(&from->mac));
		store(&to->asked_ns, load(&from->asked_ns));
		store(&to->confirmed_ns, load(&from->confirmed_ns));
		__atomic_store_n(&to->probes, __atomic_load_n(&from->probes, __ATOMIC_RELAXED),
			__ATOMIC_RELAXED);
	}
}
