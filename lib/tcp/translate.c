// SPDX-License-Identifier: BSD-3-Clause
#include "tcp/translate.h"
#include "wire/opt.h"

/* RFC 2018 §3: left and right edges, acknowledging the other side's data. */
void weir_shift_sack(uint8_t *tcp, const struct weir_seg *seg, uint32_t add,
	struct weir_changes *ch)
{
	uint8_t *edge = tcp + seg->sack_off;
	uint64_t values = 0;

	for (unsigned int i = 0; i < 2u * seg->sack_blocks; i++, edge += 4)
		values = weir_add32(edge, weir_load_be32(edge), add, values);
	weir_changes_at(ch, seg->sack_off, values);
}

/* HC-03: the backend never offered SACK, so it gets NOPs. Kind and length stand before the blocks. */
void weir_strip_sack(uint8_t *tcp, const struct weir_seg *seg, struct weir_changes *ch)
{
	const unsigned int from = seg->sack_off - 2u;
	const unsigned int to = seg->sack_off + 8u * seg->sack_blocks;

	for (unsigned int i = from; i < to; i++) {
		const unsigned int shift =
			i & 1 ? 0 : 8; /* high or low byte of its checksum word */

		ch->value = weir_csum_delta16(ch->value, (uint16_t)(tcp[i] << shift),
			WEIR_OPT_NOP << shift);
		tcp[i] = WEIR_OPT_NOP;
	}
}

bool weir_is_inserted(const struct weir_conn *c, const struct weir_policy *p, uint32_t seq)
{
	const uint16_t service = weir_policy_service_of(p, c->client.id);

	return c->state >= WEIR_ESTABLISHED && c->client_start - 1 - seq < WEIR_PPHDR_MAX &&
		p->services[service].pphdr.version != WEIR_PPHDR_NONE;
}

void weir_shift_backend_sack(const struct weir_conn *c, const struct weir_policy *p, uint8_t *tcp,
	const struct weir_seg *seg, struct weir_changes *ch)
{
	const uint32_t add = 0u - c->seq_delta[WEIR_CLIENT];
	const uint8_t *left = tcp + seg->sack_off;

	for (unsigned int i = 0; i < seg->sack_blocks; i++, left += 8) {
		if (weir_is_inserted(c, p, weir_load_be32(left) + add)) {
			weir_strip_sack(tcp, seg, ch);
			return;
		}
	}
	weir_shift_sack(tcp, seg, add, ch);
}
