// SPDX-License-Identifier: BSD-3-Clause
/* What must hold of SYNs that backends answer themselves: HC-70 to HC-74. */
#include "check.h"
#include "world.h"

static bool is_nat(unsigned int service)
{
	return service % 2 == 1; /* policy.c */
}

void sim_check_syn(struct sim_world *w, const struct shell_out *out, struct sim_tuple who,
	unsigned int service)
{
	const bool passed = out->fate == WEIR_FATE_to_backend || out->fate == WEIR_FATE_to_client;
	struct sim_seg s;

	if (!(out->seg.flags & WEIR_TCP_SYN))
		return;
	if (!sim_wire_read(&s, out->data, out->len))
		sim_fail(who, "a SYN or SYN-ACK leaves that is no good");
	if (!s.sealed && w->spec.mode == SIM_NEVER && w->front.luck.n == 0 &&
		w->profile->manner != SIM_HEADER)
		sim_fail(who,
			passed ? "a SYN or SYN-ACK has lost an option"
			       : "a SYN or SYN-ACK of synweir's own, where backends answer");
	if (!s.sealed)
		return;
	if (!passed || !s.kept_shape)
		sim_fail(who, "a SYN or SYN-ACK did not pass as it was");
	if (!s.kept_numbers && w->spec.mode == SIM_NEVER &&
		((s.flags & WEIR_TCP_ACK) || is_nat(service)))
		sim_fail(who, "the numbers of a SYN or SYN-ACK did not pass as they were");
}

void sim_check_numbers(const struct sim_conn *c)
{
	const struct sim_app *client = &c->client, *backend = c->backend;

	if (!backend->sealed)
		return;
	if (client->irs != backend->iss)
		sim_fail(c->who, "the client was shown the ISN %u, the backend's is %u",
			client->irs, backend->iss);
	if (is_nat(c->service) && backend->irs != client->iss)
		sim_fail(c->who, "the backend was shown the ISN %u, the client's is %u",
			backend->irs, client->iss);
}

bool sim_check_may_be_anybody(const struct sim_world *w, const struct shell_out *out)
{
	const bool syn = (out->seg.flags & WEIR_TCP_SYN) && out->fate == WEIR_FATE_to_backend;

	return sim_mode_is_calm(w->spec.mode) && (syn || (out->seg.flags & WEIR_TCP_RST));
}
