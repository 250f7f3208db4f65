// SPDX-License-Identifier: BSD-3-Clause
#include "sabotage.h"

#include <string.h>

#include "wire.h"

static const char *const names[SIM_SABOTAGES] = {
	"none", "byte", "window", "echo", "sack", "silence", "secret", "luck"};

enum sim_sabotage sim_sabotage_find(const char *name)
{
	unsigned int kind = 0;

	while (kind < SIM_SABOTAGES && strcmp(names[kind], name) != 0)
		kind++;
	return (enum sim_sabotage)kind;
}

static bool is_plain(const struct weir_seg *s)
{
	return !(s->flags & (WEIR_TCP_SYN | WEIR_TCP_RST));
}

bool sim_sabotage(enum sim_sabotage kind, const struct shell_out *out)
{
	const struct weir_seg *s = &out->seg;
	uint8_t *tcp = out->data + s->l4_off;

	if (kind == SIM_SABOTAGE_BYTE && s->payload_len > 100)
		tcp[20 + s->opt_len + 50] ^= 1;
	else if (kind == SIM_SABOTAGE_WINDOW && is_plain(s))
		memset(tcp + 14, 0xff, 2);
	else if (kind == SIM_SABOTAGE_ECHO && is_plain(s) && s->ts_off != 0)
		tcp[s->ts_off + 5] ^= 1;
	else if (kind == SIM_SABOTAGE_SACK && s->sack_blocks > 0)
		tcp[s->sack_off] ^= 0x40;
	else if (kind == SIM_SABOTAGE_SILENCE && (s->flags & (WEIR_TCP_FIN | WEIR_TCP_RST)))
		return false;
	else
		return true;
	sim_wire_mend(out->data, out->len);
	return true;
}
