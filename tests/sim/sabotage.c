// SPDX-License-Identifier: BSD-3-Clause
#include "sabotage.h"

#include <string.h>

#include "wire.h"
#include "wire/opt.h"

static const char *const names[SIM_SABOTAGES] = {"none", "byte", "window", "mss", "options", "echo",
	"sack", "silence", "loss", "checksum", "neighbour", "unproven", "chatty", "storm", "limits",
	"leak", "balance", "secret", "deaf", "haste", "extras", "numbers", "displace", "yielding",
	"gullible", "forgetful", "doors", "uncapped", "patient", "greedy", "luck"};

enum sim_sabotage sim_sabotage_find(const char *name)
{
	unsigned int kind = 0;

	while (kind < SIM_SABOTAGES && strcmp(names[kind], name) != 0)
		kind++;
	return (enum sim_sabotage)kind;
}

void sim_sabotage_begin(enum sim_sabotage kind, struct shell *s)
{
	struct shell_worker *w = &s->workers[0];

	if (kind == SIM_SABOTAGE_LIMITS)
		s->policy->limits.connections = 1;
	else if (kind == SIM_SABOTAGE_LEAK)
		weir_localports_take(&w->px.pools[0]);
	else if (kind == SIM_SABOTAGE_BALANCE)
		w->balance.in++;
	for (uint32_t i = 0; i < s->policy->n_services && kind == SIM_SABOTAGE_HASTE; i++)
		s->policy->services[i].timeouts.established_ms = 3600000;
}

unsigned int sim_sabotage_copies(enum sim_sabotage kind)
{
	return kind == SIM_SABOTAGE_CHATTY ? 10 : kind == SIM_SABOTAGE_STORM ? 10000 : 1;
}

/* MSS is the first option of every SYN there is here. */
static bool raise_mss(uint8_t *tcp)
{
	if (tcp[20] != WEIR_OPT_MSS)
		return false;
	memcpy(tcp + 22, (uint8_t[2]){0x23, 0x00}, 2);
	return true;
}

static bool blank_extras(uint8_t *tcp, uint8_t opt_len)
{
	struct weir_opt_iter it;
	bool any = false;

	for (weir_opt_start(&it, tcp + 20, opt_len); weir_opt_next(&it);) {
		if (it.kind < 200)
			continue;
		memset((uint8_t *)it.data - 2, WEIR_OPT_NOP, it.data_len + 2u);
		any = true;
	}
	return any;
}

/* true: it was, and its checksum is to be made right again. */
static bool spoil(enum sim_sabotage kind, const struct weir_seg *s, uint8_t *tcp)
{
	const bool plain = !(s->flags & (WEIR_TCP_SYN | WEIR_TCP_RST));

	if (kind == SIM_SABOTAGE_BYTE && s->payload_len > 100)
		tcp[20 + s->opt_len + 50] ^= 1;
	else if (kind == SIM_SABOTAGE_WINDOW && plain)
		memset(tcp + 14, 0xff, 2);
	else if (kind == SIM_SABOTAGE_MSS && (s->flags & WEIR_TCP_SYN))
		return raise_mss(tcp);
	else if (kind == SIM_SABOTAGE_EXTRAS && (s->flags & WEIR_TCP_SYN))
		return blank_extras(tcp, s->opt_len);
	else if (kind == SIM_SABOTAGE_NUMBERS && (s->flags & WEIR_TCP_SYN))
		tcp[7] ^= 1;
	else if (kind == SIM_SABOTAGE_OPTIONS && plain && s->ts_off != 0)
		memset(tcp + s->ts_off - 2, WEIR_OPT_NOP, 10);
	else if (kind == SIM_SABOTAGE_ECHO && plain && s->ts_off != 0)
		tcp[s->ts_off + 5] ^= 1;
	else if (kind == SIM_SABOTAGE_SACK && s->sack_blocks > 0)
		tcp[s->sack_off] ^= 0x40;
	else
		return false;
	return true;
}

bool sim_sabotage(enum sim_sabotage kind, struct shell *shell, const struct shell_out *out)
{
	const struct weir_seg *s = &out->seg;
	uint8_t *tcp = out->data + s->l4_off;

	if (kind == SIM_SABOTAGE_SILENCE && (s->flags & (WEIR_TCP_FIN | WEIR_TCP_RST)))
		return false;
	if (kind == SIM_SABOTAGE_LOSS && tcp[17] < 8) /* of the checksum */
		return false;
	sim_sabotage_core(kind, shell, out);
	if (kind == SIM_SABOTAGE_CHECKSUM)
		tcp[16] ^= 1;
	else if (kind == SIM_SABOTAGE_NEIGHBOUR)
		out->data[5] ^= 1;
	else if (spoil(kind, s, tcp))
		sim_wire_mend(out->data);
	return true;
}
