// SPDX-License-Identifier: BSD-3-Clause
#include "dp/ours.h"

#include "base/siphash.h"

#define DEFEND_INTERVAL_NS 10000000000ull /* RFC 5227 §1.1: DEFEND_INTERVAL */

bool weir_is_ours(const struct weir_policy *p, const struct weir_addr *addr, unsigned int interface)
{
	const struct weir_endpoint *e = weir_endpoint_find(&p->endpoints, addr, 0);

	if (e == NULL)
		return false;
	return (e->kind == WEIR_ENDPOINT_VIP ? p->answers[e->index] : e->doors) >> interface & 1;
}

bool weir_is_our_mac(const struct weir_tx *tx, const uint8_t mac[6])
{
	for (unsigned int i = 0; i < tx->n_ports; i++)
		if (memcmp(tx->port[i].nic->mac, mac, 6) == 0)
			return true;
	return false;
}

bool weir_may_answer(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr,
	const uint8_t mac[6])
{
	bool is_known = weir_neigh_is_known(tx->neighs, interface, addr, mac);

	return weir_bucket_take(&tx->answers[is_known], tx->now_ns);
}

/* Keyed: a host cannot leave one address undefended by claiming another one. */
static uint64_t *defence_of(struct weir_tx *tx, const struct weir_addr *addr)
{
	const uint64_t words[] = {addr->q[0], addr->q[1]};

	return &tx->defended_ns[weir_siphash13_words(&tx->neighs->policy->steer_secret, words, 2, 0,
					0) %
		WEIR_TX_DEFENDED];
}

void weir_take_conflict(struct weir_tx *tx, uint8_t interface, const struct weir_addr *addr,
	const uint8_t mac[6])
{
	uint64_t *defended = defence_of(tx, addr), word = 0;

	memcpy(&word, mac, 6);
	weir_gauge(&tx->counters->conflict_mac, word);
	weir_gauge(&tx->counters->conflict_addr[0], addr->q[0]);
	weir_gauge(&tx->counters->conflict_addr[1], addr->q[1]);
	weir_count(&tx->counters->event[WEIR_EVENT_address_conflict], 1);
	if (*defended != 0 && tx->now_ns < *defended + DEFEND_INTERVAL_NS)
		return;
	*defended = tx->now_ns;
	weir_tx_announce(tx, interface, addr);
}

enum weir_fate weir_fate_of_claim(enum weir_neigh_claim claim, enum weir_fate learned,
	enum weir_fate doubted, enum weir_fate other)
{
	switch (claim) {
	case WEIR_NEIGH_LEARNED:
		return learned;
	case WEIR_NEIGH_DOUBTED:
		return doubted;
	case WEIR_NEIGH_NO_HOP:
		break;
	}
	return other;
}
